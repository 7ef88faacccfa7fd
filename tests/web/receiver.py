"""A real HTTP server in this event loop, for what is posted to it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
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
        """Answer one request, then close the connection."""
        try:
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
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def has(self, count: int) -> Sequence[Posted]:
        """What was posted, as soon as there are so many."""
        async with asyncio.timeout(LIMIT):
            while True:
                if len(self.posted) >= count:
                    return self.posted
                await asyncio.sleep(0.002)


@asynccontextmanager
async def receiving(
    *answers: tuple[str, bytes], tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver(list(answers) or [("202 Accepted", b"")])
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    receiver.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/answers"
    async with server:
        yield receiver
