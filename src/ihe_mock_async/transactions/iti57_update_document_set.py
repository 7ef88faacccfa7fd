"""ITI-57 Update Document Set (ITI TF-2: 3.57).

First versions are refused (3.57.4.1.3.1): they are registered with ITI-41 or ITI-42.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ihe_mock_async import registry_answer
from ihe_mock_async.ihe import Actor, Answer, Exchange, Transaction
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.lifecycle import Plan
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.update import planning
from ihe_mock_async.xds.update.checks import UPDATE_RULES, check_update

REQUEST = "urn:ihe:iti:2010:UpdateDocumentSet"
RESPONSE = "urn:ihe:iti:2010:UpdateDocumentSetResponse"


def answer(exchange: Exchange) -> Answer:
    """Carry out all operations of a request, or refuse it as a whole."""
    report = Report(exchange.body)
    return registry_answer.carry_out(exchange, RESPONSE, report, _check)


def _check(submission: Submission, exchange: Exchange, report: Report) -> Callable[[], Plan]:
    state = exchange.state
    context = check_update(submission, state, exchange.domain, report)
    return partial(
        planning.plan,
        context,
        state.documents,
        now=exchange.now,
        new_uuid=exchange.new_uuid,
    )


TRANSACTION = Transaction(
    number="ITI-57",
    name="Update Document Set",
    section="ITI TF-2: 3.57",
    actors=(Actor.DOCUMENT_REGISTRY,),
    handlers={REQUEST: answer},
    # ITI-42 has the same body root, and is implied by it where wsa:Action is absent.
    roots={ns.SUBMIT_OBJECTS_REQUEST: REQUEST},
    response_actions={REQUEST: RESPONSE},
    writes=True,
    rules=UPDATE_RULES,
)
