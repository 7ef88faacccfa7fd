"""Messages for end-to-end tests, made from those of the README's tour; every call is a new one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

TOUR = Path(__file__).parents[2] / "docs" / "tour"
PIX_ADD = (TOUR / "pix-add.xml").read_text("utf-8")
SUBMISSION = (TOUR / "provide-and-register.mime").read_bytes()
DOMAIN = "1.3.6.1.4.1.21367.2017.2.5.1"
SOAP_XML = {"Content-Type": "application/soap+xml; charset=utf-8"}
BOUNDARY = "MIMEBoundary_tour"
MTOM = {
    "Content-Type": f'multipart/related; type="application/xop+xml"; boundary="{BOUNDARY}"; '
    'start="<root@example.org>"; start-info="application/soap+xml"'
}
NAMESPACES = {
    "soap": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "hl7": "urn:hl7-org:v3",
    "rs": "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0",
    "lcm": "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0",
    "rim": "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0",
    "xdsb": "urn:ihe:iti:xds-b:2007",
}


def new_oid() -> str:
    return f"2.25.{uuid.uuid4().int}"


def pix_add(extension: str, *, message_id: str | None = None) -> bytes:
    """A PIX Add of the patient `extension` in `DOMAIN`."""
    text = PIX_ADD.replace("TOUR-1001", extension)
    text = text.replace("7b2f4c1e-90a3-4d0b-8a55-3f1f6f3f7a10", str(uuid.uuid4()))
    text = text.replace("5d0a8a52-7c1c-4e07-9b6f-0d6a4a3c1f01", message_id or str(uuid.uuid4()))
    return text.encode()


@dataclass(frozen=True)
class Submission:
    """A submission with one document, as MTOM octets."""

    body: bytes
    unique_id: str
    submission_set_unique_id: str

    @property
    def envelope(self) -> bytes:
        """The root part alone."""
        return self.body.split(b"\r\n\r\n", 1)[1].split(b"\r\n--" + BOUNDARY.encode(), 1)[0]

    @property
    def head(self) -> bytes:
        """Everything in front of the document's octets."""
        return self.body.rpartition(b"\r\n\r\nNora")[0] + b"\r\n\r\n"


def submission(patient: str = "TOUR-1001", document: bytes | None = None) -> Submission:
    """A new submission for a patient, with new uniqueIds."""
    unique_id, set_unique_id = new_oid(), new_oid()
    body = SUBMISSION.replace(b"TOUR-1001", patient.encode())
    body = body.replace(b"1.3.6.1.4.1.21367.2017.2.1.3001", unique_id.encode())
    body = body.replace(b"1.3.6.1.4.1.21367.2017.2.1.3002", set_unique_id.encode())
    body = body.replace(b"5d0a8a52-7c1c-4e07-9b6f-0d6a4a3c1f02", str(uuid.uuid4()).encode())
    if document is not None:
        head, _, _ = body.rpartition(b"\r\n\r\nNora")
        body = head + b"\r\n\r\n" + document + f"\r\n--{BOUNDARY}--\r\n".encode()
    return Submission(body, unique_id, set_unique_id)


def envelope_of(content_type: str, body: bytes) -> etree._Element:
    """The SOAP envelope of an answer, MTOM or simple."""
    if content_type.startswith("multipart/related"):
        start = body.index(b"\r\n\r\n") + 4
        body = body[start : body.rindex(b"\r\n--")]
    return etree.fromstring(body)


def find(envelope: etree._Element, path: str) -> list[etree._Element]:
    found = envelope.xpath(path, namespaces=NAMESPACES)
    assert isinstance(found, list)
    return found


def text_of(envelope: etree._Element, path: str) -> str:
    """The string value of the first match, or an empty text."""
    return str(envelope.xpath(f"string({path})", namespaces=NAMESPACES))
