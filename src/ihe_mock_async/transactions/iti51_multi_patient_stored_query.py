"""ITI-51 Multi-Patient Stored Query (ITI TF-2: 3.51): ITI-18 with queries for several patients."""

from __future__ import annotations

from ihe_mock_async.ihe import Actor, Answer, Exchange, Outcome, Transaction
from ihe_mock_async.xds.stored_query import rules
from ihe_mock_async.xds.stored_query.answering import QueryService, answer_query
from ihe_mock_async.xds.stored_query.queries import MULTI_PATIENT_QUERIES
from ihe_mock_async.xds.stored_query.request import REQUEST as ADHOC_QUERY_REQUEST

REQUEST = "urn:ihe:iti:2009:MultiPatientStoredQuery"
RESPONSE = "urn:ihe:iti:2009:MultiPatientStoredQueryResponse"


def answer(exchange: Exchange) -> Answer:
    """Return what a query finds, whomever it belongs to, or say all that is wrong with it."""
    service = QueryService(MULTI_PATIENT_QUERIES, exchange.domain.validation)
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
    number="ITI-51",
    name="Multi-Patient Stored Query",
    section="ITI TF-2: 3.51",
    actors=(Actor.DOCUMENT_REGISTRY,),
    handlers={REQUEST: answer},
    # ITI-18 has the same body root, and is implied by it where wsa:Action is absent.
    roots={ADHOC_QUERY_REQUEST: REQUEST},
    response_actions={REQUEST: RESPONSE},
    writes=False,
    rules=rules.MULTI_PATIENT_RULES,
)
