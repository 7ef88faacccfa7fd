"""ITI-42 Register Document Set-b (ITI TF-2: 3.42)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ihe_mock_async import registry_answer
from ihe_mock_async.ihe import Actor, Answer, Exchange, Transaction
from ihe_mock_async.xds import lifecycle, rules
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.lifecycle import Plan
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.rules.attributes import check_repository_attributes, check_stable
from ihe_mock_async.xds.rules.request import check_wrapper
from ihe_mock_async.xds.rules.unique_ids import (
    DUPLICATE_IN_REGISTRATION,
    check_unique_in_message,
)

REQUEST = "urn:ihe:iti:2007:RegisterDocumentSet-b"
RESPONSE = "urn:ihe:iti:2007:RegisterDocumentSet-bResponse"


def answer(exchange: Exchange) -> Answer:
    """Register a submission with all that follows from it, or refuse it as a whole."""
    report = rules.Report(exchange.body)
    check_wrapper(exchange.body, report)
    return registry_answer.carry_out(exchange, RESPONSE, report, _check)


def _check(submission: Submission, exchange: Exchange, report: rules.Report) -> Callable[[], Plan]:
    domain, state = exchange.domain, exchange.state
    rules.check_metadata(submission, domain, report)
    check_repository_attributes(submission, report)
    check_stable(submission, report)
    check_unique_in_message(submission, DUPLICATE_IN_REGISTRATION, report)
    surroundings = lifecycle.look_up(submission, state.documents)
    rules.check_surroundings(submission, surroundings, state.patients, domain, report)
    return partial(
        lifecycle.plan,
        submission,
        surroundings,
        state.documents,
        now=exchange.now,
        new_uuid=exchange.new_uuid,
    )


TRANSACTION = Transaction(
    number="ITI-42",
    name="Register Document Set-b",
    section="ITI TF-2: 3.42",
    actors=(Actor.DOCUMENT_REGISTRY,),
    handlers={REQUEST: answer},
    # A wrapper that no schema has is recognised, to be explained instead of not understood.
    roots={ns.SUBMIT_OBJECTS_REQUEST: REQUEST, ns.REGISTER_DOCUMENT_SET_REQUEST: REQUEST},
    response_actions={REQUEST: RESPONSE},
    writes=True,
    rules=rules.REGISTRATION_RULES,
)
