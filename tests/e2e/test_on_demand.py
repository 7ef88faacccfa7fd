"""On-demand documents of a running server: registered, found, made, and found again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from lxml import etree

from ihe_mock_async.testing import World
from tests.e2e import messages
from tests.e2e.messages import DOMAIN, NAMESPACES, SOAP_XML, envelope_of, find, submission
from tests.e2e.retrievals import (
    HOME,
    ITI39,
    ITI43,
    MTOM,
    REPOSITORY,
    Retrieved,
    envelope,
    mtom,
    read,
    retrieve,
)
from tests.e2e.test_deliveries import answering_to, opened
from tests.e2e.test_retrieve import valid
from tests.server_process import running

ON_DEMAND = "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248"
STABLE = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
REGISTER = "urn:ihe:iti:2010:RegisterOnDemandDocumentEntry"
STORED_QUERY = "urn:ihe:iti:2007:RegistryStoredQuery"
QUERY = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"


@pytest.fixture
def client(ihe_mock_server: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ihe_mock_server.url, timeout=30) as client:
        yield client


def promise(client: httpx.Client, patient: str, mime_type: str = "text/plain") -> str:
    """Register an on-demand entry like the document of the tour; its uniqueId."""
    message = submission(patient)
    (request,) = find(etree.fromstring(message.envelope), "//lcm:SubmitObjectsRequest")
    (entry,) = find(request, "//rim:ExtrinsicObject")
    (created,) = find(entry, "rim:Slot[@name='creationTime']")
    created.set("name", "repositoryUniqueId")
    created[0][0].text = REPOSITORY
    entry.attrib.update({"objectType": ON_DEMAND, "mimeType": mime_type})

    reply = post(client, REGISTER, etree.tostring(request).decode())

    assert reply.xpath("string(//rs:RegistryResponse/@status)", namespaces=NAMESPACES) == (
        "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
    )
    return message.unique_id


def post(client: httpx.Client, action: str, body: str) -> etree._Element:
    """The answer of the Document Registry."""
    message = (
        f'<s:Envelope xmlns:s="{NAMESPACES["soap"]}" xmlns:a="{NAMESPACES["wsa"]}"><s:Header>'
        f'<a:Action s:mustUnderstand="1">{action}</a:Action>'
        f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID>"
        "<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address>"
        f"</a:ReplyTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
    reply = client.post("/document-registry", content=message.encode(), headers=SOAP_XML)
    return envelope_of(reply.headers["content-type"], reply.content)


def entries(client: httpx.Client, patient: str, object_type: str = "") -> list[etree._Element]:
    """The patient's approved document entries; those of a type, if one is asked for."""
    slots = {
        "$XDSDocumentEntryPatientId": f"'{patient}^^^&amp;{DOMAIN}&amp;ISO'",
        "$XDSDocumentEntryStatus": f"('{APPROVED}')",
    }
    if object_type:
        slots["$XDSDocumentEntryType"] = f"('{object_type}')"
    texts = "".join(
        f'<rim:Slot name="{name}"><rim:ValueList><rim:Value>{value}</rim:Value>'
        "</rim:ValueList></rim:Slot>"
        for name, value in slots.items()
    )
    answer = post(
        client,
        STORED_QUERY,
        f'<q:AdhocQueryRequest xmlns:q="{QUERY}" xmlns:rim="{NAMESPACES["rim"]}">'
        '<q:ResponseOption returnComposedObjects="true" returnType="LeafClass"/>'
        '<rim:AdhocQuery id="urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d">'
        f"{texts}</rim:AdhocQuery></q:AdhocQueryRequest>",
    )
    (response,) = find(answer, "//soap:Body/*")
    valid("xdsb/query.xsd", response)
    return find(response, ".//rim:ExtrinsicObject")


def unique_id_of(entry: etree._Element) -> str:
    path = "rim:ExternalIdentifier[rim:Name/*/@value = 'XDSDocumentEntry.uniqueId']/@value"
    return messages.text_of(entry, path)


def new_id_of(answer: Retrieved) -> str:
    assert messages.text_of(answer.envelope, "//xdsb:NewRepositoryUniqueId") == REPOSITORY
    return messages.text_of(answer.envelope, "//xdsb:NewDocumentUniqueId")


def provide(client: httpx.Client, patient: str) -> None:
    reply = client.post("/iti41/submit", content=submission(patient).body, headers=messages.MTOM)
    assert b"ResponseStatusType:Success" in reply.content


def test_an_on_demand_document_is_made_anew_at_each_retrieval(client: httpx.Client) -> None:
    patient = f"DEMAND-{uuid.uuid4().hex}"
    unique_id = promise(client, patient)
    assert entries(client, patient) == []
    (found,) = entries(client, patient, ON_DEMAND)
    assert unique_id_of(found) == unique_id

    before = retrieve(client, unique_id)
    provide(client, patient)
    after = retrieve(client, unique_id)

    first, second = new_id_of(before), new_id_of(after)
    assert len({unique_id, first, second}) == 3
    earlier, later = before.documents[unique_id].decode(), after.documents[unique_id].decode()
    assert f"Patient: {patient}^^^&{DOMAIN}&ISO\n" in earlier
    assert f"Document: {first}\n" in earlier
    assert earlier.endswith("Approved documents in the registry: 0\n")
    assert f"Document: {second}\n" in later
    assert later.endswith(
        "Approved documents in the registry: 1\n"
        "- Discharge letter (Physician discharge summary, created 2024-01-05)\n"
    )
    for answer in (before, after):
        valid("xdsb/XDS.b_DocumentRepository.xsd", find(answer.envelope, "//soap:Body/*")[0])


def test_a_snapshot_is_found_and_retrieved_like_any_document(client: httpx.Client) -> None:
    patient = f"DEMAND-{uuid.uuid4().hex}"
    unique_id = promise(client, patient)
    first, second = retrieve(client, unique_id), retrieve(client, unique_id)

    again = retrieve(client, new_id_of(first), new_id_of(second))

    assert again.documents == {
        new_id_of(answer): answer.documents[unique_id] for answer in (first, second)
    }
    assert not find(again.envelope, "//xdsb:NewDocumentUniqueId")
    (found,) = entries(client, patient)
    assert unique_id_of(found) == new_id_of(second)
    assert found.get("objectType") == STABLE


def test_retrievals_at_the_same_time_make_a_snapshot_each(client: httpx.Client) -> None:
    patient = f"DEMAND-{uuid.uuid4().hex}"
    unique_id = promise(client, patient)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: retrieve(client, unique_id), range(40)))

    assert {answer.status for answer in answers} == {"Success"}
    assert len(set(map(new_id_of, answers))) == 40
    assert all(
        f"Document: {new_id_of(each)}\n".encode() in each.documents[unique_id] for each in answers
    )
    (latest,) = entries(client, patient)
    assert unique_id_of(latest) in set(map(new_id_of, answers))


@pytest.mark.parametrize(
    ("mime_type", "start"),
    [
        ("text/html", b"<!DOCTYPE html>"),
        ("text/xml", b"<?xml version='1.0' encoding='UTF-8'?>\n<ClinicalDocument "),
        ("application/pdf", b"%PDF-1.4"),
    ],
)
def test_it_is_made_in_the_mime_type_of_the_entry(
    client: httpx.Client, mime_type: str, start: bytes
) -> None:
    unique_id = promise(client, f"DEMAND-{uuid.uuid4().hex}", mime_type)

    answer = retrieve(client, unique_id)

    assert answer.documents[unique_id].startswith(start)
    assert messages.text_of(answer.envelope, "//xdsb:mimeType") == mime_type
    assert [media_type for media_type, _ in answer.parts.values()] == [mime_type]


def test_what_cannot_be_made_is_told_beside_what_can(client: httpx.Client) -> None:
    patient = f"DEMAND-{uuid.uuid4().hex}"
    made, odd = promise(client, patient), promise(client, patient, "application/dicom")

    answer = retrieve(client, odd, made)

    (error,) = find(answer.envelope, "//rs:RegistryError")
    assert answer.status == "PartialSuccess"
    assert list(answer.documents) == [made]
    assert (error.get("errorCode"), error.get("location")) == ("XDSDocumentUniqueIdError", odd)
    valid("xdsb/XDS.b_DocumentRepository.xsd", find(answer.envelope, "//soap:Body/*")[0])


def test_another_community_gets_it(client: httpx.Client) -> None:
    unique_id = promise(client, f"DEMAND-{uuid.uuid4().hex}")
    message = mtom(envelope(ITI39, unique_id, home=HOME))

    answer = read(client.post("/responding-gateway", content=message, headers=MTOM))

    assert f"Document: {new_id_of(answer)}\n".encode() in answer.documents[unique_id]
    valid("xdsb/XDS.b_DocumentRepository.xsd", find(answer.envelope, "//soap:Body/*")[0])


def test_an_asynchronous_answer_brings_it_too(client: httpx.Client) -> None:
    unique_id = promise(client, f"DEMAND-{uuid.uuid4().hex}")
    with opened() as inbox:
        message = answering_to(mtom(envelope(ITI43, unique_id)), inbox.url)
        accepted = client.post("/document-repository", content=message, headers=MTOM)
        content_type, body = inbox.take()

    answer = read(httpx.Response(200, headers={"content-type": content_type}, content=body))
    assert accepted.status_code == 202
    assert f"Document: {new_id_of(answer)}\n".encode() in answer.documents[unique_id]


def test_snapshots_and_promises_outlive_the_server(tmp_path: Path) -> None:
    with running(tmp_path) as server, httpx.Client(base_url=server.url) as client:
        unique_id = promise(client, "DEMAND-1")
        first = retrieve(client, unique_id)

    with running(tmp_path) as server, httpx.Client(base_url=server.url) as client:
        again = retrieve(client, new_id_of(first))
        second = retrieve(client, unique_id)

    assert again.documents == {new_id_of(first): first.documents[unique_id]}
    assert new_id_of(second) not in {new_id_of(first), unique_id}
