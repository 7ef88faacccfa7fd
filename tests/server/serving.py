"""A real server on a real socket for the tests of `ihe_mock_async.server`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from ihe_mock_async.server import hypercorn, listener
from ihe_mock_async.server.asgi import AsgiApp, Message, Receive, Scope, Send
from ihe_mock_async.server.connections import ServerLimits
from ihe_mock_async.server.tls import TlsMaterial


@dataclass(frozen=True)
class Served:
    port: int
    stop: asyncio.Event
    done: asyncio.Task[None]


@contextlib.asynccontextmanager
async def serving(
    app: AsgiApp,
    *,
    tls: TlsMaterial | None = None,
    http2: bool = False,
    **limits: float,
) -> AsyncIterator[Served]:
    listening = listener.listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    stop = asyncio.Event()
    task = asyncio.create_task(
        hypercorn.serve(
            app,
            sockets=[listening],
            tls=tls,
            http2=http2,
            limits=ServerLimits(**limits),  # type: ignore[arg-type] # some are counts
            shutdown=stop.wait,
        )
    )
    try:
        yield Served(port, stop, task)
    finally:
        stop.set()
        if not task.cancelled():
            await task


@dataclass
class App:
    """Reads the whole body and answers with what it saw; records what happened to it."""

    bodies: list[bytes] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)
    lifespan: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
            return
        self.scopes.append(scope)
        await self.answer(scope, receive, send)

    async def live(self, receive: Receive, send: Send) -> None:
        for stage in ("startup", "shutdown"):
            message = await receive()
            self.lifespan.append(message["type"])
            await send({"type": f"lifespan.{stage}.complete"})

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await self.read(receive)
        await respond(send, b"%s %s" % (scope["path"].encode(), body))

    async def read(self, receive: Receive) -> bytes:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected.set()
                return body
            body += bytes(message["body"])
            if not message["more_body"]:
                self.bodies.append(body)
                return body


async def respond(
    send: Send, body: bytes, status: int = 200, *headers: tuple[bytes, bytes]
) -> None:
    start: Message = {"type": "http.response.start", "status": status, "headers": list(headers)}
    await send(start)
    await send({"type": "http.response.body", "body": body})


def post(body: bytes, path: bytes = b"/x", *fields: bytes) -> bytes:
    lines = [b"POST %s HTTP/1.1" % path, b"Host: localhost", b"Content-Length: %d" % len(body)]
    head: list[bytes] = [*lines, *fields]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def response(self, *, head_only: bool = False) -> tuple[int, dict[str, str], bytes]:
        """One response with a content length (or none at all)."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        line, *lines = head.decode().rstrip("\r\n").split("\r\n")
        fields = {n.lower(): v for n, v in (f.split(": ", 1) for f in lines)}
        length = 0 if head_only else int(fields.get("content-length", "0"))
        return int(line.split()[1]), fields, await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """Everything up to the server's end of the connection."""
        return await self.reader.read()

    def shut_writing(self) -> None:
        self.writer.write_eof()

    @property
    def socket(self) -> socket.socket:
        found: socket.socket = self.writer.get_extra_info("socket")
        return found


@contextlib.asynccontextmanager
async def connected(port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=tls, server_hostname="localhost" if tls else None
    )
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
