"""The whole app in this process, on a store in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ihe_mock_async.settings import Settings
from ihe_mock_async.web.app import MockServerApp, create_app


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Makes settings whose files are in a folder of the test."""

    def make(**changed: object) -> Settings:
        own = {
            "database_url": "sqlite://",
            "data_dir": tmp_path / "data",
            "log_path": tmp_path / "logs" / "mock-server.log",
        }
        return Settings(**{**own, **changed})  # type: ignore[arg-type]  # by name, from the test

    return make


@pytest.fixture
async def app(settings: Callable[..., Settings]) -> AsyncIterator[MockServerApp]:
    """A running app."""
    made = create_app(settings(), port=8080)
    async with made.test_app():
        yield made
