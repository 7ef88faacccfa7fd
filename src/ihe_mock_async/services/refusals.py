"""What a companion service answers when no mapping does: problem+json (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus

from ihe_mock_async.services.answer import Answer
from ihe_mock_async.services.companion import NearMiss


def unmatched(service: str, request_line: str, nearest: Sequence[NearMiss]) -> Answer:
    """404, with the mappings that came nearest and why each did not answer."""
    return _problem(
        HTTPStatus.NOT_FOUND,
        f"No mapping of the service {service} answers {request_line}; see what the nearest ones "
        "expect.",
        service=service,
        nearMisses=[
            {"mapping": miss.mapping, "differences": list(miss.differences)} for miss in nearest
        ],
    )


def other_request(header: str) -> Answer:
    """422: the key belongs to a request that was different."""
    return _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"The {header} was used with another request already: send a new key, or the same method, "
        "path and body.",
    )


def in_flight(header: str) -> Answer:
    """409: the first request with the key has no answer yet."""
    return _problem(
        HTTPStatus.CONFLICT,
        f"A request with this {header} is being answered: wait for its answer, then try again.",
    )


def too_large(limit: int) -> Answer:
    """413."""
    return _problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body has more than {limit} octets; the setting max_envelope_bytes is the limit.",
    )


def unknown_effect(detail: str) -> Answer:
    """400: the request asks for a fault that there is not."""
    return _problem(HTTPStatus.BAD_REQUEST, detail)


def failed() -> Answer:
    """500; the cause is the server's business."""
    return _problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed on this request; its log says why."
    )


def _problem(status: HTTPStatus, detail: str, **members: object) -> Answer:
    document = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "detail": detail,
        **members,
    }
    return Answer(
        status,
        [("Content-Type", "application/problem+json")],
        json.dumps(document, ensure_ascii=False).encode(),
    )
