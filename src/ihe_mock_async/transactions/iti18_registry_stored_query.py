"""ITI-18 Registry Stored Query (ITI TF-2: 3.18)."""

from __future__ import annotations

from ihe_mock_async.ihe import Actor, Answer, Exchange, Outcome, Transaction
from ihe_mock_async.xds.stored_query import rules
from ihe_mock_async.xds.stored_query.answering import QueryService, answer_query
from ihe_mock_async.xds.stored_query.queries import STORED_QUERIES
from ihe_mock_async.xds.stored_query.request import REQUEST as ADHOC_QUERY_REQUEST

REQUEST = "urn:ihe:iti:2007:RegistryStoredQuery"
RESPONSE = "urn:ihe:iti:2007:RegistryStoredQueryResponse"


def answer(exchange: Exchange) -> Answer:
    """Return what a stored query finds, or refuse it with all that is wrong with it."""
    service = QueryService(STORED_QUERIES, exchange.domain.validation)
    reply = answer_query(exchange.body, exchange.state.documents, service, exchange.findings)
    return Answer(
        RESPONSE,
        reply.body,
        Outcome.SERVED if reply.served else Outcome.REJECTED,
        reply.summary,
        reply.findings,
        reply.patient_ids,
    )


TRANSACTION = Transaction(
    number="ITI-18",
    name="Registry Stored Query",
    section="ITI TF-2: 3.18",
    actors=(Actor.DOCUMENT_REGISTRY,),
    handlers={REQUEST: answer},
    roots={ADHOC_QUERY_REQUEST: REQUEST},
    response_actions={REQUEST: RESPONSE},
    writes=False,
    rules=rules.RULES,
)
