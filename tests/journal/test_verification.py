"""How many requests match, and in which order they came; never a guess."""

from __future__ import annotations

from typing import Any

import pytest

from ihe_mock_async.errors import EvictedError, WrongJsonError
from ihe_mock_async.journal.json_model import read
from ihe_mock_async.journal.pattern import Pattern
from ihe_mock_async.journal.verification import Expectation, in_order, verify
from tests.journal.entries import plain

A = {"path": "/a"}
PATHS = ("/a", "/b", "/a", "/c")
ENTRIES = [plain(path=path, sequence=number) for number, path in enumerate(PATHS)]


def expectation(**keys: object) -> Expectation:
    return read(Expectation, {"match": A, **keys})


@pytest.mark.parametrize(
    ("keys", "passed", "expected"),
    [
        ({}, True, "at least 1"),
        ({"atLeast": 2}, True, "at least 2"),
        ({"atLeast": 3}, False, "at least 3"),
        ({"atLeast": 0}, True, "at least 0"),
        ({"times": 2}, True, "exactly 2"),
        ({"times": 1}, False, "exactly 1"),
        ({"times": 3}, False, "exactly 3"),
        ({"times": 0}, False, "none"),
        ({"atMost": 2}, True, "at most 2"),
        ({"atMost": 1}, False, "at most 1"),
        ({"atLeast": 1, "atMost": 2}, True, "1 to 2"),
        ({"atLeast": 3, "atMost": 5}, False, "3 to 5"),
        ({"never": True}, False, "none"),
    ],
    ids=str,
)
def test_matching_entries_are_counted(keys: dict[str, Any], passed: bool, expected: str) -> None:
    result = verify(expectation(**keys), ENTRIES)

    assert (result.passed, result.count, result.expected) == (passed, 2, expected)
    assert [entry.sequence for entry in result.matching] == [0, 2]


def test_when_there_are_too_few_the_nearest_are_told() -> None:
    few = verify(expectation(times=3), ENTRIES)
    many = verify(expectation(times=1), ENTRIES)

    assert [miss.entry.path for miss in few.near_misses] == ["/c", "/b"]
    assert many.near_misses == []


def test_many_that_match_do_not_hide_the_nearest() -> None:
    entries = [plain(b"<a/>", sequence=number) for number in range(50)]
    entries[7] = plain(b"<b/>", sequence=7)

    result = verify(read(Expectation, {"match": {"xpath": "/a"}, "times": 50}), entries)

    assert [miss.entry.sequence for miss in result.near_misses] == [7]


def test_without_a_pattern_all_entries_are_counted() -> None:
    assert verify(read(Expectation, {"times": 4}), ENTRIES).passed


@pytest.mark.parametrize(
    ("keys", "passed"),
    [
        ({"atLeast": 2}, True),  # more cannot make it wrong
        ({"atMost": 5}, True),  # 2 and the 3 that were forgotten are 5 at most
        ({"atMost": 1}, False),  # 2 are too many already
        ({"never": True}, False),
        ({"times": 6}, False),  # 5 at most
        ({"atLeast": 6}, False),
    ],
    ids=str,
)
def test_forgotten_entries_may_make_no_difference(keys: dict[str, Any], passed: bool) -> None:
    result = verify(expectation(**keys), ENTRIES, evicted=3)

    assert result.passed is passed
    assert result.evicted == 3


@pytest.mark.parametrize(
    "keys", [{"atLeast": 3}, {"times": 2}, {"times": 4}, {"atMost": 4}, {"times": 5}], ids=str
)
def test_what_depends_on_forgotten_entries_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(EvictedError) as caught:
        verify(expectation(**keys), ENTRIES, evicted=3)

    assert "2 of the remembered requests match" in str(caught.value)
    assert "3 requests were forgotten" in str(caught.value)
    assert "Raise journal_max_entries or journal_max_bytes" in str(caught.value)


def test_never_is_not_certain_when_any_entry_was_forgotten() -> None:
    never = read(Expectation, {"match": {"path": "/none"}, "never": True})

    assert verify(never, ENTRIES).passed
    with pytest.raises(EvictedError):
        verify(never, ENTRIES, evicted=1)


@pytest.mark.parametrize(
    ("keys", "key", "problem"),
    [
        ({"times": 1, "never": True}, "", "has times and never"),
        ({"times": 1, "atLeast": 1}, "", "has times and atLeast"),
        ({"atLeast": 3, "atMost": 2}, "atMost", "is 2, less than atLeast"),
        ({"never": False}, "never", "is false"),
        ({"times": -1}, "times", "is the number -1"),
        ({"times": True}, "times", "is true"),
        ({"times": "2"}, "times", 'is the text "2"'),
        ({"atleast": 2}, "atleast", 'is an unknown key; did you mean "atLeast"?'),
        ({"match": {"pth": "/a"}}, "match.pth", 'is an unknown key; did you mean "path"?'),
    ],
    ids=str,
)
def test_an_expectation_that_contradicts_itself_is_refused(
    keys: dict[str, Any], key: str, problem: str
) -> None:
    with pytest.raises(WrongJsonError) as caught:
        expectation(**keys)

    (found,) = caught.value.problems
    assert (found.key, found.problem) == (key, problem)


def patterns(*paths: str) -> list[Pattern]:
    return [read(Pattern, {"path": path}) for path in paths]


def test_entries_are_found_in_order() -> None:
    order = in_order(patterns("/a", "/a", "/c"), ENTRIES)

    assert order.passed
    assert [entry.sequence for entry in order.found] == [0, 2, 3]
    assert in_order([], ENTRIES).passed


def test_where_the_order_breaks_is_told() -> None:
    order = in_order(patterns("/a", "/c", "/b"), ENTRIES)

    assert not order.passed
    assert [entry.sequence for entry in order.found] == [0, 3]
    assert order.missing == 2
    assert order.too_early is ENTRIES[1]
    assert order.near_misses == []


def test_one_entry_cannot_stand_for_two_patterns() -> None:
    order = in_order(patterns("/a", "/a", "/a"), ENTRIES)

    assert order.missing == 2
    assert order.too_early is ENTRIES[0]
    assert [miss.entry.path for miss in order.near_misses] == ["/c"]


def test_an_order_that_forgotten_entries_may_have_had_is_not_broken() -> None:
    assert in_order(patterns("/a", "/b"), ENTRIES, evicted=1).passed
    with pytest.raises(EvictedError, match="Request 2 of 2 is not among those remembered"):
        in_order(patterns("/b", "/b"), ENTRIES, evicted=1)
