"""Who waits for entries: each is told of the events of its namespace as they happen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence

from ihe_mock_async.errors import IheMockError
from ihe_mock_async.journal.entry import Entry

Fits = Callable[[Entry], bool]

_AT_ONCE = 50
"""Entries that are looked at before others get their turn: some conditions parse the message."""


class JournalClosedError(IheMockError):
    """The server stopped while somebody waited for entries."""


class Waiter:
    """One wait for a number of entries; an entry counts once, and for good.

    What `fits` raises is raised to who waits, never to who tells of an entry.
    """

    def __init__(self, fits: Fits, count: int) -> None:
        self._fits = fits
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._error: Exception | None = None
        self._seen: dict[int, Entry] = {}

    def look_at(self, entry: Entry) -> None:
        """Count the entry if it fits; the wait is over when there are enough."""
        if self._over.done() or entry.sequence in self._seen:
            return
        try:
            fits = self._fits(entry)
        except Exception as error:  # noqa: BLE001 - it is raised to who waits
            self._end(error)
            return
        if fits:
            self._seen[entry.sequence] = entry
            self._end_if_enough()

    async def result(self, earlier: Iterable[Entry], seconds: float) -> Sequence[Entry]:
        """Those that fit by their sequence, when there are enough or time is up.

        Of those `earlier` all count, even when there are more than enough.
        """
        await self._look_back(earlier)
        self._end_if_enough()
        if not self._over.done():
            await asyncio.wait([self._over], timeout=seconds)
        if self._error is not None:
            raise self._error
        return [self._seen[sequence] for sequence in sorted(self._seen)]

    def close(self) -> None:
        """Tell who waits that nothing will come any more; in any thread."""
        error = JournalClosedError("The server stops: no request will come any more.")
        with contextlib.suppress(RuntimeError):  # its loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._end, error)

    async def _look_back(self, earlier: Iterable[Entry]) -> None:
        for number, entry in enumerate(earlier, start=1):
            if self._error is None and entry.sequence not in self._seen and self._fits(entry):
                self._seen[entry.sequence] = entry
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)

    def _end_if_enough(self) -> None:
        if len(self._seen) >= self._count:
            self._end()

    def _end(self, error: Exception | None = None) -> None:
        if not self._over.done():
            self._error = error
            self._over.set_result(None)
