"""ITI-43, ITI-39 and ITI-86 against a running server."""

from __future__ import annotations

import base64
import hashlib
import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from lxml import etree

from ihe_mock_async.server import certificates
from tests.e2e import messages
from tests.e2e.messages import NAMESPACES, SOAP_XML, envelope_of, find, submission, text_of
from tests.e2e.retrievals import (
    HOME,
    ITI39,
    ITI43,
    ITI86,
    MTOM,
    envelope,
    mtom,
    read,
    retrieve,
)
from tests.e2e.test_schemas import SCHEMAS
from tests.e2e.test_schemas import valid as valid_by
from tests.server_process import ServerProcess, running

pytestmark = pytest.mark.integration

INCLUDE = "{http://www.w3.org/2004/08/xop/include}Include"
AWKWARD = [
    b"",
    b"\r\n",
    b"\0\r\n--MIMEBoundary\r\n\r\n--\n\xff" + os.urandom(1000),
    os.urandom(70_000) + b"\n",
    os.urandom(2_500_000),
]


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("secure")
    certificates.generate(folder / "certs")
    paths = {"cert_path": "certs/cert.pem", "key_path": "certs/key.pem"}
    with running(folder, "--https", settings=paths) as server:
        context = ssl.create_default_context(cafile=folder / "certs" / "ca.pem")
        with httpx.Client(base_url=server.url, verify=context, timeout=60) as client:
            yield client


@pytest.fixture(params=["http", "https"])
def either(request: pytest.FixtureRequest) -> httpx.Client:
    name = "client" if request.param == "http" else "secure"
    client: httpx.Client = request.getfixturevalue(name)
    return client


def valid(path: str, element: etree._Element) -> None:
    """Valid by the published schema, where it is at hand; XOP stands for base64 text."""
    for include in list(element.iter(INCLUDE)):
        (document,) = include.iterancestors(f"{{{NAMESPACES['xdsb']}}}Document")
        document.remove(include)
        document.text = "YQ=="
    if SCHEMAS.is_dir():
        valid_by(path, element)


def submit(client: httpx.Client, document: bytes) -> str:
    """Provide and register a document; its uniqueId."""
    message = submission(document=document)
    reply = client.post("/iti41/submit", content=message.body, headers=messages.MTOM)
    assert b"ResponseStatusType:Success" in reply.content
    return message.unique_id


def test_documents_come_back_octet_by_octet(either: httpx.Client) -> None:
    contents = {submit(either, content): content for content in AWKWARD}

    answer = retrieve(either, *contents)

    assert answer.status == "Success"
    assert answer.documents == contents
    (mime_type, *_) = {e.text for e in find(answer.envelope, "//xdsb:mimeType")}
    assert {media_type for media_type, _ in answer.parts.values()} == {mime_type}
    valid("xdsb/XDS.b_DocumentRepository.xsd", find(answer.envelope, "//soap:Body/*")[0])


def test_connections_are_used_again_after_documents(client: httpx.Client) -> None:
    unique_id = submit(client, AWKWARD[-1])

    ports = {retrieve_port(client, unique_id) for _ in range(3)}

    assert len(ports) == 1


def retrieve_port(client: httpx.Client, unique_id: str) -> object:
    message = mtom(envelope(ITI43, unique_id))
    reply = client.post("/document-repository", content=message, headers=MTOM)
    return reply.extensions["network_stream"].get_extra_info("client_addr")


def test_what_is_there_comes_beside_an_error(client: httpx.Client) -> None:
    unique_id = submit(client, b"there")

    answer = retrieve(client, "2.999.404", unique_id)

    (error,) = find(answer.envelope, "//rs:RegistryError")
    assert answer.status == "PartialSuccess"
    assert answer.documents == {unique_id: b"there"}
    assert (error.get("errorCode"), error.get("location")) == (
        "XDSDocumentUniqueIdError",
        "2.999.404",
    )
    valid("xdsb/XDS.b_DocumentRepository.xsd", find(answer.envelope, "//soap:Body/*")[0])


def test_an_answer_without_documents_has_one_part(client: httpx.Client) -> None:
    answer = retrieve(client, "2.999.404")

    assert (answer.status, answer.parts) == ("Failure", {})
    valid("xdsb/XDS.b_DocumentRepository.xsd", find(answer.envelope, "//soap:Body/*")[0])


@pytest.mark.parametrize("action", [ITI39[0], f"{ITI39[0]}Async"])
def test_another_community_gets_a_document(client: httpx.Client, action: str) -> None:
    unique_id = submit(client, b"for others")
    message = mtom(envelope((action, ITI39[1]), unique_id, "2.999.404", home=HOME))

    answer = read(client.post("/responding-gateway", content=message, headers=MTOM))

    assert answer.documents == {unique_id: b"for others"}
    assert text_of(answer.envelope, "//wsa:Action") == f"{action}Response"
    assert text_of(answer.envelope, "//rs:RegistryError/@location") == HOME
    assert text_of(answer.envelope, "//xdsb:DocumentResponse/xdsb:HomeCommunityId") == HOME
    valid("xdsb/XDS.b_DocumentRepository.xsd", find(answer.envelope, "//soap:Body/*")[0])


@pytest.mark.parametrize("framed", [False, True], ids=["simple SOAP", "MTOM"])
def test_a_removed_document_is_gone_from_the_disk_and_from_answers(
    client: httpx.Client, server: ServerProcess, framed: bool
) -> None:
    content = os.urandom(100_000)
    unique_id, kept = submit(client, content), submit(client, b"kept")
    name = hashlib.sha256(content).hexdigest()
    assert list(server.data_dir.rglob(name))
    message = envelope(ITI86, unique_id, "2.999.404")

    reply = client.post(
        "/document-repository",
        content=mtom(message) if framed else message,
        headers=MTOM if framed else SOAP_XML,
    )

    removed = envelope_of(reply.headers["content-type"], reply.content)
    assert text_of(removed, "//rs:RegistryResponse/@status").endswith(":PartialSuccess")
    assert not list(server.data_dir.rglob(name))
    assert retrieve(client, unique_id, kept).documents == {kept: b"kept"}
    valid("xdsb/rs.xsd", find(removed, "//rs:RegistryResponse")[0])


def test_the_same_content_stays_for_the_other_document_that_has_it(client: httpx.Client) -> None:
    content = os.urandom(100_000)
    first, second = submit(client, content), submit(client, content)

    client.post("/document-repository", content=envelope(ITI86, first), headers=SOAP_XML)

    assert retrieve(client, second).documents == {second: content}


def test_a_lenient_server_answers_simple_soap_with_inline_base64(tmp_path: Path) -> None:
    contents = [b"", os.urandom(3), os.urandom(2_000_000)]
    with (
        running(tmp_path, "--lenient") as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        unique_ids = [submit(client, content) for content in contents]
        reply = client.post(
            "/document-repository", content=envelope(ITI43, *unique_ids), headers=SOAP_XML
        )

    answer = envelope_of(reply.headers["content-type"], reply.content)
    assert reply.headers["content-type"].startswith("application/soap+xml")
    documents = find(answer, "//xdsb:DocumentResponse/xdsb:Document")
    assert [base64.b64decode(each.text or "") for each in documents] == contents
    valid("xdsb/XDS.b_DocumentRepository.xsd", find(answer, "//soap:Body/*")[0])


def test_a_large_document_is_not_held_in_memory(tmp_path: Path) -> None:
    size = 64 * 1024 * 1024
    content = os.urandom(1024 * 1024) * 64
    with (
        running(tmp_path) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        unique_id = submit(client, content)
        expected = hashlib.sha256(content).hexdigest()
        process = psutil.Process(server.process.pid)
        retrieve(client, submit(client, os.urandom(2_000_000)))  # threads and buffers are there
        before = process.memory_info().rss
        peak = before
        tail = hashlib.sha256()
        message = mtom(envelope(ITI43, unique_id))
        with client.stream("POST", "/document-repository", content=message, headers=MTOM) as reply:
            length = int(reply.headers["content-length"])
            boundary = reply.headers["content-type"].partition('boundary="')[2].partition('"')[0]
            behind = len(f"\r\n--{boundary}--\r\n")
            position, begin = 0, length - behind - size
            for chunk in reply.iter_raw():
                tail.update(chunk[max(begin - position, 0) : max(begin + size - position, 0)])
                position += len(chunk)
                peak = max(peak, process.memory_info().rss)
        descriptors = [opened.path for opened in process.open_files()]

    assert position == length
    assert tail.hexdigest() == expected
    assert peak - before < size // 4
    assert not [path for path in descriptors if expected in path]


def test_documents_that_are_removed_while_they_are_sent_arrive_whole(
    client: httpx.Client,
) -> None:
    content = os.urandom(20_000_000)
    unique_id = submit(client, content)
    message = mtom(envelope(ITI43, unique_id))
    with client.stream("POST", "/document-repository", content=message, headers=MTOM) as reply:
        chunks = reply.iter_raw()
        received = next(chunks)
        client.post("/document-repository", content=envelope(ITI86, unique_id), headers=SOAP_XML)
        received += b"".join(chunks)

    assert content in received
    assert retrieve(client, unique_id).status == "Failure"
