"""The response to one exchange: an answer or a fault, on the connection or posted elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ihe_mock_async.errors import StoreError
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.web.packing import pack, pack_answer
from ihe_mock_async.web.replies import ACCEPTED, Conversation

if TYPE_CHECKING:
    from ihe_mock_async.ihe import Answer
    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.soap import fault
    from ihe_mock_async.store import OutgoingMessage
    from ihe_mock_async.web.endpoints import Endpoint
    from ihe_mock_async.web.http import Request, Response
    from ihe_mock_async.web.services import Services

logger = logging.getLogger("ihe_mock_async.pipeline")


@dataclass(frozen=True, slots=True)
class Call:
    """A request at an endpoint, and what is remembered of it."""

    request: Request
    endpoint: Endpoint
    services: Services
    entry: Entry


async def send_answer(
    answer: Answer, posted: Sequence[OutgoingMessage], call: Call, conversation: Conversation
) -> Response:
    """Note what was decided, and send it where answers go; `posted` are those in the outbox."""
    entry = call.entry
    note_answer(answer, entry)
    if not conversation.reply_to.is_connection:
        entry.response_envelope = posted[0].envelope if posted else b""
        return ACCEPTED
    payload, _ = conversation.answer(answer)
    entry.response_envelope = payload
    return await pack_answer(payload, answer, conversation.framing, call.services.outgoing)


def note_answer(answer: Answer, entry: Entry) -> None:
    """Note what the application has decided."""
    entry.findings = answer.findings
    entry.patient_ids = answer.patient_ids
    entry.application_message_id = answer.message_id
    entry.documents = answer.documents
    entry.outcome, entry.summary = answer.outcome, answer.summary


async def send_fault(error: fault.SoapFault, call: Call, conversation: Conversation) -> Response:
    """Send a fault where faults go, and on the connection when it cannot be kept for sending."""
    services, entry = call.services, call.entry
    if conversation.fault_to.is_connection:
        return fault_response(error, entry, conversation)
    _note(error, entry)
    if not conversation.fault_to.is_remote:
        return ACCEPTED
    message = conversation.outgoing_fault(error, entry.findings, entry.transaction)
    try:
        await services.store.write(
            entry.namespace, lambda state: state.outbox.put(message, entry.received)
        )
    except (StoreError, OSError):
        logger.exception("the store refused a fault for %s", entry.path)
        return fault_response(error, entry, conversation)
    services.start_deliveries()
    entry.response_envelope = message.envelope
    return ACCEPTED


def fault_response(error: fault.SoapFault, entry: Entry, conversation: Conversation) -> Response:
    """The fault on the connection, noted."""
    _note(error, entry)
    payload = conversation.fault(error, entry.findings)
    entry.response_envelope = payload
    framing = conversation.framing
    response = pack(error.status_for(framing.version), payload, error.action, framing)
    return replace(response, headers={**response.headers, **dict(error.http_headers)})


def _note(error: fault.SoapFault, entry: Entry) -> None:
    broken = dict.fromkeys(found.rule.id for found in error.findings)
    entry.outcome, entry.summary = Outcome.FAULT, ", ".join(broken) or error.reason
    # All that is known of the message, what led to the fault first.
    entry.findings = tuple(dict.fromkeys((*error.findings, *entry.findings)))
