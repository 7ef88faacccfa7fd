"""The admin API below `/__admin`: JSON, for whoever runs the server and for scripts."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from quart import Blueprint, Response, request

from ihe_mock_async.errors import StoreError
from ihe_mock_async.web.admin import problems
from ihe_mock_async.web.admin.guard import Caller, Guard
from ihe_mock_async.web.admin.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PREFIX", "Guard", "blueprint"]

PREFIX = "/__admin"

logger = logging.getLogger("ihe_mock_async.admin")


class Part(Protocol):
    """A group of routes."""

    def add_to(self, blueprint: Blueprint) -> None:
        """Make them part of the admin API."""
        ...


def blueprint(guard: Guard, parts: Iterable[Part]) -> Blueprint:
    """The routes of all parts, each of them guarded."""
    admin = Blueprint("admin", __name__, url_prefix=PREFIX)

    @admin.before_request
    async def check() -> None:
        headers = request.headers
        guard.check(
            Caller(
                client=request.remote_addr or "",
                server=(request.scope.get("server") or ("",))[0],
                host=headers.get("Host", ""),
                authorization=headers.get("Authorization", ""),
                origin=headers.get("Origin", ""),
            )
        )

    @admin.after_request
    async def keep_private(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @admin.errorhandler(StoreError)
    async def unavailable(_: StoreError) -> Response:
        logger.exception("the store refused a request to %s", request.path)
        return problems.response(
            HTTPStatus.SERVICE_UNAVAILABLE,
            HTTPStatus.SERVICE_UNAVAILABLE.phrase,
            "The server could not use its store; its log says why.",
        )

    admin.register_error_handler(Problem, problems.answer)
    for part in parts:
        part.add_to(admin)
    return admin
