"""A message that the server sends on its own account, and how far that has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ihe_mock_async.soap.version import SoapVersion
from ihe_mock_async.state import Attachment


class DeliveryKind(StrEnum):
    """Why a message is sent."""

    RESPONSE = "response"
    """The answer, or the fault, for a request with a non-anonymous wsa:ReplyTo or wsa:FaultTo."""
    NOTIFICATION = "notification"
    """It follows from an exchange with somebody else, and is acknowledged (ITI-46)."""


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    PENDING = "pending"
    """It will be attempted, for the first time or again."""
    DELIVERED = "delivered"
    """The receiver has taken it."""
    DEAD = "dead"
    """It has been given up."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A whole message on its way into the outbox."""

    kind: DeliveryKind
    transaction: str
    """`ITI-41`; empty for a fault of a message that was none."""
    to: str
    """URL that it is posted to."""
    action: str
    message_id: str
    relates_to: str
    """wsa:MessageID of the request, verbatim; empty when it had none."""
    envelope: bytes
    version: SoapVersion = SoapVersion.V1_2
    mtom: bool = False
    attachments: tuple[Attachment, ...] = ()
    """Contents of the store, not copied: when one is gone before it is sent, nothing is sent."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in the outbox, without its envelope. Times are aware, UTC."""

    id: int
    namespace: str
    kind: DeliveryKind
    transaction: str
    to: str
    action: str
    message_id: str
    relates_to: str
    version: SoapVersion
    mtom: bool
    attachments: tuple[Attachment, ...]
    size: int
    """Octets of the envelope."""
    created: datetime
    state: DeliveryState
    attempts: int
    """Attempts that have ended."""
    next_attempt: datetime | None
    """Of a pending one: not before."""
    last_error: str
    """What went wrong at the latest attempt; empty when nothing did."""
    last_status: int | None
    """HTTP status of the latest attempt; None when there was no answer."""
    finished: datetime | None
    """When it was delivered or given up."""
