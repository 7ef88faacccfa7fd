"""What a service remembers: numbers, records, keys; and what ETag and If-None-Match do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ihe_mock_async.services import attempt, state
from ihe_mock_async.services.answer import Answer
from ihe_mock_async.services.attempt import Attempt
from ihe_mock_async.services.companion import Companion
from ihe_mock_async.services.request import ServiceRequest
from ihe_mock_async.services.state import ServiceState
from tests.services.declared import JSON, NOW, carry_out, get, post, service, uuids

ORDERS = """\
  - name: order
    request: {method: POST}
    response: {status: 201, jsonBody: {number: "{{seq}}"}}
    idempotency: {header: Idempotency-Key}
    record: orders
  - name: forget
    request: {method: DELETE}
    reset: true
"""


@pytest.fixture
def shop(tmp_path: Path) -> Companion:
    return service(tmp_path, ORDERS)


@pytest.fixture
def memory() -> ServiceState:
    return ServiceState()


def order(body: str, key: str = "") -> ServiceRequest:
    keys = [("idempotency-key", key)] if key else []
    return post("/orders", body, [*JSON, *keys])


def started(shop: Companion, memory: ServiceState, request: ServiceRequest) -> Attempt | Answer:
    mapping = shop.choose(request)
    assert mapping is not None
    return attempt.begin(mapping, request, memory)


def number(answer: Answer) -> str:
    return str(json.loads(answer.body)["number"])


# ---------------------------------------------------------------- numbers and records


def test_numbers_rise_with_every_answer(shop: Companion, memory: ServiceState) -> None:
    assert [number(carry_out(shop, memory, order("{}"))) for _ in range(3)] == ["1", "2", "3"]


def test_an_answer_that_is_not_committed_leaves_no_trace(
    shop: Companion, memory: ServiceState
) -> None:
    tried = started(shop, memory, order("{}", "k"))
    assert isinstance(tried, Attempt)
    tried.answer(NOW, uuids())
    tried.abandon()

    assert number(carry_out(shop, memory, order("{}", "k"))) == "1"
    assert len(memory.records("orders")) == 1


def test_a_record_has_what_was_sent(shop: Companion, memory: ServiceState) -> None:
    carry_out(shop, memory, order('{"a": 1}'))

    (record,) = memory.records("orders")
    assert (record.number, record.received, record.method, record.path) == (
        7,
        NOW,
        "POST",
        "/orders",
    )
    assert (record.body, record.json, record.mapping, record.status) == (
        b'{"a": 1}',
        {"a": 1},
        "order",
        201,
    )


def test_records_are_bounded_and_the_oldest_go_first(
    shop: Companion, memory: ServiceState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MAX_RECORDS", 2)
    for body in ("1", "2", "3"):
        carry_out(shop, memory, order(body))

    assert [record.json for record in memory.records("orders")] == [2, 3]
    assert memory.dropped_records("orders") == 1


def test_records_are_bounded_by_their_octets_but_the_last_stays(
    shop: Companion, memory: ServiceState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MAX_RECORDED_OCTETS", 4)
    for body in ("[1]", "[2]", "[3, 4]"):
        carry_out(shop, memory, order(body))

    assert [record.json for record in memory.records("orders")] == [[3, 4]]


def test_a_reset_forgets_all(shop: Companion, memory: ServiceState) -> None:
    carry_out(shop, memory, order("{}", "k"))

    carry_out(shop, memory, ServiceRequest("DELETE", "/"))

    assert memory.records("orders") == ()
    assert number(carry_out(shop, memory, order("{}", "k"))) == "1"


# ---------------------------------------------------------------- idempotency keys


def test_the_same_request_with_the_same_key_gets_the_same_answer(
    shop: Companion, memory: ServiceState
) -> None:
    first = carry_out(shop, memory, order("{}", "k"))
    again = carry_out(shop, memory, order("{}", "k"))

    assert (again.status, again.body) == (201, first.body)
    assert list(again.headers) == [*first.headers, ("Idempotency-Replayed", "true")]
    assert len(memory.records("orders")) == 1


def test_another_request_with_the_same_key_is_refused(
    shop: Companion, memory: ServiceState
) -> None:
    carry_out(shop, memory, order("{}", "k"))

    refused = carry_out(shop, memory, order("[]", "k"))

    assert refused.status == 422
    assert "used with another request already" in json.loads(refused.body)["detail"]


def test_a_key_whose_request_is_in_flight_is_refused(
    shop: Companion, memory: ServiceState
) -> None:
    started(shop, memory, order("{}", "k"))

    refused = carry_out(shop, memory, order("{}", "k"))

    assert refused.status == 409


def test_a_key_of_a_request_that_was_abandoned_is_free_again(
    shop: Companion, memory: ServiceState
) -> None:
    tried = started(shop, memory, order("{}", "k"))
    assert isinstance(tried, Attempt)
    tried.abandon()

    assert carry_out(shop, memory, order("{}", "k")).status == 201


def test_requests_without_a_key_are_carried_out_each(
    shop: Companion, memory: ServiceState
) -> None:
    assert [number(carry_out(shop, memory, order("{}"))) for _ in range(2)] == ["1", "2"]


def test_an_empty_key_is_none(shop: Companion, memory: ServiceState) -> None:
    empty = order("{}")
    empty = replace(empty, headers=[*empty.headers, ("Idempotency-Key", " ")])

    assert [number(carry_out(shop, memory, empty)) for _ in range(2)] == ["1", "2"]


def test_keys_are_bounded_and_the_oldest_go_first(
    shop: Companion, memory: ServiceState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MAX_KEYS", 2)
    for key in ("a", "b", "c"):
        carry_out(shop, memory, order("{}", key))

    assert number(carry_out(shop, memory, order("{}", "c"))) == "3"
    assert number(carry_out(shop, memory, order("{}", "a"))) == "4"


# ---------------------------------------------------------------- entity tags

TAG = '"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"'  # sha256 of x


@pytest.fixture
def tagged(tmp_path: Path) -> Companion:
    return service(
        tmp_path,
        """\
          - request: {urlPath: /none}
            response: {status: 404, body: x}
            etag: auto
          - response: {body: x, headers: {Cache-Control: no-cache}}
            etag: auto
        """,
    )


@pytest.mark.parametrize("known", [TAG, "*", f"W/{TAG}", f'"other", {TAG}', f'W/"a,b" ,{TAG},"c"'])
def test_what_the_client_has_is_not_sent_again(
    tagged: Companion, memory: ServiceState, known: str
) -> None:
    answer = carry_out(tagged, memory, get("/", ("If-None-Match", known)))

    assert (answer.status, answer.body, answer.length) == (304, b"", 1)
    assert answer.headers == [("Cache-Control", "no-cache"), ("ETag", TAG)]


@pytest.mark.parametrize("known", ['"other"', TAG.strip('"'), ""])
def test_what_the_client_does_not_have_is_sent_with_its_tag(
    tagged: Companion, memory: ServiceState, known: str
) -> None:
    answer = carry_out(tagged, memory, get("/", ("If-None-Match", known)))

    assert (answer.status, answer.body) == (200, b"x")
    assert ("ETag", TAG) in answer.headers


def test_only_what_is_there_and_read_has_a_tag(tagged: Companion, memory: ServiceState) -> None:
    missing = carry_out(tagged, memory, get("/none", ("If-None-Match", "*")))
    posted = carry_out(tagged, memory, post("/", ""))

    assert missing.status == 404
    assert "ETag" not in dict(missing.headers)
    assert "ETag" not in dict(posted.headers)
