"""The ASGI adapter of the pipeline: SOAP paths are answered here, in front of Quart's routing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ihe_mock_async.web import exchanges, pipeline

if TYPE_CHECKING:
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.web.asgi import Receive, Scope, Send
    from ihe_mock_async.web.endpoints import Place
    from ihe_mock_async.web.http import Request, Response
    from ihe_mock_async.web.pipeline import Services


async def serve(
    scope: Scope,
    receive: Receive,
    send: Send,
    place: Place,
    services: Services,
) -> None:
    """Answer one request at a SOAP endpoint."""

    async def answer(request: Request, entry: Entry) -> Response:
        return await pipeline.answer(request, entry, place.endpoint, services)

    await exchanges.serve(
        scope, receive, send, services=services, answer=answer, namespace=place.namespace
    )
