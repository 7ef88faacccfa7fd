"""`/health` for people and clients, `/health/live` and `/health/ready` for orchestrators."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from quart import Blueprint, Response, jsonify

from ihe_mock_async import __version__
from ihe_mock_async.errors import StoreError

if TYPE_CHECKING:
    from ihe_mock_async.web.app import MockServerApp

logger = logging.getLogger("ihe_mock_async.health")


def blueprint(app: MockServerApp) -> Blueprint:
    """The health routes of an app."""
    routes = Blueprint("health", __name__)
    started = monotonic()

    @routes.get("/health")
    async def health() -> Response:
        services = app.services
        return jsonify(
            {
                "status": "healthy",
                "version": __version__,
                "protocol": app.protocol,
                "port": app.port,
                "endpoints": [endpoint.path for endpoint in services.endpoints],
                "uptime_seconds": int(monotonic() - started),
                "request_count": services.request_count,
                "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "log": app.log_counters(),
            }
        )

    @routes.get("/health/live")
    async def live() -> Response:
        return jsonify({"status": "alive"})

    @routes.get("/health/ready")
    async def ready() -> tuple[Response, int] | Response:
        problem = await _problem(app)
        if problem:
            return jsonify({"status": "unavailable", "problem": problem}), 503
        return jsonify({"status": "ready"})

    return routes


async def _problem(app: MockServerApp) -> str:
    try:
        await app.services.store.ready()
    except StoreError:
        logger.exception("not ready")
        return "the store cannot be written; the server's log says why"
    return ""
