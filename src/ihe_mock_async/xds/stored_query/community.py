"""The homeCommunityId of a cross-gateway query (ITI TF-2: 3.38.4.1.2.1 and 3.38.4.1.3)."""

from __future__ import annotations

from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.stored_query import rules
from ihe_mock_async.xds.stored_query.query import StoredQuery
from ihe_mock_async.xds.stored_query.request import QueryRequest

_OID_URN = "urn:oid:"


def check_home(query: StoredQuery, request: QueryRequest, home: str, report: Report) -> None:
    """Check AdhocQuery/@home against the responding community's homeCommunityId (`urn:oid:`)."""
    element = request.adhoc_query
    asked = request.home
    if asked == home:
        return
    if not asked:
        if not query.names_a_patient:
            report.add(rules.HOME_REQUIRED, element, expected=f'home="{home}"')
    elif asked.startswith(_OID_URN):
        report.add(rules.HOME_KNOWN, element, received=asked, expected=home)
    else:
        report.add(rules.HOME_FORM, element, received=asked, expected=home)
