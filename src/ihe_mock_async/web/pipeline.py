"""One exchange from the request to the response; no framework in here.

received -> framing -> envelope -> transaction -> rules and state (one unit of work) -> answer.
Whatever a client does wrong ends as a SOAP fault that lists all findings; an application answer
that refuses is not a fault (ITI TF-2: Appendix V).
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

from ihe_mock_async import elements
from ihe_mock_async.errors import MalformedMessageError, StoreError
from ihe_mock_async.findings import Finding, Validation, refused
from ihe_mock_async.ihe import AffinityDomain, Answer, Exchange, Outcome, State
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.soap import addressing, envelope, fault, mtom, namespaces
from ihe_mock_async.soap.envelope import SoapMessage, SoapVersion
from ihe_mock_async.web import attachments, body, dispatch, rules
from ihe_mock_async.web.http import Request, Response
from ihe_mock_async.web.staging import Staging

if TYPE_CHECKING:
    from ihe_mock_async.elements import XmlLimits
    from ihe_mock_async.journal.recorder import Recorder
    from ihe_mock_async.store import Store
    from ihe_mock_async.web.body import BodyLimits, ReceivedBody
    from ihe_mock_async.web.clock import Clock, IdSource
    from ihe_mock_async.web.endpoints import Endpoint, Endpoints, Route

logger = logging.getLogger("ihe_mock_async.pipeline")

_CONTENT_TYPES = {
    SoapVersion.V1_1: "text/xml; charset=utf-8",
    SoapVersion.V1_2: "application/soap+xml; charset=utf-8",
}


@dataclass(slots=True)
class Services:
    """What the pipeline works with; wired once, by `create_app`."""

    domain: AffinityDomain
    endpoints: Endpoints
    store: Store
    recorder: Recorder
    clock: Clock
    ids: IdSource
    body_limits: BodyLimits
    xml_limits: XmlLimits
    request_count: int = 0
    """Requests to mocked endpoints since the start."""
    in_flight: int = 0
    sequence: itertools.count[int] = field(default_factory=lambda: itertools.count(1))


@dataclass(slots=True)
class _Framing:
    """How the answer is packed: as the request was (ITI TF-2: V.8.1)."""

    version: SoapVersion = SoapVersion.V1_2
    mtom: bool = False
    message_id: str = ""
    new_uuid: str = ""


async def handle(request: Request, endpoint: Endpoint, services: Services) -> Response:
    """Answer one request, and record it; errors of the server itself pass through."""
    started = perf_counter()
    services.request_count += 1
    services.in_flight += 1
    entry = _open_entry(request, services)
    framing = _Framing()
    try:
        response = await _exchange(request, endpoint, services, entry, framing)
    except fault.SoapFault as error:
        response = _fault_response(error, entry, framing)
    except StoreError:
        logger.exception("the store refused a write")
        response = _fault_response(_store_failed(), entry, framing)
    finally:
        services.in_flight -= 1
    entry.status = response.status
    entry.duration_ms = (perf_counter() - started) * 1000
    services.recorder.record(entry)
    return response


def _store_failed() -> fault.SoapFault:
    return fault.receiver(
        "The server could not store the message; nothing was changed. Its log says why. "
        "Send the message again when the cause is mended."
    )


def internal_error(services: Services, path: str) -> Response:
    """The answer when the server itself is at fault; the caller has logged the cause."""
    entry = Entry(next(services.sequence), services.clock.now(), path)
    error = fault.receiver("The server failed on this message; its log says why.")
    response = _fault_response(error, entry, _Framing())
    entry.status = response.status
    services.recorder.record(entry)
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


async def _exchange(
    request: Request, endpoint: Endpoint, services: Services, entry: Entry, framing: _Framing
) -> Response:
    _check_method(request)
    if request.headers.get("content-type", "").lstrip().lower().startswith("text/xml"):
        framing.version = SoapVersion.V1_1
    content_type = body.check_headers(request, services.body_limits)
    with Staging(services.store.content) as staging:
        received = await body.receive(request, content_type, services.body_limits, staging)
        entry.request_envelope = received.envelope
        entry.attachments = tuple(staging.attachments.values())
        framing.mtom = received.mtom
        new_uuid = services.ids.for_exchange(request.namespace, received.envelope)
        framing.new_uuid = new_uuid()
        message = _read(received, services, entry, framing)
        route = dispatch.route(message, endpoint, services.endpoints)
        entry.transaction = route.transaction.number
        entry.transaction_name = route.transaction.name
        found = _findings(received, message, route, services.domain.validation)
        found += await attachments.resolve(message.payload, route.transaction, staging)
        entry.findings = found
        entry.attachments = tuple(staging.attachments.values())

        def work(state: State) -> Answer:
            return route.handler(
                Exchange(
                    body=message.payload,
                    action=route.action,
                    attachments=staging.attachments,
                    domain=services.domain,
                    now=entry.received,
                    new_uuid=new_uuid,
                    state=state,
                    findings=found,
                )
            )

        if route.transaction.writes:
            answer = await services.store.write(request.namespace, work, staging.by_sha256)
        else:
            answer = await services.store.read(request.namespace, work)
    return _answer_response(answer, entry, framing)


def _check_method(request: Request) -> None:
    if request.method != "POST":
        found = rules.METHOD.found("request line", received=request.method, expected="POST")
        raise fault.sender(
            f"{request.method} is not served here. {rules.METHOD.fix}",
            found,
            http_status=405,
            http_headers={"Allow": "POST"},
        )


def _read(
    received: ReceivedBody, services: Services, entry: Entry, framing: _Framing
) -> SoapMessage:
    try:
        root = elements.parse(received.envelope, services.xml_limits)
    except MalformedMessageError as error:
        raise fault.sender(str(error)) from error
    message = envelope.read(root)
    framing.version = message.version
    framing.message_id = entry.message_id = message.addressing.message_id
    entry.action = message.addressing.action
    return message


def _findings(
    received: ReceivedBody, message: SoapMessage, route: Route, validation: Validation
) -> list[Finding]:
    """What transport, MIME, SOAP and addressing rules found, or raise if it is refused."""
    found = [*received.findings, *message.findings]
    found += _version_findings(received, message, validation)
    found += dispatch.findings(message, route.transaction, mtom=received.mtom)
    _check_reply_to(message)
    if refusing := refused(found, validation):
        reason = "; ".join(f.rule.text for f in refusing)
        raise _refusal(refusing, found, reason)
    return found


def _refusal(
    refusing: Sequence[Finding], found: Sequence[Finding], reason: str
) -> fault.SoapFault:
    if any(f.rule is rules.ACTION_MISSING for f in refusing):
        return addressing.message_addressing_header_required("Action", findings=found)
    return fault.sender(f"{reason}. {refusing[0].rule.fix}", *found)


def _version_findings(
    received: ReceivedBody, message: SoapMessage, validation: Validation
) -> list[Finding]:
    if message.version is SoapVersion.V1_1:
        found = rules.SOAP_11.found(
            "/Envelope", received=namespaces.SOAP11, expected=namespaces.SOAP12
        )
        if validation is not Validation.REPORT:
            raise fault.version_mismatch(found)
        return [found]
    if received.media_type == "text/xml":
        where = "header Content-Type"
        return [rules.CONTENT_TYPE_VERSION.found(where, received=received.media_type)]
    return []


def _check_reply_to(message: SoapMessage) -> None:
    """Only the anonymous reply address is served: the answer goes back on this connection."""
    reply_to = message.addressing.reply_to
    if reply_to and reply_to not in (namespaces.ANONYMOUS, namespaces.NONE):
        raise addressing.only_anonymous_address_supported(reply_to)


# ---------------------------------------------------------------- responses


def _answer_response(answer: Answer, entry: Entry, framing: _Framing) -> Response:
    entry.findings = answer.findings
    entry.patient_ids = answer.patient_ids
    entry.application_message_id = answer.message_id
    entry.documents = answer.documents
    entry.outcome, entry.summary = answer.outcome, answer.summary
    payload = envelope.write(
        answer.body,
        version=framing.version,
        action=answer.action,
        relates_to=framing.message_id,
        message_id=f"urn:uuid:{framing.new_uuid}",
    )
    entry.response_envelope = payload
    return _pack(200, payload, answer.action, framing)


def _fault_response(error: fault.SoapFault, entry: Entry, framing: _Framing) -> Response:
    entry.outcome, entry.summary = Outcome.FAULT, error.reason
    entry.findings = error.findings or entry.findings
    payload = fault.write(error, framing.version, relates_to=framing.message_id)
    entry.response_envelope = payload
    status = error.status_for(framing.version)
    response = _pack(status, payload, error.action, framing)
    early = status in (405, 413, 415)
    return Response(
        response.status, response.body, {**response.headers, **error.http_headers}
    )


def _pack(status: int, payload: bytes, action: str, framing: _Framing) -> Response:
    if not framing.mtom or framing.version is SoapVersion.V1_1:
        return Response(status, payload, {"Content-Type": _CONTENT_TYPES[framing.version]})
    writer = mtom.MtomWriter(
        f"uuid-{framing.new_uuid}",
        payload,
        action=action,
        root_id="root.message@ihe-mock-async.localhost",
    )
    return Response(status, writer.single(), {"Content-Type": writer.content_type})
