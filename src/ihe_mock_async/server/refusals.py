"""Plain-text answers of the server itself, for requests that never become an application's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import h11

from ihe_mock_async.server.connections import ServerLimits

_TLS_HANDSHAKE: Final = b"\x16\x03"
_PYTHON_REPR: Final = re.compile(r"[ :(]*(?:bytearray\()?b['\"].*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status and one sentence for the person at the other end."""

    status: HTTPStatus
    text: str
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def events(self, *, bodiless: bool) -> Sequence[h11.Event]:
        """The response, after which the connection is closed."""
        body = f"{self.text}\n".encode()
        head = h11.Response(
            status_code=self.status,
            reason=self.status.phrase.encode(),
            headers=[
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", b"%d" % len(body)),
                (b"connection", b"close"),
                *self.headers,
            ],
        )
        return [head] if bodiless else [head, h11.Data(body)]


TOO_SLOW = Refusal(
    HTTPStatus.REQUEST_TIMEOUT,
    "The request did not arrive in time: send header fields and body without pausing.",
)
NO_PROXY = Refusal(
    HTTPStatus.NOT_IMPLEMENTED,
    "This is no proxy: CONNECT opens a tunnel to another server, and there is none behind it.",
)
FAILED = Refusal(
    HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed on this request; its log says why."
)


def too_many_connections(limits: ServerLimits) -> Refusal:
    """For a connection above `limits.connections`."""
    return Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"{limits.connections} connections are open, which is the limit: close some first.",
        ((b"retry-after", b"1"),),
    )


def header_too_large(limits: ServerLimits) -> Refusal:
    """For a header block above `limits.header_bytes`."""
    return Refusal(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        f"The header fields are larger than the {limits.header_bytes} octets read here.",
    )


def malformed(error: h11.RemoteProtocolError, octets: bytes, limits: ServerLimits) -> Refusal:
    """For what h11 cannot read, which begins with `octets`."""
    if error.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        return header_too_large(limits)
    if octets.startswith(_TLS_HANDSHAKE):
        text = "This port speaks plain HTTP, not TLS: use an http:// URL."
    else:
        # h11 shows what it saw as Python writes it, which is nothing for a client.
        text = f"This is not HTTP/1.1 as RFC 9112 has it: {_PYTHON_REPR.sub('', str(error))}."
    return Refusal(HTTPStatus.BAD_REQUEST, text)
