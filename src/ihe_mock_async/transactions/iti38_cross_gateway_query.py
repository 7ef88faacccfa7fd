"""ITI-38 Cross Gateway Query (ITI TF-2: 3.38): ITI-18 between communities."""

from __future__ import annotations

from ihe_mock_async.ihe import Actor, Answer, Exchange, Outcome, Transaction
from ihe_mock_async.xds.stored_query import rules
from ihe_mock_async.xds.stored_query.answering import QueryService, answer_query
from ihe_mock_async.xds.stored_query.queries import STORED_QUERIES
from ihe_mock_async.xds.stored_query.request import REQUEST as ADHOC_QUERY_REQUEST

REQUEST = "urn:ihe:iti:2007:CrossGatewayQuery"
RESPONSE = "urn:ihe:iti:2007:CrossGatewayQueryResponse"
# From the supplement on asynchronous exchange, before WS-Addressing alone told it.
OLD_REQUEST = "urn:ihe:iti:2007:CrossGatewayQueryAsync"
OLD_RESPONSE = "urn:ihe:iti:2007:CrossGatewayQueryAsyncResponse"
_RESPONSES = {REQUEST: RESPONSE, OLD_REQUEST: OLD_RESPONSE}


def answer(exchange: Exchange) -> Answer:
    """Return what a stored query finds in this community, or say all that is wrong with it."""
    domain = exchange.domain
    service = QueryService(STORED_QUERIES, domain.validation, domain.home_community_id)
    reply = answer_query(exchange.body, exchange.state.documents, service, exchange.findings)
    return Answer(
        _RESPONSES.get(exchange.action, RESPONSE),
        reply.body,
        Outcome.SERVED if reply.served else Outcome.REJECTED,
        reply.summary,
        reply.findings,
        reply.patient_ids,
    )


TRANSACTION = Transaction(
    number="ITI-38",
    name="Cross Gateway Query",
    section="ITI TF-2: 3.38",
    actors=(Actor.RESPONDING_GATEWAY,),
    handlers=dict.fromkeys(_RESPONSES, answer),
    roots={ADHOC_QUERY_REQUEST: REQUEST},
    response_actions=_RESPONSES,
    writes=False,
    rules=rules.CROSS_GATEWAY_RULES,
)
