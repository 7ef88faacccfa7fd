"""ITI-61 Register On-Demand Document Entry (ITI TF-2: 3.61).

This server is the On-Demand Document Source of the entries that have its own repositoryUniqueId:
ITI-43 and ITI-39 make their documents (`xds.on_demand`). Those of other sources can be queried.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ihe_mock_async import registry_answer
from ihe_mock_async.ihe import Actor, Answer, Exchange, Transaction
from ihe_mock_async.xds import lifecycle, rules
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.lifecycle import Plan
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.rules.on_demand import check_on_demand
from ihe_mock_async.xds.rules.unique_ids import (
    DUPLICATE_IN_REGISTRATION,
    check_unique_in_message,
)

REQUEST = "urn:ihe:iti:2010:RegisterOnDemandDocumentEntry"
RESPONSE = "urn:ihe:iti:2010:RegisterOnDemandDocumentEntryResponse"


def answer(exchange: Exchange) -> Answer:
    """Register on-demand document entries, or refuse the submission as a whole."""
    report = rules.Report(exchange.body)
    return registry_answer.carry_out(exchange, RESPONSE, report, _check)


def _check(submission: Submission, exchange: Exchange, report: rules.Report) -> Callable[[], Plan]:
    domain, state = exchange.domain, exchange.state
    rules.check_metadata(submission, domain, report)
    check_on_demand(submission, domain.repository_unique_id, report)
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
    number="ITI-61",
    name="Register On-Demand Document Entry",
    section="ITI TF-2: 3.61",
    actors=(Actor.DOCUMENT_REGISTRY,),
    handlers={REQUEST: answer},
    # ITI-42 has the same body root, and is implied by it where wsa:Action is absent.
    roots={ns.SUBMIT_OBJECTS_REQUEST: REQUEST},
    response_actions={REQUEST: RESPONSE},
    writes=True,
    rules=rules.ON_DEMAND_RULES,
)
