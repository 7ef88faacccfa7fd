"""A query by parameters, and the answer to it: queryByParameter and queryAck (ITI TF-2: O.2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.findings import Finding
from ihe_mock_async.hl7v3 import acknowledgement, query_rules
from ihe_mock_async.hl7v3.acknowledgement import Acknowledgement, AcknowledgementType
from ihe_mock_async.hl7v3.datatypes import InstanceIdentifier, read_identifier
from ihe_mock_async.hl7v3.namespaces import INTERACTION_IDS, NAMESPACE, clark
from ihe_mock_async.hl7v3.transmission import ControlAct, Transmission
from ihe_mock_async.hl7v3.tree import children_of, first

QUERY_BY_PARAMETER = clark("queryByParameter")

_QUERY_ID = clark("queryId")
_STATUS_CODE = clark("statusCode")
_RESPONSE_MODALITY_CODE = clark("responseModalityCode")
_RESPONSE_PRIORITY_CODE = clark("responsePriorityCode")
_INITIAL_QUANTITY = clark("initialQuantity")
_MATCH_CRITERION_LIST = clark("matchCriterionList")
_MINIMUM_DEGREE_MATCH = clark("minimumDegreeMatch")
_VALUE = clark("value")
_PARAMETER_LIST = clark("parameterList")


@dataclass(frozen=True, slots=True)
class Query:
    """queryByParameter; what is absent is None, and values are as they were sent."""

    element: etree._Element
    query_id: InstanceIdentifier | None
    status: str | None
    response_modality: str | None
    response_priority: str | None
    initial_quantity: str | None
    """How many matches the first answer may hold at most."""
    minimum_degree_match: str | None
    parameter_list: etree._Element | None


class QueryStatus(StrEnum):
    """statusCode of queryAck and queryContinuation."""

    DELIVERED = "deliveredResponse"
    """All that there is to say has been said, or as much of it as was asked for."""
    ABORTED = "aborted"
    """The query was refused, or no more of its answer is wanted."""
    WAITING = "waitContinuedQueryResponse"
    """The next part of the answer is wanted."""


class QueryResponse(StrEnum):
    """queryAck/queryResponseCode."""

    FOUND = "OK"
    NOTHING_FOUND = "NF"
    APPLICATION_ERROR = "AE"
    QUERY_ERROR = "QE"


@dataclass(frozen=True, slots=True)
class Quantities:
    """How many matches there are, are in this answer, and are still to come."""

    total: int
    current: int
    remaining: int


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What an answer says besides its acknowledgement."""

    response: QueryResponse
    status: QueryStatus = QueryStatus.DELIVERED
    subjects: Sequence[str] = ()
    """hl7:subject elements as XML for a place where urn:hl7-org:v3 is the default namespace."""
    reasons: Sequence[str] = ()
    """hl7:reasonOf elements, likewise."""
    quantities: Quantities | None = None
    query_id: InstanceIdentifier | None = None
    """Of a query that is named only, not repeated."""


# ---------------------------------------------------------------- reading


def read(control_act: ControlAct) -> Query | None:
    """Read the query of a control act, as much of it as there is; None: there is none."""
    element = first(control_act.element, QUERY_BY_PARAMETER)
    return None if element is None else read_element(element)


def read_element(element: etree._Element) -> Query:
    """Read a queryByParameter."""
    children = children_of(element)

    def attribute(name: str, attribute_name: str = "code") -> str | None:
        found = children.get(name)
        return found[0].get(attribute_name) if found else None

    query_ids = children.get(_QUERY_ID)
    criteria = children.get(_MATCH_CRITERION_LIST)
    degree = first(criteria[0], _MINIMUM_DEGREE_MATCH, _VALUE) if criteria else None
    parameter_lists = children.get(_PARAMETER_LIST)
    return Query(
        element=element,
        query_id=read_identifier(query_ids[0]) if query_ids else None,
        status=attribute(_STATUS_CODE),
        response_modality=attribute(_RESPONSE_MODALITY_CODE),
        response_priority=attribute(_RESPONSE_PRIORITY_CODE),
        initial_quantity=attribute(_INITIAL_QUANTITY, "value"),
        minimum_degree_match=None if degree is None else degree.get("value"),
        parameter_list=parameter_lists[0] if parameter_lists else None,
    )


def serialise(query: Query) -> str:
    """The queryByParameter as it was received: every namespace in its scope is declared."""
    return etree.tostring(query.element, encoding="unicode", with_tail=False)


# ---------------------------------------------------------------- answering

_V3 = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})
_FRAGMENT = ElementMaker()


def template(interaction: str, trigger_event: str) -> str:
    """The constant part of the answers of one interaction, for `respond`."""
    return acknowledgement.template(
        interaction,
        _V3.controlActProcess(
            _V3.code(code=trigger_event, codeSystem=INTERACTION_IDS),
            "{subjects}",
            "{reasons}",
            _V3.queryAck("{query_ack}"),
            "{query_by_parameter}",
            classCode="CACT",
            moodCode="EVN",
        ),
    )


def respond(
    wrapper: str,
    request: Transmission,
    acknowledged: Acknowledgement,
    query: Query | None,
    result: QueryResult,
) -> bytes:
    """The answer to a query as UTF-8 XML without declaration; `wrapper` is a `template`.

    The queryId is repeated exactly, and the queryByParameter verbatim.
    """
    return acknowledgement.fill(
        wrapper,
        request,
        acknowledged,
        subjects="".join(result.subjects),
        reasons="".join(result.reasons),
        query_ack=_query_ack(result.query_id if query is None else query.query_id, result),
        query_by_parameter="" if query is None else serialise(query),
    )


def _query_ack(query_id: InstanceIdentifier | None, result: QueryResult) -> str:
    parts = [] if query_id is None else [acknowledgement.echo("queryId", query_id)]
    parts.append(_xml(_FRAGMENT.statusCode(code=result.status.value)))
    parts.append(_xml(_FRAGMENT.queryResponseCode(code=result.response.value)))
    if result.quantities is not None:
        parts += _quantities(result.quantities)
    return "".join(parts)


def _quantities(quantities: Quantities) -> list[str]:
    return [
        _xml(_FRAGMENT(f"result{name}Quantity", value=str(number)))
        for name, number in (
            ("Total", quantities.total),
            ("Current", quantities.current),
            ("Remaining", quantities.remaining),
        )
    ]


def _xml(element: etree._Element) -> str:
    return etree.tostring(element, encoding="unicode")


# ---------------------------------------------------------------- refusing


def acknowledgement_type(refusals: Collection[Finding]) -> AcknowledgementType:
    """AA when nothing is refused; AR when there is no query to carry out; else AE."""
    if not refusals:
        return AcknowledgementType.APPLICATION_ACCEPT
    if {finding.rule for finding in refusals} & query_rules.UNPROCESSABLE:
        return AcknowledgementType.APPLICATION_REJECT
    return AcknowledgementType.APPLICATION_ERROR


def refusal(type_code: AcknowledgementType) -> QueryResult:
    """The result that goes with AE or AR: the query is aborted, and QE says that it was none."""
    rejected = type_code is AcknowledgementType.APPLICATION_REJECT
    return QueryResult(
        QueryResponse.QUERY_ERROR if rejected else QueryResponse.APPLICATION_ERROR,
        QueryStatus.ABORTED,
    )
