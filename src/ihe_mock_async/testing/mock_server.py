"""`MockServer`: a whole affinity domain inside of a test, ready in milliseconds.

::

    with MockServer() as server:
        send(server.url_for("ITI-41"))

    async with MockServer() as server:
        await send(server.url_for("ITI-41"))

Loopback, any free port, everything in memory; nothing is left of it at the end of the block. The
synchronous form serves in a thread of its own, the asynchronous one in the running event loop.
"""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Any, Self

from ihe_mock_async.testing.options import ServerOptions
from ihe_mock_async.testing.running import InLoop, InThread


class MockServer:
    """A server for the length of a `with` or `async with` block; it can be started again.

    Keyword arguments are settings by their names (`validation="report"`, `services=["ofd"]`,
    ...), besides `clock` (a time that stands still), `seed` (reproducible ids) and `tls` (https,
    with a CA of its own). Wrong ones raise `SettingsError` when the block is entered.
    """

    def __init__(
        self,
        *,
        tls: bool = False,
        clock: datetime | str | None = None,
        seed: int | None = None,
        **settings: Any,  # noqa: ANN401 - each setting has its own type, checked when it starts
    ) -> None:
        self._options = ServerOptions.read(clock, seed, settings, tls=tls)
        self._thread: InThread | None = None
        self._loop: InLoop | None = None

    def __enter__(self) -> Self:
        """Start it; returns when requests are answered."""
        self._thread = InThread.start(self._options)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it; requests in flight have a quarter of a second."""
        if self._thread is not None:
            self._thread.stop()

    async def __aenter__(self) -> Self:
        """Start it in the running loop."""
        self._loop = await InLoop.start(self._options)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it."""
        if self._loop is not None:
            await self._loop.stop()

    @property
    def url(self) -> str:
        """Its base URL, without a slash at the end."""
        running = self._thread or self._loop
        if running is None:
            raise RuntimeError("The server is not running: use `with MockServer() as server:`.")
        return running.site.url
