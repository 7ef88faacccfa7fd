"""Starting and stopping the server in a test's process."""

from __future__ import annotations

import httpx
import pytest

from ihe_mock_async import testing
from ihe_mock_async.testing import MockServer


def test_it_answers_inside_its_block() -> None:
    with MockServer() as server:
        reply = httpx.get(f"{server.url}/health")

    assert reply.json()["status"] == "healthy"


async def test_it_serves_in_the_running_loop() -> None:
    async with MockServer() as server, httpx.AsyncClient() as client:
        reply = await client.get(f"{server.url}/health")

    assert reply.json()["status"] == "healthy"


def test_every_public_name_can_be_had() -> None:
    assert [name for name in testing.__all__ if getattr(testing, name) is None] == []
    with pytest.raises(AttributeError, match="MockSever"):
        testing.MockSever  # noqa: B018 - a name that there is not
