"""Thousands of ids, codes or patients in one request: answered, never a fault of the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.ihe import Answer, Handler
from ihe_mock_async.state import State
from ihe_mock_async.transactions import iti18_registry_stored_query as iti18
from ihe_mock_async.transactions import iti43_retrieve_document_set as iti43
from ihe_mock_async.transactions import iti47_patient_demographics_query_hl7v3 as iti47
from ihe_mock_async.transactions import iti51_multi_patient_stored_query as iti51
from ihe_mock_async.transactions import iti62_remove_metadata as iti62
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.retrieve.rules import MAX_DOCUMENTS
from tests.transactions import demographics_queries as pdq
from tests.transactions import retrievals
from tests.transactions.identity_feed import both, without
from tests.transactions.stored_state import stored_state
from tests.transactions.xds_fakes import exchange
from tests.xds import stored_queries as q
from tests.xds import submissions as s
from tests.xds.query_answers import ids

APPROVED = ("$XDSDocumentEntryStatus", [f"('{v.APPROVED}')"])
PATIENT = ("$XDSDocumentEntryPatientId", [f"'{s.PATIENT}'"])
STRANGERS = range(10_000, 15_000)
_LCM = ElementMaker(namespace=ns.LCM, nsmap={"lcm": ns.LCM})
_RIM = ElementMaker(namespace=ns.RIM, nsmap={"rim": ns.RIM})


@pytest.fixture
def state() -> Iterator[State]:
    with stored_state() as state:
        q.fill(state)
        yield state


def ask(state: State, name: str, *slots: tuple[str, Sequence[str]]) -> Answer:
    body = etree.fromstring(etree.tostring(q.adhoc_query_request(name, slots)))
    multi_patient = name == "FindDocumentsForMultiplePatients"
    answer: Handler = iti51.answer if multi_patient else iti18.answer
    return answer(exchange(body, state))


def one_by_one(values: Sequence[str]) -> list[str]:
    """Each value in a rim:Value of its own."""
    return [q.coded([value]) for value in values]


def test_document_entries_are_found_among_5000_ids(state: State) -> None:
    strangers = [s.uuid_urn(number) for number in STRANGERS]

    reply = ask(
        state, "GetDocuments", ("$XDSDocumentEntryEntryUUID", one_by_one([*strangers, q.LOOSE]))
    )

    assert ids(reply) == {q.LOOSE}


def test_document_entries_are_found_by_one_of_5000_codes(state: State) -> None:
    codes = [f"C{number}^^2.999.8.1" for number in STRANGERS]
    class_codes = ("$XDSDocumentEntryClassCode", one_by_one([*codes, "REPORT^^2.999.8.1"]))

    reply = ask(state, "FindDocuments", PATIENT, APPROVED, class_codes)

    assert ids(reply) == {q.IN_FOLDER, q.LOOSE}


def test_document_entries_are_found_for_one_of_2000_patients(state: State) -> None:
    patients = [f"P-{number}^^^&2.999.1&ISO" for number in range(2_000)]
    reports = ("$XDSDocumentEntryClassCode", ["('REPORT^^2.999.8.1')"])
    named = ("$XDSDocumentEntryPatientId", one_by_one([*patients, s.OTHER_PATIENT]))

    reply = ask(state, "FindDocumentsForMultiplePatients", named, APPROVED, reports)

    assert ids(reply) == {q.FOREIGN}


def test_a_removal_of_5000_strangers_is_refused(state: State) -> None:
    named = [_RIM.ObjectRef(id=s.uuid_urn(number)) for number in STRANGERS]
    body = _LCM.RemoveObjectsRequest(_RIM.ObjectRefList(*named))

    reply = iti62.answer(exchange(etree.fromstring(etree.tostring(body)), state))

    assert reply.outcome == "rejected"
    assert {finding.rule.id for finding in reply.findings} >= {"xds-removal-unresolved"}


def test_as_many_documents_as_a_request_may_name_are_looked_for(state: State) -> None:
    wanted = [retrievals.document(f"2.999.9.{number}") for number in range(MAX_DOCUMENTS)]
    body = retrievals.request(ns.RETRIEVE_REQUEST, *wanted)

    reply = iti43.answer(exchange(etree.fromstring(etree.tostring(body)), state))

    assert reply.outcome == "rejected"


@pytest.mark.parametrize("others", [1, 5_000])
def test_a_patient_has_all_of_5000_identifiers_or_is_not_found(others: int) -> None:
    identifiers = [pdq.id_of(f"P-{number}") for number in range(5_000)]
    message = pdq.query(both(without(pdq.NAME), without(pdq.GENDER), without(pdq.BIRTH_TIME)))
    (parameters,) = message.iter("{urn:hl7-org:v3}parameterList")
    for identifier in identifiers:
        value = f'<value root="{identifier.root}" extension="{identifier.extension}"/>'
        parameters.append(etree.fromstring(pdq.parameter("livingSubjectId", value)))
    with stored_state() as state:
        pdq.feed(state, *identifiers[:others])
        reply = iti47.answer(pdq.exchange(state, message, "urn:hl7-org:v3:PRPA_IN201305UV02"))

    assert pdq.codes(reply)[-1] == ("OK" if others == len(identifiers) else "NF")
