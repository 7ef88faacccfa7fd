"""Checks a query against the rules that all queries share (ITI TF-2: O.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ihe_mock_async.findings import Finding
from ihe_mock_async.hl7v3 import query_rules as rules
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.query import QUERY_BY_PARAMETER, Query
from ihe_mock_async.hl7v3.transmission import ControlAct
from ihe_mock_async.hl7v3.tree import children_of, finding_at, repeated

_REPEATABLE = frozenset({clark("sortControl")})
IMMEDIATE = frozenset({"I"})
"""The responsePriorityCode of a query that is answered at once."""


def check(
    act: ControlAct, query: Query | None, priorities: Collection[str] = IMMEDIATE
) -> Iterator[Finding]:
    """Every breach of a common rule; `query` is what `query.read` has made of the control act."""
    if query is None:
        yield finding_at(rules.QUERY, act.element, "queryByParameter")
        return
    queries = len(list(act.element.iterchildren(QUERY_BY_PARAMETER)))
    if queries > 1:
        yield finding_at(
            rules.QUERY_SINGLE, act.element, "queryByParameter", received=f"{queries} of them"
        )
    yield from _check_query(query, priorities)


def _check_query(query: Query, priorities: Collection[str]) -> Iterator[Finding]:
    element = query.element
    yield from repeated(element, children_of(element), _REPEATABLE)
    if query.query_id is None or not query.query_id.root:
        yield finding_at(rules.QUERY_ID, element, "queryId/@root")
    if query.status != "new":
        yield finding_at(
            rules.QUERY_STATUS, element, "statusCode/@code", received=query.status, expected="new"
        )
    if query.response_priority not in priorities:
        yield finding_at(
            rules.RESPONSE_PRIORITY,
            element,
            "responsePriorityCode/@code",
            received=query.response_priority,
            expected=" or ".join(sorted(priorities)),
        )
    if query.parameter_list is None:
        yield finding_at(rules.PARAMETER_LIST, element, "parameterList")
