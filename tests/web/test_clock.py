"""Times and ids that can be told beforehand, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from ihe_mock_async.identifiers import is_uuid
from ihe_mock_async.web.clock import Clock, IdSource


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
