"""One request to an app as a server makes it: an ASGI scope, with header fields as they came."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ihe_mock_async.web.app import MockServerApp

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What an app has sent."""

    status: int
    headers: dict[str, str]
    body: bytes


async def send(  # noqa: PLR0913 - what a connection and a request line tell, by name
    app: MockServerApp,
    path: str,
    headers: Headers = (("Host", "localhost:8080"),),
    *,
    method: str = "GET",
    client: str = "127.0.0.1",
    server: str = "127.0.0.1",
    scheme: str = "http",
    body: bytes = b"",
) -> Answer:
    """The answer to a request with exactly these header fields."""
    sent: list[dict[str, Any]] = []
    unread = [{"type": "http.request", "body": body, "more_body": False}]
    answered = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if unread:
            return unread.pop()
        await answered.wait()  # the client stays until then
        return {"type": "http.disconnect"}

    async def take(message: dict[str, Any]) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            answered.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("utf-8")) for name, value in headers],
        "client": (client, 4711) if client else None,
        "server": (server, 8080),
        "extensions": {},
    }
    await app(scope, receive, take)  # type: ignore[arg-type]  # plain dicts, as servers send them
    start, *chunks = sent
    return Answer(
        start["status"],
        {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]},
        b"".join(chunk.get("body", b"") for chunk in chunks),
    )
