"""Errors for people and scripts: problem+json (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from quart import Response

_NO_HEADERS: Mapping[str, str] = {}


class Problem(Exception):  # noqa: N818 - RFC 9457's own word for it
    """A request that is answered with an error; the detail says what to do."""

    def __init__(
        self, status: HTTPStatus, detail: str, headers: Mapping[str, str] = _NO_HEADERS
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


async def answer(problem: Problem) -> Response:
    """The response that tells a problem."""
    return response(problem.status, problem.status.phrase, problem.detail, problem.headers)


def response(
    status: int, title: str, detail: str, headers: Mapping[str, str] = _NO_HEADERS
) -> Response:
    """A response of type application/problem+json."""
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return Response(
        json.dumps(document),
        status,
        headers=dict(headers),
        content_type="application/problem+json",
    )
