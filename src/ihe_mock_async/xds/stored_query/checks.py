"""Checking a query as a whole: its id, its parameters, its result (ITI TF-2: 3.18.4.1.2.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ihe_mock_async.state import RegistryObject
from ihe_mock_async.xds import searchable
from ihe_mock_async.xds.ebxml import UUID_URN
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.stored_query import rules
from ihe_mock_async.xds.stored_query.parameters import Argument, Arguments, Kind, Parameter
from ihe_mock_async.xds.stored_query.queries import QUERY_NAMES
from ihe_mock_async.xds.stored_query.query import StoredQuery
from ihe_mock_async.xds.stored_query.request import QueryRequest, ReturnType

_MAX_ID = 64


def find_query(
    request: QueryRequest, served: Mapping[str, StoredQuery], report: Report
) -> StoredQuery | None:
    """The query that a request names, or None when it is not served."""
    query_id = request.query_id.lower()
    query = served.get(query_id)
    if query is None:
        expected = ", ".join(f"{each.name} {key}" for key, each in served.items())
        received = request.query_id[:_MAX_ID]
        if query_id in QUERY_NAMES:
            received = f"{received}, {QUERY_NAMES[query_id]}"
        elif UUID_URN + query_id in served:
            expected = UUID_URN + query_id
        report.add(rules.UNKNOWN_QUERY, request.adhoc_query, received=received, expected=expected)
    return query


def check_arguments(
    query: StoredQuery, arguments: Arguments, request: QueryRequest, report: Report
) -> None:
    """Check that the arguments together make a query that can be answered."""
    element = request.adhoc_query
    for parameter in query.required:
        if not arguments.values(parameter.name):
            report.add(rules.PARAMETER_REQUIRED, element, expected=parameter.name)
    if query.one_of:
        _check_alternatives(query.one_of, arguments, request, report)
    criteria = [parameter.name for parameter in query.at_least_one_of]
    if criteria and not any(map(arguments.values, criteria)):
        report.add(rules.CRITERION, element, expected=" or ".join(criteria))
    _check_periods(arguments, report)


def _check_alternatives(
    one_of: Iterable[Parameter], arguments: Arguments, request: QueryRequest, report: Report
) -> None:
    names = [parameter.name for parameter in one_of]
    given = [name for name in names if name in arguments.by_name]
    if len(given) > 1:
        slot = arguments.by_name[given[1]].slots[0]
        report.add(rules.PARAMETER_ALTERNATIVES, slot, received=" and ".join(given))
    if not any(map(arguments.values, given)):
        report.add(rules.PARAMETER_REQUIRED, request.adhoc_query, expected=" or ".join(names))


def _check_periods(arguments: Arguments, report: Report) -> None:
    starts = _times(Kind.FROM, arguments)
    for attribute, end in _times(Kind.TO, arguments).items():
        start = starts.get(attribute)
        if start is not None and _moment(start) >= _moment(end):
            received = f"{start.values[0]} to {end.values[0]}"
            report.add(rules.PERIOD, end.slots[0], received=received)


def _times(kind: Kind, arguments: Arguments) -> Mapping[str, Argument]:
    return {
        argument.parameter.attribute: argument
        for argument in arguments.by_name.values()
        if argument.parameter.kind is kind and argument.values
    }


def _moment(argument: Argument) -> str:
    return searchable.moment(argument.values[0])


def check_single_patient(
    found: Sequence[RegistryObject],
    named: Iterable[RegistryObject],
    request: QueryRequest,
    report: Report,
) -> None:
    """Check that whole objects are of one patient; `named` are those that the request names.

    Associations have no patient of their own: where nothing else is found, that of what they
    were asked for counts.
    """
    if not found or request.return_type is not ReturnType.LEAF_CLASS:
        return
    patients = _patients(found) or _patients(named)
    if len(patients) > 1:
        report.add(
            rules.SINGLE_PATIENT,
            request.adhoc_query,
            received=f"{len(patients)} patients",
            expected="objects of one patient",
        )


def _patients(objects: Iterable[RegistryObject]) -> set[str]:
    return {obj.patient_id for obj in objects if obj.patient_id}
