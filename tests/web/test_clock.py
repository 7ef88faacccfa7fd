"""Times and ids that can be told beforehand, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ihe_mock_async.identifiers import is_uuid
from ihe_mock_async.web.clock import Clock, IdSource

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


def some_ids(source: IdSource, message: bytes, namespace: str = "") -> list[str]:
    new_uuid = source.for_exchange(namespace, message).start("transaction")
    return [new_uuid() for _ in range(3)]


def test_the_clock_tells_the_present_in_utc() -> None:
    before = datetime.now(UTC)
    now = Clock().now()

    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


def test_a_fixed_clock_stands_still_and_speaks_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    clock = Clock(datetime(2024, 1, 5, 11, 15, tzinfo=berlin))

    assert clock.now() == clock.now() == datetime(2024, 1, 5, 10, 15, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_a_fixed_time_without_zone_is_utc() -> None:
    clock = Clock(datetime(2024, 1, 5, 10, 15))  # noqa: DTZ001 - that is the case tested

    assert clock.now() == datetime(2024, 1, 5, 10, 15, tzinfo=UTC)


def test_ids_without_a_seed_are_random_uuids() -> None:
    source = IdSource()

    ids = some_ids(source, b"a") + some_ids(source, b"a")

    assert len(set(ids)) == 6
    assert all(map(is_uuid, ids))


def test_the_same_seed_gives_the_same_ids_whatever_came_before() -> None:
    first, second = IdSource(42), IdSource(42)
    some_ids(second, b"another request")

    assert some_ids(first, b"a") == some_ids(second, b"a")
    assert all(map(is_uuid, some_ids(first, b"b")))


def test_the_same_request_again_gets_other_ids_but_again_the_same_under_the_seed() -> None:
    first, second = IdSource(42), IdSource(42)
    one = [some_ids(first, b"a"), some_ids(first, b"a")]
    other = [some_ids(second, b"a"), some_ids(second, b"a")]

    assert one == other
    assert one[0] != one[1]


def test_seed_namespace_and_message_each_change_the_ids() -> None:
    ids = [
        some_ids(IdSource(42), b"a"),
        some_ids(IdSource(43), b"a"),
        some_ids(IdSource(42), b"b"),
        some_ids(IdSource(42), b"a", "other"),
    ]

    assert len({uuid for group in ids for uuid in group}) == 12


def test_a_unit_of_work_that_is_run_again_gets_the_same_ids() -> None:
    ids = IdSource(42).for_exchange("", b"a")

    assert ids.start("transaction")() == ids.start("transaction")()
    assert ids.start("transaction")() != ids.start("answer")()


def test_a_clock_that_is_set_runs_on() -> None:
    clock = Clock()
    clock.set(NEW_YEAR)

    first = clock.now()

    assert not clock.is_frozen
    assert NEW_YEAR <= first < NEW_YEAR + timedelta(minutes=5)
    assert clock.offset < timedelta(0)


def test_a_frozen_clock_is_set_and_moved_and_stands_still() -> None:
    clock = Clock()
    clock.freeze(NEW_YEAR)
    clock.advance(timedelta(days=1, seconds=-1))

    assert clock.is_frozen
    assert clock.now() == clock.now() == datetime(2024, 1, 1, 23, 59, 59, tzinfo=UTC)
    assert clock.http_date() == b"Mon, 01 Jan 2024 23:59:59 GMT"


def test_a_clock_is_stopped_where_it_is_and_runs_on_from_there() -> None:
    clock = Clock()
    clock.set(NEW_YEAR)
    clock.freeze()
    stopped = clock.now()
    clock.run()

    assert stopped <= clock.now() < stopped + timedelta(minutes=5)
    assert not clock.is_frozen


def test_a_reset_clock_shows_the_time_of_the_machine() -> None:
    clock = Clock(NEW_YEAR)
    clock.reset()

    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=5)
    assert clock.offset == timedelta(0)


def test_a_time_that_no_calendar_has_changes_nothing() -> None:
    clock = Clock(NEW_YEAR)

    with pytest.raises(OverflowError):
        clock.advance(timedelta(days=3_000_000))

    assert clock.now() == NEW_YEAR


def test_a_namespace_that_is_forgotten_gets_its_ids_again() -> None:
    source = IdSource(42)
    first, other = some_ids(source, b"a", "one"), some_ids(source, b"a", "two")
    source.forget("one")

    assert some_ids(source, b"a", "one") == first
    assert some_ids(source, b"a", "two") != other


def test_octets_are_reproducible_under_a_seed_only() -> None:
    def octets(seed: int | None) -> bytes:
        return IdSource(seed).for_exchange("", b"a").octets("garbage", 16)

    assert octets(1) == octets(1) != octets(2)
    assert octets(None) != octets(None)
