"""ITI-62 Remove Metadata (ITI TF-2: 3.62).

Documents stay in the repository: ITI-86 Remove Documents removes them.
"""

from __future__ import annotations

from ihe_mock_async import registry_answer
from ihe_mock_async.findings import refused
from ihe_mock_async.ihe import Actor, Answer, Exchange, Transaction
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.removal.checks import check_removal
from ihe_mock_async.xds.removal.request import read_request
from ihe_mock_async.xds.removal.rules import RULES
from ihe_mock_async.xds.rules.report import Report

# The action does not have the transaction's name.
REQUEST = "urn:ihe:iti:2010:DeleteDocumentSet"
RESPONSE = "urn:ihe:iti:2010:DeleteDocumentSetResponse"


def answer(exchange: Exchange) -> Answer:
    """Remove all objects that are named, or none of them."""
    report = Report(exchange.body)
    documents = exchange.state.documents
    references = read_request(exchange.body, report)
    removed = check_removal(references, documents, report)
    patients = tuple(dict.fromkeys(o.patient_id for o in removed.values() if o.patient_id))
    findings = (*exchange.findings, *report.findings)
    refusal = refused(findings, exchange.domain.validation)
    if refusal:
        return registry_answer.failure(RESPONSE, findings, refusal, patients)
    documents.remove(removed.keys())
    summary = f"Success {len(removed)}"
    return registry_answer.success(RESPONSE, findings, patients, summary=summary)


TRANSACTION = Transaction(
    number="ITI-62",
    name="Remove Metadata",
    section="ITI TF-2: 3.62",
    actors=(Actor.DOCUMENT_REGISTRY,),
    handlers={REQUEST: answer},
    roots={ns.REMOVE_OBJECTS_REQUEST: REQUEST},
    response_actions={REQUEST: RESPONSE},
    writes=True,
    rules=RULES,
)
