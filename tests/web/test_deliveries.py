"""Deliveries in time: soon, again after pauses, given up, sent again, and resumed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from ihe_mock_async.store import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    NamespaceState,
    OutgoingMessage,
    Store,
)
from ihe_mock_async.web import deliveries as module
from ihe_mock_async.web.clock import Clock
from ihe_mock_async.web.deliveries import Deliveries, Patience
from ihe_mock_async.web.posting import Attempt
from ihe_mock_async.web.schedule import FOR_ONE_RECEIVER, Schedule

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
QUICK = Patience(attempts=3, backoff=0.001)
TAKEN = Attempt(status=202)
REFUSED = Attempt("HTTP 503", 503)
LIMIT = 10


def message(to: str = "http://client.example/answers") -> OutgoingMessage:
    return OutgoingMessage(
        kind=DeliveryKind.RESPONSE,
        transaction="ITI-44",
        to=to,
        action="urn:example:Answer",
        message_id="urn:uuid:1",
        relates_to="urn:uuid:0",
        envelope=b"<Envelope/>",
    )


class Receiver:
    """Stands for whoever is posted to: answers with these outcomes, the last one for ever."""

    def __init__(self, *outcomes: Attempt | Exception) -> None:
        self.outcomes = list(outcomes) or [TAKEN]
        self.seen: list[Delivery] = []
        self.at_once = 0
        self.most_at_once = 0
        self.hangs = asyncio.Event()
        self.hangs.set()
        """Cleared, it does not answer until it is set."""

    async def post(self, delivery: Delivery, envelope: bytes) -> Attempt:
        assert envelope == b"<Envelope/>"
        self.seen.append(delivery)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.hangs.wait()
        finally:
            self.at_once -= 1
        outcome = self.outcomes[0] if len(self.outcomes) == 1 else self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT):
        while True:
            if holds():
                return
            await asyncio.sleep(0.002)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    with Store.open("sqlite://", Path()) as opened:
        yield opened


Make = Callable[..., Deliveries]


@pytest.fixture
async def make(store: Store) -> AsyncIterator[Make]:
    """Makes workers on the store, which stop at the end."""
    made: list[Deliveries] = []

    def worker(receiver: Receiver, patience: Patience = QUICK) -> Deliveries:
        made.append(Deliveries(store, Clock(NOW), receiver.post, patience))
        return made[-1]

    yield worker
    for each in made:
        await each.stop()


async def put(store: Store, *messages: OutgoingMessage) -> list[int]:
    def work(state: NamespaceState) -> list[int]:
        return [state.outbox.put(each, NOW) for each in messages or (message(),)]

    return await store.write("", work)


async def find(store: Store, delivery: int) -> Delivery:
    found = await store.read_outbox(lambda outbox: outbox.find(delivery))
    assert found is not None
    return found


async def found_when(store: Store, delivery: int, holds: Callable[[Delivery], object]) -> Delivery:
    """The delivery, as soon as that is so."""
    async with asyncio.timeout(LIMIT):
        while True:
            found = await find(store, delivery)
            if holds(found):
                return found
            await asyncio.sleep(0.002)


async def finished(store: Store, delivery: int) -> Delivery:
    """The delivery, as soon as it is delivered or dead."""
    return await found_when(store, delivery, lambda it: it.state is not DeliveryState.PENDING)


async def reaches(store: Store, delivery: int, state: DeliveryState) -> Delivery:
    """The delivery, which ends in this state."""
    found = await finished(store, delivery)
    assert found.state is state
    return found


async def test_a_new_message_is_posted_at_once(
    store: Store, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver()
    make(receiver).start()

    with caplog.at_level(logging.INFO):
        (key,) = await put(store)
        found = await reaches(store, key, DeliveryState.DELIVERED)

    assert (found.attempts, found.last_status, found.finished) == (1, 202, NOW)
    assert [each.id for each in receiver.seen] == [key]
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert record.getMessage().startswith(
        f"ITI-44 response {key} to http://client.example/answers delivered: HTTP 202, attempt 1, "
    )


async def test_what_was_put_in_before_the_start_is_posted_too(store: Store, make: Make) -> None:
    first, second = await put(store, message(), message())
    make(Receiver()).start()

    await reaches(store, first, DeliveryState.DELIVERED)
    await reaches(store, second, DeliveryState.DELIVERED)


async def test_a_failure_is_tried_again_until_it_is_delivered(
    store: Store, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver(REFUSED, REFUSED, TAKEN)
    make(receiver).start()

    (key,) = await put(store)
    found = await reaches(store, key, DeliveryState.DELIVERED)

    assert found.attempts == 3
    assert [each.attempts for each in receiver.seen] == [0, 1, 2]
    assert [each.last_error for each in receiver.seen] == ["", "HTTP 503", "HTTP 503"]
    assert (found.last_error, found.last_status) == ("", 202)
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert "failed, next attempt in 0.001 s: HTTP 503, attempt 1 of 3" in warnings[0]
    assert "failed, next attempt in 0.002 s: HTTP 503, attempt 2 of 3" in warnings[1]


async def test_it_is_given_up_after_so_many_attempts(
    store: Store, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver(REFUSED)
    make(receiver).start()

    (key,) = await put(store)
    found = await reaches(store, key, DeliveryState.DEAD)

    assert len(receiver.seen) == found.attempts == 3
    assert (found.last_error, found.last_status, found.finished) == ("HTTP 503", 503, NOW)
    assert "dead: HTTP 503, attempt 3 of 3" in caplog.records[-1].getMessage()


async def test_what_can_only_fail_again_is_given_up_at_once(store: Store, make: Make) -> None:
    receiver = Receiver(Attempt("the document is gone", final=True))
    make(receiver).start()

    (key,) = await put(store)
    found = await reaches(store, key, DeliveryState.DEAD)

    assert (found.attempts, found.last_error) == (1, "the document is gone")
    assert found.last_status is None


async def test_an_error_text_cannot_forge_log_lines(
    store: Store, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    make(Receiver(Attempt("bad\n2026-01-31 - all is well", final=True))).start()

    (key,) = await put(store)
    await reaches(store, key, DeliveryState.DEAD)

    assert "bad\\u000a2026" in caplog.records[-1].getMessage()


async def test_a_failure_of_ours_counts_as_an_attempt(
    store: Store, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    make(Receiver(KeyError("a secret"), TAKEN)).start()

    (key,) = await put(store)
    found = await reaches(store, key, DeliveryState.DELIVERED)

    assert found.attempts == 2
    assert "a secret" in caplog.text


@pytest.mark.parametrize(
    ("backoff", "failures", "pause"),
    [(1, 1, 1), (1, 2, 2), (1, 5, 16), (0.5, 3, 2), (1, 5000, 3600), (7200, 3, 7200)],
)
def test_pauses_are_doubled_up_to_an_hour(backoff: float, failures: int, pause: float) -> None:
    assert Patience(9, backoff).pause(failures) == pause


async def test_the_next_attempt_is_told(store: Store, make: Make) -> None:
    make(Receiver(REFUSED), Patience(3, 500)).start()

    (key,) = await put(store)
    found = await found_when(store, key, lambda it: it.attempts)

    assert found.state is DeliveryState.PENDING
    assert found.next_attempt == NOW + timedelta(seconds=500)


async def test_only_so_many_are_posted_at_the_same_time(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Schedule", partial(Schedule, at_once=2))
    receiver = Receiver()
    receiver.hangs.clear()
    make(receiver).start()

    keys = await put(store, *(message() for _ in range(5)))
    await until(lambda: receiver.at_once == 2)
    receiver.hangs.set()
    for key in keys:
        await reaches(store, key, DeliveryState.DELIVERED)

    assert receiver.most_at_once == 2
    assert len(receiver.seen) == 5


async def test_one_that_hangs_does_not_hold_up_another(store: Store, make: Make) -> None:
    receiver = Receiver()
    receiver.hangs.clear()
    make(receiver).start()

    await put(store)
    await until(lambda: receiver.at_once == 1)
    await put(store)

    await until(lambda: receiver.at_once == 2)


async def test_a_receiver_that_hangs_does_not_hold_up_another_however_much_waits_for_it(
    store: Store, make: Make
) -> None:
    receiver = Receiver()
    receiver.hangs.clear()
    make(receiver).start()

    await put(store, *(message("http://dead.example/") for _ in range(100)))
    await until(lambda: receiver.at_once)
    (key,) = await put(store, message("http://quick.example/"))
    await until(lambda: any(each.id == key for each in receiver.seen))

    assert receiver.most_at_once == FOR_ONE_RECEIVER + 1
    receiver.hangs.set()
    await until(lambda: len(receiver.seen) == 101)


async def test_what_is_in_flight_at_the_stop_stays_pending_and_is_resumed(
    store: Store, make: Make
) -> None:
    hanging, next_time = Receiver(), Receiver()
    hanging.hangs.clear()
    first = make(hanging)
    first.start()
    (key,) = await put(store)
    await until(lambda: hanging.at_once == 1)

    await first.stop()
    stopped = await find(store, key)
    make(next_time).start()
    found = await reaches(store, key, DeliveryState.DELIVERED)

    assert (stopped.state, stopped.attempts) == (DeliveryState.PENDING, 0)
    assert (found.attempts, len(next_time.seen)) == (1, 1)


async def test_what_was_put_off_is_put_off_after_a_restart(store: Store, make: Make) -> None:
    late, soon = await put(store, message(), message())
    due = NOW + timedelta(seconds=300)
    await store.write_outbox(lambda outbox: outbox.retry(late, 1, due, error="x", status=None))
    receiver = Receiver()
    make(receiver).start()

    await reaches(store, soon, DeliveryState.DELIVERED)

    assert [each.id for each in receiver.seen] == [soon]


async def test_nothing_is_started_after_the_stop(store: Store, make: Make) -> None:
    receiver = Receiver()
    worker = make(receiver)
    worker.start()
    await worker.stop()

    worker.start()
    (key,) = await put(store)
    await asyncio.sleep(0.05)

    assert (await find(store, key)).state is DeliveryState.PENDING
    assert receiver.seen == []


async def test_starting_twice_posts_once(store: Store, make: Make) -> None:
    receiver = Receiver()
    worker = make(receiver)
    worker.start()
    worker.start()

    (key,) = await put(store)
    await reaches(store, key, DeliveryState.DELIVERED)

    assert len(receiver.seen) == 1


@pytest.mark.parametrize("outcome", [TAKEN, Attempt("gone", final=True)])
async def test_a_finished_one_is_sent_again_on_demand(
    store: Store, make: Make, outcome: Attempt
) -> None:
    receiver = Receiver(outcome, TAKEN)
    worker = make(receiver)
    worker.start()
    (key,) = await put(store)
    await finished(store, key)

    assert await worker.redeliver(key)
    await until(lambda: len(receiver.seen) == 2)
    found = await reaches(store, key, DeliveryState.DELIVERED)

    assert found.attempts == 1


async def test_sending_again_wakes_a_worker_that_was_never_started(
    store: Store, make: Make
) -> None:
    (key,) = await put(store)
    await store.write_outbox(lambda outbox: outbox.give_up(key, 1, NOW, error="x", status=None))
    receiver = Receiver()

    assert await make(receiver).redeliver(key)

    await reaches(store, key, DeliveryState.DELIVERED)
    assert len(receiver.seen) == 1


async def test_pending_and_unknown_ones_are_not_sent_again(store: Store, make: Make) -> None:
    receiver = Receiver(REFUSED)
    worker = make(receiver, Patience(3, 500))
    worker.start()
    (key,) = await put(store)
    await until(lambda: receiver.seen)

    assert not await worker.redeliver(key)
    assert not await worker.redeliver(key + 1)


async def test_one_that_was_deleted_meanwhile_is_not_sent(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Schedule", partial(Schedule, at_once=1))
    receiver = Receiver()
    receiver.hangs.clear()
    make(receiver).start()
    first, gone, last = await put(store, message(), message(), message())
    await until(lambda: receiver.at_once == 1)

    await store.write_outbox(lambda outbox: outbox.remove(gone))
    receiver.hangs.set()
    await reaches(store, last, DeliveryState.DELIVERED)

    assert [each.id for each in receiver.seen] == [first, last]


async def test_a_store_that_fails_for_a_while_loses_nothing(
    store: Store, make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (key,) = await put(store)
    works, failures = store.read_outbox, [OSError("full"), None, OSError("full again")]

    async def read_outbox(work: Callable[..., object]) -> object:
        failure = failures.pop(0) if failures else None
        if failure is not None:
            raise failure
        return await works(work)

    monkeypatch.setattr(store, "read_outbox", read_outbox)
    receiver = Receiver()
    make(receiver).start()

    await until(lambda: receiver.seen)
    found = await reaches(store, key, DeliveryState.DELIVERED)

    assert found.attempts == 1
    assert "the outbox cannot be read" in caplog.text
    assert f"delivery {key} could not be carried out" in caplog.text
