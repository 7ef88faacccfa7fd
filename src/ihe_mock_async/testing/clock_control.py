"""The server's clock in the hands of a test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ihe_mock_async.testing.running import Running


class ClockControl:
    """Reads and moves the time of all worlds of a server; times without a zone are UTC.

    Time windows of faults, quotas and expiries go by it; delays take real time.
    """

    def __init__(self, running: Running) -> None:
        self._running = running
        self._clock = running.site.app.services.clock

    def now(self) -> datetime:
        """Its time, aware, UTC."""
        return self._running.call(self._clock.now)

    def advance(self, by: timedelta | float) -> None:
        """Move it forward, or back (negative); a number is in seconds."""
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        self._do(lambda: self._clock.advance(step))

    def set(self, now: datetime) -> None:
        """Make it another time; whether it runs or stands still stays as it was."""
        self._do(lambda: self._clock.set(now))

    def freeze(self, at: datetime | None = None) -> None:
        """Let it stand still, now or at another time."""
        self._do(lambda: self._clock.freeze(at))

    def run(self) -> None:
        """Let it run on from the time that it shows."""
        self._do(self._clock.run)

    def _do(self, step: Callable[[], None]) -> None:
        self._running.call(step)
