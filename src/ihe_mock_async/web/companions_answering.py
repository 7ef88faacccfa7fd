"""One request to a companion service: its mapping, its answer, and what is remembered of it."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from ihe_mock_async.ihe import Outcome
from ihe_mock_async.services import attempt, refusals
from ihe_mock_async.services.answer import Answer
from ihe_mock_async.services.attempt import Attempt
from ihe_mock_async.services.request import ServiceRequest
from ihe_mock_async.web import exchanges, recording
from ihe_mock_async.web.http import ClientGoneError, Request, Response

if TYPE_CHECKING:
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.services.companion import Mapping
    from ihe_mock_async.web.asgi import Receive, Scope, Send
    from ihe_mock_async.web.companions import CompanionPlace, Companions
    from ihe_mock_async.web.services import Services

logger = logging.getLogger("ihe_mock_async.companions")

_MILLISECONDS = 1000


async def serve(  # noqa: PLR0913 - an ASGI application's three, and what is ours
    scope: Scope,
    receive: Receive,
    send: Send,
    place: CompanionPlace,
    *,
    companions: Companions,
    services: Services,
) -> None:
    """Answer one request to a companion service."""

    async def answer(request: Request, entry: Entry) -> Response:
        return await _Exchange(request, entry, place, companions, services).answer()

    await exchanges.serve(scope, receive, send, services, answer, namespace=place.namespace)


class _TooLargeError(Exception):
    """The body has more octets than are taken."""


class _Exchange:
    """One request and its answer."""

    def __init__(
        self,
        request: Request,
        entry: Entry,
        place: CompanionPlace,
        companions: Companions,
        services: Services,
    ) -> None:
        self._request = request
        self._entry = entry
        self._place = place
        self._services = services
        self._limit = services.body_limits.max_envelope_bytes
        self._state = companions.state(place.namespace, place.service.name)
        entry.service = place.service.name

    async def answer(self) -> Response:
        """The response; raises `ClientGoneError`, and nothing else."""
        try:
            return await self._answered()
        except ClientGoneError:
            raise
        except _TooLargeError:
            self._note(Outcome.REJECTED, "the body is too large")
            return self._response(refusals.too_large(self._limit))
        except Exception:
            # The cause goes to the log, never to a client.
            logger.exception("failed on a request to %s", self._entry.path)
            self._note(Outcome.FAULT, "the server failed")
            return self._response(refusals.failed())

    async def _answered(self) -> Response:
        asked = await self._read()
        service = self._place.service
        mapping = service.choose(asked)
        self._entry.mapping = mapping.title if mapping else ""
        recording.understood(self._entry, self._services)
        if mapping is None:
            return self._response(self._unmatched(asked))
        return self._response(await self._carried_out(mapping, asked))

    async def _read(self) -> ServiceRequest:
        body = bytearray()
        async for chunk in self._request.body:
            body += chunk
            if len(body) > self._limit:
                raise _TooLargeError
        return ServiceRequest(
            method=self._request.method,
            path=self._place.path,
            query=self._request.target.partition("?")[2],
            headers=[
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in self._request.raw_headers
            ],
            body=bytes(body),
        )

    def _unmatched(self, asked: ServiceRequest) -> Answer:
        nearest = self._place.service.near_misses(asked)
        closest = f"; nearest is {nearest[0].mapping}" if nearest else ""
        self._note(Outcome.UNMATCHED, f"no mapping answers it{closest}")
        return refusals.unmatched(
            self._place.service.name, f"{asked.method} {asked.path}", nearest
        )

    async def _carried_out(self, mapping: Mapping, asked: ServiceRequest) -> Answer:
        begun = attempt.begin(mapping, asked, self._state)
        if isinstance(begun, Answer):
            refused = begun.status if (attempt.REPLAYED, "true") not in begun.headers else 0
            self._note(Outcome.REJECTED if refused else Outcome.SERVED, mapping.title)
            return begun
        try:
            await asyncio.sleep(
                mapping.declaration.response.fixed_delay_milliseconds / _MILLISECONDS
            )
            answer = self._drawn(begun)
            self._commit(begun, answer)
        finally:
            begun.abandon()
        self._note(Outcome.SERVED, mapping.title)
        return answer

    def _drawn(self, begun: Attempt) -> Answer:
        asked = begun.request
        origin = f"{asked.method} {asked.path}?{asked.query}\n".encode() + asked.body
        ids = self._services.ids.for_exchange(self._entry.namespace, origin)
        return begun.answer(self._entry.received, ids.start(f"service {self._place.service.name}"))

    def _commit(self, begun: Attempt, answer: Answer) -> None:
        begun.commit(answer, self._entry.sequence, self._entry.received)
        if begun.mapping.declaration.reset:
            self._remove_plans()

    def _remove_plans(self) -> None:
        """Disarm the fault plans of this world that are for this service."""
        faults, namespace = self._services.faults, self._entry.namespace
        for armed in faults.plans(namespace):
            if armed.plan.match.service == self._place.service.name:
                faults.remove(namespace, armed.id)

    def _note(self, outcome: Outcome, summary: str) -> None:
        self._entry.outcome, self._entry.summary = outcome, summary

    def _response(self, answer: Answer) -> Response:
        headers = dict(answer.headers)
        if self._request.method == "HEAD" or answer.status == HTTPStatus.NOT_MODIFIED:
            # As a GET would have it (RFC 9110: 8.6).
            headers["Content-Length"] = str(answer.length)
            return Response(answer.status, b"", headers)
        return Response(answer.status, answer.body, headers)
