"""What the journal remembers, for how long, and whom it tells."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from ihe_mock_async.journal.body import RecordedBody
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.ledger import Bounds, Journal, JournalClosedError, JournalOffError
from ihe_mock_async.journal.weight import octets_of

NOW = datetime(2024, 1, 5, tzinfo=UTC)
LONG = 60
"""Seconds that no test waits for."""

_numbers = count(1)


def entry(path: str = "/pix/add", namespace: str = "", octets: int = 0) -> Entry:
    body = RecordedBody.of(b"x" * octets)
    return Entry(next(_numbers), NOW, path, namespace, request_body=body)


def exchange(journal: Journal, *arguments: object, **fields: object) -> Entry:
    whole = entry(*arguments, **fields)  # type: ignore[arg-type]
    journal.begin(whole)
    journal.understood(whole)
    journal.complete(whole)
    return whole


def anything(entry: Entry) -> bool:
    return True


def is_submission(entry: Entry) -> bool:
    return entry.path == "/iti41/submit"


@pytest.fixture
def journal() -> Iterator[Journal]:
    journal = Journal(Bounds())
    yield journal
    journal.close()


def large_body(journal: Journal) -> RecordedBody:
    recorder = journal.new_body()
    recorder.feed(b"x" * 100_000)
    return recorder.finish()


# ---------------------------------------------------------------- remembering


def test_a_request_is_there_from_its_receipt_on(journal: Journal) -> None:
    received = entry()

    journal.begin(received)

    assert journal.entries("") == [received]
    assert journal.find("", received.sequence) is received
    assert not received.completed


def test_an_exchange_that_is_over_says_so_and_has_forgotten_what_matching_worked_out(
    journal: Journal,
) -> None:
    received = entry()
    journal.begin(received)
    received.cache["xml"] = object()

    journal.complete(received)

    assert received.completed
    assert received.cache == {}


def test_each_namespace_has_entries_of_its_own(journal: Journal) -> None:
    ours, theirs = exchange(journal, namespace="ours"), exchange(journal, namespace="theirs")

    assert sorted(journal.namespaces()) == ["ours", "theirs"]
    assert journal.entries("ours") == [ours]
    assert journal.find("ours", theirs.sequence) is None
    assert journal.entries("nobody") == []


def test_what_is_cleared_is_forgotten_with_the_number_of_evicted_ones() -> None:
    journal = Journal(Bounds(entries=1))
    exchange(journal)
    exchange(journal)
    assert journal.evicted("") == 1

    journal.clear("")

    assert journal.entries("") == []
    assert journal.evicted("") == 0
    assert journal.octets == 0
    assert journal.namespaces() == []


def test_a_request_in_flight_does_not_come_back_after_clearing(journal: Journal) -> None:
    received = entry(octets=100)
    journal.begin(received)

    journal.clear("")
    journal.understood(received)
    journal.complete(received)

    assert journal.entries("") == []
    assert journal.octets == 0


def test_one_entry_can_be_forgotten_without_counting_as_evicted(journal: Journal) -> None:
    first, second = exchange(journal, octets=10), exchange(journal, octets=10)

    assert journal.remove("", first.sequence)

    assert journal.entries("") == [second]
    assert journal.octets == octets_of(second)
    assert journal.evicted("") == 0
    assert not journal.remove("", first.sequence)
    assert not journal.remove("nobody", second.sequence)
    assert journal.remove("", second.sequence)
    assert journal.namespaces() == []


# ---------------------------------------------------------------- bounds


def test_the_oldest_entries_of_a_namespace_go_when_there_are_too_many() -> None:
    journal = Journal(Bounds(entries=3))
    quiet = exchange(journal, namespace="quiet")

    numbers = [exchange(journal).sequence for _ in range(5)]

    assert [kept.sequence for kept in journal.entries("")] == numbers[2:]
    assert journal.evicted("") == 2
    assert journal.entries("quiet") == [quiet]
    assert journal.evicted("quiet") == 0


def test_a_noisy_namespace_does_not_cost_a_quiet_one_its_evidence() -> None:
    journal = Journal(Bounds(octets=100_000))
    quiet = [exchange(journal, namespace="quiet", octets=1000) for _ in range(3)]

    for _ in range(100):
        exchange(journal, namespace="noisy", octets=20_000)

    assert journal.octets <= 100_000
    assert journal.entries("quiet") == quiet
    assert journal.evicted("quiet") == 0
    assert journal.evicted("noisy") == 100 - len(journal.entries("noisy"))


def test_a_hundred_thousand_exchanges_stay_within_the_bounds() -> None:
    journal = Journal(Bounds(entries=1000, octets=8 << 20))
    body = RecordedBody.of(bytes(20_000))

    for number in range(100_000):
        received = Entry(number, NOW, "/pix/add", str(number % 7), request_body=body)
        journal.begin(received)
        journal.complete(received)

    kept = [entry for name in journal.namespaces() for entry in journal.entries(name)]
    assert journal.octets == sum(map(octets_of, kept))
    assert (8 << 20) - 7 * 25_000 < journal.octets <= 8 << 20
    assert sum(journal.evicted(str(name)) for name in range(7)) == 100_000 - len(kept)
    assert min(entry.sequence for entry in kept) >= 100_000 - len(kept) - 7


def test_what_an_exchange_gathers_on_its_way_counts(journal: Journal) -> None:
    received = entry()
    journal.begin(received)
    before = journal.octets

    received.request_body = RecordedBody.of(b"x" * 1000)
    journal.understood(received)
    after_request = journal.octets
    received.response_body = RecordedBody.of(b"y" * 500)
    journal.complete(received)

    assert after_request - before == 1000
    assert journal.octets - after_request >= 500
    assert journal.octets == octets_of(received)


def test_an_envelope_that_is_the_body_counts_once() -> None:
    message = b"x" * 1000
    received = entry()
    received.request_body, received.request_envelope = RecordedBody.of(message), message
    once = octets_of(received)

    received.request_envelope = bytes(bytearray(message))

    assert octets_of(received) == once + 1000


@pytest.mark.parametrize("name", ["path", "target", "action", "message_id", "body_name"])
def test_a_text_that_a_client_has_made_long_is_counted(name: str) -> None:
    short = Entry(1, NOW, "/")
    long = Entry(1, NOW, "/")
    setattr(long, name, "x" * 50_000)

    assert octets_of(long) >= octets_of(short) + 49_999


def test_an_envelope_that_equals_the_body_is_kept_once(journal: Journal) -> None:
    received = entry(octets=1000)
    journal.begin(received)
    received.request_envelope = bytes(bytearray(received.request_body.data))

    journal.understood(received)

    assert received.request_envelope is received.request_body.data


def test_an_entry_above_the_bound_is_counted_as_evicted() -> None:
    journal = Journal(Bounds(octets=10_000))

    exchange(journal, octets=20_000)

    assert journal.entries("") == []
    assert journal.evicted("") == 1
    assert journal.octets == 0


def test_the_file_of_a_body_goes_with_its_entry(tmp_path: Path) -> None:
    journal = Journal(Bounds(entries=1), tmp_path)
    body = large_body(journal)
    whole = entry()
    whole.request_body = body
    journal.begin(whole)
    journal.complete(whole)
    assert journal.spilled_octets == 100_000

    exchange(journal)
    journal.close()

    assert list(tmp_path.iterdir()) == []
    assert not body.is_complete
    assert journal.spilled_octets == 0


@pytest.mark.parametrize("how", ["clear", "remove"])
def test_the_file_of_a_body_goes_when_its_entry_is_forgotten(how: str, tmp_path: Path) -> None:
    journal = Journal(Bounds(), tmp_path)
    whole = entry()
    journal.begin(whole)
    whole.request_body = large_body(journal)
    journal.complete(whole)

    if how == "clear":
        journal.clear("")
    else:
        journal.remove("", whole.sequence)
    journal.close()

    assert not whole.request_body.is_complete
    assert list(tmp_path.iterdir()) == []


def test_files_of_a_request_in_flight_stay_until_it_is_complete(tmp_path: Path) -> None:
    journal = Journal(Bounds(entries=1), tmp_path)
    body = large_body(journal)
    evicted = entry()
    evicted.request_body = body
    journal.begin(evicted)
    exchange(journal)
    assert journal.find("", evicted.sequence) is None
    assert len(body.whole()) == 100_000

    journal.complete(evicted)
    journal.close()

    assert not body.is_complete
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- switched off


@pytest.mark.parametrize("bounds", [Bounds(entries=0), Bounds(octets=0)])
async def test_a_journal_that_is_off_says_so_instead_of_nothing_was_received(
    bounds: Bounds,
) -> None:
    journal = Journal(bounds)

    exchange(journal)

    assert not journal.is_on
    assert journal.evicted("") == 0
    with pytest.raises(JournalOffError, match="journal_max_entries"):
        journal.entries("")
    with pytest.raises(JournalOffError):
        journal.find("", 1)
    with pytest.raises(JournalOffError):
        await journal.wait("", anything, seconds=LONG)


def test_a_journal_that_is_off_keeps_no_bodies() -> None:
    recorder = Journal(Bounds(entries=0)).new_body()

    assert not recorder.feed(b"x" * 5_000_000)
    assert not recorder.is_large
    assert recorder.finish() == RecordedBody(b"", None, 0, 5_000_000)


# ---------------------------------------------------------------- waiting


async def waiting(journal: Journal, **arguments: object) -> asyncio.Task[list[Entry]]:
    """A wait that has begun."""
    task = asyncio.ensure_future(
        journal.wait("", is_submission, seconds=LONG, **arguments)  # type: ignore[arg-type]
    )
    await asyncio.sleep(0)
    return task  # type: ignore[return-value]


async def test_a_wait_ends_with_the_entry_that_fits(journal: Journal) -> None:
    task = await waiting(journal)
    exchange(journal, "/pix/add")
    exchange(journal, "/iti41/submit", "elsewhere")
    awaited = entry("/iti41/submit")
    journal.begin(awaited)
    await asyncio.sleep(0)
    assert not task.done()

    journal.understood(awaited)

    assert await task == [awaited]


async def test_entries_that_were_there_before_count(journal: Journal) -> None:
    earlier = [exchange(journal, "/iti41/submit") for _ in range(3)]

    assert await journal.wait("", is_submission, count=2, seconds=LONG) == earlier


async def test_an_entry_counts_once_however_often_it_changes(journal: Journal) -> None:
    exchange(journal, "/iti41/submit")
    task = await waiting(journal, count=2)
    second = entry("/iti41/submit")
    journal.begin(second)
    await asyncio.sleep(0)
    assert not task.done()

    journal.understood(second)
    journal.complete(second)

    assert len(await task) == 2


async def test_who_waits_for_the_end_of_an_exchange_is_told_of_it(journal: Journal) -> None:
    task = asyncio.ensure_future(journal.wait("", lambda e: e.completed, seconds=LONG))
    received = entry()
    journal.begin(received)
    journal.understood(received)
    await asyncio.sleep(0)
    assert not task.done()

    journal.complete(received)

    assert await task == [received]


async def test_who_waits_for_an_outcome_is_told_before_the_answer_goes_out(
    journal: Journal,
) -> None:
    hanging = entry()
    waiter = asyncio.ensure_future(
        journal.wait("", lambda each: each.decided_outcome is not None, seconds=LONG)
    )
    await asyncio.sleep(0)

    journal.begin(hanging)
    journal.understood(hanging)
    assert hanging.decided_outcome is None
    journal.answered(hanging)

    assert await waiter == [hanging]
    assert not hanging.completed


async def test_an_entry_that_is_evicted_while_somebody_waits_counts() -> None:
    journal = Journal(Bounds(entries=1))
    task = await waiting(journal, count=2)
    first = exchange(journal, "/iti41/submit")
    exchange(journal, "/pix/add")
    assert journal.find("", first.sequence) is None

    second = exchange(journal, "/iti41/submit")

    assert await task == [first, second]


async def test_an_entry_evicted_in_flight_is_still_told(journal: Journal) -> None:
    journal = Journal(Bounds(entries=1))
    task = await waiting(journal)
    slow = entry("/iti41/submit")
    journal.begin(slow)
    exchange(journal, "/pix/add")

    journal.complete(slow)

    assert await task == [slow]


@pytest.mark.parametrize("forget", ["clear", "clear once evicted", "remove"])
async def test_a_forgotten_request_is_not_told_to_who_waits_later(forget: str) -> None:
    journal = Journal(Bounds(entries=1))
    slow = entry("/iti41/submit")
    journal.begin(slow)
    if forget == "remove":
        journal.remove("", slow.sequence)
    elif forget == "clear once evicted":
        exchange(journal)
    journal.clear("")

    task = await waiting(journal)
    journal.understood(slow)
    journal.complete(slow)
    fresh = exchange(journal, "/iti41/submit")

    assert await task == [fresh]


async def test_after_the_time_is_up_it_is_told_what_there_was(journal: Journal) -> None:
    only = exchange(journal, "/iti41/submit")

    assert await journal.wait("", is_submission, count=2, seconds=0.001) == [only]
    assert await journal.wait("nobody", anything, seconds=0) == []


async def test_a_wait_for_none_is_over_at_once(journal: Journal) -> None:
    assert await journal.wait("", anything, count=0, seconds=LONG) == []


async def test_a_cancelled_wait_harms_nobody(journal: Journal) -> None:
    cancelled, other = await waiting(journal), await waiting(journal)

    cancelled.cancel()
    await asyncio.wait([cancelled])
    awaited = exchange(journal, "/iti41/submit")

    assert await other == [awaited]
    assert cancelled.cancelled()


async def test_a_condition_that_fails_fails_who_waits_and_not_the_exchange(
    journal: Journal,
) -> None:
    def fails(entry: Entry) -> bool:
        raise ValueError("no such prefix")

    task = asyncio.ensure_future(journal.wait("", fails, seconds=LONG))
    await asyncio.sleep(0)
    received = exchange(journal)

    with pytest.raises(ValueError, match="no such prefix"):
        await task
    assert journal.entries("") == [received]


async def test_closing_in_another_thread_ends_every_wait(journal: Journal) -> None:
    tasks = [await waiting(journal), await waiting(journal)]
    thread = threading.Thread(target=journal.close)

    thread.start()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    thread.join()

    assert [type(result) for result in results] == [JournalClosedError] * 2
    with pytest.raises(JournalClosedError):
        await journal.wait("", anything, seconds=LONG)


def test_closing_after_the_loop_is_gone_is_no_error(journal: Journal) -> None:
    async def leave() -> None:
        coroutine = journal.wait("", anything, seconds=LONG)
        coroutine.send(None)  # it waits, and nobody goes on with it
        abandoned.append(coroutine)

    abandoned: list[object] = []
    asyncio.run(leave())

    journal.close()
    journal.close()

    abandoned[0].close()  # type: ignore[attr-defined]


async def test_many_earlier_entries_do_not_keep_others_waiting() -> None:
    journal = Journal(Bounds(entries=500))
    for _ in range(500):
        exchange(journal, "/iti41/submit")
    turns = 0

    async def somebody_else() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.ensure_future(somebody_else())
    found = await journal.wait("", is_submission, count=500, seconds=LONG)
    other.cancel()

    assert len(found) == 500
    assert turns >= 5
