"""ITI-43 and ITI-39 of on-demand document entries."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count

import pytest
from lxml import etree

from ihe_mock_async.findings import Validation
from ihe_mock_async.ihe import Answer, Exchange, Handler, Outcome, WriteNeeded
from ihe_mock_async.state import AffinityDomain, AvailabilityStatus, ObjectKind, RegistryObject
from ihe_mock_async.store.unit_of_work import NamespaceState
from ihe_mock_async.transactions import iti18_registry_stored_query as iti18
from ihe_mock_async.transactions import iti39_cross_gateway_retrieve as iti39
from ihe_mock_async.transactions import iti43_retrieve_document_set as iti43
from ihe_mock_async.transactions import iti86_remove_documents as iti86
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.patient_merge import move_objects
from tests.transactions.on_demand import ON_DEMAND, UUIDS, at, promise, register
from tests.transactions.retrievals import (
    ENTRY,
    HOME,
    OTHER_PATIENT,
    PATIENT,
    REPOSITORY,
    codes_of,
    document,
    errors_of,
    provide,
    request,
    responses_of,
    status_of,
)
from tests.transactions.stored_state import stored_state
from tests.xds import stored_queries as q

MORNING = at(9)


@pytest.fixture
def state() -> Iterator[NamespaceState]:
    with stored_state() as state:
        yield state


def ask(
    state: NamespaceState,
    *documents: dict[str, str],
    handler: Handler = iti43.answer,
    now: datetime = MORNING,
    new_uuid: Callable[[], str] = UUIDS,
    may_write: bool = True,
) -> Answer:
    body = request(ns.RETRIEVE_REQUEST, *documents)
    domain = AffinityDomain(validation=Validation.STRICT)
    return handler(Exchange(body, "", {}, domain, now, new_uuid, state, may_write=may_write))


def octets_of(state: NamespaceState, reply: Answer) -> list[bytes]:
    """What goes out: the contents that the unit of work has made."""
    return [state.documents.made_contents[part.sha256] for part in reply.attachments]


def new_id_of(reply: Answer) -> str:
    (response,) = responses_of(reply)
    return response["NewDocumentUniqueId"]


def entry_of(state: NamespaceState, unique_id: str) -> RegistryObject:
    (found,) = state.documents.by_unique_id([unique_id])
    return found


def test_the_document_of_an_on_demand_entry_is_made(state: NamespaceState) -> None:
    promise(state)

    reply = ask(state, document(ON_DEMAND))

    assert (reply.outcome, reply.summary) == (Outcome.SERVED, "Success")
    assert reply.patient_ids == (PATIENT,)
    (response,) = responses_of(reply)
    new_id = response["NewDocumentUniqueId"]
    assert list(response.items()) == [
        ("RepositoryUniqueId", REPOSITORY),
        ("DocumentUniqueId", ON_DEMAND),
        ("NewRepositoryUniqueId", REPOSITORY),
        ("NewDocumentUniqueId", new_id),
        ("mimeType", "text/plain"),
        ("Document", ""),
    ]
    assert new_id.startswith("2.25.")
    assert len(new_id) <= 64
    assert [part.media_type for part in reply.attachments] == ["text/plain"]


def test_it_says_what_the_registry_knows_of_the_patient_at_that_moment(
    state: NamespaceState,
) -> None:
    promise(state, title="Übersicht")
    first = register(state, "2.999.6.1", "Letter")
    register(state, "2.999.6.2", "Of somebody else", patient=OTHER_PATIENT)
    before = ask(state, document(ON_DEMAND))
    register(state, "2.999.6.3", "Letter, corrected", replaced=first.id)
    register(state, "2.999.6.4", "Röntgen")
    after = ask(state, document(ON_DEMAND), now=at(10))

    earlier, later = octets_of(state, before) + octets_of(state, after)
    assert earlier.decode().splitlines() == [
        "Übersicht",
        "",
        f"Patient: {PATIENT}",
        "Made when it was asked for: 2024-05-18 09:30:15 UTC",
        f"Document: {new_id_of(before)}",
        "",
        "Approved documents in the registry: 1",
        "- Letter (Discharge summary, created 2024-05-16)",
    ]
    assert later.decode().splitlines()[-4:] == [
        "",
        "Approved documents in the registry: 2",
        "- Röntgen (Discharge summary, created 2024-05-16)",
        "- Letter, corrected (Discharge summary, created 2024-05-16)",
    ]
    assert "2024-05-18 10:30:15" in later.decode()


def test_each_retrieval_has_a_document_of_its_own_that_can_be_retrieved_again(
    state: NamespaceState,
) -> None:
    promise(state)

    first, second = (ask(state, document(ON_DEMAND), now=at(hour)) for hour in (9, 10))
    again = ask(state, document(new_id_of(first)), now=at(11))

    assert len({ON_DEMAND, new_id_of(first), new_id_of(second)}) == 3
    assert octets_of(state, first) != octets_of(state, second)
    assert [part.sha256 for part in again.attachments] == [
        part.sha256 for part in first.attachments
    ]
    assert "NewDocumentUniqueId" not in responses_of(again)[0]
    assert responses_of(again)[0]["mimeType"] == "text/plain"


def test_the_made_document_is_registered_as_a_snapshot(state: NamespaceState) -> None:
    on_demand = promise(state)

    reply = ask(state, document(ON_DEMAND))

    entry = entry_of(state, new_id_of(reply))
    (octets,) = octets_of(state, reply)
    element = etree.fromstring(entry.xml)
    assert element.get("objectType") == v.STABLE
    assert entry.status is AvailabilityStatus.APPROVED
    assert entry.patient_id == PATIENT
    assert entry.repository_unique_id == REPOSITORY
    assert entry.size == len(octets)
    assert entry.hash == hashlib.sha1(octets).hexdigest()  # noqa: S324 - XDS demands SHA-1
    slots = {e.get("name"): [x.text for x in e.iter(ns.VALUE)] for e in element.iter(ns.SLOT)}
    assert slots["creationTime"] == ["20240518093015"]
    assert slots["languageCode"] == ["en"]
    assert slots["urn:example:extra"] == ["kept"]
    assert not {"legalAuthenticator", "documentAvailability"} & slots.keys()
    links = state.documents.associations(sources=[entry.id])
    assert [(link.association_type, link.target) for link in links] == [
        (v.IS_SNAPSHOT_OF, on_demand.id)
    ]
    (membership,) = state.documents.associations(targets=[entry.id])
    assert membership.association_type == v.HAS_MEMBER
    assert membership.source is not None
    submission_set = state.documents.by_id([membership.source])[membership.source]
    assert submission_set.kind is ObjectKind.SUBMISSION_SET
    assert submission_set.unique_id not in {None, new_id_of(reply)}
    assert entry.submission_set_id == submission_set.id


def test_ids_of_a_snapshot_are_its_own(state: NamespaceState) -> None:
    on_demand = promise(state)

    entry = entry_of(state, new_id_of(ask(state, document(ON_DEMAND))))

    def ids(obj: RegistryObject) -> set[str]:
        root = etree.fromstring(obj.xml)
        return {element.get("id", "") for element in root.iter() if element.get("id")}

    assert len(ids(entry)) == 10
    assert not ids(entry) & ids(on_demand)
    assert {
        child.get("classifiedObject") or child.get("registryObject")
        for child in etree.fromstring(entry.xml).iterchildren(
            ns.CLASSIFICATION, ns.EXTERNAL_IDENTIFIER
        )
    } == {entry.id}


def test_a_snapshot_replaces_the_one_before_it(state: NamespaceState) -> None:
    promise(state)

    ids = [new_id_of(ask(state, document(ON_DEMAND), now=at(hour))) for hour in (9, 10, 11)]

    entries = [entry_of(state, unique_id) for unique_id in ids]
    assert [entry.status.name for entry in entries] == ["DEPRECATED", "DEPRECATED", "APPROVED"]
    replacements = state.documents.associations(
        sources=[entry.id for entry in entries], types=[v.REPLACES]
    )
    assert [(each.source, each.target) for each in replacements] == [
        (entries[1].id, entries[0].id),
        (entries[2].id, entries[1].id),
    ]


def test_snapshots_are_no_documents_of_the_summary(state: NamespaceState) -> None:
    promise(state)
    register(state, "2.999.6.1", "Letter")

    ask(state, document(ON_DEMAND))
    reply = ask(state, document(ON_DEMAND))

    (octets,) = octets_of(state, reply)
    assert b"registry: 1\n- Letter (" in octets


def test_queries_find_the_snapshot_by_default_and_the_promise_by_its_type(
    state: NamespaceState,
) -> None:
    promise(state)
    new_id = new_id_of(ask(state, document(ON_DEMAND)))
    asked = [
        ("$XDSDocumentEntryPatientId", [f"'{PATIENT}'"]),
        ("$XDSDocumentEntryStatus", [f"('{v.APPROVED}')"]),
    ]
    of_type = [*asked, ("$XDSDocumentEntryType", [f"('{v.ON_DEMAND}')"])]

    by_default, by_type = (
        iti18.answer(
            Exchange(
                q.adhoc_query_request("FindDocuments", slots),
                "", {}, AffinityDomain(), at(12), UUIDS, state,
            )
        )
        for slots in (asked, of_type)
    )  # fmt: skip

    assert unique_ids_of(by_default) == {new_id}
    assert unique_ids_of(by_type) == {ON_DEMAND}


def unique_ids_of(reply: Answer) -> set[str]:
    body = reply.body if not isinstance(reply.body, bytes) else etree.fromstring(reply.body)
    return {
        element.get("value", "")
        for element in body.iter(ns.EXTERNAL_IDENTIFIER)
        if element.get("identificationScheme") == "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
    }


def test_another_community_gets_it_with_its_home(state: NamespaceState) -> None:
    promise(state)

    reply = ask(state, document(ON_DEMAND, home=HOME), handler=iti39.answer)

    (response,) = responses_of(reply)
    assert list(response)[:5] == [
        "HomeCommunityId",
        "RepositoryUniqueId",
        "DocumentUniqueId",
        "NewRepositoryUniqueId",
        "NewDocumentUniqueId",
    ]
    assert response["HomeCommunityId"] == HOME


@pytest.mark.parametrize("handler", [iti43.answer, iti39.answer])
def test_a_unit_of_work_that_only_reads_makes_nothing(
    state: NamespaceState, handler: Handler
) -> None:
    promise(state)
    provide(state, ENTRY)

    with pytest.raises(WriteNeeded):
        ask(state, document(ON_DEMAND, home=HOME), handler=handler, may_write=False)
    stored = ask(state, document(ENTRY, home=HOME), handler=handler, may_write=False)
    refused = ask(state, document("2.999.404", home=HOME), handler=handler, may_write=False)

    assert (status_of(stored), status_of(refused)) == ("Success", "Failure")
    assert state.documents.made_contents == {}


def test_stored_and_made_documents_come_in_the_order_of_the_request(
    state: NamespaceState,
) -> None:
    provide(state, ENTRY)
    promise(state, mime_type="text/html")

    reply = ask(state, document(ON_DEMAND), document("2.999.404"), document(ENTRY))

    assert status_of(reply) == "PartialSuccess"
    assert [(r["DocumentUniqueId"], r["mimeType"]) for r in responses_of(reply)] == [
        (ON_DEMAND, "text/html"),
        (ENTRY, "application/pdf"),
    ]


def test_after_a_merge_it_is_about_the_surviving_patient(state: NamespaceState) -> None:
    promise(state)
    register(state, "2.999.6.1", "Letter")
    register(state, "2.999.6.2", "Of the survivor", patient=OTHER_PATIENT)
    move_objects(state.documents, PATIENT, OTHER_PATIENT)

    reply = ask(state, document(ON_DEMAND))

    (octets,) = octets_of(state, reply)
    assert reply.patient_ids == (OTHER_PATIENT,)
    assert f"Patient: {OTHER_PATIENT}" in octets.decode()
    assert octets.count(b"\n- ") == 2
    assert entry_of(state, new_id_of(reply)).patient_id == OTHER_PATIENT


def test_one_that_is_asked_for_twice_is_made_once(state: NamespaceState) -> None:
    promise(state)
    body = request(ns.RETRIEVE_REQUEST, document(ON_DEMAND), document(ON_DEMAND))

    reply = iti43.answer(Exchange(body, "", {}, AffinityDomain(), at(9), UUIDS, state))

    assert len({r["NewDocumentUniqueId"] for r in responses_of(reply)}) == 1
    assert len({part.content_id for part in reply.attachments}) == 2


def test_a_refused_message_makes_nothing(state: NamespaceState) -> None:
    promise(state)
    disordered = {"DocumentUniqueId": ON_DEMAND, "RepositoryUniqueId": REPOSITORY}

    reply = ask(state, disordered)

    assert status_of(reply) == "Failure"
    assert state.documents.made_contents == {}


def made_by_itself(first_id: int) -> tuple[list[bytes], str]:
    """Octets and uniqueId of a document, with ids from this number on."""
    numbers = count(first_id)
    with stored_state() as state:
        promise(state)
        reply = ask(state, document(ON_DEMAND), new_uuid=lambda: str(uuid.UUID(int=next(numbers))))
        return octets_of(state, reply), new_id_of(reply)


def test_the_same_moment_and_ids_make_the_same_octets() -> None:
    assert made_by_itself(1 << 64) == made_by_itself(1 << 64)
    assert made_by_itself(1 << 64) != made_by_itself(1 << 65)


# ---------------------------------------------------------------- what is not made


def test_a_mime_type_that_cannot_be_made_is_told_with_those_that_can(
    state: NamespaceState,
) -> None:
    promise(state, mime_type="application/dicom")

    reply = ask(state, document(ON_DEMAND))

    (error,) = errors_of(reply)
    context = error.get("codeContext", "")
    assert error.get("errorCode") == "XDSDocumentUniqueIdError"
    assert '"application/dicom"' in context
    assert "text/plain or text/html or text/xml or application/pdf" in context
    assert error.get("location") == ON_DEMAND
    assert state.documents.made_contents == {}


@pytest.mark.parametrize("mime_type", ["Text/Plain", "text/plain; charset=UTF-8"])
def test_a_mime_type_may_have_capitals_and_parameters(
    state: NamespaceState, mime_type: str
) -> None:
    promise(state, mime_type=mime_type)

    reply = ask(state, document(ON_DEMAND))

    assert responses_of(reply)[0]["mimeType"] == mime_type
    assert [part.media_type for part in reply.attachments] == [mime_type]


def test_a_replaced_entry_promises_nothing_any_more(state: NamespaceState) -> None:
    old = promise(state)
    promise(state, "2.999.5.2", replaced=old.id)

    reply = ask(state, document(ON_DEMAND), document("2.999.5.2"))

    assert codes_of(reply) == ["XDSDocumentUniqueIdError"]
    assert "[xds-retrieve-on-demand-approved," in errors_of(reply)[0].get("codeContext", "")
    assert [r["DocumentUniqueId"] for r in responses_of(reply)] == ["2.999.5.2"]


def test_of_entries_with_one_unique_id_the_latest_approved_one_counts(
    state: NamespaceState,
) -> None:
    first = promise(state, mime_type="application/pdf")
    promise(state, mime_type="text/xml", replaced=first.id)

    reply = ask(state, document(ON_DEMAND))

    assert responses_of(reply)[0]["mimeType"] == "text/xml"


def test_an_entry_of_another_source_is_not_ours_to_make(state: NamespaceState) -> None:
    promise(state, repository="2.999.7.9")

    here = ask(state, document(ON_DEMAND))
    there = ask(state, document(ON_DEMAND, repository="2.999.7.9"))

    assert codes_of(here) == ["XDSDocumentUniqueIdError"]
    assert "[xds-retrieve-document-known," in errors_of(here)[0].get("codeContext", "")
    assert codes_of(there) == ["XDSUnknownRepositoryId"]


def test_a_document_that_is_only_promised_cannot_be_removed(state: NamespaceState) -> None:
    promise(state)
    body = request(ns.REMOVE_DOCUMENTS_REQUEST, document(ON_DEMAND))

    reply = iti86.answer(Exchange(body, "", {}, AffinityDomain(), at(9), UUIDS, state))

    assert codes_of(reply) == ["XDSDocumentUniqueIdError"]
