"""The ASGI adapter of the pipeline: SOAP paths are answered here, in front of Quart's routing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from ihe_mock_async.web import pipeline
from ihe_mock_async.web.http import ClientGoneError, Request, Response

if TYPE_CHECKING:
    from ihe_mock_async.web.endpoints import Place
    from ihe_mock_async.web.pipeline import Services

logger = logging.getLogger("ihe_mock_async.web")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_DRAINED = 64 * 1024 * 1024
"""Octets of a refused upload that are read and thrown away, so that the client sees the fault."""


async def serve(
    scope: Scope,
    receive: Receive,
    send: Send,
    place: Place,
    services: Services,
) -> None:
    """Answer one request at a SOAP endpoint."""
    body = _Body(receive)
    request = Request(
        method=scope["method"],
        path=scope["path"],
        headers=_headers(scope["headers"]),
        body=body,
        client=_client(scope),
        tls_subject=_tls_subject(scope),
        namespace=place.namespace,
    )
    try:
        response = await pipeline.handle(request, place.endpoint, services)
    except ClientGoneError:
        logger.info("client %s went away in the middle of its request", request.client)
        return
    try:
        if _announces_no_body(request):
            await body.drain(MAX_DRAINED)
        close = scope["http_version"].startswith("1")
        if response.rest is None:
            await _send(response, body, send, close=close)
        elif not await _stream(response, receive, send):
            logger.info("client %s went away in the middle of its answer", request.client)
    finally:
        response.close()


def _announces_no_body(request: Request) -> bool:
    """Whether its end is there at once (RFC 9112, 6.3), so that the connection can stay open."""
    headers = request.headers
    return "transfer-encoding" not in headers and headers.get("content-length", "0") == "0"


class _Body:
    """The request body, pulled chunk by chunk: an unread body stays with the client."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while not self.ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.ended = True
                raise ClientGoneError
            self.ended = not message.get("more_body", False)
            if data := message.get("body"):
                return bytes(data)
        raise StopAsyncIteration

    async def drain(self, limit: int) -> None:
        """Read on without keeping anything, about `limit` octets at most."""
        try:
            async for chunk in self:
                limit -= len(chunk)
                if limit < 0:
                    return
        except ClientGoneError:
            return


async def _send(response: Response, body: _Body, send: Send, *, close: bool) -> None:
    """Send the response; `close`: say so when the connection ends with it (HTTP/1 only)."""
    headers = _raw_headers(response)
    refused_early = not body.ended
    if refused_early and close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": refused_early})
    if refused_early:
        # Closing on unread octets would reset the connection and lose the answer.
        await body.drain(MAX_DRAINED)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _stream(response: Response, receive: Receive, send: Send) -> bool:
    """Send a response that is read as it goes; False when the client went away before its end.

    Each chunk waits until the client has taken the one before. A server need not tell the sender
    that the client has gone, so what it tells the receiver is heeded, too.
    """
    sending = asyncio.ensure_future(_send_chunks(response, send))
    leaving = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended = sending.done()
        sending.cancel()
        leaving.cancel()
        await asyncio.wait({sending, leaving})
    if ended:
        sending.result()
    return ended


async def _send_chunks(response: Response, send: Send) -> None:
    start = {"type": "http.response.start", "status": response.status}
    await send({**start, "headers": _raw_headers(response)})
    async for chunk in response.chunks():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _raw_headers(response: Response) -> list[tuple[bytes, bytes]]:
    headers = [(k.lower().encode(), v.encode("latin-1")) for k, v in response.headers.items()]
    headers.append((b"content-length", b"%d" % response.length))
    return headers


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return f"{client[0]}:{client[1]}" if client else ""


def _tls_subject(scope: Scope) -> str:
    tls = scope.get("extensions", {}).get("tls") or {}
    return str(tls.get("client_cert_name") or "")
