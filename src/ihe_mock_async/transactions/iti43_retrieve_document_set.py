"""ITI-43 Retrieve Document Set (ITI TF-2: 3.43)."""

from __future__ import annotations

from ihe_mock_async.ihe import Actor, Answer, Exchange, Outcome, Transaction, WriteNeeded
from ihe_mock_async.xds import error_codes
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.on_demand.making import DocumentMaker
from ihe_mock_async.xds.registry_response import FAILURE
from ihe_mock_async.xds.retrieve import response, rules
from ihe_mock_async.xds.retrieve.selection import Asker, select

REQUEST = "urn:ihe:iti:2007:RetrieveDocumentSet"
RESPONSE = "urn:ihe:iti:2007:RetrieveDocumentSetResponse"

_CONSUMER = Asker(error_codes.REPOSITORY_ERROR, on_demand=True)


def answer(exchange: Exchange) -> Answer:
    """Return each document that is asked for, or say why it cannot be returned."""
    documents = exchange.state.documents
    selection = select(exchange.body, documents, exchange.domain, _CONSUMER, exchange.findings)
    if not (selection.is_complete or exchange.may_write):
        raise WriteNeeded
    repository = exchange.domain.repository_unique_id
    maker = DocumentMaker(documents, repository, exchange.now, exchange.new_uuid)
    found = response.complete(selection.found, maker)
    entries = response.entries_of(found, documents)
    outgoing = response.outgoing(found, entries, exchange.new_uuid)
    return Answer(
        RESPONSE,
        response.write(selection.status, selection.errors, outgoing),
        Outcome.REJECTED if selection.status == FAILURE else Outcome.SERVED,
        selection.summary,
        selection.findings,
        response.patient_ids(entries),
        attachments=tuple(document.content for document in outgoing),
    )


TRANSACTION = Transaction(
    number="ITI-43",
    name="Retrieve Document Set",
    section="ITI TF-2: 3.43",
    actors=(Actor.DOCUMENT_REPOSITORY,),
    handlers={REQUEST: answer},
    roots={ns.RETRIEVE_REQUEST: REQUEST},
    response_actions={REQUEST: RESPONSE},
    writes=False,  # but for documents that are made on demand
    rules=rules.RULES,
    mtom=True,
)
