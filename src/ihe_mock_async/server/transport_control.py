"""What an application may do to its connection besides answering: faults on demand.

Found as `scope["extensions"]["ihe_mock.transport"]` on HTTP/1.1 connections.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ihe_mock_async.server.http11 import Http11Connection
    from ihe_mock_async.server.request_cycle import RequestCycle

EXTENSION: Final = "ihe_mock.transport"


class TransportControl:
    """One request's hold on its connection.

    After `write_raw`, `close`, `abort_rst` or `ignore_input` the connection belongs to the
    caller: ASGI messages are ignored, and it is closed at the latest when the application
    returns. They raise `RuntimeError` once the ordinary response is complete.
    """

    __slots__ = ("_connection", "_cycle")

    def __init__(self, connection: Http11Connection, cycle: RequestCycle) -> None:
        self._connection = connection
        self._cycle = cycle

    def write_raw(self, data: bytes) -> None:
        """Send exactly these octets, whatever HTTP says; see `drain` for large ones."""
        self._cycle.take_over()
        self._connection.write([data])

    async def drain(self) -> None:
        """Wait until the client has read enough for more to be written."""
        await self._connection.outflow.drain()

    def close(self) -> None:
        """Send what was written and an orderly end (FIN); nothing written = empty response."""
        self._cycle.take_over()
        self._connection.close()

    def abort_rst(self) -> None:
        """Reset the connection (RST) at once; what was not sent yet is lost."""
        self._cycle.take_over()
        self._connection.reset()

    def ignore_input(self) -> None:
        """Throw away what the client still sends: unread, it would hide the end behind it."""
        self._cycle.take_over()
        self._connection.ignore_input()

    async def peer_gone(self) -> None:
        """Return as soon as the client closes its side.

        On plain TCP that may be a half-close of a client that still reads: `http.disconnect`
        comes only when the connection is lost. Meant for faults that hang until given up on.
        """
        await self._connection.peer_finished.wait()

    async def given_up(self) -> None:
        """Return as soon as the client closes its side, or the server is told to stop."""
        events = (self._connection.peer_finished, self._connection.stopping)
        waiting = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for future in waiting:
                future.cancel()
