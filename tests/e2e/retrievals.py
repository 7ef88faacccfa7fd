"""Retrieving what was submitted: requests as MTOM, answers taken apart by their boundary alone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import httpx
from lxml import etree

from tests.e2e.messages import NAMESPACES, find

REPOSITORY = "1.3.6.1.4.1.21367.2017.2.3.49"
HOME = "urn:oid:1.3.6.1.4.1.21367.2017.2.6.2"
BOUNDARY = "MIMEBoundary_retrieve"
MTOM = {
    "Content-Type": f'multipart/related; type="application/xop+xml"; boundary="{BOUNDARY}"; '
    'start="<root@example.org>"; start-info="application/soap+xml"'
}
ITI43 = ("urn:ihe:iti:2007:RetrieveDocumentSet", "xdsb:RetrieveDocumentSetRequest")
ITI39 = ("urn:ihe:iti:2007:CrossGatewayRetrieve", "xdsb:RetrieveDocumentSetRequest")
ITI86 = ("urn:ihe:iti:2017:RemoveDocuments", "rmd:RemoveDocumentsRequest")


def envelope(transaction: tuple[str, str], *unique_ids: str, home: str = "") -> bytes:
    """A request for documents of our repository."""
    action, root = transaction
    homes = f"<xdsb:HomeCommunityId>{home}</xdsb:HomeCommunityId>" if home else ""
    requests = "".join(
        f"<xdsb:DocumentRequest>{homes}"
        f"<xdsb:RepositoryUniqueId>{REPOSITORY}</xdsb:RepositoryUniqueId>"
        f"<xdsb:DocumentUniqueId>{unique_id}</xdsb:DocumentUniqueId></xdsb:DocumentRequest>"
        for unique_id in unique_ids
    )
    return (
        f'<s:Envelope xmlns:s="{NAMESPACES["soap"]}" xmlns:a="{NAMESPACES["wsa"]}">'
        f'<s:Header><a:Action s:mustUnderstand="1">{action}</a:Action>'
        f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID>"
        "<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address>"
        f'</a:ReplyTo></s:Header><s:Body><{root} xmlns:xdsb="{NAMESPACES["xdsb"]}" '
        f'xmlns:rmd="urn:ihe:iti:rmd:2017">{requests}</{root}></s:Body></s:Envelope>'
    ).encode()


def mtom(message: bytes) -> bytes:
    """The message as MTOM without attachments."""
    head = (
        f"--{BOUNDARY}\r\nContent-Type: application/xop+xml; charset=UTF-8; "
        'type="application/soap+xml"\r\nContent-ID: <root@example.org>\r\n\r\n'
    )
    return head.encode() + message + f"\r\n--{BOUNDARY}--\r\n".encode()


@dataclass(frozen=True)
class Retrieved:
    """An MTOM answer."""

    envelope: etree._Element
    parts: dict[str, tuple[str, bytes]]
    """Media type and octets by content id."""

    @property
    def status(self) -> str:
        """`Success`, `PartialSuccess` or `Failure`."""
        (response,) = find(self.envelope, "//rs:RegistryResponse")
        return response.get("status", "").rpartition(":")[2]

    @property
    def documents(self) -> dict[str, bytes]:
        """Octets by uniqueId, found through the xop:Includes."""
        found = {}
        for response in find(self.envelope, "//xdsb:DocumentResponse"):
            (unique_id,) = find(response, "xdsb:DocumentUniqueId")
            (include,) = find(response, "xdsb:Document/*")
            content_id = include.get("href", "").removeprefix("cid:")
            found[str(unique_id.text)] = self.parts[content_id][1]
        return found


def read(reply: httpx.Response) -> Retrieved:
    content_type = reply.headers["content-type"]
    assert content_type.startswith("multipart/related")
    boundary = content_type.partition('boundary="')[2].partition('"')[0].encode()
    _, root, *parts, end = (b"\r\n" + reply.content).split(b"\r\n--" + boundary)
    assert end == b"--\r\n"
    return Retrieved(
        etree.fromstring(root.partition(b"\r\n\r\n")[2]), dict(map(_read_part, parts))
    )


def _read_part(part: bytes) -> tuple[str, tuple[str, bytes]]:
    head, _, octets = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode("ascii").split("\r\n"))
    return fields["Content-ID"].strip("<>"), (fields["Content-Type"], octets)


def retrieve(client: httpx.Client, *unique_ids: str) -> Retrieved:
    """Ask the Document Repository."""
    message = mtom(envelope(ITI43, *unique_ids))
    return read(client.post("/document-repository", content=message, headers=MTOM))
