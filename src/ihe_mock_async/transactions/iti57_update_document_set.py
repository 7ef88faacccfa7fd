"""ITI-57 Update Document Set (ITI TF-2: 3.57).

First versions are refused (3.57.4.1.3.1): they are registered with ITI-41 or ITI-42.
"""

from __future__ import annotations

from ihe_mock_async import registry_answer
from ihe_mock_async.findings import refused
from ihe_mock_async.ihe import Actor, Answer, Exchange, Transaction
from ihe_mock_async.xds import lifecycle
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.rules.request import read_request
from ihe_mock_async.xds.update import planning
from ihe_mock_async.xds.update.checks import UPDATE_RULES, check_update

REQUEST = "urn:ihe:iti:2010:UpdateDocumentSet"
RESPONSE = "urn:ihe:iti:2010:UpdateDocumentSetResponse"


def answer(exchange: Exchange) -> Answer:
    """Carry out all operations of a request, or refuse it as a whole."""
    report = Report(exchange.body)
    submission = read_request(exchange.body, report)
    context = None
    if submission is not None:
        context = check_update(submission, exchange.state, exchange.domain, report)
    findings = (*exchange.findings, *report.findings)
    refusal = refused(findings, exchange.domain.validation)
    if submission is None or context is None or refusal:
        patient_ids = submission.patient_ids() if submission is not None else ()
        return registry_answer.failure(RESPONSE, findings, refusal, patient_ids)
    documents = exchange.state.documents
    plan = planning.plan(context, documents, now=exchange.now, new_uuid=exchange.new_uuid)
    lifecycle.carry_out(plan, documents, exchange.now)
    return registry_answer.success(RESPONSE, findings, submission.patient_ids())


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
