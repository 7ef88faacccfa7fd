"""Errors for people and scripts: problem+json (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from pydantic import BaseModel
from quart import Response

PROBLEM = "application/problem+json"
_NO_HEADERS: Mapping[str, str] = {}
_NO_MEMBERS: Mapping[str, object] = {}


class ProblemError(BaseModel):
    """What is wrong at one place of the request's JSON document."""

    key: str
    """`match.xpath[0].expression`; empty: the whole document."""
    problem: str
    allowed: str = ""


class ProblemDocument(BaseModel, extra="allow"):
    """What went wrong, and what to do (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemError] = []


class Problem(Exception):  # noqa: N818 - RFC 9457's own word for it
    """A request that is answered with an error; the detail says what to do."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        members: Mapping[str, object] = _NO_MEMBERS,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.members = members
        """Further members of the document, such as `errors`."""


async def answer(problem: Problem) -> Response:
    """The response that tells a problem."""
    return response(
        problem.status,
        problem.status.phrase,
        problem.detail,
        problem.headers,
        members=problem.members,
    )


def response(
    status: int,
    title: str,
    detail: str,
    headers: Mapping[str, str] = _NO_HEADERS,
    *,
    members: Mapping[str, object] = _NO_MEMBERS,
) -> Response:
    """A response of type application/problem+json."""
    document: dict[str, object] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
    }
    document.update(members)
    return Response(
        json.dumps(document),
        status,
        headers=dict(headers),
        content_type=PROBLEM,
    )
