"""One request and its response, as the ASGI application sees them (ASGI 3, HTTP spec 2.3)."""

from __future__ import annotations

import asyncio
import logging
import time
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import h11

from ihe_mock_async.server import plain_http, refusals
from ihe_mock_async.server.asgi import Message, Scope
from ihe_mock_async.server.plain_http import Headers, RequestHead
from ihe_mock_async.server.transport_control import EXTENSION, TransportControl

if TYPE_CHECKING:
    from ihe_mock_async.server.http11 import Http11Connection

_LOG = logging.getLogger("ihe_mock_async.server")

_PIECE: Final = 256 * 1024
"""Octets of a body that go into one `http.request` message, about."""
_BODILESS: Final = frozenset({204, 304})
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_REASONS: Final = {status.value: status.phrase.encode() for status in HTTPStatus}


class RequestCycle:
    """Runs the application for one request; its `receive` pulls, its `send` waits."""

    __slots__ = (
        "_body",
        "_body_read",
        "_connection",
        "_head_sent",
        "_over",
        "_start",
        "_taken_over",
        "complete",
        "gone",
        "readable",
        "request",
    )

    def __init__(
        self, connection: Http11Connection, request: RequestHead, body: bytes | None = None
    ) -> None:
        """Without a `body` it is pulled from the connection."""
        self.request = request
        self.readable = asyncio.Event()
        """Set by the connection when there may be more of the body."""
        self.complete = False
        """The whole response is sent."""
        self.gone = False
        """The client is gone, or was refused."""
        self._connection = connection
        self._body = body
        self._body_read = False
        self._start: Message | None = None
        self._head_sent = False
        self._taken_over = False
        self._over = asyncio.Event()

    @property
    def bodiless(self) -> bool:
        """Whether the response has no body whatever the application sends (HEAD, 204, 304)."""
        return self.request.method == b"HEAD" or (
            self._start is not None and self._start["status"] in _BODILESS
        )

    async def run(self) -> None:
        """Call the application, and clean up when it leaves without an answer."""
        connection = self._connection
        try:
            await connection.app(self._scope(), self.receive, self.send)
        except Exception:  # noqa: BLE001 - whatever it is, the client must get an answer
            _LOG.exception("The application failed on %s", self._target())
        if self.complete or self.gone:
            return
        if self._taken_over:
            connection.close()
        elif self._head_sent:
            connection.cut()  # a response that stops short must not look complete
        else:
            connection.refuse(refusals.FAILED)

    async def receive(self) -> Message:
        """The next piece of the body; after it, `http.disconnect` when the request is over."""
        connection = self._connection
        while not (self._body_read or self.complete):
            message = self._piece()
            if message is not None:
                return message
            if self._over.is_set():
                break
            self.readable.clear()
            await connection.more_data(self.readable)
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send the response; waits while the client reads slower than the application writes."""
        if self.gone or self._taken_over:
            return
        kind = message["type"]
        if kind == "http.response.start" and self._start is None:
            self._start = message
            return
        if kind != "http.response.body" or self._start is None or self.complete:
            raise RuntimeError(f"ASGI message {kind} is not expected here")
        connection = self._connection
        more = message.get("more_body", False)
        connection.write(self._wire(self._start, message.get("body", b""), more=more))
        self._head_sent = True
        if not connection.outflow.free:
            await connection.outflow.drain()
        if not more and not self.gone:
            self.complete = True
            self._over.set()
            connection.response_sent()

    def disconnect(self) -> None:
        """The client is gone: tell the application, ignore what it still sends."""
        self.gone = True
        self._over.set()
        self.readable.set()

    def take_over(self) -> None:
        """The application writes to the connection itself from here on."""
        if self.complete:
            raise RuntimeError("The response of this request is complete")
        self._taken_over = True

    def _piece(self) -> Message | None:
        if self._body is not None:
            self._body_read = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        self._connection.invite_body()
        pieces: list[bytes] = []
        size = 0
        while size < _PIECE:
            event = self._connection.next_body_event()
            if isinstance(event, h11.Data):
                pieces.append(event.data)
                size += len(event.data)
                continue
            if isinstance(event, h11.EndOfMessage):
                self._body_read = True
            elif not pieces:
                return None
            break
        return {
            "type": "http.request",
            "body": b"".join(pieces),
            "more_body": not self._body_read,
        }

    def _wire(self, start: Message, body: bytes, *, more: bool) -> list[bytes]:
        events: list[h11.Event] = []
        if not self._head_sent:
            headers = self._headers(start, body, more=more)
            if not more and self._connection.plain and not self.bodiless:
                octets = plain_http.write_response(start["status"], headers, body)
                if octets is not None:
                    return [octets]
            events.append(
                h11.Response(
                    status_code=start["status"],
                    headers=headers,
                    reason=_REASONS.get(start["status"], b""),
                )
            )
        if body and not self.bodiless:
            events.append(h11.Data(body))
        if not more:
            events.append(h11.EndOfMessage())
        return self._connection.encode(events)

    def _headers(self, start: Message, body: bytes, *, more: bool) -> Headers:
        headers = [(bytes(name), bytes(value)) for name, value in start.get("headers", ())]
        names = {name.lower() for name, _ in headers}
        if not more and not self.bodiless and names.isdisjoint(_FRAMING):
            headers.append((b"content-length", b"%d" % len(body)))
        if b"date" not in names:
            headers.append((b"date", _date()))
        if self._connection.draining or not (more or self._connection.skip_body()):
            headers.append((b"connection", b"close"))
        return headers

    def _scope(self) -> Scope:
        request = self.request
        connection = self._connection
        peer = connection.peer
        path, _, query = _origin_form(request.target).partition(b"?")
        extensions: dict[str, object] = {EXTENSION: TransportControl(connection, self)}
        if peer.tls is not None:
            extensions["tls"] = peer.tls
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": request.http_version.decode("ascii"),
            "method": request.method.decode("ascii").upper(),
            "scheme": peer.scheme,
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": request.headers,
            "client": peer.client,
            "server": peer.server,
            "state": dict(connection.state),
            "extensions": extensions,
        }

    def _target(self) -> str:
        return f"{self.request.method.decode('ascii')} {self.request.target.decode('ascii')}"


def _origin_form(target: bytes) -> bytes:
    """`/path?query` of a target that may be in absolute form (RFC 9112, 3.2.2)."""
    if target.startswith(b"/") or b"://" not in target:
        return target
    _, slash, rest = target.partition(b"://")[2].partition(b"/")
    return slash + rest if slash else b"/"


_date_cache = (0, b"")


def _date() -> bytes:
    """The Date header's value, made once a second."""
    global _date_cache  # noqa: PLW0603 - a cache of one value, replaced as a whole
    now = int(time.time())
    if _date_cache[0] != now:
        _date_cache = (now, formatdate(now, usegmt=True).encode("ascii"))
    return _date_cache[1]
