"""Hypercorn as our HTTP server, and the only place that touches its private seams.

Hypercorn keeps the accept loop, the TLS streams, the ASGI lifespan and HTTP/2. HTTP/1.1
connections are handed to `http11.Http11Connection`, because Hypercorn 0.18 cancels the handler
of a client that half-closes, runs its read timeout while the handler works, ignores its
graceful timeout on Python 3.12 and later, and spends a third of a small request on timers.

The seams are `hypercorn.asyncio.run.TCPServer` (replaced), `worker_serve` with its `sockets`,
`Config.ssl_enabled` and `Config.create_ssl_context` (overridden), and `TCPServer.run` and
`TCPServer.protocol_send` (overridden); a contract test watches them.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from socket import socket
from typing import Any

import hypercorn.asyncio.run
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config, Sockets
from hypercorn.events import Event, Updated

from ihe_mock_async.server.asgi import AsgiApp
from ihe_mock_async.server.connections import Connections, ServerLimits
from ihe_mock_async.server.http11 import Http11Connection
from ihe_mock_async.server.listener import BACKLOG
from ihe_mock_async.server.tls import TlsMaterial

_FAREWELL = 0.5
"""Seconds between looks whether Hypercorn has closed an HTTP/2 connection."""
_AFTER_THE_DRAIN = 5.0
"""Seconds that Hypercorn waits longer than our drain, which is the one that counts."""


async def serve(  # noqa: PLR0913 - each is a keyword that every caller states
    app: AsgiApp,
    *,
    sockets: Sequence[socket],
    plain_sockets: Sequence[socket] = (),
    tls: TlsMaterial | None = None,
    limits: ServerLimits | None = None,
    shutdown: Callable[[], Awaitable[object]],
    http2: bool = False,
) -> None:
    """Serve an ASGI application on listening sockets until `shutdown()` returns.

    Then accepting stops at once, idle connections are closed, requests in flight get
    `limits.drain_timeout` seconds to finish, and the application's lifespan ends. With `tls`,
    all `sockets` speak TLS, and `plain_sockets` do not; `http2` offers it by ALPN besides
    HTTP/1.1. The sockets are closed at the end. Several servers may run in one process.
    """
    connections = Connections(limits or ServerLimits())
    config = _ServerConfig(app, connections, tls, http2=http2)

    async def drain_at_shutdown() -> None:
        try:
            await shutdown()
        finally:  # also when serving is cancelled: from here on Hypercorn waits for connections
            connections.drain()

    wrapped = ASGIWrapper(app)  # type: ignore[arg-type] # its messages are typed, ours are plain
    hypercorn.asyncio.run.TCPServer = _TcpServer  # type: ignore[attr-defined] # falls through to Hypercorn's own for other configurations
    try:
        await hypercorn.asyncio.run.worker_serve(
            wrapped,
            config,
            sockets=Sockets(
                secure_sockets=list(sockets) if tls else [],
                insecure_sockets=[*plain_sockets, *(() if tls else sockets)],
                quic_sockets=[],
            ),
            shutdown_trigger=drain_at_shutdown,
        )
    finally:
        connections.release()


class _ServerConfig(Config):
    """Hypercorn's configuration, with what our connections need to know."""

    def __init__(
        self, app: AsgiApp, connections: Connections, tls: TlsMaterial | None, *, http2: bool
    ) -> None:
        limits = connections.limits
        self.app = app
        self.connections = connections
        self.tls = tls
        self.alpn_protocols = ["h2", "http/1.1"] if http2 else ["http/1.1"]
        self.backlog = BACKLOG
        self.errorlog = logging.getLogger("ihe_mock_async.server.hypercorn")
        self.errorlog.setLevel(logging.WARNING)  # it announces the address, which is our task
        self.graceful_timeout = limits.drain_timeout + _AFTER_THE_DRAIN
        self.h2_max_header_list_size = limits.header_bytes
        self.include_server_header = False
        self.keep_alive_timeout = limits.keep_alive
        self.ssl_handshake_timeout = limits.handshake_timeout

    @property
    def ssl_enabled(self) -> bool:
        return self.tls is not None

    def create_ssl_context(self) -> ssl.SSLContext | None:
        if self.tls is None:
            return None
        self.tls.context.set_alpn_protocols(self.alpn_protocols)
        return self.tls.context


class _TcpServer(TCPServer):
    """One accepted connection, from the handshake to the close."""

    _http2: _Http2Connection | None = None

    async def protocol_send(self, event: Event) -> None:
        # A cancelled application still reports that its stream is idle, and Hypercorn would
        # start a timer in a task group that takes no more tasks.
        if isinstance(event, Updated) and self._http2 is not None and self._http2.is_cut:
            return
        await super().protocol_send(event)

    async def run(self) -> None:
        config = self.config
        if not isinstance(config, _ServerConfig):
            await super().run()
            return
        ssl_object = self.writer.get_extra_info("ssl_object")
        if ssl_object is not None and ssl_object.selected_alpn_protocol() == "h2":
            await self._run_http2(config.connections)
            return
        connection = Http11Connection(config.app, config.connections, self.state)
        # What came with the end of a TLS handshake stands in the reader already; after the
        # artificial end of file reading does not wait.
        self.reader.feed_eof()
        early = await self.reader.read()
        await connection.run(self.writer.transport, early)

    async def _run_http2(self, connections: Connections) -> None:
        self._http2 = connection = _Http2Connection(self.writer.transport)
        if not connections.admit(connection):
            self.writer.transport.abort()
            return
        try:
            await connection.run(super().run())
        finally:
            connections.remove(connection)


class _Http2Connection:
    """Hypercorn drains its own protocol; only the cut at the end of the drain is ours."""

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport
        self._task: asyncio.Task[None] | None = None
        self.is_cut = False

    async def run(self, serving: Coroutine[Any, Any, None]) -> None:
        """Serve in a task of its own: Hypercorn fails when the one that it knows is cancelled."""
        self._task = asyncio.create_task(serving)
        try:
            await asyncio.wait([self._task])
        finally:
            self.cut()

    def drain(self) -> None:
        """Hypercorn closes it when it is idle; do not wait 30 s for the client's close_notify."""
        if self._transport.is_closing():
            self._transport.abort()
        else:
            asyncio.get_running_loop().call_later(_FAREWELL, self.drain)

    def cut(self) -> None:
        """Cancel the applications of all its streams and close without a word."""
        self.is_cut = True
        if self._task is not None:
            self._task.cancel()
        self._transport.abort()
