"""What people and orchestrators ask of a running server."""

from __future__ import annotations

import json
import re

import pytest

from ihe_mock_async import __version__
from ihe_mock_async.errors import StoreError
from ihe_mock_async.web.app import MockServerApp
from tests.e2e.messages import SOAP_XML, pix_add


async def get(app: MockServerApp, path: str) -> tuple[int, dict[str, object]]:
    response = await app.test_client().get(path)
    return response.status_code, json.loads(await response.get_data())


async def test_health_tells_what_is_served(app: MockServerApp) -> None:
    status, health = await get(app, "/health")

    assert status == 200
    assert health["status"] == "healthy"
    assert health["version"] == __version__
    assert (health["protocol"], health["port"]) == ("http", 8080)
    assert "/pix/add" in str(health["endpoints"])
    assert isinstance(health["uptime_seconds"], int)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", str(health["timestamp"]))
    assert health["log"] == {"dropped": 0, "errors": 0}


async def test_health_counts_requests_to_mocked_endpoints_only(app: MockServerApp) -> None:
    await app.test_client().post("/pix/add", data=pix_add("H-1"), headers=SOAP_XML)
    await app.test_client().post("/pix/add", data=b"", headers=SOAP_XML)
    await app.test_client().post("/nowhere", data=b"", headers=SOAP_XML)

    _, health = await get(app, "/health")

    assert health["request_count"] == 2


async def test_a_server_is_alive_and_ready(app: MockServerApp) -> None:
    assert await get(app, "/health/live") == (200, {"status": "alive"})
    assert await get(app, "/health/ready") == (200, {"status": "ready"})


async def test_a_server_without_its_store_is_alive_but_not_ready(
    app: MockServerApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise StoreError("The database /secret/path.db is read-only")

    monkeypatch.setattr(app.services.store, "ready", fail)

    live, _ = await get(app, "/health/live")
    status, problem = await get(app, "/health/ready")

    assert live == 200
    assert status == 503
    assert problem["status"] == "unavailable"
    assert "secret" not in str(problem)
    assert "/secret/path.db" in caplog.text


async def test_a_store_that_is_closed_is_not_ready(app: MockServerApp) -> None:
    app.services.store.close()

    status, _ = await get(app, "/health/ready")

    assert status == 503
