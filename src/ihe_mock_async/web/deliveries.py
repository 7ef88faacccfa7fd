"""Delivers what is in the outbox: soon, again when it fails, and never twice at a time.

What is pending survives a restart. Waiting goes by the event loop's time: the clock of the
affinity domain may stand still. Nothing is promised about the order of two deliveries, but that
a receiver which hangs or fails does not keep those to others waiting.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from ihe_mock_async.findings import one_line
from ihe_mock_async.store import DeliveryState
from ihe_mock_async.web.posting import Attempt
from ihe_mock_async.web.schedule import Due, Schedule, receiver_of

if TYPE_CHECKING:
    from ihe_mock_async.store import Delivery, Store
    from ihe_mock_async.web.clock import Clock

logger = logging.getLogger("ihe_mock_async.deliveries")

LONGEST_PAUSE = 3600.0
"""Seconds between two attempts at most, unless the first pause is longer already."""

Post = Callable[["Delivery", bytes], Awaitable[Attempt]]
"""Sends a message with its envelope once."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a delivery is attempted, and how long the pauses are."""

    attempts: int = 5
    backoff: float = 1.0
    """Seconds after the first failure; doubled after each further one."""

    def pause(self, failures: int) -> float:
        """Seconds after so many failures, one or more."""
        # Bounded before the power: 2 ** attempts need not be a float.
        return min(self.backoff * 2.0 ** min(failures - 1, 60), max(LONGEST_PAUSE, self.backoff))


class Deliveries:
    """Works through the outbox of a store, from `start` to `stop`, in one event loop."""

    def __init__(self, store: Store, clock: Clock, post: Post, patience: Patience) -> None:
        self._store = store
        self._clock = clock
        self._post = post
        self._patience = patience
        self._schedule = Schedule()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._news = True
        self._newest = 0
        self._worker: asyncio.Task[None] | None = None
        self._stopped = False

    def start(self) -> None:
        """Begin in the running event loop; nothing happens when it has begun already."""
        if self._stopped or (self._worker is not None and not self._worker.done()):
            return
        loop = asyncio.get_running_loop()
        self._store.on_enqueued(partial(_call_in, loop, self._tell))
        self._worker = loop.create_task(self._work(), name="deliveries")

    async def stop(self) -> None:
        """Cancel what is in flight, which stays pending; it cannot be started again."""
        self._stopped = True
        self._store.on_enqueued(None)
        tasks = [*self._in_flight, *([self._worker] if self._worker else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def redeliver(self, delivery: int) -> bool:
        """Send a finished one again, as if it were new; False when it is pending or unknown."""
        now = self._clock.now()
        again = await self._store.write_outbox(
            lambda outbox: outbox.find(delivery) if outbox.redeliver(delivery, now) else None
        )
        if again is None:
            return False
        self.start()
        self._put(delivery, receiver_of(again.to), 0)
        return True

    # ------------------------------------------------ when

    def _tell(self) -> None:
        """There are new ones in the outbox."""
        self._news = True
        self._woken.set()

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            if self._news:
                await self._take_up()
            self._begin()
            await self._sleep()

    async def _take_up(self) -> None:
        self._news = False
        try:
            pending = await self._store.read_outbox(lambda outbox: outbox.pending(self._newest))
        except Exception:
            logger.exception("the outbox cannot be read; it is tried again")
            asyncio.get_running_loop().call_later(self._patience.backoff, self._tell)
            return
        now = self._clock.now()
        for delivery, due, to in pending:
            self._newest = delivery
            # What an earlier run has put off; its clock need not have been ours.
            rest = (due - now).total_seconds()
            self._put(delivery, receiver_of(to), min(max(rest, 0), LONGEST_PAUSE))

    def _put(self, delivery: int, receiver: str, pause: float) -> None:
        at = asyncio.get_running_loop().time() + pause
        if self._schedule.add(Due(at, delivery, receiver)):
            self._woken.set()

    def _begin(self) -> None:
        for due in self._schedule.take(asyncio.get_running_loop().time()):
            task = asyncio.create_task(self._attempt(due), name=f"delivery {due.delivery}")
            self._in_flight.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._woken.set()

    async def _sleep(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._schedule.next_time()):
                await self._woken.wait()

    # ------------------------------------------------ one attempt

    async def _attempt(self, due: Due) -> None:
        delivery = due.delivery
        try:
            pause = await self._deliver(delivery)
        except Exception:
            # The store cannot be used, say. The attempt does not count, and is made again.
            logger.exception("delivery %d could not be carried out; it is tried again", delivery)
            pause = self._patience.backoff
        self._schedule.landed(due)
        if pause is not None:
            self._put(delivery, due.receiver, pause)

    async def _deliver(self, number: int) -> float | None:
        """Attempt it once; the seconds until it is attempted again, None: it is not."""
        delivery, envelope = await self._store.read_outbox(
            lambda outbox: (outbox.find(number), outbox.envelope(number))
        )
        if delivery is None or delivery.state is not DeliveryState.PENDING:
            return None
        started = perf_counter()
        attempt = await self._posted(delivery, envelope)
        milliseconds = (perf_counter() - started) * 1000
        if attempt.error:
            return await self._failed(delivery, attempt, milliseconds)
        await self._succeeded(delivery, attempt, milliseconds)
        return None

    async def _posted(self, delivery: Delivery, envelope: bytes) -> Attempt:
        try:
            return await self._post(delivery, envelope)
        except Exception:
            logger.exception("failed on delivery %d", delivery.id)
            return Attempt("this server failed; its log says why")

    async def _succeeded(self, delivery: Delivery, attempt: Attempt, milliseconds: float) -> None:
        attempts, now = delivery.attempts + 1, self._clock.now()
        await self._store.write_outbox(
            lambda outbox: outbox.delivered(delivery.id, attempts, now, attempt.status or 0)
        )
        logger.info(
            "%s delivered: HTTP %s, attempt %d, %.1f ms",
            _Described(delivery),
            attempt.status,
            attempts,
            milliseconds,
        )

    async def _failed(
        self, delivery: Delivery, attempt: Attempt, milliseconds: float
    ) -> float | None:
        attempts, now = delivery.attempts + 1, self._clock.now()
        error, status = one_line(attempt.error), attempt.status
        if attempt.final or attempts >= self._patience.attempts:
            await self._store.write_outbox(
                lambda outbox: outbox.give_up(
                    delivery.id, attempts, now, error=error, status=status
                )
            )
            outcome, pause = "dead", None
        else:
            pause = self._patience.pause(attempts)
            due = now + timedelta(seconds=pause)
            await self._store.write_outbox(
                lambda outbox: outbox.retry(delivery.id, attempts, due, error=error, status=status)
            )
            outcome = f"failed, next attempt in {pause:g} s"
        logger.warning(
            "%s %s: %s, attempt %d of %d, %.1f ms",
            _Described(delivery),
            outcome,
            error,
            attempts,
            max(attempts, self._patience.attempts),
            milliseconds,
        )
        return pause


def _call_in(loop: asyncio.AbstractEventLoop, tell: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop is closed: what was put in stays pending
        loop.call_soon_threadsafe(tell)


class _Described:
    """A delivery in a log line, made into text where that is written."""

    __slots__ = ("_delivery",)

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def __str__(self) -> str:
        delivery = self._delivery
        transaction = delivery.transaction or "-"
        return one_line(f"{transaction} {delivery.kind} {delivery.id} to {delivery.to}")
