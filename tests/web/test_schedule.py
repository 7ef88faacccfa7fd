"""Which deliveries are attempted next, as a table of times."""

from __future__ import annotations

import pytest

from ihe_mock_async.web.schedule import Due, Schedule, receiver_of

A, B = "http://a", "http://b"


def taken(schedule: Schedule, now: float = 10) -> list[int]:
    return [due.delivery for due in schedule.take(now)]


def test_what_is_due_is_taken_in_the_order_of_time() -> None:
    schedule = Schedule()
    for due in (Due(3, 1, A), Due(1, 2, B), Due(11, 3, A), Due(1, 4, A)):
        assert schedule.add(due)

    assert taken(schedule) == [2, 4, 1]
    assert taken(schedule) == []
    assert schedule.next_time() == 11


def test_a_delivery_is_known_until_it_has_landed() -> None:
    schedule = Schedule()
    due = Due(1, 1, A)
    schedule.add(due)

    assert not schedule.add(Due(2, 1, A))
    assert taken(schedule) == [1]
    assert not schedule.add(Due(2, 1, A))
    schedule.landed(due)
    assert schedule.add(Due(2, 1, A))


def test_one_receiver_has_only_so_many_and_the_others_are_not_held_up() -> None:
    schedule = Schedule(at_once=9, for_one_receiver=2)
    dues = [Due(n, n, A) for n in range(5)]
    for due in dues:
        schedule.add(due)
    schedule.add(Due(9, 9, B))

    assert taken(schedule) == [0, 1, 9]
    assert schedule.next_time() is None
    schedule.landed(dues[0])
    assert schedule.next_time() == 2
    assert taken(schedule) == [2]
    schedule.landed(dues[1])
    schedule.landed(dues[2])
    assert taken(schedule) == [3, 4]


def test_only_so_many_are_in_flight() -> None:
    schedule = Schedule(at_once=2)
    dues = [Due(1, 1, A), Due(2, 2, B), Due(3, 3, "http://c")]
    for due in dues:
        schedule.add(due)

    assert taken(schedule) == [1, 2]
    assert schedule.next_time() is None
    schedule.landed(dues[0])
    assert schedule.next_time() == 3
    assert taken(schedule) == [3]


@pytest.mark.parametrize(
    ("url", "receiver"),
    [
        ("http://Client.example:8080/answers?id=1", "http://client.example:8080"),
        ("HTTPS://[::1]/x", "https://[::1]"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_a_receiver_is_scheme_host_and_port(url: str, receiver: str) -> None:
    assert receiver_of(url) == receiver
