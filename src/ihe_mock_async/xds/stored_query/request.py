"""query:AdhocQueryRequest around the parameters (ITI TF-2: 3.18.4.1.2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lxml import etree

from ihe_mock_async.elements import local_name
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.stored_query import rules

REQUEST = f"{{{ns.QUERY}}}AdhocQueryRequest"
_RESPONSE_OPTION = f"{{{ns.QUERY}}}ResponseOption"
_ADHOC_QUERY = f"{{{ns.RIM}}}AdhocQuery"
_ORDER = (_RESPONSE_OPTION, _ADHOC_QUERY)
_TRUE = frozenset({"true", "1"})
# Their schema defaults ask for nothing.
_PAGING_DEFAULTS = {"startIndex": "0", "maxResults": "-1"}


class ReturnType(Enum):
    """What a query returns of the objects that it finds."""

    LEAF_CLASS = "LeafClass"
    OBJECT_REF = "ObjectRef"


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A request whose parameters are not read yet."""

    adhoc_query: etree._Element
    return_type: ReturnType
    """LeafClass where the request does not say it."""

    @property
    def query_id(self) -> str:
        """AdhocQuery/@id as received."""
        return self.adhoc_query.get("id", "").strip()

    @property
    def home(self) -> str:
        """AdhocQuery/@home as received: the homeCommunityId, empty when it is not there."""
        return self.adhoc_query.get("home", "").strip()


def read_request(payload: etree._Element, report: Report) -> QueryRequest | None:
    """Read a query:AdhocQueryRequest, or return None when it holds no query."""
    return_type = _return_type(payload, report)
    for name, default in _PAGING_DEFAULTS.items():
        value = payload.get(name, default).strip()
        if value != default:
            report.add(rules.PAGING, payload, received=f'{name}="{value}"')
    adhoc_query = payload.find(_ADHOC_QUERY)
    if adhoc_query is None:
        names = ", ".join(str(child.tag) for child in payload[:10]) or "nothing"
        report.add(rules.ADHOC_QUERY, payload, received=names, expected=_ADHOC_QUERY)
        return None
    _check_order(payload, report)
    _check_slot_namespace(adhoc_query, report)
    return QueryRequest(adhoc_query, return_type)


def _return_type(payload: etree._Element, report: Report) -> ReturnType:
    option = payload.find(_RESPONSE_OPTION)
    if option is None:
        report.add(rules.RESPONSE_OPTION, payload)
        return ReturnType.LEAF_CLASS
    composed = option.get("returnComposedObjects", "").strip()
    if composed not in _TRUE:
        report.add(rules.COMPOSED_OBJECTS, option, received=composed)
    name = option.get("returnType", "").strip()
    try:
        return ReturnType(name)
    except ValueError:
        report.add(rules.RETURN_TYPE, option, received=name, expected="LeafClass or ObjectRef")
        return ReturnType.LEAF_CLASS


def _check_order(payload: etree._Element, report: Report) -> None:
    """What is missing has a rule of its own."""
    tags = [child.tag for child in payload if child.tag in _ORDER]
    if tags not in ([*_ORDER], [_ADHOC_QUERY]):
        names = ", ".join(etree.QName(str(tag)).localname for tag in tags[:10])
        report.add(rules.REQUEST_ORDER, payload, received=names)


def _check_slot_namespace(adhoc_query: etree._Element, report: Report) -> None:
    """One of them explains them all."""
    for child in adhoc_query:
        if child.tag != ns.SLOT and local_name(child) == "Slot":
            report.add(rules.SLOT_NAMESPACE, child, received=str(child.tag), expected=ns.SLOT)
            return
