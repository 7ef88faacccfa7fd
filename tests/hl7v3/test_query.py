"""A query is read as it was sent, and its answer repeats it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from ihe_mock_async.elements import local_name, parse
from ihe_mock_async.findings import Finding, Rule
from ihe_mock_async.hl7v3 import query, query_check, query_rules, rules, transmission
from ihe_mock_async.hl7v3.acknowledgement import Acknowledgement, AcknowledgementType
from ihe_mock_async.hl7v3.query import Quantities, Query, QueryResponse, QueryResult, QueryStatus
from ihe_mock_async.hl7v3.transmission import ControlAct, Transmission

QUERY = Path(__file__).parents[1] / "fixtures" / "iti47" / "query.xml"
NS = {"h": "urn:hl7-org:v3"}
WRAPPER = query.template("PRPA_IN201306UV02", "PRPA_TE201306UV02")


def sent(text: str | None = None) -> tuple[Transmission, ControlAct]:
    document = QUERY.read_text(encoding="utf-8") if text is None else text
    message = transmission.read(parse(document.encode()))
    assert message.control_act is not None
    return message, message.control_act


def edited(old: str, new: str) -> str:
    text = QUERY.read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new)


def answered(text: str | None, result: QueryResult, type_code: str = "AA") -> etree._Element:
    message, act = sent(text)
    acknowledged = Acknowledgement(
        "11111111-2222-4333-8444-555555555555",
        datetime(2026, 3, 2, 9, 45, 12, tzinfo=UTC),
        AcknowledgementType(type_code),
    )
    return parse(query.respond(WRAPPER, message, acknowledged, query.read(act), result))


def told(answer: etree._Element, path: str) -> list[str]:
    found = answer.xpath(path, namespaces=NS)
    return [(item.text or "") if isinstance(item, etree._Element) else str(item) for item in found]


# ---------------------------------------------------------------- reading


def test_a_query_is_read_with_its_values_as_sent() -> None:
    _, act = sent()

    asked = query.read(act)

    assert isinstance(asked, Query)
    assert asked.query_id is not None
    assert asked.query_id.text == "1.3.6.1.4.1.21367.13.10.300^Q-1"
    assert (asked.status, asked.response_modality, asked.response_priority) == ("new", "R", "I")
    assert (asked.initial_quantity, asked.minimum_degree_match) == ("10", "50")
    assert asked.parameter_list is not None
    assert len(asked.parameter_list) == 3


def test_a_control_act_without_query_is_read_as_none() -> None:
    _, act = sent(edited("queryByParameter>", "queryContinuation>"))

    assert query.read(act) is None


def test_an_empty_query_has_nothing() -> None:
    asked = query.read_element(parse(b'<queryByParameter xmlns="urn:hl7-org:v3"/>'))

    assert (asked.query_id, asked.status, asked.parameter_list) == (None, None, None)
    assert (asked.initial_quantity, asked.minimum_degree_match) == (None, None)


# ---------------------------------------------------------------- answering


def test_the_answer_repeats_the_query_verbatim_with_its_namespaces() -> None:
    _, act = sent()

    answer = answered(None, QueryResult(QueryResponse.NOTHING_FOUND))

    (echoed,) = answer.iterfind(f".//{query.QUERY_BY_PARAMETER}")
    (original,) = act.element.iterchildren(query.QUERY_BY_PARAMETER)
    assert etree.tostring(echoed, method="c14n") == etree.tostring(original, method="c14n").strip()
    assert echoed.nsmap["xsi"] == "http://www.w3.org/2001/XMLSchema-instance"


def test_the_answer_repeats_a_query_with_prefixes_of_its_own() -> None:
    text = QUERY.read_text(encoding="utf-8")
    prefixed = text.replace("xmlns=", "xmlns:v3=").replace("<", "<v3:").replace("<v3:/", "</v3:")
    answer = answered(prefixed.replace("<v3:?", "<?"), QueryResult(QueryResponse.FOUND))

    assert told(answer, ".//h:queryByParameter//h:family") == ["Müster*"]
    assert told(answer, "h:acknowledgement/h:typeCode/@code") == ["AA"]


def test_the_query_id_is_repeated_exactly_and_quantities_follow_it() -> None:
    text = edited('extension="Q-1"', 'extension="Q &lt;1&gt; {x}"')

    answer = answered(
        text,
        QueryResult(QueryResponse.FOUND, QueryStatus.WAITING, quantities=Quantities(7, 3, 4)),
    )

    assert told(answer, ".//h:queryAck/h:queryId/@extension") == ["Q <1> {x}"]
    assert told(answer, ".//h:queryAck/*/@code") == ["waitContinuedQueryResponse", "OK"]
    assert told(answer, ".//h:queryAck/*/@value") == ["7", "3", "4"]


def test_the_control_act_of_the_answer_has_its_own_trigger_event_and_subjects() -> None:
    result = QueryResult(
        QueryResponse.FOUND,
        subjects=['<subject typeCode="SUBJ"/>', '<subject typeCode="SUBJ"/>'],
        reasons=['<reasonOf typeCode="RSON"/>'],
    )

    answer = answered(None, result)

    (act,) = answer.iterchildren("{*}controlActProcess")
    assert [local_name(child) for child in act] == [
        "code",
        "subject",
        "subject",
        "reasonOf",
        "queryAck",
        "queryByParameter",
    ]
    assert told(answer, "h:controlActProcess/h:code/@code") == ["PRPA_TE201306UV02"]
    assert told(answer, "h:controlActProcess/@moodCode") == ["EVN"]


def test_without_query_the_answer_has_a_query_ack_alone() -> None:
    rejected = query.refusal(AcknowledgementType.APPLICATION_REJECT)

    answer = answered(edited("queryByParameter>", "other>"), rejected, "AR")

    assert told(answer, ".//h:queryAck/*/@code") == ["aborted", "QE"]
    assert told(answer, ".//h:queryId | .//h:queryByParameter") == []


# ---------------------------------------------------------------- rules

BROKEN = {
    "hl7v3-query": ("queryByParameter>", "other>"),
    "hl7v3-query-single": ("</queryByParameter>", "</queryByParameter><queryByParameter/>"),
    "hl7v3-query-id": ('root="1.3.6.1.4.1.21367.13.10.300" extension="Q-1"', ""),
    "hl7v3-query-status": ('<statusCode code="new"/>', ""),
    "hl7v3-query-response-priority": ('PriorityCode code="I"', 'PriorityCode code="X"'),
    "hl7v3-query-parameter-list": ("parameterList>", "parameters>"),
}


def found(text: str | None = None) -> list[Finding]:
    _, act = sent(text)
    return list(query_check.check(act, query.read(act)))


def test_a_valid_query_breaks_no_rule() -> None:
    assert found() == []


def test_every_rule_is_broken_by_a_query() -> None:
    assert set(BROKEN) == {rule.id for rule in query_rules.RULES}


@pytest.mark.parametrize("rule_id", BROKEN)
def test_a_query_that_breaks_a_rule_is_told_where(rule_id: str) -> None:
    (finding,) = found(edited(*BROKEN[rule_id]))

    assert finding.rule.id == rule_id
    assert finding.location.startswith("/PRPA_IN201305UV02/controlActProcess")


@pytest.mark.parametrize(
    ("broken", "type_code", "response"),
    [
        ((), "AA", None),
        ((query_rules.QUERY_ID,), "AE", QueryResponse.APPLICATION_ERROR),
        ((query_rules.QUERY_ID, query_rules.QUERY), "AR", QueryResponse.QUERY_ERROR),
        ((rules.CONTROL_ACT,), "AR", QueryResponse.QUERY_ERROR),
    ],
)
def test_what_is_refused_decides_the_acknowledgement(
    broken: tuple[Rule, ...], type_code: str, response: QueryResponse | None
) -> None:
    decided = query.acknowledgement_type([rule.found() for rule in broken])

    assert decided == type_code
    if response is not None:
        assert query.refusal(decided) == QueryResult(response, QueryStatus.ABORTED)
