"""One HTTP request and its response, free of any framework."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class ClientGoneError(Exception):
    """The client closed the connection before the end of its request: nobody to answer."""


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
class Response:
    """A response; `Content-Length` is added by the adapter, which closes it, too."""

    status: int
    body: bytes
    """All of it, or what stands in front of `rest`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    rest: BodyStream | None = None

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
