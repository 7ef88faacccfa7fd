"""One exchange from the request to the response; no framework in here.

received -> framing -> envelope -> transaction -> rules and state (one unit of work) -> answer.
Whatever a client does wrong ends as a SOAP fault that lists all findings; an application answer
that refuses is not a fault (ITI TF-2: Appendix V).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from ihe_mock_async import elements
from ihe_mock_async.errors import StoreError
from ihe_mock_async.faults.effect_names import UnknownEffectError
from ihe_mock_async.soap import SoapMessage, SoapVersion, envelope, fault
from ihe_mock_async.web import (
    attachments,
    body,
    dispatch,
    faulting,
    recording,
    refusals,
    responding,
    rules,
)
from ihe_mock_async.web.carrying_out import Task
from ihe_mock_async.web.http import ClientGoneError, Request, Response
from ihe_mock_async.web.packing import assumed_framing
from ihe_mock_async.web.replies import Conversation
from ihe_mock_async.web.responding import Call
from ihe_mock_async.web.services import Services
from ihe_mock_async.web.staging import Staging
from ihe_mock_async.web.striking import Strike

if TYPE_CHECKING:
    from ihe_mock_async.faults.picker import Picked
    from ihe_mock_async.findings import Finding
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.soap.content_type import ContentType
    from ihe_mock_async.web.body import ReceivedBody
    from ihe_mock_async.web.endpoints import Endpoint, Route

__all__ = ["Services", "answer", "handle"]

_SOAP_VERSIONS = {SoapVersion.V1_1: "1.1", SoapVersion.V1_2: "1.2"}

logger = logging.getLogger("ihe_mock_async.pipeline")


async def handle(request: Request, endpoint: Endpoint, services: Services) -> Response:
    """Answer one request that came by no connection, and record it.

    Raises `ClientGoneError` when its body does not end.
    """
    with recording.exchange(request, services) as entry:
        response = await answer(request, entry, endpoint, services)
        entry.status = response.status
        return response


async def answer(
    request: Request, entry: Entry, endpoint: Endpoint, services: Services
) -> Response:
    """Make the answer to one request, and note in its entry what there is to know of it.

    Raises `ClientGoneError` when nobody waits for it any more.
    """
    services.request_count += 1
    call = Call(request, endpoint, services, entry)
    conversation = Conversation(assumed_framing(call.request))
    entry.actor = endpoint.actor.value
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


# ---------------------------------------------------------------- one exchange

_STORE_FAILED = partial(
    fault.receiver,
    "The server could not use its store; nothing was changed. Its log says why. Send the message "
    "again when the cause is mended.",
)
_FAILED = partial(fault.receiver, "The server failed on this message; its log says why.")


async def _exchange(call: Call, conversation: Conversation) -> Response:
    with Staging(call.services.store.content) as staging:
        task: Task | fault.SoapFault
        try:
            task = await _task(staging, call, conversation)
        except fault.SoapFault as error:
            task = refusals.detached(error)
        recording.understood(call.entry, call.services)
        try:
            picked = _pick(call, task)
            if picked is not None:
                return await Strike(picked, task, call, conversation).answer()
            return await _answer(task, call, conversation)
        finally:
            del task  # a frame that an exception remembers must not keep the message


def _pick(call: Call, task: Task | fault.SoapFault) -> Picked | None:
    refused = isinstance(task, fault.SoapFault)
    try:
        return faulting.pick(call.request, call.entry, call.services, refused=refused)
    except UnknownEffectError as error:
        raise fault.sender(str(error)) from error


async def _answer(
    task: Task | fault.SoapFault, call: Call, conversation: Conversation
) -> Response:
    if isinstance(task, fault.SoapFault):
        return await responding.send_fault(task, call, conversation)
    done = await task.carry_out()
    return await responding.send_answer(done.answer, done.posted, call, conversation)


async def _task(staging: Staging, call: Call, conversation: Conversation) -> Task:
    """What the message asks for, if it is fit for it; else raises `SoapFault`."""
    services = call.services
    _check_method(call.request)
    content_type = body.check_headers(call.request, services.body_limits)
    received = await _receive(content_type, staging, call)
    message = _open(received, staging, call, conversation)
    route = await _understand(message, received, staging, call)
    return Task(message, route, staging, call, conversation)


async def _receive(content_type: ContentType, staging: Staging, call: Call) -> ReceivedBody:
    try:
        return await body.receive(call.request, content_type, call.services.body_limits, staging)
    except ClientGoneError:
        recording.note_incomplete(call.entry)
        raise


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
    entry.soap_version = _SOAP_VERSIONS[message.version]
    entry.body_name = str(message.payload.tag)
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
    entry.action = route.action
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
