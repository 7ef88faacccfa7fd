"""A whole affinity domain in this process, as something that messages can be posted to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ihe_mock_async.client.connection import HttpAnswer
from ihe_mock_async.client.message import Message
from ihe_mock_async.findings import Finding
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.settings import Settings
from ihe_mock_async.web import pipeline
from ihe_mock_async.web.app import MockServerApp, create_app
from ihe_mock_async.web.http import Request

URL = "http://mock.test"


@dataclass
class InProcess:
    """Posts to an app, and keeps what was posted and what its rules found."""

    app: MockServerApp
    runner: asyncio.Runner
    messages: list[tuple[str, Message]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def post(self, url: str, message: Message) -> HttpAnswer:
        self.messages.append((url, message))
        return self.runner.run(self._handle(urlsplit(url).path, message))

    async def _handle(self, path: str, message: Message) -> HttpAnswer:
        place = self.app.services.endpoints.find(path)
        assert place is not None, f"nothing is served at {path}"
        headers = {"content-type": message.content_type, **message.headers}
        request = Request("POST", path, headers, octets(message.body), namespace=place.namespace)
        response = await pipeline.handle(request, place.endpoint, self.app.services)
        body = b"".join([chunk async for chunk in response.chunks()])
        response.close()
        return HttpAnswer(response.status, response.headers.get("Content-Type", ""), body)


async def octets(body: bytes) -> AsyncIterator[bytes]:
    yield body


@contextmanager
def in_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch, **changed: object
) -> Iterator[InProcess]:
    own = {
        "database_url": "sqlite://",
        "data_dir": folder / "data",
        "log_path": folder / "logs" / "mock-server.log",
    }
    app = create_app(Settings(**{**own, **changed}))  # type: ignore[arg-type]  # by name
    with asyncio.Runner() as runner:
        domain = InProcess(app, runner)

        def record(entry: Entry, *_: object) -> None:
            domain.findings.extend(entry.findings)

        monkeypatch.setattr(app.services.recorder, "record", record)
        try:
            yield domain
        finally:
            app.close()
