"""ITI-39 Cross Gateway Retrieve (ITI TF-2: 3.39): ITI-43 between communities."""

from __future__ import annotations

from ihe_mock_async.ihe import Actor, Answer, Exchange, Outcome, Transaction, WriteNeeded
from ihe_mock_async.xds import error_codes
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.on_demand.making import DocumentMaker
from ihe_mock_async.xds.registry_response import FAILURE, located
from ihe_mock_async.xds.retrieve import response, rules
from ihe_mock_async.xds.retrieve.selection import Asker, select

REQUEST = "urn:ihe:iti:2007:CrossGatewayRetrieve"
RESPONSE = "urn:ihe:iti:2007:CrossGatewayRetrieveResponse"
# From the supplement on asynchronous exchange, before WS-Addressing alone told it.
OLD_REQUEST = "urn:ihe:iti:2007:CrossGatewayRetrieveAsync"
OLD_RESPONSE = "urn:ihe:iti:2007:CrossGatewayRetrieveAsyncResponse"
_RESPONSES = {REQUEST: RESPONSE, OLD_REQUEST: OLD_RESPONSE}

_GATEWAY = Asker(error_codes.REPOSITORY_ERROR, home_required=True, on_demand=True)


def answer(exchange: Exchange) -> Answer:
    """Return each document of our community that is asked for, or say why it cannot be."""
    documents, domain = exchange.state.documents, exchange.domain
    selection = select(exchange.body, documents, domain, _GATEWAY, exchange.findings)
    if not (selection.is_complete or exchange.may_write):
        raise WriteNeeded
    repository = domain.repository_unique_id
    maker = DocumentMaker(documents, repository, exchange.now, exchange.new_uuid)
    found = response.complete(selection.found, maker)
    entries = response.entries_of(found, documents)
    outgoing = response.outgoing(found, entries, exchange.new_uuid)
    # Who consolidates answers tells by it which community has failed (3.39.4.1.3); the document
    # is named in the error's context.
    errors = located(selection.errors, domain.home_community_id)
    return Answer(
        _RESPONSES.get(exchange.action, RESPONSE),
        response.write(selection.status, errors, outgoing),
        Outcome.REJECTED if selection.status == FAILURE else Outcome.SERVED,
        selection.summary,
        selection.findings,
        response.patient_ids(entries),
        attachments=tuple(document.content for document in outgoing),
    )


TRANSACTION = Transaction(
    number="ITI-39",
    name="Cross Gateway Retrieve",
    section="ITI TF-2: 3.39",
    actors=(Actor.RESPONDING_GATEWAY,),
    handlers=dict.fromkeys(_RESPONSES, answer),
    roots={ns.RETRIEVE_REQUEST: REQUEST},
    response_actions=_RESPONSES,
    writes=False,  # but for documents that are made on demand
    rules=rules.CROSS_GATEWAY_RULES,
    mtom=True,
)
