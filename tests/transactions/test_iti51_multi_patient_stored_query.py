from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from lxml import etree

from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.ihe import Actor, Answer, Outcome
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.transactions.iti51_multi_patient_stored_query import (
    REQUEST,
    RESPONSE,
    TRANSACTION,
    answer,
)
from ihe_mock_async.xds import registry_response as rr
from ihe_mock_async.xds import vocabulary as v
from tests.transactions.stored_state import stored_state
from tests.transactions.xds_fakes import exchange
from tests.xds import query_breaches as breaches
from tests.xds import stored_queries as q
from tests.xds import submissions as s
from tests.xds.query_answers import contexts, counts, errors, ids, objects, response

APPROVED = ("$XDSDocumentEntryStatus", f"('{v.APPROVED}')")
FOLDER_APPROVED = ("$XDSFolderStatus", f"('{v.APPROVED}')")
REPORTS = ("$XDSDocumentEntryClassCode", "('REPORT^^2.999.8.1')")
BOTH_PATIENTS = q.coded((s.PATIENT, s.OTHER_PATIENT))
REFERENCE = (
    "$XDSDocumentEntryReferenceIdList",
    "('A-1^^^&2.999.7.3&ISO^urn:ihe:iti:xds:2013:accession')",
)


def ask(
    state: State,
    name: str,
    *slots: tuple[str, str],
    return_type: str = "LeafClass",
    domain: AffinityDomain | None = None,
) -> Answer:
    texts = [(slot, [value]) for slot, value in slots]
    return send(state, q.adhoc_query_request(name, texts, return_type=return_type), domain)


def send(state: State, body: etree._Element, domain: AffinityDomain | None = None) -> Answer:
    return answer(exchange(etree.fromstring(etree.tostring(body)), state, domain=domain))


@pytest.fixture(scope="module")
def state() -> Iterator[State]:
    """Documents of two patients, and a folder of one of them."""
    with stored_state() as state:
        q.fill(state)
        yield state


def test_the_transaction_is_that_of_a_document_registry_and_only_reads() -> None:
    assert TRANSACTION.actors == (Actor.DOCUMENT_REGISTRY,)
    assert TRANSACTION.handlers == {REQUEST: answer}
    assert TRANSACTION.response_actions == {REQUEST: RESPONSE}
    assert not TRANSACTION.writes


@pytest.mark.parametrize(
    ("slots", "found"),
    [
        ([REPORTS], {q.IN_FOLDER, q.LOOSE, q.FOREIGN}),
        (
            [("$XDSDocumentEntryHealthcareFacilityTypeCode", "('HOSP^^2.999.8.2')")],
            {q.IN_FOLDER, q.LOOSE, q.FOREIGN},
        ),
        ([("$XDSDocumentEntryEventCodeList", "('A^^2.999.8.9')")], set()),
        (
            [("$XDSDocumentEntryPatientId", BOTH_PATIENTS)],
            {q.IN_FOLDER, q.LOOSE, q.FOREIGN},
        ),
        ([("$XDSDocumentEntryPatientId", f"('{s.OTHER_PATIENT}')"), REPORTS], {q.FOREIGN}),
        ([("$XDSDocumentEntryPatientId", f"'{s.OTHER_PATIENT}'")], {q.FOREIGN}),
        ([REPORTS, ("$XDSDocumentEntryCreationTimeTo", "2024")], set()),
        ([REPORTS, ("$XDSDocumentEntryAuthorPerson", "('%Smitty%')")], set()),
    ],
)
def test_documents_of_several_patients_are_found_by_patients_or_codes(
    state: State, slots: list[tuple[str, str]], found: set[str]
) -> None:
    reply = ask(state, "FindDocumentsForMultiplePatients", APPROVED, *slots)

    assert (reply.action, reply.outcome, reply.findings) == (RESPONSE, Outcome.SERVED, ())
    assert ids(reply) == found
    assert counts(reply) == ({"ExtrinsicObject": len(found)} if found else {})


def test_the_patients_are_told(state: State) -> None:
    reply = ask(state, "FindDocumentsForMultiplePatients", APPROVED, REPORTS)

    assert reply.patient_ids == (s.PATIENT, s.OTHER_PATIENT)


@pytest.mark.parametrize(
    ("slot", "value", "found"),
    [
        ("PatientId", BOTH_PATIENTS, {q.FOLDER}),
        ("PatientId", f"('{s.OTHER_PATIENT}')", set()),
        ("CodeList", "('EPISODE^^2.999.8.5')", {q.FOLDER}),
        ("CodeList", "('OTHER^^2.999.8.5')", set()),
    ],
)
def test_folders_of_several_patients_are_found_by_patients_or_codes(
    state: State, slot: str, value: str, found: set[str]
) -> None:
    asked = (f"$XDSFolder{slot}", value)

    reply = ask(state, "FindFoldersForMultiplePatients", FOLDER_APPROVED, asked)

    assert (reply.findings, ids(reply)) == ((), found)


def test_documents_of_several_patients_are_found_by_reference_id(state: State) -> None:
    name = "FindDocumentsByReferenceIdForMultiplePatients"
    confidential = ("$XDSDocumentEntryConfidentialityCode", "('N^^2.16.840.1.113883.5.25')")

    reply = ask(state, name, confidential, APPROVED, REFERENCE, return_type="ObjectRef")

    assert counts(reply) == {"ObjectRef": 3}


@pytest.mark.parametrize("name", ["FindDocuments", "GetDocuments"])
def test_queries_of_other_transactions_are_named_in_the_refusal(state: State, name: str) -> None:
    reply = ask(state, name)

    assert errors(reply) == [("XDSUnknownStoredQuery", rr.ERROR)]
    assert f"{name} (ITI-18, ITI-38)" in contexts(reply)


BREACHES: Mapping[str, etree._Element] = {
    **breaches.of_any_search("FindDocumentsForMultiplePatients", (REPORTS[0], [REPORTS[1]])),
    "xds-query-criterion": q.adhoc_query_request(
        "FindDocumentsForMultiplePatients",
        [(APPROVED[0], [APPROVED[1]]), ("$XDSDocumentEntryTypeCode", ["('a^^b')"])],
    ),
}


@pytest.mark.parametrize("rule", TRANSACTION.rules, ids=lambda rule: rule.id)
def test_every_rule_is_found_broken_and_an_error_refuses(state: State, rule: Rule) -> None:
    reply = send(state, BREACHES[rule.id])

    (finding,) = (f for f in reply.findings if f.rule is rule)
    assert finding.location.startswith("/AdhocQueryRequest")
    if rule.severity is Severity.ERROR:
        assert (reply.outcome, objects(reply)) == (Outcome.REJECTED, [])
        assert (rule.code, rr.ERROR) in errors(reply)
        assert response(reply).get("status") == rr.FAILURE
    else:
        assert reply.outcome is Outcome.SERVED


def test_nobody_is_told_the_whole_registry(state: State) -> None:
    name = "FindDocumentsForMultiplePatients"
    empty = ("$XDSDocumentEntryPatientId", "('')")

    reply = ask(state, name, APPROVED, empty, domain=AffinityDomain(validation=Validation.REPORT))

    assert ("XDSStoredQueryMissingParam", rr.ERROR) in errors(reply)
    assert "$XDSDocumentEntryPatientId or $XDSDocumentEntryClassCode" in contexts(reply)
