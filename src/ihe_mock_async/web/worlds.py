"""Worlds: namespaces that come with their first use, and go when nobody needs them any more.

All that belongs to one is deleted together: patients, documents and deliveries in the store, the
journal's entries, fault plans, and what others have told to forget by a hook.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ihe_mock_async.faults.picker import Faults
    from ihe_mock_async.journal.ledger import Journal
    from ihe_mock_async.store import Store
    from ihe_mock_async.web.clock import Clock, IdSource

logger = logging.getLogger("ihe_mock_async.worlds")

DEFAULT = ""
"""The world of requests that name none; it is reset, but never deleted."""
LONGEST_NAP = 60.0
"""Seconds between two looks for worlds that nobody uses: the clock may be set meanwhile."""


@dataclass(frozen=True, slots=True)
class World:
    """What is known of a world, for lists."""

    name: str
    patients: int
    documents: int
    deliveries: int
    entries: int
    """Requests that the journal remembers."""
    plans: int
    last_used: datetime | None
    """None: not since the server was started."""
    expires: datetime | None
    """When it is deleted unless it is used; None: never."""


class Worlds:
    """The worlds of one server; used in the event loop's thread only."""

    def __init__(  # noqa: PLR0913 - all that a world is spread over
        self,
        store: Store,
        journal: Journal,
        faults: Faults,
        *,
        ids: IdSource,
        clock: Clock,
        idle_seconds: float = 0.0,
    ) -> None:
        """A world that is not used for `idle_seconds` is deleted; 0: none ever is."""
        self.forgetting: list[Callable[[str], object]] = []
        """Called with the name of a world whose state goes; they forget what they know of it."""
        self._store = store
        self._journal = journal
        self._faults = faults
        self._ids = ids
        self._clock = clock
        self._idle = timedelta(seconds=idle_seconds)
        self._used: dict[str, datetime] = {}
        self._in_flight: Counter[str] = Counter()
        self._sweeper: asyncio.Task[None] | None = None

    # ------------------------------------------------ use

    def enter(self, name: str, now: datetime) -> None:
        """A request has come for a world, which exists from now on."""
        self._used[name] = now
        self._in_flight[name] += 1

    def leave(self, name: str) -> None:
        """A request is over."""
        if self._in_flight[name] > 1:
            self._in_flight[name] -= 1
        else:
            del self._in_flight[name]

    def touch(self, name: str) -> None:
        """Use a world for an instant, as the admin API does."""
        self._used[name] = self._clock.now()

    # ------------------------------------------------ looking

    async def all(self) -> list[World]:
        """Every world, the default one first, then by name; raises `StoreError`."""
        names = {
            DEFAULT,
            *self._used,
            *self._journal.namespaces(),
            *self._faults.namespaces(),
            *await self._store.namespaces(),
        }
        return [await self._describe(name) for name in sorted(names)]

    async def find(self, name: str) -> World | None:
        """One world; raises `StoreError`."""
        if not await self.knows(name):
            return None
        return await self._describe(name)

    async def knows(self, name: str) -> bool:
        """Whether there is such a world; raises `StoreError`."""
        return (
            name == DEFAULT
            or name in self._used
            or name in self._journal.namespaces()
            or name in self._faults.namespaces()
            or name in await self._store.namespaces()
        )

    async def _describe(self, name: str) -> World:
        counts = await self._store.counts(name)
        used = self._used.get(name)
        expires = used + self._idle if used and self._idle and name != DEFAULT else None
        return World(
            name=name,
            patients=counts.patients,
            documents=counts.documents,
            deliveries=counts.deliveries,
            entries=len(self._journal.entries(name)) if self._journal.is_on else 0,
            plans=len(self._faults.plans(name)),
            last_used=used,
            expires=expires,
        )

    # ------------------------------------------------ forgetting

    async def delete(self, name: str) -> bool:
        """Delete a world with all that is in it; False when there was none.

        Raises `StoreError`, and `ValueError` for the default world, which can only be reset.
        """
        if name == DEFAULT:
            raise ValueError("the default world cannot be deleted, only reset")
        existed = await self.knows(name)
        await self._forget(name)
        return existed

    async def reset(self, name: str, *, keep_state: bool = False) -> None:
        """Make a world as it was at its first use; raises `StoreError`.

        With `keep_state` patients, documents and deliveries stay, and so do the ids that a seed
        has given; entries, fault plans and the state of companion services go.
        """
        if keep_state:
            self._forget_evidence(name)
        else:
            await self._forget(name)
        self.touch(name)

    async def _forget(self, name: str) -> None:
        await self._store.delete_namespace(name)
        self._forget_evidence(name)
        self._ids.forget(name)
        self._used.pop(name, None)

    def _forget_evidence(self, name: str) -> None:
        self._journal.drop(name)
        self._faults.clear(name)
        for forget in self.forgetting:
            forget(name)

    # ------------------------------------------------ expiry

    async def start(self) -> None:
        """Begin to look for worlds that nobody uses; those in the store count as used now."""
        if not self._idle or self._sweeper is not None:
            return
        await self._meet_those_of_the_store()
        self._sweeper = asyncio.get_running_loop().create_task(
            self._keep_sweeping(), name="worlds"
        )

    async def stop(self) -> None:
        """Look no more."""
        sweeper, self._sweeper = self._sweeper, None
        if sweeper is not None:
            sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await sweeper

    async def _meet_those_of_the_store(self) -> None:
        now = self._clock.now()
        for name in await self._store.namespaces():
            self._used.setdefault(name, now)

    async def sweep(self) -> list[str]:
        """Delete the worlds that are unused for too long; their names. Raises `StoreError`."""
        if not self._idle:
            return []
        # What was still at work in a world that was deleted may have stored something.
        await self._meet_those_of_the_store()
        oldest = self._clock.now() - self._idle
        gone = []
        for name in [name for name, used in self._used.items() if used <= oldest]:
            # It may have been used while another one was being deleted.
            if name != DEFAULT and self._is_idle(name, oldest):
                await self._forget(name)
                gone.append(name)
                logger.info("namespace %s was deleted: nobody has used it", name)
        return gone

    def _is_idle(self, name: str, oldest: datetime) -> bool:
        used = self._used.get(name)
        return used is not None and used <= oldest and name not in self._in_flight

    async def _keep_sweeping(self) -> None:
        while True:
            await asyncio.sleep(min(LONGEST_NAP, self._idle.total_seconds()))
            try:
                await self.sweep()
            except Exception:
                logger.exception("unused namespaces could not be deleted; it is tried again")
