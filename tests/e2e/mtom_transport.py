"""MTOM for zeep: the envelope becomes the root part, base64 documents become attachments.

Answers in MTOM, with attachments or without, zeep reads by itself.
"""

from __future__ import annotations

import base64
import uuid

import requests
from lxml import etree
from zeep.transports import Transport

XOP = "http://www.w3.org/2004/08/xop/include"
DOCUMENT = "{urn:ihe:iti:xds-b:2007}Document"


class MtomTransport(Transport):
    """Sends each xdsb:Document as a MIME part."""

    def post_xml(
        self, address: str, envelope: etree._Element, headers: dict[str, str]
    ) -> requests.Response:
        parts = []
        for document in envelope.iter(DOCUMENT):
            content_id = f"{uuid.uuid4()}@zeep.example"
            parts.append((content_id, base64.b64decode(document.text or "")))
            document.text = None
            etree.SubElement(document, f"{{{XOP}}}Include").set("href", f"cid:{content_id}")
        boundary = uuid.uuid4().hex
        body = self._part(boundary, "root@zeep.example", etree.tostring(envelope), root=True)
        for content_id, content in parts:
            body += self._part(boundary, content_id, content)
        body += f"--{boundary}--\r\n".encode()
        # As zeep users write it: start without brackets, and the SOAP 1.1 type as start-info.
        headers = {
            **headers,
            "Content-Type": f'multipart/related; type="application/xop+xml"; '
            f'start="root@zeep.example"; start-info="text/xml"; boundary="{boundary}"',
        }
        response: requests.Response = self.post(address, body, headers)
        assert response.headers["Content-Type"].startswith("multipart/related")
        return response

    @staticmethod
    def _part(boundary: str, content_id: str, content: bytes, *, root: bool = False) -> bytes:
        kind = (
            'application/xop+xml; charset=UTF-8; type="application/soap+xml"'
            if root
            else "application/octet-stream"
        )
        return (
            (
                f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: binary\r\n"
                f"Content-ID: <{content_id}>\r\n\r\n"
            ).encode()
            + content
            + b"\r\n"
        )
