"""`MockServer`: a whole affinity domain inside of a test, ready in milliseconds.

::

    with MockServer() as server:
        send(server.url_for("ITI-41"))
        server.assert_called("ITI-41", times=1)

    async with MockServer() as server:
        await send(server.url_for("ITI-41"))
        await server.wait_for("ITI-41")

Loopback, any free port, everything in memory; nothing is left of it at the end of the block. The
synchronous form serves in a thread of its own, the asynchronous one in the running event loop.
"""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ihe_mock_async.testing.clock_control import ClockControl
from ihe_mock_async.testing.companion import CompanionService
from ihe_mock_async.testing.effects import EffectLike
from ihe_mock_async.testing.options import ServerOptions
from ihe_mock_async.testing.running import InLoop, InThread
from ihe_mock_async.testing.world import AsyncWorld, World

if TYPE_CHECKING:
    from ihe_mock_async.testing.running import Running
    from ihe_mock_async.testing.trust import Trust


class _Server:
    """What both forms of a running server have besides its default world."""

    _running: Running

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._running.site.port

    @property
    def clock(self) -> ClockControl:
        """Its clock, that of all worlds."""
        return ClockControl(self._running)

    # ------------------------------------------------------------ TLS

    @property
    def ca_path(self) -> Path:
        """The CA that its certificate is signed by, PEM; gone when the server has stopped."""
        return self._trust.ca_path

    @property
    def client_cert(self) -> tuple[Path, Path]:
        """Certificate and key of a client that it trusts, PEM; gone when it has stopped."""
        return self._trust.client_cert

    def ssl_context(self, *, client_certificate: bool = True) -> ssl.SSLContext:
        """What a client connects with: trusts the server, shows a certificate if it is asked."""
        return self._trust.client_context(with_certificate=client_certificate)

    @property
    def _trust(self) -> Trust:
        trust = self._running.site.trust
        if trust is None:
            raise RuntimeError("The server speaks plain HTTP: start it with MockServer(tls=True).")
        return trust

    # ------------------------------------------------------------ the one companion service

    def set_failure_count(self, n: int, effect: EffectLike = 503) -> None:
        """As `CompanionService.set_failure_count`, when there is exactly one service."""
        self._the_service.set_failure_count(n, effect)

    def set_permanent_failure(self, effect: EffectLike = 503) -> None:
        """As `CompanionService.set_permanent_failure`, when there is exactly one service."""
        self._the_service.set_permanent_failure(effect)

    def set_success(self) -> None:
        """As `CompanionService.set_success`, when there is exactly one service."""
        self._the_service.set_success()

    def get_received_receipts(self) -> list[Any]:
        """As `CompanionService.get_received_receipts`, when there is exactly one service."""
        return self._the_service.get_received_receipts()

    def get_call_count(self) -> int:
        """As `CompanionService.get_call_count`, when there is exactly one service."""
        return self._the_service.get_call_count()

    @property
    def _the_service(self) -> CompanionService:
        services = self._running.site.services
        if len(services) != 1:
            there = f"it has {', '.join(services)}" if services else "it has none"
            raise RuntimeError(
                f'Which companion service is meant? Ask server.service("NAME"); {there}.'
            )
        return CompanionService(self._running, "", services[0])


class AsyncMockServer(_Server, AsyncWorld):
    """A running server as code in its event loop sees it; what `async with MockServer()` gives."""


class MockServer(_Server, World):
    """A server for the length of a `with` or `async with` block; it can be started again.

    Keyword arguments are settings by their names (`validation="report"`, `services=["ofd"]`,
    ...), besides `clock` (a time that stands still), `seed` (reproducible ids) and `tls` (https,
    with a CA of its own). Wrong ones raise `SettingsError` when the block is entered.

    What a test asks it for is about the default world; `namespace` gives others. After the block
    what was recorded can still be asked for.
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
        self._namespace = ""
        self._thread: InThread | None = None
        self._loop: InLoop | None = None

    @property
    def _running(self) -> InThread:  # type: ignore[override]  # what World knows it as
        if self._thread is None:
            raise RuntimeError("The server is not running: use `with MockServer() as server:`.")
        return self._thread

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
        self._running.stop()

    async def __aenter__(self) -> AsyncMockServer:
        """Start it in the running event loop; returns when requests are answered."""
        self._loop = await InLoop.start(self._options)
        return AsyncMockServer(self._loop)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it; requests in flight have a quarter of a second."""
        if self._loop is not None:
            await self._loop.stop()
