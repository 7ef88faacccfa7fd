"""One exchange from the request to the response; no framework in here.

received -> framing -> envelope -> transaction -> rules and state (one unit of work) -> answer.
Whatever a client does wrong ends as a SOAP fault that lists all findings; an application answer
that refuses is not a fault (ITI TF-2: Appendix V).
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING

from ihe_mock_async import elements
from ihe_mock_async.errors import StoreError
from ihe_mock_async.findings import Finding, Rule, Validation, refused
from ihe_mock_async.ihe import Answer, Exchange, Outcome
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.soap import SoapMessage, SoapVersion, envelope, fault, namespaces
from ihe_mock_async.soap import rules as soap_rules
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.web import attachments, body, dispatch, rules
from ihe_mock_async.web.http import ClientGoneError, Request, Response
from ihe_mock_async.web.outgoing import Outgoing
from ihe_mock_async.web.packing import Framing, assumed_framing, pack, pack_answer
from ihe_mock_async.web.staging import Staging

if TYPE_CHECKING:
    from ihe_mock_async.elements import XmlLimits
    from ihe_mock_async.journal.recorder import Recorder
    from ihe_mock_async.store import Store
    from ihe_mock_async.web.body import BodyLimits, ReceivedBody
    from ihe_mock_async.web.clock import Clock, ExchangeIds, IdSource
    from ihe_mock_async.web.endpoints import Endpoint, Endpoints, Route

logger = logging.getLogger("ihe_mock_async.pipeline")


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
    outgoing: Outgoing = field(init=False)
    """Documents that are being sent."""

    def __post_init__(self) -> None:
        """Send what the store has."""
        self.outgoing = Outgoing(self.store.content)


async def handle(request: Request, endpoint: Endpoint, services: Services) -> Response:
    """Answer one request, and record it; raises `ClientGoneError` when nobody waits for it."""
    started = perf_counter()
    services.request_count += 1
    services.in_flight += 1
    entry = _open_entry(request, services)
    try:
        response = await _answered(request, endpoint, services, entry)
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
    response = _fault_response(error, entry, assumed_framing(request))
    entry.outcome, entry.status = Outcome.UNMATCHED, response.status
    _record(entry, started, services)
    return response


async def _answered(
    request: Request, endpoint: Endpoint, services: Services, entry: Entry
) -> Response:
    framing = assumed_framing(request)
    try:
        return await _exchange(request, endpoint, services, entry, framing)
    except ClientGoneError:
        raise
    except fault.SoapFault as error:
        return _fault_response(error, entry, framing)
    except (StoreError, OSError):
        logger.exception("the store refused a message to %s", entry.path)
        return _fault_response(_STORE_FAILED(), entry, framing)
    except Exception:
        # The one errorhandler of the SOAP endpoints: the cause goes to the log, never to a client.
        logger.exception("failed on a message to %s", entry.path)
        return _fault_response(_FAILED(), entry, framing)


_STORE_FAILED = partial(
    fault.receiver,
    "The server could not use its store; nothing was changed. Its log says why. Send the message "
    "again when the cause is mended.",
)
_FAILED = partial(fault.receiver, "The server failed on this message; its log says why.")


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


async def _exchange(
    request: Request, endpoint: Endpoint, services: Services, entry: Entry, framing: Framing
) -> Response:
    _check_method(request)
    content_type = body.check_headers(request, services.body_limits)
    with Staging(services.store.content) as staging:
        received = await body.receive(request, content_type, services.body_limits, staging)
        entry.request_envelope = received.envelope
        entry.attachments = staging.all
        entry.findings = received.findings
        message = _read(received, services, entry, framing)
        entry.findings = found = [*received.findings, *message.findings]
        route = dispatch.route(message, endpoint, services.endpoints, request.namespace)
        entry.transaction = route.transaction.number
        entry.transaction_name = route.transaction.name
        found += _check_framing(received, message, route)
        found += await _resolve_attachments(message, route, staging)
        entry.attachments = staging.all
        _refuse(found, services.domain.validation)
        ids = services.ids.for_exchange(request.namespace, received.envelope)

        def work(state: State) -> Answer:
            return route.handler(
                Exchange(
                    body=message.payload,
                    action=route.action,
                    attachments=staging.attachments,
                    domain=services.domain,
                    now=entry.received,
                    new_uuid=ids.start("transaction"),
                    state=state,
                    findings=found,
                )
            )

        if route.transaction.writes:
            answer = await services.store.write(request.namespace, work, staging.by_sha256)
        else:
            answer = await services.store.read(request.namespace, work)
    return await _answer_response(answer, ids, entry, framing, services.outgoing)


def _check_method(request: Request) -> None:
    if request.method != "POST":
        found = rules.METHOD.found("request line", received=request.method, expected="POST")
        raise fault.sender(
            found.describe(),
            found,
            http_status=HTTPStatus.METHOD_NOT_ALLOWED,
            http_headers=[("Allow", "POST")],
        )


def _read(
    received: ReceivedBody, services: Services, entry: Entry, framing: Framing
) -> SoapMessage:
    try:
        root = elements.parse(received.envelope, services.xml_limits)
    except elements.MalformedXmlError as error:
        raise fault.refusal(error.finding) from error
    message = envelope.read(root)
    framing.version = message.version
    framing.message_id = entry.message_id = message.addressing.message_id
    entry.action = message.addressing.action
    return message


def _check_framing(received: ReceivedBody, message: SoapMessage, route: Route) -> list[Finding]:
    found = dispatch.findings(message, route.transaction, mtom=received.mtom)
    if received.media_type == "text/xml" and message.version is SoapVersion.V1_2:
        where = "header Content-Type"
        found.append(rules.CONTENT_TYPE_VERSION.found(where, received=received.media_type))
    reply_to = message.addressing.reply_to
    if reply_to and reply_to not in (namespaces.ANONYMOUS, namespaces.NONE):
        where = "/Envelope/Header/ReplyTo/Address"
        found.append(rules.ASYNCHRONOUS.found(where, received=reply_to))
    return found


async def _resolve_attachments(
    message: SoapMessage, route: Route, staging: Staging
) -> Sequence[Finding]:
    try:
        return await attachments.resolve(message.payload, route.transaction, staging)
    except fault.SoapFault as error:
        return error.findings  # essential ones: refused together with all others


_HEADER_REQUIRED = ((namespaces.WSA, "MessageAddressingHeaderRequired"),)
# Subcodes, and the header at fault (WS-Addressing 1.0 SOAP Binding, 6.4).
_ADDRESSING_FAULTS: Mapping[Rule, tuple[Sequence[fault.QualifiedName], str]] = {
    soap_rules.ACTION_REQUIRED: (_HEADER_REQUIRED, "Action"),
    soap_rules.ADDRESSING_REQUIRED: (_HEADER_REQUIRED, "Action"),
    rules.ASYNCHRONOUS: (
        (
            (namespaces.WSA, "InvalidAddressingHeader"),
            (namespaces.WSA, "OnlyAnonymousAddressSupported"),
        ),
        "ReplyTo",
    ),
}


def _refuse(found: Sequence[Finding], validation: Validation) -> None:
    """Raise the fault for what this validation mode refuses; its Detail has all that was found."""
    refusing = refused(found, validation)
    if not refusing:
        return
    broken = [finding.rule for finding in refusing]
    if soap_rules.VERSION in broken:
        raise envelope.version_mismatch(*found)
    subcodes, header = next(
        (_ADDRESSING_FAULTS[rule] for rule in broken if rule in _ADDRESSING_FAULTS), ((), "")
    )
    raise fault.SoapFault(
        fault.FaultCode.SENDER,
        fault.summary(refusing),
        findings=found,
        subcodes=subcodes,
        problem_header=(namespaces.WSA, header) if header else None,
    )


# ---------------------------------------------------------------- responses


async def _answer_response(
    answer: Answer, ids: ExchangeIds, entry: Entry, framing: Framing, outgoing: Outgoing
) -> Response:
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
        message_id=f"urn:uuid:{ids.start('answer')()}",
    )
    entry.response_envelope = payload
    return await pack_answer(payload, answer, framing, outgoing)


def _fault_response(error: fault.SoapFault, entry: Entry, framing: Framing) -> Response:
    broken = dict.fromkeys(found.rule.id for found in error.findings)
    entry.outcome, entry.summary = Outcome.FAULT, ", ".join(broken) or error.reason
    # All that is known of the message, what led to the fault first.
    entry.findings = tuple(dict.fromkeys((*error.findings, *entry.findings)))
    payload = fault.write(
        error, framing.version, relates_to=framing.message_id, findings=entry.findings
    )
    entry.response_envelope = payload
    status = error.status_for(framing.version)
    response = pack(status, payload, error.action, framing)
    return replace(response, headers={**response.headers, **dict(error.http_headers)})
