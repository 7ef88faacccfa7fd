"""Checking a query as a whole: its id, its parameters, its result (ITI TF-2: 3.18.4.1.2.3)."""

from __future__ import annotations

from collections.abc import Iterable

from ihe_mock_async.state import RegistryObject
from ihe_mock_async.xds.ebxml import UUID_URN
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.stored_query import rules
from ihe_mock_async.xds.stored_query.parameters import Arguments
from ihe_mock_async.xds.stored_query.queries import NOT_SERVED, STORED_QUERIES, StoredQuery
from ihe_mock_async.xds.stored_query.request import QueryRequest, ReturnType

_MAX_ID = 64


def find_query(request: QueryRequest, report: Report) -> StoredQuery | None:
    """The query that a request names, or None when it is not served."""
    query_id = request.query_id.lower()
    query = STORED_QUERIES.get(query_id)
    if query is None:
        served = ", ".join(f"{each.name} {key}" for key, each in STORED_QUERIES.items())
        received = request.query_id[:_MAX_ID]
        if query_id in NOT_SERVED:
            received = f"{received}, {NOT_SERVED[query_id]}"
        elif UUID_URN + query_id in STORED_QUERIES:
            served = UUID_URN + query_id
        report.add(rules.UNKNOWN_QUERY, request.adhoc_query, received=received, expected=served)
    return query


def check_presence(
    query: StoredQuery, arguments: Arguments, request: QueryRequest, report: Report
) -> None:
    """Check that the required parameters are there, and only one of the alternatives."""
    element = request.adhoc_query
    for parameter in query.required:
        if not arguments.values(parameter.name):
            report.add(rules.PARAMETER_REQUIRED, element, expected=parameter.name)
    if not query.one_of:
        return
    names = [parameter.name for parameter in query.one_of]
    given = [name for name in names if name in arguments.by_name]
    if len(given) > 1:
        slot = arguments.by_name[given[1]].slots[0]
        report.add(rules.PARAMETER_ALTERNATIVES, slot, received=" and ".join(given))
    if not any(arguments.values(name) for name in given):
        report.add(rules.PARAMETER_REQUIRED, element, expected=" or ".join(names))


def check_single_patient(
    found: Iterable[RegistryObject],
    named: Iterable[RegistryObject],
    request: QueryRequest,
    report: Report,
) -> None:
    """Check that whole objects are of one patient; `named` are those that the request names.

    Associations have no patient of their own, so that of what they were asked for counts.
    """
    if request.return_type is not ReturnType.LEAF_CLASS:
        return
    patients = sorted({obj.patient_id for obj in (*found, *named) if obj.patient_id})
    if len(patients) > 1:
        report.add(
            rules.SINGLE_PATIENT,
            request.adhoc_query,
            received=f"{len(patients)} patients",
            expected="objects of one patient",
        )
