"""ITI-18 Registry Stored Query (ITI TF-2: 3.18)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ihe_mock_async.findings import Finding, refused
from ihe_mock_async.ihe import Actor, Answer, Exchange, Outcome, Transaction
from ihe_mock_async.state import RegistryObject
from ihe_mock_async.xds import error_codes, registry_response
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.stored_query import parameters, response, rules
from ihe_mock_async.xds.stored_query.arguments import read_arguments
from ihe_mock_async.xds.stored_query.checks import (
    check_presence,
    check_single_patient,
    find_query,
)
from ihe_mock_async.xds.stored_query.parameters import Arguments
from ihe_mock_async.xds.stored_query.queries import StoredQuery, distinct
from ihe_mock_async.xds.stored_query.request import REQUEST as ADHOC_QUERY_REQUEST
from ihe_mock_async.xds.stored_query.request import QueryRequest, read_request

REQUEST = "urn:ihe:iti:2007:RegistryStoredQuery"
RESPONSE = "urn:ihe:iti:2007:RegistryStoredQueryResponse"


def answer(exchange: Exchange) -> Answer:
    """Return what a stored query finds, or refuse it with all that is wrong with it."""
    report = Report(exchange.body)
    request = read_request(exchange.body, report)
    query = find_query(request, report) if request is not None else None
    if request is None or query is None:
        return _failure(exchange, report, _refusal(exchange, report))
    arguments = read_arguments(request.adhoc_query, query.parameters, report)
    check_presence(query, arguments, request, report)
    refusal = _refusal(exchange, report)
    if refusal:
        return _failure(exchange, report, refusal)
    found = _find(query, arguments, request, exchange, report)
    refusal = _refusal(exchange, report)
    if refusal:
        return _failure(exchange, report, refusal)
    return _success(found, query, request, exchange, report)


def _find(
    query: StoredQuery,
    arguments: Arguments,
    request: QueryRequest,
    exchange: Exchange,
    report: Report,
) -> list[RegistryObject]:
    documents = exchange.state.documents
    found = distinct(query.find(arguments, documents))
    named = documents.by_id(arguments.values(parameters.UUID.name))
    check_single_patient(found, named.values(), request, report)
    return found


def _success(
    found: Sequence[RegistryObject],
    query: StoredQuery,
    request: QueryRequest,
    exchange: Exchange,
    report: Report,
) -> Answer:
    """What is odd about the query is told in the answer, too: it may explain the result."""
    told = registry_response.errors_of(
        report.findings, (), default_code=error_codes.REGISTRY_ERROR
    )
    # ITI TF-3: 4.2.4.1: with Success there are warnings only, whatever was let pass.
    warnings = [replace(each, severity=registry_response.WARNING) for each in told]
    return Answer(
        RESPONSE,
        response.success(found, request.return_type, warnings),
        Outcome.SERVED,
        f"Success {query.name} {len(found)}",
        _findings(exchange, report),
        tuple(dict.fromkeys(obj.patient_id for obj in found if obj.patient_id)),
    )


def _failure(exchange: Exchange, report: Report, refusal: Iterable[Finding]) -> Answer:
    findings = _findings(exchange, report)
    errors = registry_response.errors_of(
        findings, refusal, default_code=error_codes.REGISTRY_ERROR
    )
    return Answer(
        RESPONSE,
        response.failure(errors),
        Outcome.REJECTED,
        registry_response.summary(errors),
        findings,
    )


def _findings(exchange: Exchange, report: Report) -> tuple[Finding, ...]:
    return (*exchange.findings, *report.findings)


def _refusal(exchange: Exchange, report: Report) -> tuple[Finding, ...]:
    return refused(_findings(exchange, report), exchange.domain.validation)


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
