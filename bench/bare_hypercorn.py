"""The yardstick: what stock Hypercorn does with an app that reads the body and says a constant.

Run as `python -m hypercorn bench.bare_hypercorn:app`. Whatever a mock server does on top (parse,
check, store, log) can only be slower, so its speed is told as a share of this one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from bench.messages import CONSTANT_ACKNOWLEDGEMENT

Message = MutableMapping[str, Any]

_START: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"application/soap+xml; charset=utf-8"),
        (b"content-length", b"%d" % len(CONSTANT_ACKNOWLEDGEMENT)),
    ],
}
_BODY: Message = {"type": "http.response.body", "body": CONSTANT_ACKNOWLEDGEMENT}


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Read the whole request, keep nothing of it, and answer the constant."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    while (await receive()).get("more_body", False):
        pass
    await send(_START)
    await send(_BODY)


async def _lifespan(
    receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
