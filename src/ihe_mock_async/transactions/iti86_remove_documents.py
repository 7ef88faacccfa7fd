"""ITI-86 Remove Documents (ITI TF supplement RMD: 3.86)."""

from __future__ import annotations

from ihe_mock_async.ihe import Actor, Answer, Exchange, Outcome, Transaction
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import registry_response
from ihe_mock_async.xds.retrieve import rules
from ihe_mock_async.xds.retrieve.response import entries_of, patient_ids
from ihe_mock_async.xds.retrieve.selection import Asker, select

REQUEST = "urn:ihe:iti:2017:RemoveDocuments"
RESPONSE = "urn:ihe:iti:2017:RemoveDocumentsResponse"

_ADMINISTRATOR = Asker("XDSRemoveDocumentsError")


def answer(exchange: Exchange) -> Answer:
    """Remove each document that is named and here; its metadata is ITI-62's to remove."""
    documents = exchange.state.documents
    selection = select(
        exchange.body, documents, exchange.domain, _ADMINISTRATOR, exchange.findings
    )
    entries = entries_of(selection.found, documents)
    documents.discard({each.request.document_unique_id for each in selection.found})
    failed = selection.status == registry_response.FAILURE
    return Answer(
        RESPONSE,
        registry_response.response(selection.status, selection.errors),
        Outcome.REJECTED if failed else Outcome.SERVED,
        selection.summary,
        selection.findings,
        patient_ids(entries),
    )


TRANSACTION = Transaction(
    number="ITI-86",
    name="Remove Documents",
    section="ITI RMD: 3.86",
    actors=(Actor.DOCUMENT_REPOSITORY,),
    handlers={REQUEST: answer},
    roots={ns.REMOVE_DOCUMENTS_REQUEST: REQUEST},
    response_actions={REQUEST: RESPONSE},
    writes=True,
    rules=rules.REMOVAL_RULES,
)
