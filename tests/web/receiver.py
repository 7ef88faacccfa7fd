"""A real HTTP server in this event loop, for what is posted to it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

LIMIT = 10


@dataclass(frozen=True)
class Posted:
    """A request that has arrived."""

    line: str
    headers: dict[str, str]
    body: bytes
    client_certificate: object = None


@dataclass
class Receiver:
    """What arrived, and what is answered: status line and body, the last one for ever."""

    answers: list[tuple[str, bytes]]
    url: str = ""
    posted: list[Posted] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *fields = head.strip().split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (f.partition(":") for f in fields)}
            body = await reader.readexactly(int(headers["content-length"]))
            certificate = writer.get_extra_info("peercert")
            self.posted.append(Posted(line, headers, body, certificate))
            status, content = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
            if status:
                start = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n"
                writer.write(start.encode() + content)
                await writer.drain()

    async def has(self, count: int) -> Sequence[Posted]:
        """What was posted, as soon as there are so many."""
        async with asyncio.timeout(LIMIT):
            while True:
                if len(self.posted) >= count:
                    return self.posted
                await asyncio.sleep(0.002)


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The URL of a server on a free port; at the end every connection is closed."""
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await handler(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    # It ends with the last connection, also one whose handshake fails. Asked before `close`:
    # Python 3.11 does not wait for anybody who asks behind it.
    ended = asyncio.ensure_future(server.wait_closed())
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        await asyncio.wait({ended, *running}, timeout=LIMIT)


@asynccontextmanager
async def receiving(
    *answers: tuple[str, bytes], tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver(list(answers) or [("202 Accepted", b"")])
    async with serving(receiver.serve, tls) as url:
        receiver.url = f"{url}answers"
        yield receiver
