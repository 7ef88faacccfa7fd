"""One HTTP request of an ASGI server as the mocked endpoints see it (ASGI 3, HTTP spec 2.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from ihe_mock_async.web.http import ClientGoneError, Request
from ihe_mock_async.web.threads import in_thread

if TYPE_CHECKING:
    from ihe_mock_async.journal.body import RecordedBody
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.journal.spill import BodyRecorder

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TRANSPORT = "ihe_mock.transport"
"""The ASGI extension that connection faults need; our server has it on HTTP/1.1."""
MAX_DRAINED = 64 * 1024 * 1024
"""Octets of a refused upload that are read and thrown away, so that the client sees the answer."""


class Transport(Protocol):
    """A request's hold on its connection: the ASGI extension `ihe_mock.transport`."""

    def write_raw(self, data: bytes) -> None:
        """Send exactly these octets."""

    async def drain(self) -> None:
        """Wait until the client has read enough for more to be written."""

    def close(self) -> None:
        """Send what was written and an orderly end (FIN)."""

    def abort_rst(self) -> None:
        """Reset the connection (RST)."""

    def ignore_input(self) -> None:
        """Throw away what the client still sends; it gets no answer any more."""

    async def peer_gone(self) -> None:
        """Return as soon as the client closes its side."""

    async def given_up(self) -> None:
        """Return as soon as the client closes its side, or the server is told to stop."""


class RequestBody:
    """The request body, pulled chunk by chunk: an unread body stays with the client.

    Every octet that is read is recorded, those that are thrown away, too.
    """

    def __init__(self, receive: Receive, record: BodyRecorder) -> None:
        self._receive = receive
        self._record: BodyRecorder | None = record
        self.ended = False
        self.entry: Entry | None = None
        """Gets the recorded body when it has ended, or at the call of `close`."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The body itself: it can be read once."""
        return self

    async def __anext__(self) -> bytes:
        """The next octets; raises `ClientGoneError`."""
        while not self.ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.ended = True
                raise ClientGoneError
            self.ended = not message.get("more_body", False)
            if data := bytes(message.get("body", b"")):
                await self._keep(data)
                return data
        await self.close()
        raise StopAsyncIteration

    async def drain(self, limit: int) -> None:
        """Read on, about `limit` octets at most; a client that goes away is no error."""
        try:
            async for chunk in self:
                limit -= len(chunk)
                if limit < 0:
                    return
        except ClientGoneError:
            return

    async def _keep(self, data: bytes) -> None:
        if self._record is not None and self._record.feed(data):
            await in_thread(self._record.flush)

    async def close(self) -> None:
        """Record no more; may be called again."""
        record, self._record = self._record, None
        if record is not None and self.entry is not None:
            self.entry.request_body = await finished(record)


async def finished(record: BodyRecorder) -> RecordedBody:
    """The body that was recorded."""
    return await in_thread(record.finish) if record.is_large else record.finish()


class Client:
    """The other end of one request: what can be sent to it, and whether it is still there."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, body: RequestBody) -> None:
        self.send = send
        self.receive = receive
        self.body = body
        self.is_http1 = str(scope["http_version"]).startswith("1")
        self.transport = cast("Transport | None", scope.get("extensions", {}).get(TRANSPORT))

    def close(self) -> None:
        """End the connection without an answer, where there is a hold on it."""
        if self.transport is not None:
            self.transport.close()

    async def gone(self) -> None:
        """Return when the client has closed its side; what it still sends is read meanwhile."""
        if not self.body.ended:  # the end of the connection comes behind it
            await self.body.drain(MAX_DRAINED)
        if self.transport is not None:
            await self.transport.peer_gone()
        else:
            await self.disconnected()

    async def disconnected(self) -> None:
        """Return when the server says that the connection is lost."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


def request(scope: Scope, client: Client, namespace: str) -> Request:
    """The request of an HTTP scope in a world."""
    query = scope.get("query_string", b"")
    target = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope["method"],
        path=scope["path"],
        headers=_headers(scope["headers"]),
        body=client.body,
        client=_address(scope),
        tls_subject=_tls_subject(scope),
        namespace=namespace,
        scheme=scope.get("scheme", "http"),
        target=(target + b"?" + query if query else target).decode("latin-1"),
        raw_headers=scope["headers"],
        gone=client.gone,
    )


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return f"{client[0]}:{client[1]}" if client else ""


def _tls_subject(scope: Scope) -> str:
    tls = scope.get("extensions", {}).get("tls") or {}
    return str(tls.get("client_cert_name") or "")
