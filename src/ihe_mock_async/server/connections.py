"""What all connections of a listener share: limits, the cap on their number, the drain."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

_LOG = logging.getLogger("ihe_mock_async.server")


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What one client may cost the server; all times in seconds."""

    connections: int = 1000
    """Open at once; one more is accepted and answered 503 with Retry-After, not left hanging."""
    header_bytes: int = 64 * 1024
    """Request line and header fields together; above: 431."""
    body_buffer: int = 512 * 1024
    """Of a request body, read ahead of the application; then TCP slows the client down."""
    keep_alive: float = 75.0
    """How long a connection may stay open between requests."""
    read_timeout: float = 30.0
    """For a whole header block, and for each KiB of a body that the application waits for: 408.

    It does not run while the application works or the response is sent.
    """
    send_timeout: float = 30.0
    """In which a client must have read at least something of its response, or is cut off."""
    drain_timeout: float = 30.0
    """For requests in flight at the shutdown; then they are cancelled."""
    sweep_delay: float = 0.05
    """In which the drain notices requests that are in a socket's buffer already."""
    handshake_timeout: float = 15.0
    """For the TLS handshake."""


class Connection(Protocol):
    """One open connection, as the drain sees it."""

    def drain(self) -> None:
        """Close when idle, else after the response in flight."""

    def cut(self) -> None:
        """Cancel the application and close without a word."""


class Connections:
    """The open connections of one server, counted, and drained at its shutdown."""

    def __init__(self, limits: ServerLimits) -> None:
        self.limits = limits
        self.stopping = asyncio.Event()
        """Set when the drain begins."""
        self._open: set[Connection] = set()
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def draining(self) -> bool:
        """Whether the server was told to stop."""
        return self.stopping.is_set()

    def admit(self, connection: Connection) -> bool:
        """Register a connection until `remove`; False when it is one too many."""
        if len(self._open) >= self.limits.connections:
            return False
        self._open.add(connection)
        return True

    def remove(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._open.discard(connection)

    def drain(self) -> None:
        """Let requests in flight finish, close the rest; cut what is left after the timeout."""
        self.stopping.set()
        loop = asyncio.get_running_loop()
        self._timers = [
            loop.call_later(self.limits.sweep_delay, self._sweep),
            loop.call_later(self.limits.drain_timeout, self._cut),
        ]

    def release(self) -> None:
        """Cancel the drain's timers once everything is closed."""
        for timer in self._timers:
            timer.cancel()

    def _sweep(self) -> None:
        for connection in tuple(self._open):
            connection.drain()

    def _cut(self) -> None:
        if self._open:
            _LOG.warning(
                "%d connections were still busy %g s after the shutdown began and are cut",
                len(self._open),
                self.limits.drain_timeout,
            )
        for connection in tuple(self._open):
            connection.cut()


class Deadline:
    """A timer that is moved for every request and costs next to nothing when it never fires.

    Moving it back is two assignments: the pending timer finds out when it wakes.
    """

    __slots__ = ("_action", "_at", "_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._at: float | None = None
        self._action: Callable[[], Any] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float, action: Callable[[], Any]) -> None:
        """Call `action` in so many seconds, instead of what was due before."""
        self._at = at = self._loop.time() + seconds
        self._action = action
        if self._timer is None:
            self._timer = self._loop.call_at(at, self._wake)
        elif self._timer.when() > at:
            self._timer.cancel()
            self._timer = self._loop.call_at(at, self._wake)

    def clear(self) -> None:
        """Nothing is due."""
        self._at = None

    def cancel(self) -> None:
        """Nothing will ever be due again."""
        self._at = self._action = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        timer, self._timer = self._timer, None
        if self._at is None or timer is None:
            return
        if self._at > timer.when():
            self._timer = self._loop.call_at(self._at, self._wake)
            return
        self._at = None
        if self._action is not None:
            self._action()
