"""Answers of ITI-47 in parts, one exchange per test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ihe_mock_async.findings import Validation
from ihe_mock_async.ihe import Answer, Exchange, WriteNeeded
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.transactions.iti47_patient_demographics_query_hl7v3 import (
    TRANSACTION,
    answer,
    continue_or_cancel,
)
from tests.transactions.demographics_queries import (
    ASKED,
    NOW,
    codes,
    exchange,
    found,
    quantities,
    query,
    scoping_organization,
    told,
)
from tests.transactions.identity_feed import Edit, adding, both, setting, twice, without
from tests.transactions.query_continuations import (
    ABORTED,
    ASKED_AGAIN,
    CANCEL,
    GO_ON,
    QUANTITY,
    START,
    continuation,
    first_part,
    go_on,
    message_id,
)
from tests.transactions.stored_state import stored_state

QUERY_ACTION = "urn:hl7-org:v3:PRPA_IN201305UV02"
QUERY_ID = "1.3.6.1.4.1.21367.13.10.300^Q-1"
REPORT = AffinityDomain(validation=Validation.REPORT)


@pytest.fixture
def state() -> Iterator[State]:
    with stored_state() as opened:
        yield opened


def renamed(name: str) -> Edit:
    def edit(message: etree._Element) -> None:
        message.tag = f"{{urn:hl7-org:v3}}{name}"

    return edit


# ---------------------------------------------------------------- the next part


def test_the_first_part_holds_as_many_as_were_asked_for(state: State) -> None:
    reply = first_part(state, people=5, at_first=2)

    assert codes(reply) == ["AA", "deliveredResponse", "OK"]
    assert quantities(reply) == [5, 2, 3]
    assert found(reply) == ["Ada 0", "Ada 1"]


def test_all_matches_at_once_leave_nothing_to_go_on_with(state: State) -> None:
    first_part(state, people=2, at_first=2)

    assert state.query_sessions.find(QUERY_ID, NOW) is None


def test_the_next_part_repeats_the_original_query(state: State) -> None:
    first = first_part(state, people=5, at_first=2)

    reply = go_on(state, after=first)

    assert reply.findings == []
    assert reply.action == "urn:hl7-org:v3:PRPA_IN201306UV02"
    assert codes(reply) == ["AA", "deliveredResponse", "OK"]
    assert quantities(reply) == [5, 2, 1]
    assert found(reply) == ["Ada 2", "Ada 3"]
    assert told(reply, ".//h:queryByParameter/h:queryId/@extension") == ["Q-1"]
    assert told(reply, ".//h:queryByParameter/h:initialQuantity/@value") == ["2"]
    assert told(reply, ".//h:targetMessage/h:id/@root") == ["0d7b9a52-2f7b-4d8c-9a55-8b1f5a3c7e01"]


def test_without_numbers_the_answer_goes_on_where_it_ended(state: State) -> None:
    first = first_part(state, people=5, at_first=2)
    second = go_on(state, GO_ON, after=first)

    third = go_on(state, GO_ON, after=second)

    assert (found(second), found(third)) == (["Ada 2", "Ada 3"], ["Ada 4"])
    assert quantities(third) == [5, 1, 0]
    assert quantities(go_on(state, GO_ON, after=third)) == [5, 0, 0]


def test_another_quantity_holds_from_then_on(state: State) -> None:
    first = first_part(state, people=6, at_first=1)
    second = go_on(state, both(without(START), setting(QUANTITY, value="2")), after=first)

    third = go_on(state, GO_ON, after=second)

    assert (found(second), found(third)) == (["Ada 1", "Ada 2"], ["Ada 3", "Ada 4"])
    assert quantities(third) == [6, 2, 1]


def test_after_all_that_was_left_there_is_nothing(state: State) -> None:
    first = first_part(state, people=3, at_first=1)
    rest = go_on(state, both(without(START), setting(QUANTITY, value="50")), after=first)

    reply = go_on(state, GO_ON, after=rest)

    assert quantities(rest) == [3, 2, 0]
    assert (quantities(reply), reply.findings) == ([3, 0, 0], [])


def test_a_part_can_be_asked_for_again(state: State) -> None:
    first = first_part(state, people=3, at_first=1)
    again = setting(START, value="1")

    assert found(go_on(state, again, after=first)) == ["Ada 0", "Ada 1"]


def test_the_identifiers_of_later_parts_are_of_the_requested_domains(state: State) -> None:
    home = scoping_organization("1.3.6.1.4.1.21367.13.20.1000")
    first = first_part(state, 3, 1, adding(f"{ASKED}/h:parameterList", home))

    reply = go_on(state, GO_ON, after=first)

    assert told(reply, ".//h:patient/h:id/@extension") == ["P-1"]


def test_who_was_linked_meanwhile_is_left_out(state: State) -> None:
    first = first_part(state, people=4, at_first=1)
    one, two, *_ = [record.key for record in state.patients.records(range(10))]
    state.patients.link(one, two, NOW)

    reply = go_on(
        state, both(setting(START, value="2"), setting(QUANTITY, value="2")), after=first
    )

    assert found(reply) == ["Ada 2"]
    assert quantities(reply) == [4, 1, 1]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(1, 5), st.lists(st.integers(1, 4), max_size=12))
def test_the_parts_together_hold_every_match_once(
    people: int, at_first: int, parts: list[int]
) -> None:
    with stored_state() as opened:
        reply = first_part(opened, people, at_first)
        names = found(reply)
        for quantity in [*parts, *[4] * people]:
            if quantities(reply)[2] == 0:
                break
            edit = both(without(START), setting(QUANTITY, value=str(quantity)))
            reply = go_on(opened, edit, after=reply)
            assert quantities(reply)[1] <= quantity
            names += found(reply)

    assert names == [f"Ada {number}" for number in range(people)]


# ---------------------------------------------------------------- no more of it


@pytest.mark.parametrize(
    ("edit", "action"),
    [
        (ABORTED, CANCEL),
        (ABORTED, "urn:hl7-org:v3:QUQI_IN000003UV01_Continue"),
        (both(ABORTED, renamed("QUQI_IN000003UV01_Cancel")), CANCEL),
    ],
)
def test_a_cancelled_query_is_forgotten(state: State, edit: Edit, action: str) -> None:
    first = first_part(state, people=3, at_first=1)

    reply = go_on(state, edit, after=first, action=action)

    assert reply.findings == []
    assert reply.action == "urn:hl7-org:v3:MCCI_IN000002UV01"
    assert told(reply, "h:acknowledgement/h:typeCode/@code") == ["CA"]
    assert codes(go_on(state, after=first))[0] == "AE"


def test_a_cancellation_of_nothing_is_an_error(state: State) -> None:
    reply = go_on(state, ABORTED, action=CANCEL)

    assert told(reply, "h:acknowledgement/h:typeCode/@code") == ["CE"]
    assert told(reply, ".//h:acknowledgementDetail/h:code/@code") == ["204"]


def test_a_cancellation_that_says_it_waits_is_one(state: State) -> None:
    first = first_part(state, people=3, at_first=1)

    reply = go_on(state, after=first, action=CANCEL)

    assert told(reply, "h:acknowledgement/h:typeCode/@code") == ["CA"]
    assert [finding.rule.id for finding in reply.findings] == ["iti47-continuation-status"]
    assert state.query_sessions.find(QUERY_ID, NOW) is None


def cancelling(state: State, first: Answer) -> Exchange:
    return exchange(state, continuation(after=first), CANCEL)


@pytest.mark.parametrize(("people", "at_first"), [(3, 1), (3, 2)])
def test_the_rest_of_an_answer_is_kept_by_a_unit_that_may_write(
    state: State, people: int, at_first: int
) -> None:
    first = first_part(state, people=people, at_first=at_first)
    asked = query(setting(f"{ASKED}/h:initialQuantity", value=str(at_first)))
    reading = replace(exchange(state, asked, QUERY_ACTION), may_write=False)
    with pytest.raises(WriteNeeded):
        answer(reading)
    with pytest.raises(WriteNeeded):
        continue_or_cancel(replace(cancelling(state, first), may_write=False))

    assert codes(go_on(state, after=first))[0] == "AA"


def test_an_answer_that_is_told_at_once_is_only_read(state: State) -> None:
    first_part(state, people=2, at_first=1)
    asked = query(setting(f"{ASKED}/h:initialQuantity", value="2"))

    reply = answer(replace(exchange(state, asked, QUERY_ACTION), may_write=False))

    assert quantities(reply) == [2, 2, 0]
    assert not TRANSACTION.writes


# ---------------------------------------------------------------- refusals


def test_an_unknown_query_cannot_be_continued(state: State) -> None:
    reply = go_on(state, domain=REPORT)

    assert codes(reply) == ["AE", "aborted", "AE"]
    assert quantities(reply) == [0, 0, 0]
    assert told(reply, ".//h:queryAck/h:queryId/@extension") == ["Q-1"]
    (text,) = told(reply, ".//h:acknowledgementDetail/h:text")
    assert "Send the query again" in text
    assert "its time is over" in text


def test_a_session_expires(state: State) -> None:
    domain = AffinityDomain(pdq_session_seconds=60)
    first = first_part(state, 5, 1, domain=domain)
    in_time, late = timedelta(seconds=59), timedelta(seconds=120)

    second = go_on(state, GO_ON, after=first, later=in_time, domain=domain)

    assert codes(second)[0] == "AA"
    assert codes(go_on(state, GO_ON, after=second, later=late, domain=domain))[0] == "AE"


def test_a_continuation_of_two_queries_is_refused(state: State) -> None:
    first = first_part(state, people=3, at_first=1)

    reply = go_on(state, twice(f"{ASKED_AGAIN}/h:queryId"), after=first)

    assert codes(reply) == ["AE", "aborted", "AE"]
    assert [each.rule.id for each in reply.findings] == ["hl7v3-element-repeated"]


def test_a_continuation_without_query_id_is_refused(state: State) -> None:
    first_part(state, people=3, at_first=1)

    reply = go_on(state, without(f"{ASKED_AGAIN}/h:queryId"), domain=REPORT)

    assert codes(reply) == ["AE", "aborted", "AE"]


def test_a_continuation_without_payload_is_refused(state: State) -> None:
    reply = go_on(state, without(ASKED_AGAIN), domain=REPORT)

    assert codes(reply)[0] == "AE"


def test_a_refused_continuation_repeats_the_query_that_it_is_about(state: State) -> None:
    first = first_part(state, people=3, at_first=1)

    reply = go_on(state, setting(START, value="4"), after=first)

    assert codes(reply) == ["AE", "aborted", "AE"]
    assert told(reply, ".//h:queryByParameter/h:queryId/@extension") == ["Q-1"]
    (detail,) = told(reply, ".//h:acknowledgementDetail/h:text")
    assert "Expected 1 to 3" in detail


def test_a_query_without_id_is_answered_in_part_once(state: State) -> None:
    reply = first_part(state, 3, 1, without(f"{ASKED}/h:queryId"), REPORT)

    assert quantities(reply) == [3, 1, 2]


# ---------------------------------------------------------------- names of the message


@pytest.mark.parametrize("name", ["QUQI_IN000003UV01_Continue", "QUQI_IN000003UV01"])
@pytest.mark.parametrize("trigger", ["PRPA_TE000003UV01", "QUQI_TE000003UV01"])
def test_every_name_in_use_is_right(state: State, name: str, trigger: str) -> None:
    first = first_part(state, people=3, at_first=1)
    code = setting("h:controlActProcess/h:code", code=trigger)

    assert go_on(state, both(renamed(name), code), after=first).findings == []


def test_the_interaction_id_may_be_the_name_of_the_root(state: State) -> None:
    first = first_part(state, people=3, at_first=1)
    name = "QUQI_IN000003UV01_Continue"
    edit = both(renamed(name), setting("h:interactionId", extension=name))

    assert go_on(state, edit, after=first).findings == []


def test_the_acknowledged_message_is_the_latest_answer(state: State) -> None:
    first = first_part(state, people=3, at_first=1)
    second = go_on(state, GO_ON, after=first)

    reply = go_on(state, GO_ON, after=first)

    (finding,) = reply.findings
    assert finding.rule.id == "iti47-continuation-acknowledgement"
    assert finding.expected == f"AA {message_id(second)}"
    assert codes(reply)[0] == "AA"
