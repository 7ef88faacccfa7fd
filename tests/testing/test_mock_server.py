"""Starting and stopping the server in a test's process."""

from __future__ import annotations

import httpx

from ihe_mock_async.testing import MockServer


def test_it_answers_inside_its_block() -> None:
    with MockServer() as server:
        reply = httpx.get(f"{server.url}/health")

    assert reply.json()["status"] == "healthy"


async def test_it_serves_in_the_running_loop() -> None:
    async with MockServer() as server, httpx.AsyncClient() as client:
        reply = await client.get(f"{server.url}/health")

    assert reply.json()["status"] == "healthy"
