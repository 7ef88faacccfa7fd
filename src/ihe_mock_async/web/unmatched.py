"""Requests that match no endpoint: answered with what there is, and remembered as `unmatched`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from ihe_mock_async.ihe import Outcome
from ihe_mock_async.soap import fault
from ihe_mock_async.web import exchanges, responding
from ihe_mock_async.web.http import Request, Response
from ihe_mock_async.web.packing import assumed_framing
from ihe_mock_async.web.replies import Conversation

if TYPE_CHECKING:
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.web.asgi import Receive, Scope, Send
    from ihe_mock_async.web.services import Services


async def serve(scope: Scope, receive: Receive, send: Send, services: Services) -> None:
    """Answer one request whose path is nobody's."""

    async def answer(request: Request, entry: Entry) -> Response:
        await _read(request, services.body_limits.max_request_bytes)
        response = _response(request, entry, services)
        entry.outcome = Outcome.UNMATCHED
        return response

    namespace = services.endpoints.namespace_of(scope["path"])
    await exchanges.serve(
        scope, receive, send, services=services, answer=answer, namespace=namespace
    )


async def _read(request: Request, limit: int) -> None:
    """Read the body, which the journal keeps."""
    async for chunk in request.body:
        limit -= len(chunk)
        if limit < 0:
            return


def _response(request: Request, entry: Entry, services: Services) -> Response:
    status = HTTPStatus.NOT_FOUND
    if is_message(request.method, request.headers):
        found = services.endpoints.explain(request.path)
        error = fault.sender(found.describe(), found, http_status=status)
        return refusal(error, request, entry)
    entry.summary = status.phrase
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": f"{request.method} {request.path}: there is nothing at this path. GET /health "
        "lists the SOAP endpoints.",
    }
    content = json.dumps(problem, ensure_ascii=False).encode()
    return Response(status, content, {"Content-Type": "application/problem+json"})


def is_message(method: str, headers: Mapping[str, str]) -> bool:
    """Whether it is to be answered by a SOAP fault, for whoever sent it reads SOAP."""
    return method == "POST" and "json" not in headers.get("content-type", "")


def refusal(error: fault.SoapFault, request: Request, entry: Entry) -> Response:
    """The fault in the framing of a request that nobody has read."""
    return responding.fault_response(error, entry, Conversation(assumed_framing(request)))
