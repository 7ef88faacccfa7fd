"""ITI-86 Remove Documents."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.ihe import Actor, Answer, Outcome
from ihe_mock_async.store.unit_of_work import NamespaceState
from ihe_mock_async.transactions.iti86_remove_documents import (
    REQUEST,
    RESPONSE,
    TRANSACTION,
    answer,
)
from ihe_mock_async.xds import namespaces as ns
from tests.transactions.retrievals import (
    ENTRY,
    HOME,
    MEMO,
    PATIENT,
    codes_of,
    document,
    errors_of,
    exchange,
    provide,
    request,
    severities_of,
    status_of,
    stored_ids,
)
from tests.transactions.retrieve_breaches import BREACHES
from tests.transactions.stored_state import stored_state

UNKNOWN = "2.999.2.99"


@pytest.fixture
def state() -> Iterator[NamespaceState]:
    with stored_state() as state:
        provide(state, ENTRY, MEMO)
        yield state


def remove(
    state: NamespaceState, *documents: object, validation: Validation = Validation.ENFORCE
) -> Answer:
    body = request(ns.REMOVE_DOCUMENTS_REQUEST, *documents)  # type: ignore[arg-type]  # either
    return answer(exchange(body, state, validation=validation))


def left(state: NamespaceState) -> set[str]:
    return stored_ids(state, [ENTRY, MEMO])


def test_the_transaction_writes_and_is_simple_soap() -> None:
    assert TRANSACTION.actors == (Actor.DOCUMENT_REPOSITORY,)
    assert TRANSACTION.handlers == {REQUEST: answer}
    assert TRANSACTION.writes
    assert not TRANSACTION.mtom


def test_a_document_is_removed_and_its_entry_stays(state: NamespaceState) -> None:
    reply = remove(state, document(home=HOME))

    assert (reply.action, reply.outcome, reply.summary) == (RESPONSE, Outcome.SERVED, "Success")
    assert reply.patient_ids == (PATIENT,)
    assert reply.findings == ()
    assert (status_of(reply), errors_of(reply)) == ("Success", [])
    assert left(state) == {MEMO}
    assert len(state.documents.by_unique_id([ENTRY])) == 1


def test_what_is_there_is_removed_beside_what_is_not(state: NamespaceState) -> None:
    reply = remove(
        state,
        document(),
        document(UNKNOWN),
        document(MEMO, repository="2.999.8"),
        document(MEMO, home="urn:oid:2.999.9"),
    )

    assert reply.outcome is Outcome.SERVED
    assert status_of(reply) == "PartialSuccess"
    assert codes_of(reply) == [
        "XDSDocumentUniqueIdError",
        "XDSUnknownRepositoryId",
        "XDSUnknownCommunity",
    ]
    assert [error.get("location") for error in errors_of(reply)] == [UNKNOWN, MEMO, MEMO]
    assert left(state) == {MEMO}


def test_a_document_is_gone_the_second_time(state: NamespaceState) -> None:
    remove(state, document())

    reply = remove(state, document())

    assert reply.outcome is Outcome.REJECTED
    assert reply.summary == "Failure XDSDocumentUniqueIdError"


def test_a_document_named_twice_is_removed_once(state: NamespaceState) -> None:
    reply = remove(state, document(), document())

    assert (status_of(reply), severities_of(reply)) == ("Success", ["Warning"])
    assert left(state) == {MEMO}


def test_a_message_that_is_not_understood_removes_nothing(state: NamespaceState) -> None:
    reply = remove(state, document(), *BREACHES["xds-retrieve-element-order"]())

    assert codes_of(reply) == ["XDSRemoveDocumentsError"]
    assert status_of(reply) == "Failure"
    assert left(state) == {ENTRY, MEMO}


def test_report_mode_removes_what_can_be_found(state: NamespaceState) -> None:
    remove(state, *BREACHES["xds-retrieve-element-order"](), validation=Validation.REPORT)

    assert left(state) == {MEMO}


@pytest.mark.parametrize("rule", TRANSACTION.rules, ids=lambda rule: rule.id)
def test_every_rule_is_found_broken_and_an_error_removes_nothing(
    state: NamespaceState, rule: Rule
) -> None:
    reply = remove(state, *BREACHES[rule.id]())

    assert rule in [found.rule for found in reply.findings]
    refused = rule.severity is Severity.ERROR
    assert (status_of(reply) == "Failure") == refused
    assert (ENTRY in left(state)) == refused
