"""One HTTP request and its response, free of any framework."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field


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


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response; `Content-Length` is added by the adapter."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
