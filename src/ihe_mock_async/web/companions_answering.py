"""One request to a companion service, over ASGI: read, understood, answered or refused."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ihe_mock_async.faults.effect_names import UnknownEffectError
from ihe_mock_async.faults.picker import HEADER
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.entry import text_of
from ihe_mock_async.services import refusals
from ihe_mock_async.services.request import ServiceRequest
from ihe_mock_async.web import exchanges, faulting, recording
from ihe_mock_async.web.companions_striking import struck
from ihe_mock_async.web.companions_task import CompanionCall, CompanionTask, without_body
from ihe_mock_async.web.http import ClientGoneError, Request, Response

if TYPE_CHECKING:
    from ihe_mock_async.faults.picker import Picked
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.services.companion import Mapping
    from ihe_mock_async.web.asgi import Receive, Scope, Send
    from ihe_mock_async.web.companions import CompanionPlace, Companions
    from ihe_mock_async.web.services import Services

logger = logging.getLogger("ihe_mock_async.companions")


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
    state = companions.state(place.namespace, place.service.name)

    async def answer(request: Request, entry: Entry) -> Response:
        entry.service = place.service.name
        response = await _answered(CompanionCall(request, entry, place, state, services))
        return without_body(response) if request.method == "HEAD" else response

    await exchanges.serve(
        scope, receive, send, services=services, answer=answer, namespace=place.namespace
    )


class _TooLargeError(Exception):
    """The body has more octets than are taken."""


async def _answered(call: CompanionCall) -> Response:
    """The response; raises `ClientGoneError`, and nothing else."""
    try:
        return await _exchange(call)
    except ClientGoneError:
        raise
    except _TooLargeError:
        answer = refusals.too_large(call.services.body_limits.max_envelope_bytes)
        return call.refused(answer, Outcome.REJECTED, "the body is too large")
    except UnknownEffectError as error:
        answer = refusals.unknown_effect(str(error))
        return call.refused(answer, Outcome.REJECTED, "X-Mock-Fault names no effect")
    except Exception:
        # The cause goes to the log, never to a client.
        logger.exception("failed on a request to %s", call.entry.path)
        return call.refused(refusals.failed(), Outcome.FAULT, "the server failed")


async def _exchange(call: CompanionCall) -> Response:
    asked = await _read(call)
    mapping = call.place.service.choose(asked)
    call.entry.mapping = mapping.title if mapping else ""
    recording.understood(call.entry, call.services)
    picked = _pick(call, mapping)
    origin = f"{asked.method} {asked.path}?{asked.query}\n".encode() + asked.body
    ids = call.services.ids.for_exchange(call.entry.namespace, origin)
    task = CompanionTask(call, asked, mapping, ids)
    return await (task.carry_out() if picked is None else struck(picked, task))


def _pick(call: CompanionCall, mapping: Mapping | None) -> Picked | None:
    """The fault that a request meets; what looks after a service meets only what it asks for."""
    is_spared = mapping is not None and not mapping.declaration.meets_fault_plans
    if is_spared and HEADER not in call.request.headers:
        return None
    return faulting.pick(call.request, call.entry, call.services)


async def _read(call: CompanionCall) -> ServiceRequest:
    request, body = call.request, bytearray()
    try:
        async for chunk in request.body:
            body += chunk
            if len(body) > call.services.body_limits.max_envelope_bytes:
                raise _TooLargeError
    except ClientGoneError:
        recording.note_incomplete(call.entry)
        raise
    return ServiceRequest(
        method=request.method,
        path=call.place.path,
        query=request.target.partition("?")[2],
        headers=[(text_of(name), text_of(value)) for name, value in request.raw_headers],
        body=bytes(body),
    )
