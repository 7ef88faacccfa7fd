"""ITI-39 Cross Gateway Retrieve."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.ihe import Actor, Answer, Outcome
from ihe_mock_async.store.unit_of_work import NamespaceState
from ihe_mock_async.transactions.iti39_cross_gateway_retrieve import (
    OLD_REQUEST,
    OLD_RESPONSE,
    REQUEST,
    RESPONSE,
    TRANSACTION,
    answer,
)
from ihe_mock_async.xds import namespaces as ns
from tests.transactions.retrievals import (
    ENTRY,
    HOME,
    PATIENT,
    codes_of,
    document,
    errors_of,
    exchange,
    provide,
    request,
    responses_of,
    status_of,
)
from tests.transactions.retrieve_breaches import BREACHES, promise_too_much
from tests.transactions.stored_state import stored_state


@pytest.fixture
def state() -> Iterator[NamespaceState]:
    with stored_state() as state:
        provide(state, ENTRY)
        yield state


def retrieve(
    state: NamespaceState,
    *documents: object,
    action: str = REQUEST,
    validation: Validation = Validation.ENFORCE,
) -> Answer:
    body = request(ns.RETRIEVE_REQUEST, *documents)  # type: ignore[arg-type]  # of either kind
    return answer(exchange(body, state, action=action, validation=validation))


def test_the_transaction_is_mtom_and_that_of_a_responding_gateway() -> None:
    assert TRANSACTION.actors == (Actor.RESPONDING_GATEWAY,)
    assert set(TRANSACTION.handlers) == {REQUEST, OLD_REQUEST}
    assert TRANSACTION.mtom


@pytest.mark.parametrize(
    ("action", "expected"), [(REQUEST, RESPONSE), (OLD_REQUEST, OLD_RESPONSE)]
)
def test_a_document_is_returned_with_its_home(
    state: NamespaceState, action: str, expected: str
) -> None:
    reply = retrieve(state, document(home=HOME), action=action)

    assert reply.action == expected == TRANSACTION.response_actions[action]
    assert (reply.outcome, reply.summary) == (Outcome.SERVED, "Success")
    assert reply.patient_ids == (PATIENT,)
    assert responses_of(reply)[0]["HomeCommunityId"] == HOME
    assert len(reply.attachments) == 1


@pytest.mark.parametrize("validation", Validation)
def test_a_request_without_home_fails_whatever_is_let_pass(
    state: NamespaceState, validation: Validation
) -> None:
    reply = retrieve(state, document(), validation=validation)

    assert reply.outcome is Outcome.REJECTED
    assert codes_of(reply) == ["XDSMissingHomeCommunityId"]
    assert reply.attachments == ()


def test_every_error_is_located_by_our_home_and_names_the_document(
    state: NamespaceState,
) -> None:
    reply = retrieve(
        state,
        document(home=HOME),
        document("2.999.2.99", home=HOME),
        document("2.999.2.98", home="urn:oid:2.999.9"),
        document(""),
    )

    assert status_of(reply) == "PartialSuccess"
    assert codes_of(reply) == [
        "XDSDocumentUniqueIdError",
        "XDSUnknownCommunity",
        "XDSMissingHomeCommunityId",
    ]
    assert {error.get("location") for error in errors_of(reply)} == {HOME}
    assert "2.999.2.99" in errors_of(reply)[0].get("codeContext", "")
    assert "DocumentRequest[4]" in errors_of(reply)[2].get("codeContext", "")


@pytest.mark.parametrize("rule", TRANSACTION.rules, ids=lambda rule: rule.id)
def test_every_rule_is_found_broken_and_an_error_refuses(
    state: NamespaceState, rule: Rule
) -> None:
    promise_too_much(state)

    reply = retrieve(state, *BREACHES[rule.id]())

    assert rule in [found.rule for found in reply.findings]
    assert (status_of(reply) == "Failure") == (rule.severity is Severity.ERROR)
    assert {error.get("location") for error in errors_of(reply)} == {HOME}
