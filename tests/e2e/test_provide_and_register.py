"""ITI-41 and ITI-42 against a running server."""

from __future__ import annotations

import base64
import hashlib
import os
import time

import httpx
import pytest
from lxml import etree

from tests.e2e.messages import (
    MTOM,
    NAMESPACES,
    SOAP_XML,
    envelope_of,
    find,
    submission,
    text_of,
)
from tests.server_process import ServerProcess

pytestmark = pytest.mark.integration

SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
STATUS = "//rs:RegistryResponse/@status"


def stored(server: ServerProcess, content: bytes) -> list[bytes]:
    """The octets of every stored file that is named by the content's sha256."""
    name = hashlib.sha256(content).hexdigest()
    return [path.read_bytes() for path in server.data_dir.rglob(name)]


def test_a_document_is_stored_octet_by_octet(client: httpx.Client, server: ServerProcess) -> None:
    content = os.urandom(100_000) + b"\r\n--MIMEBoundary_tou\r\n--\n"
    message = submission(document=content)

    reply = client.post("/iti41/submit", content=message.body, headers=MTOM)

    envelope = envelope_of(reply.headers["content-type"], reply.content)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("multipart/related")
    assert text_of(envelope, STATUS) == SUCCESS
    assert stored(server, content) == [content]


def test_a_second_submission_of_the_same_set_is_refused(client: httpx.Client) -> None:
    message = submission()
    client.post("/iti41/submit", content=message.body, headers=MTOM)

    reply = client.post("/iti41/submit", content=message.body, headers=MTOM)

    envelope = envelope_of(reply.headers["content-type"], reply.content)
    errors = find(envelope, "//rs:RegistryError")
    assert text_of(envelope, STATUS) == FAILURE
    assert [e.get("errorCode") for e in errors] == ["XDSDuplicateUniqueIdInRegistry"]
    assert message.submission_set_unique_id in errors[0].get("codeContext", "")


def test_nothing_of_a_refused_submission_is_kept(
    client: httpx.Client, server: ServerProcess
) -> None:
    content = os.urandom(200_000)
    message = submission(document=content)
    broken = message.body.replace(b'<rim:Slot name="languageCode">', b'<rim:Slot name="language">')

    refused = client.post("/iti41/submit", content=broken, headers=MTOM)
    kept = stored(server, content)
    accepted = client.post("/iti41/submit", content=message.body, headers=MTOM)

    assert FAILURE.encode() in refused.content
    assert kept == []
    assert SUCCESS.encode() in accepted.content


def test_simple_soap_is_refused_with_the_way_to_mend_it(client: httpx.Client) -> None:
    reply = client.post("/iti41/submit", content=submission().envelope, headers=SOAP_XML)

    envelope = envelope_of(reply.headers["content-type"], reply.content)
    assert reply.status_code == 400
    assert text_of(envelope, "//soap:Code/soap:Value").endswith(":Sender")
    assert "multipart/related" in text_of(envelope, "//soap:Reason/soap:Text")


def test_an_inline_base64_document_is_accepted_in_mtom(
    client: httpx.Client, server: ServerProcess
) -> None:
    content = b"inline letter " + os.urandom(16).hex().encode()
    text = base64.encodebytes(content)
    message = submission()
    start = message.body.index(b"<xop:Include")
    end = message.body.index(b"/>", start) + 2
    body = message.body[:start] + text + message.body[end:]
    body = body[: body.rindex(b"\r\n--MIMEBoundary_tour\r\n")] + b"\r\n--MIMEBoundary_tour--\r\n"

    reply = client.post("/iti41/submit", content=body, headers=MTOM)

    assert SUCCESS.encode() in reply.content
    assert stored(server, content) == [content]


def test_an_unknown_cid_is_named_together_with_the_parts_that_exist(client: httpx.Client) -> None:
    body = submission().body.replace(b"cid:letter%40example.org", b"cid:brief%40example.org")

    reply = client.post("/iti41/submit", content=body, headers=MTOM)

    assert reply.status_code == 400
    assert b"brief%40example.org" in reply.content
    assert b"letter@example.org" in reply.content


def test_metadata_alone_is_registered_with_iti_42(client: httpx.Client) -> None:
    content = b"somewhere else"
    root = etree.fromstring(submission().envelope)
    for action in find(root, "//wsa:Action"):
        action.text = "urn:ihe:iti:2007:RegisterDocumentSet-b"
    (body,) = find(root, "//soap:Body")
    (request,) = find(root, "//lcm:SubmitObjectsRequest")
    body[:] = [request]
    (entry,) = find(root, "//rim:ExtrinsicObject")
    for position, (name, value) in enumerate(
        {
            "hash": hashlib.sha1(content).hexdigest(),  # noqa: S324 - XDS says SHA-1
            "size": str(len(content)),
            "repositoryUniqueId": "1.3.6.1.4.1.21367.2017.2.3.77",
        }.items()
    ):
        slot = etree.fromstring(
            f'<rim:Slot xmlns:rim="{NAMESPACES["rim"]}" name="{name}"><rim:ValueList>'
            f"<rim:Value>{value}</rim:Value></rim:ValueList></rim:Slot>"
        )
        entry.insert(position, slot)

    reply = client.post("/document-registry", content=etree.tostring(root), headers=SOAP_XML)

    envelope = envelope_of(reply.headers["content-type"], reply.content)
    assert reply.headers["content-type"].startswith("application/soap+xml")
    assert text_of(envelope, STATUS) == SUCCESS


def test_evidence_of_a_submission_is_written(client: httpx.Client, server: ServerProcess) -> None:
    message = submission()
    client.post("/iti41/submit", content=message.body, headers=MTOM)

    folder = server.folder / "mocks" / "logs" / "iti41-submissions"
    for _ in range(100):
        if any(message.unique_id in path.read_text() for path in folder.glob("*.json")):
            break
        time.sleep(0.02)
    else:
        pytest.fail("no summary of the submission was written")
    assert any(message.unique_id in path.read_text() for path in folder.glob("*.xml"))
