"""One exchange from the request to the response; no framework in here.

received -> framing -> envelope -> transaction -> rules and state (one unit of work) -> answer.
Whatever a client does wrong ends as a SOAP fault that lists all findings; an application answer
that refuses is not a fault (ITI TF-2: Appendix V).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from ihe_mock_async import elements
from ihe_mock_async.errors import StoreError
from ihe_mock_async.ihe import Exchange, Outcome, WriteNeeded
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.soap import SoapMessage, SoapVersion, envelope, fault
from ihe_mock_async.web import attachments, body, dispatch, refusals, responding, rules
from ihe_mock_async.web.http import ClientGoneError, Request, Response
from ihe_mock_async.web.packing import assumed_framing
from ihe_mock_async.web.replies import Conversation
from ihe_mock_async.web.responding import Call
from ihe_mock_async.web.services import Services
from ihe_mock_async.web.staging import Staging

if TYPE_CHECKING:
    from ihe_mock_async.findings import Finding
    from ihe_mock_async.ihe import Answer
    from ihe_mock_async.store import NamespaceState, OutgoingMessage
    from ihe_mock_async.web.body import ReceivedBody
    from ihe_mock_async.web.endpoints import Endpoint, Route

__all__ = ["Services", "handle", "refuse"]

logger = logging.getLogger("ihe_mock_async.pipeline")


async def handle(request: Request, endpoint: Endpoint, services: Services) -> Response:
    """Answer one request, and record it; raises `ClientGoneError` when nobody waits for it."""
    started = perf_counter()
    services.request_count += 1
    services.in_flight += 1
    entry = _open_entry(request, services)
    try:
        response = await _answered(Call(request, endpoint, services, entry))
    except ClientGoneError:
        entry.outcome, entry.summary = Outcome.FAULT, "the client went away"
        entry.findings = (*entry.findings, rules.INCOMPLETE.found("body"))
        _record(entry, started, services)
        raise
    finally:
        services.in_flight -= 1
    entry.status = response.status
    _record(entry, started, services)
    return response


def refuse(request: Request, error: fault.SoapFault, services: Services) -> Response:
    """Answer and record a message that knocked at no endpoint."""
    started = perf_counter()
    entry = _open_entry(request, services)
    response = responding.fault_response(error, entry, Conversation(assumed_framing(request)))
    entry.outcome, entry.status = Outcome.UNMATCHED, response.status
    _record(entry, started, services)
    return response


def _open_entry(request: Request, services: Services) -> Entry:
    return Entry(
        sequence=next(services.sequence),
        received=services.clock.now(),
        path=request.path,
        namespace=request.namespace,
        client=request.client,
        tls_subject=request.tls_subject,
    )


def _record(entry: Entry, started: float, services: Services) -> None:
    entry.duration_ms = (perf_counter() - started) * 1000
    try:
        services.recorder.record(entry)
    except Exception:
        # What was stored is stored: a journal that fails must not turn the answer into a fault.
        logger.exception("could not record message %d to %s", entry.sequence, entry.path)


# ---------------------------------------------------------------- one exchange


async def _answered(call: Call) -> Response:
    conversation, entry = Conversation(assumed_framing(call.request)), call.entry
    try:
        return await _exchange(call, conversation)
    except ClientGoneError:
        raise
    except fault.SoapFault as error:
        # Not kept beyond this block: its traceback holds this frame, and so the whole message.
        return await responding.send_fault(error, call, conversation)
    except (StoreError, OSError):
        logger.exception("the store refused a message to %s", entry.path)
        return await responding.send_fault(_STORE_FAILED(), call, conversation)
    except Exception:
        # The one errorhandler of the SOAP endpoints: the cause goes to the log, never to a client.
        logger.exception("failed on a message to %s", entry.path)
        return await responding.send_fault(_FAILED(), call, conversation)


_STORE_FAILED = partial(
    fault.receiver,
    "The server could not use its store; nothing was changed. Its log says why. Send the message "
    "again when the cause is mended.",
)
_FAILED = partial(fault.receiver, "The server failed on this message; its log says why.")


async def _exchange(call: Call, conversation: Conversation) -> Response:
    services = call.services
    _check_method(call.request)
    content_type = body.check_headers(call.request, services.body_limits)
    with Staging(services.store.content) as staging:
        received = await body.receive(call.request, content_type, services.body_limits, staging)
        message = _open(received, staging, call, conversation)
        route = await _understand(message, received, staging, call)
        work = _unit_of_work(message, route, staging, call, conversation)
        at_once = route.transaction.writes or conversation.reply_to.is_remote
        answer, posted = await _carry_out(work, staging, call, writing=at_once)
    if posted or answer.notifications:
        services.start_deliveries()
    return await responding.send_answer(answer, posted, call, conversation)


def _check_method(request: Request) -> None:
    if request.method != "POST":
        found = rules.METHOD.found("request line", received=request.method, expected="POST")
        raise fault.sender(
            found.describe(),
            found,
            http_status=HTTPStatus.METHOD_NOT_ALLOWED,
            http_headers=[("Allow", "POST")],
        )


def _open(
    received: ReceivedBody, staging: Staging, call: Call, conversation: Conversation
) -> SoapMessage:
    """The message in its envelope; from here on it is answered where it says."""
    services, entry = call.services, call.entry
    entry.request_envelope = received.envelope
    entry.attachments = staging.all
    entry.findings = received.findings
    conversation.ids = services.ids.for_exchange(entry.namespace, received.envelope)
    try:
        root = elements.parse(received.envelope, services.xml_limits)
    except elements.MalformedXmlError as error:
        raise fault.refusal(error.finding) from error
    message = envelope.read(root)
    entry.message_id = message.addressing.message_id
    entry.action = message.addressing.action
    wrong_addresses = conversation.turn_to(message)
    entry.findings = [*received.findings, *message.findings, *wrong_addresses]
    return message


async def _understand(
    message: SoapMessage, received: ReceivedBody, staging: Staging, call: Call
) -> Route:
    """The transaction of a message that is fit for it; else raises `SoapFault`."""
    services, entry = call.services, call.entry
    route = dispatch.route(message, call.endpoint, services.endpoints, entry.namespace)
    entry.transaction = route.transaction.number
    entry.transaction_name = route.transaction.name
    found = [*entry.findings, *_check_framing(received, message, route, call.endpoint)]
    entry.findings = found
    found += await _resolve_attachments(message, route, staging)
    entry.attachments = staging.all
    refusals.refuse(found, services.domain.validation)
    return route


def _check_framing(
    received: ReceivedBody, message: SoapMessage, route: Route, endpoint: Endpoint
) -> list[Finding]:
    found = dispatch.findings(message, route.transaction, endpoint, mtom=received.mtom)
    if received.media_type == "text/xml" and message.version is SoapVersion.V1_2:
        where = "header Content-Type"
        found.append(rules.CONTENT_TYPE_VERSION.found(where, received=received.media_type))
    return found


async def _resolve_attachments(
    message: SoapMessage, route: Route, staging: Staging
) -> Sequence[Finding]:
    try:
        return await attachments.resolve(message.payload, route.transaction, staging)
    except fault.SoapFault as error:
        return error.findings  # essential ones: refused together with all others


_Done = tuple["Answer", "Sequence[OutgoingMessage]"]
"""What was decided, and the messages that carry the answer when it does not go back at once."""


class _Work(Protocol):
    """A unit of work that may be run to read first."""

    def __call__(self, state: NamespaceState, *, may_write: bool = True) -> _Done: ...


async def _carry_out(work: _Work, staging: Staging, call: Call, *, writing: bool) -> _Done:
    """Run a unit of work beside the writer if it is to read only, unless it has to write."""
    store, namespace = call.services.store, call.request.namespace
    if not writing:
        with suppress(WriteNeeded):
            return await store.read(namespace, partial(work, may_write=False))
    return await store.write(namespace, work, staging.by_sha256)


def _unit_of_work(
    message: SoapMessage, route: Route, staging: Staging, call: Call, conversation: Conversation
) -> _Work:
    """The transaction, and all that is sent because of it: stored together, or not at all."""
    entry, domain, found = call.entry, call.services.domain, call.entry.findings

    def work(state: NamespaceState, *, may_write: bool = True) -> _Done:
        answer = route.handler(
            Exchange(
                body=message.payload,
                action=route.action,
                attachments=staging.attachments,
                domain=domain,
                now=entry.received,
                new_uuid=conversation.ids.start("transaction"),
                state=state,
                findings=found,
                may_write=may_write,
            )
        )
        posted = conversation.outgoing_answer(answer, route.transaction.number)
        for outgoing in (*posted, *conversation.notifications(answer.notifications)):
            state.outbox.put(outgoing, entry.received)
        return answer, posted

    return work
