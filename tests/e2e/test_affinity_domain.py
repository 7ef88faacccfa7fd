"""One patient's story: feed, look up, provide, find, retrieve; over each way to exchange."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from lxml import etree

from tests.e2e.messages import DOMAIN, MTOM, NAMESPACES, SOAP_XML, find, pix_add, submission
from tests.server_process import running

pytestmark = pytest.mark.integration

ANONYMOUS = b"http://www.w3.org/2005/08/addressing/anonymous"
DOCUMENT = b"Discharge letter of a synthetic patient\r\n\x00\xff--MIMEBoundary_tour\n"
PATIENT = "STORY-1"
CX = f"{PATIENT}^^^&amp;{DOMAIN}&amp;ISO"


@dataclass(frozen=True)
class Reply:
    """A whole answer: its envelope, and its MIME parts by content id."""

    envelope: etree._Element
    parts: dict[str, bytes]


Send = Callable[[str, bytes, dict[str, str]], Reply]
"""Path, body and headers of a request to the answer, however that comes."""


def read(content_type: str, body: bytes) -> Reply:
    if not content_type.startswith("multipart/related"):
        return Reply(etree.fromstring(body), {})
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = message_from_bytes(head + body, policy=policy.HTTP)
    boundary = b"\r\n--" + str(message.get_boundary()).encode()
    parts = []
    for part in (b"\r\n" + body).split(boundary)[1:-1]:
        part_head, _, content = part.partition(b"\r\n\r\n")
        content_id = next(
            line.partition(b":")[2].strip().decode().strip("<>")
            for line in part_head.splitlines()
            if line.lower().startswith(b"content-id:")
        )
        parts.append((content_id, content))
    return Reply(etree.fromstring(parts[0][1]), dict(parts[1:]))


def envelope(action: str, payload: str) -> bytes:
    return f"""<s:Envelope xmlns:s="{NAMESPACES["soap"]}" xmlns:a="{NAMESPACES["wsa"]}"><s:Header>
<a:Action s:mustUnderstand="1">{action}</a:Action>
<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID>
<a:ReplyTo><a:Address>{ANONYMOUS.decode()}</a:Address></a:ReplyTo>
<a:To>http://localhost/</a:To></s:Header><s:Body>{payload}</s:Body></s:Envelope>""".encode()


def find_documents() -> bytes:
    approved = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
    slots = "".join(
        f'<r:Slot name="{name}"><r:ValueList><r:Value>{value}</r:Value></r:ValueList></r:Slot>'
        for name, value in (
            ("$XDSDocumentEntryPatientId", f"'{CX}'"),
            ("$XDSDocumentEntryStatus", f"('{approved}')"),
        )
    )
    return envelope(
        "urn:ihe:iti:2007:RegistryStoredQuery",
        '<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" '
        f'xmlns:r="{NAMESPACES["rim"]}">'
        '<q:ResponseOption returnComposedObjects="true" returnType="LeafClass"/>'
        f'<r:AdhocQuery id="urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d">{slots}'
        "</r:AdhocQuery></q:AdhocQueryRequest>",
    )


def retrieve(repository: str, document: str) -> bytes:
    root = envelope(
        "urn:ihe:iti:2007:RetrieveDocumentSet",
        f'<x:RetrieveDocumentSetRequest xmlns:x="{NAMESPACES["xdsb"]}"><x:DocumentRequest>'
        f"<x:RepositoryUniqueId>{repository}</x:RepositoryUniqueId>"
        f"<x:DocumentUniqueId>{document}</x:DocumentUniqueId>"
        "</x:DocumentRequest></x:RetrieveDocumentSetRequest>",
    )
    return (
        b"--MIMEBoundary_tour\r\nContent-Type: application/xop+xml; charset=UTF-8; "
        b'type="application/soap+xml"\r\nContent-Transfer-Encoding: binary\r\n'
        b"Content-ID: <root@example.org>\r\n\r\n" + root + b"\r\n--MIMEBoundary_tour--\r\n"
    )


def pix_query() -> bytes:
    device = '<device classCode="DEV" determinerCode="INSTANCE"><id root="2.999.7.{}"/></device>'
    return envelope(
        "urn:hl7-org:v3:PRPA_IN201309UV02",
        f"""<PRPA_IN201309UV02 xmlns="urn:hl7-org:v3" ITSVersion="XML_1.0">
<id root="{uuid.uuid4()}"/>
<creationTime value="20240105101500"/>
<interactionId root="2.16.840.1.113883.1.6" extension="PRPA_IN201309UV02"/>
<processingCode code="T"/><processingModeCode code="T"/><acceptAckCode code="AL"/>
<receiver typeCode="RCV">{device.format(1)}</receiver>
<sender typeCode="SND">{device.format(2)}</sender>
<controlActProcess classCode="CACT" moodCode="EVN">
<code code="PRPA_TE201309UV02" codeSystem="2.16.840.1.113883.1.6"/>
<queryByParameter><queryId root="{uuid.uuid4()}"/><statusCode code="new"/>
<responsePriorityCode code="I"/><parameterList><patientIdentifier>
<value root="{DOMAIN}" extension="{PATIENT}"/><semanticsText>Patient.id</semanticsText>
</patientIdentifier></parameterList></queryByParameter></controlActProcess></PRPA_IN201309UV02>""",
    )


def with_other_domain(message: bytes) -> bytes:
    """The patient has an identifier of the laboratory, too."""
    hospital = f'<id root="{DOMAIN}" extension="{PATIENT}"/>'.encode()
    assert hospital in message
    return message.replace(hospital, hospital + b'<id root="2.999.7.3" extension="LAB-9"/>')


def play(send: Send) -> None:
    """The story, and that each step sees what the earlier ones did."""
    fed = send("/pix/add", with_other_domain(pix_add(PATIENT)), SOAP_XML)
    assert find(fed.envelope, "//hl7:acknowledgement/hl7:typeCode")[0].get("code") == "CA"

    looked_up = send("/pix-manager", pix_query(), SOAP_XML)
    ids = [
        element.get("extension") for element in find(looked_up.envelope, "//hl7:patient/hl7:id")
    ]
    assert ids == ["LAB-9"]

    message = submission(PATIENT, DOCUMENT)
    provided = send("/iti41/submit", message.body, MTOM)
    assert status_of(provided) == "Success"

    found = send("/document-registry", find_documents(), SOAP_XML)
    (entry,) = find(found.envelope, "//rim:ExtrinsicObject")
    assert status_of(found) == "Success"
    assert value_of(entry, "hash") == hashlib.sha1(DOCUMENT).hexdigest()  # noqa: S324 - XDS's
    assert value_of(entry, "size") == str(len(DOCUMENT))

    repository = value_of(entry, "repositoryUniqueId")
    fetched = send("/document-repository", retrieve(repository, message.unique_id), MTOM)
    assert status_of(fetched) == "Success"
    assert list(fetched.parts.values()) == [DOCUMENT]


def status_of(reply: Reply) -> str:
    (status,) = reply.envelope.xpath("//@status[contains(., 'ResponseStatusType')]")
    return str(status).rpartition(":")[2]


def value_of(entry: etree._Element, slot: str) -> str:
    path = f"string(rim:Slot[@name='{slot}']//rim:Value)"
    return str(entry.xpath(path, namespaces=NAMESPACES))


def over(client: httpx.Client) -> Send:
    def send(path: str, body: bytes, headers: dict[str, str]) -> Reply:
        reply = client.post(path, content=body, headers=headers)
        assert reply.status_code == 200, reply.text
        return read(reply.headers["content-type"], reply.content)

    return send


def test_over_http(tmp_path: Path) -> None:
    with (
        running(tmp_path, settings={"unknown_patients": "reject"}) as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        play(over(client))


def test_over_https_with_mutual_tls(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ihe_mock_async", "certs", "--out", "certs"]
    subprocess.run([*command, "--client", "story"], cwd=tmp_path, check=True)  # noqa: S603 - ours
    certs = tmp_path / "certs"
    context = ssl.create_default_context(cafile=str(certs / "ca.pem"))
    context.load_cert_chain(certs / "client-story.pem", certs / "client-story-key.pem")
    settings = {"client_auth": "required", "client_ca_path": "certs/ca.pem"}

    with (
        running(tmp_path, "--https", settings=settings) as server,
        httpx.Client(base_url=server.url, timeout=30, verify=context) as client,
    ):
        play(over(client))


class Inbox:
    """A document consumer's own endpoint: keeps what is posted to it."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, bytes]] = []
        self.news = threading.Condition()
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with inbox.news:
                    inbox.arrived.append((self.headers["Content-Type"], body))
                    inbox.news.notify_all()
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/replies"

    @contextmanager
    def open(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def take(self, within: float = 20.0) -> tuple[str, bytes]:
        deadline = time.monotonic() + within
        with self.news:
            while not self.arrived:
                assert self.news.wait(deadline - time.monotonic()), "nothing was posted"
            return self.arrived.pop(0)


def test_with_asynchronous_reply_to(tmp_path: Path) -> None:
    inbox = Inbox()

    def send(path: str, body: bytes, headers: dict[str, str]) -> Reply:
        asked = body.replace(ANONYMOUS, inbox.url.encode(), 1)
        accepted = client.post(path, content=asked, headers=headers)
        assert (accepted.status_code, accepted.content) == (202, b"")
        reply = read(*inbox.take())
        message_id = body.partition(b":MessageID>")[2].partition(b"<")[0].decode()
        assert [e.text for e in find(reply.envelope, "//wsa:RelatesTo")] == [message_id]
        assert [e.text for e in find(reply.envelope, "//soap:Header/wsa:To")] == [inbox.url]
        return reply

    with (
        inbox.open(),
        running(tmp_path, settings={"unknown_patients": "reject"}) as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        play(send)
