"""How a response goes out: as HTTP wants it, in pieces over a time, or broken on demand.

Connection faults are WireMock's (`Fault`), and need the server's hold on the connection. Where
there is none (HTTP/2, another ASGI server) an answer without an octet and garbage are HTTP 500
without a body, a broken one stops short, and a hanging one ends with the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from ihe_mock_async.faults.effects import ConnectionFault
from ihe_mock_async.web.asgi import MAX_DRAINED
from ihe_mock_async.web.http import ClientGoneError, Response
from ihe_mock_async.web.threads import in_thread

if TYPE_CHECKING:
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.journal.spill import BodyRecorder
    from ihe_mock_async.web.asgi import Client, Transport

# RFC 9110, 8.6: 204 has no Content-Length, and that of 304 would be that of another response.
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_PHRASES = {each.value: each.phrase for each in HTTPStatus}
_FINAL = {"type": "http.response.body", "body": b"", "more_body": False}


class Sending:
    """One response on its way; what goes out is noted in the entry."""

    def __init__(
        self,
        response: Response,
        client: Client,
        entry: Entry,
        record: BodyRecorder,
        date: bytes = b"",
    ) -> None:
        """`date` is the value of the Date field, when it is not the server's affair."""
        self.response = response
        self.client = client
        self.refused_early = not client.body.ended
        self.entry = entry
        self._record = record
        self._date = date

    async def start(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Send status and header fields."""
        if self._date and b"date" not in dict(headers):
            headers = [*headers, (b"date", self._date)]
        if self.refused_early and self.client.is_http1:
            others = [field for field in headers if field[0] != b"connection"]
            headers = [*others, (b"connection", b"close")]
        self.entry.status, self.entry.response_headers = self.response.status, headers
        start = {"type": "http.response.start", "status": self.response.status}
        await self.client.send({**start, "headers": headers})

    async def piece(self, data: bytes, *, more: bool = True) -> None:
        """Send octets of the body."""
        if self._record.feed(data):
            await in_thread(self._record.flush)
        await self.client.send({"type": "http.response.body", "body": data, "more_body": more})

    def raw(self, data: bytes) -> None:
        """Send octets that are no HTTP; only where there is a hold on the connection."""
        assert self.client.transport is not None  # noqa: S101 - who calls this has asked
        self._record.feed(data)
        self.client.transport.write_raw(data)


async def send(sending: Sending) -> None:
    """Send a response in its manner; raises `ClientGoneError` when the client left before its end.

    Raises OSError when attachments cannot be read any more.
    """
    response, client = sending.response, sending.client
    manner = response.manner
    if manner.fault is not None:
        await _FAULTS[manner.fault](sending)
    elif manner.chunks:
        await _until(client.gone, _dribble(sending), client)
    elif response.rest is not None:
        # A server need not tell the sender that the client has gone, but the receiver.
        await _until(client.disconnected, _stream(sending), client)
    else:
        await _at_once(sending)


def raw_headers(response: Response) -> list[tuple[bytes, bytes]]:
    """The header fields, with the length of the body."""
    headers = [(k.lower().encode(), v.encode("latin-1")) for k, v in response.headers.items()]
    if response.status not in _BODILESS and b"content-length" not in dict(headers):
        headers.append((b"content-length", b"%d" % response.length))
    return headers


# ---------------------------------------------------------------- orderly


async def _at_once(sending: Sending) -> None:
    response, body = sending.response, sending.client.body
    await sending.start(raw_headers(response))
    await sending.piece(response.body, more=sending.refused_early)
    if sending.refused_early:
        # Closing on unread octets would reset the connection and lose the answer.
        await body.drain(MAX_DRAINED)
        await sending.client.send(_FINAL)


async def _stream(sending: Sending) -> None:
    """Each chunk waits until the client has taken the one before."""
    await sending.start(raw_headers(sending.response))
    async for chunk in sending.response.chunks():
        await sending.piece(chunk)
    await sending.client.send(_FINAL)


async def _dribble(sending: Sending) -> None:
    """The head, and then after each part of the time another part of the body."""
    response = sending.response
    pieces = min(response.manner.chunks, response.length)
    await sending.start(raw_headers(response))
    await sending.client.send({**_FINAL, "more_body": True})
    clock = asyncio.get_running_loop()
    begun, number = clock.time(), 0
    async for piece in _cut(response.chunks(), _ends(response.length, pieces)):
        number += 1
        due = begun + response.manner.seconds * number / pieces
        # A nap is always a little too long: many of them must not add up.
        await asyncio.sleep(max(0.0, due - clock.time()))
        await sending.piece(piece)
    await sending.client.send(_FINAL)


def _ends(length: int, pieces: int) -> list[int]:
    """Where pieces end that are as equal as can be."""
    return [length * number // pieces for number in range(1, pieces + 1)]


async def _cut(chunks: AsyncIterator[bytes], ends: Iterable[int]) -> AsyncIterator[bytes]:
    """The same octets in pieces that end there, the last one at the end of all."""
    held, begin = bytearray(), 0
    left = iter(ends)
    end = next(left, 0)
    async for chunk in chunks:
        held += chunk
        while end and len(held) >= end - begin:
            yield bytes(held[: end - begin])
            del held[: end - begin]
            begin, end = end, next(left, 0)


async def _until(
    gone: Callable[[], Awaitable[None]], sending: Awaitable[None], client: Client
) -> None:
    """Send, but no longer than until `gone` returns; raises `ClientGoneError` then."""
    if not client.body.ended:
        await client.body.drain(MAX_DRAINED)
    sender = asyncio.ensure_future(sending)
    leaving = asyncio.ensure_future(gone())
    try:
        await asyncio.wait({sender, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended = sender.done()
        sender.cancel()
        leaving.cancel()
        await asyncio.wait({sender, leaving})
    if not ended:
        raise ClientGoneError
    sender.result()


# ---------------------------------------------------------------- broken


async def _empty(sending: Sending) -> None:
    transport = sending.client.transport
    if transport is None:
        await _without_transport(sending)
    else:
        transport.close()


async def _reset(sending: Sending) -> None:
    transport = sending.client.transport
    if transport is None:
        await _without_transport(sending)
    else:
        transport.abort_rst()


async def _garbage(sending: Sending) -> None:
    transport = sending.client.transport
    if transport is None:
        await _without_transport(sending)
    else:
        sending.raw(sending.response.manner.garbage)
        transport.close()


async def _malformed_chunk(sending: Sending) -> None:
    """The head of a chunked body, and garbage where the size of a chunk should stand."""
    await sending.start(
        [(k.lower().encode(), v.encode("latin-1")) for k, v in sending.response.headers.items()]
    )
    await sending.client.send({**_FINAL, "more_body": True})
    transport = sending.client.transport
    if transport is not None:
        sending.raw(sending.response.manner.garbage)
        transport.close()


async def _truncated(sending: Sending) -> None:
    """The head with the length of the whole body, and half of it."""
    response = sending.response
    transport = sending.client.transport
    if transport is not None and not response.length:
        _cut_in_its_head(sending, transport)
        return
    left = response.length // 2
    await sending.start(raw_headers(response))
    await sending.client.send({**_FINAL, "more_body": True})
    async for chunk in response.chunks():
        if left <= 0:
            break
        await sending.piece(chunk[:left])
        left -= len(chunk)
    if transport is not None:
        transport.close()


def _cut_in_its_head(sending: Sending, transport: Transport) -> None:
    """The status line alone: what has no body would be whole."""
    status = sending.response.status
    sending.entry.status = status
    transport.write_raw(f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n".encode())
    transport.close()


async def _hang(sending: Sending) -> None:
    transport = sending.client.transport
    if transport is None:
        await sending.client.disconnected()
    else:
        transport.ignore_input()
        await transport.given_up()
        transport.close()


async def _without_transport(sending: Sending) -> None:
    sending.response = Response(HTTPStatus.INTERNAL_SERVER_ERROR, b"")
    await _at_once(sending)


_FAULTS: Mapping[ConnectionFault, Callable[[Sending], Awaitable[None]]] = {
    ConnectionFault.EMPTY_RESPONSE: _empty,
    ConnectionFault.MALFORMED_RESPONSE_CHUNK: _malformed_chunk,
    ConnectionFault.RANDOM_DATA_THEN_CLOSE: _garbage,
    ConnectionFault.CONNECTION_RESET_BY_PEER: _reset,
    ConnectionFault.TRUNCATE: _truncated,
    ConnectionFault.HANG: _hang,
}
