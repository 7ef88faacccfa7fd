"""Run the daemon around a tiny ASGI application: `python tiny_server.py '{settings}' [protocol]`.

The application answers `/health`, keeps `/slow` waiting until the file `go` exists, and fails
to start when the file `fail` exists.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from ihe_mock_async.server import daemon
from ihe_mock_async.server.companion_ports import WantedPort
from ihe_mock_async.server.launch import Launch, Ready
from ihe_mock_async.settings import Settings

Receive = Callable[[], Awaitable[dict[str, object]]]
Send = Callable[[dict[str, object]], Awaitable[None]]


class TinyApplication:
    """Just enough of an application."""

    endpoints: Iterable[tuple[str, str]] = (("/pix/add", "a PIX Manager"),)
    listeners: Iterable[WantedPort] = ()

    def listening(self, service: str, port: int, url: str) -> None:
        raise AssertionError("it wants no ports")

    def close(self) -> None:
        Path("closed").touch()

    async def __call__(self, scope: dict[str, str], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._answer(scope["path"], send)

    async def _live(self, receive: Receive, send: Send) -> None:
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})

    async def _answer(self, path: str, send: Send) -> None:
        if path == "/slow":
            await asyncio.to_thread(_wait_for_go)
        body = json.dumps({"request_count": 3, "endpoints": ["/pix/add"]}).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _wait_for_go() -> None:
    Path("working").touch()
    while not Path("go").exists():
        time.sleep(0.01)


def create_app(_settings: Settings, **_context: object) -> TinyApplication:
    if Path("fail").exists():
        raise RuntimeError("the application is broken")
    return TinyApplication()


def _tell_url(ready: Ready) -> None:
    sys.stdout.write(f"{ready.running.url}\n")
    sys.stdout.flush()


def main() -> None:
    settings = Settings.model_validate(json.loads(sys.argv[1]))
    launch = Launch(settings, sys.argv[2], console=False)
    daemon.run(
        launch,
        _tell_url,
        create_app,
    )


if __name__ == "__main__":
    main()
