"""From a query:AdhocQueryRequest to its answer, for ITI-18, ITI-38 and ITI-51.

ITI TF-2: 3.18.4.1.3, 3.38.4.1.3 and 3.51.4.1.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.findings import Finding, Validation, refused
from ihe_mock_async.state import Documents, RegistryObject
from ihe_mock_async.xds import error_codes, registry_response
from ihe_mock_async.xds.registry_response import RegistryError
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.stored_query import parameters, response
from ihe_mock_async.xds.stored_query.arguments import read_arguments
from ihe_mock_async.xds.stored_query.checks import (
    check_arguments,
    check_single_patient,
    find_query,
)
from ihe_mock_async.xds.stored_query.community import check_home
from ihe_mock_async.xds.stored_query.parameters import Arguments
from ihe_mock_async.xds.stored_query.query import StoredQuery, distinct
from ihe_mock_async.xds.stored_query.request import QueryRequest, read_request


@dataclass(frozen=True, slots=True)
class QueryService:
    """What one transaction offers to whoever queries."""

    queries: Mapping[str, StoredQuery]
    """By id."""
    validation: Validation
    home: str = ""
    """homeCommunityId of a Responding Gateway (`urn:oid:`), empty for a Document Registry."""


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """query:AdhocQueryResponse, and what is to be told about it."""

    body: etree._Element | bytes
    served: bool
    """False: it is a Failure."""
    summary: str
    findings: tuple[Finding, ...]
    """The earlier ones, then those about the query."""
    patient_ids: tuple[str, ...] = ()
    """CX forms of the patients whose objects are returned."""


def answer_query(
    payload: etree._Element,
    documents: Documents,
    service: QueryService,
    earlier: Sequence[Finding] = (),
) -> QueryAnswer:
    """Return what a stored query finds, or refuse it with all that is wrong with it.

    `earlier` are the findings about the message around the payload.
    """
    desk = _Desk(service, Report(payload), earlier)
    report = desk.report
    request = read_request(payload, report)
    query = find_query(request, service.queries, report) if request is not None else None
    if request is None or query is None:
        return desk.failure()
    if service.home:
        check_home(query, request, service.home, report)
    arguments = read_arguments(request.adhoc_query, query.parameters, report)
    check_arguments(query, arguments, request, report)
    if desk.refusal():
        return desk.failure()
    found = distinct(query.find(arguments, documents))
    if query.single_patient:
        named = _named(arguments, documents)
        check_single_patient(found, named, request, report)
        if desk.refusal():
            return desk.failure()
    return desk.success(found, query, request)


def _named(arguments: Arguments, documents: Documents) -> Iterable[RegistryObject]:
    ids = arguments.values(parameters.UUID.name)
    return documents.by_id(ids).values() if ids else ()


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where the answer to one request is written."""

    service: QueryService
    report: Report
    earlier: Sequence[Finding]

    def findings(self) -> tuple[Finding, ...]:
        return (*self.earlier, *self.report.findings)

    def refusal(self) -> tuple[Finding, ...]:
        return refused(self.findings(), self.service.validation)

    def success(
        self, found: Sequence[RegistryObject], query: StoredQuery, request: QueryRequest
    ) -> QueryAnswer:
        """What is odd about the query is told in the answer, too: it may explain the result."""
        told = registry_response.errors_of(
            self.report.findings, (), default_code=error_codes.REGISTRY_ERROR
        )
        warnings = registry_response.as_warnings(told)
        return QueryAnswer(
            response.success(
                found, request.return_type, self._located(warnings), self.service.home
            ),
            served=True,
            summary=f"Success {query.name} {len(found)}",
            findings=self.findings(),
            patient_ids=tuple(dict.fromkeys(obj.patient_id for obj in found if obj.patient_id)),
        )

    def failure(self) -> QueryAnswer:
        findings = self.findings()
        errors = registry_response.errors_of(
            findings, self.refusal(), default_code=error_codes.REGISTRY_ERROR
        )
        return QueryAnswer(
            response.failure(self._located(errors)),
            served=False,
            summary=registry_response.summary(errors),
            findings=findings,
        )

    def _located(self, errors: list[RegistryError]) -> list[RegistryError]:
        """Errors of a gateway have its homeCommunityId as location (3.38.4.1.3)."""
        home = self.service.home
        return registry_response.located(errors, home) if home else errors
