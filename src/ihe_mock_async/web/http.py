"""One HTTP request and its response, free of any framework."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ihe_mock_async.faults.effects import ConnectionFault


class ClientGoneError(Exception):
    """The client closed the connection before the end of its request: nobody to answer."""


async def _never() -> None:
    await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose body is pulled: nothing is read until somebody asks for it."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Lower-case names; fields sent several times are joined with a comma."""
    body: AsyncIterator[bytes]
    """Raises `ClientGoneError`."""
    client: str = ""
    """`address:port` of the peer."""
    tls_subject: str = ""
    """Subject of the client certificate, or an empty text."""
    namespace: str = ""
    scheme: str = "http"
    target: str = ""
    """Path and query as sent, percent-encoded."""
    raw_headers: Sequence[tuple[bytes, bytes]] = ()
    """The header fields one by one, in their order."""
    gone: Callable[[], Awaitable[None]] = _never
    """Returns when the client has closed its side; what is left of the body is read meanwhile."""


class BodyStream(Protocol):
    """Octets of a response that are not in memory; their number is known before they are read."""

    @property
    def length(self) -> int:
        """How many octets there are."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The octets, once more from the start at every call; OSError when they cannot be read."""
        ...

    def close(self) -> None:
        """Let go of what is open; may be called again."""
        ...


@dataclass(frozen=True, slots=True)
class Manner:
    """How a response goes out: at once and whole, unless a fault wants it otherwise."""

    fault: ConnectionFault | None = None
    """What happens to the connection; only TRUNCATE sends some of the response."""
    garbage: bytes = b""
    """What is sent by the connection faults that send garbage."""
    chunks: int = 0
    """In so many pieces ..."""
    seconds: float = 0.0
    """... over so long a time."""


ORDINARY = Manner()


@dataclass(frozen=True, slots=True)
class Response:
    """A response; `Content-Length` is added by the adapter, which closes it, too."""

    status: int
    body: bytes
    """All of it, or what stands in front of `rest`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    rest: BodyStream | None = None
    manner: Manner = ORDINARY

    @property
    def length(self) -> int:
        """Octets of the whole body."""
        return len(self.body) + (self.rest.length if self.rest is not None else 0)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The whole body in pieces, once more from the start at every call."""
        yield self.body
        if self.rest is not None:
            async for chunk in self.rest.chunks():
                yield chunk

    def close(self) -> None:
        """Let go of what is open; may be called again."""
        if self.rest is not None:
            self.rest.close()
