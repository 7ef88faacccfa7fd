"""Where an answer or a fault goes: back on the connection, to another endpoint, or nowhere.

WS-Addressing 1.0 Core, 3.4; asynchronous web services exchange, ITI TF-2: V.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ihe_mock_async.faults import corruption
from ihe_mock_async.soap import envelope, fault
from ihe_mock_async.soap.namespaces import ANONYMOUS, NONE, OTHER_WSA_VERSIONS, WSA
from ihe_mock_async.soap.version import SoapVersion
from ihe_mock_async.store import DeliveryKind, OutgoingMessage
from ihe_mock_async.web import rules
from ihe_mock_async.web.clock import ExchangeIds
from ihe_mock_async.web.http import Response

if TYPE_CHECKING:
    from ihe_mock_async.faults.effects import Corruption
    from ihe_mock_async.findings import Finding
    from ihe_mock_async.ihe import Answer, Notification
    from ihe_mock_async.soap import Addressing, SoapFault, SoapMessage
    from ihe_mock_async.web.packing import Framing

ACCEPTED = Response(202, b"")
"""The message was taken; what is answered, if anything, does not come on this connection."""
MAX_ADDRESS = 2000
"""Characters of an address that something is posted to."""
_VISIBLE = re.compile(r"[!-~]+")
# No address of WS-Addressing itself is a place to post to: a misspelt `anonymous` is one of them.
_OF_ADDRESSING = (WSA, *OTHER_WSA_VERSIONS)
_SPECIAL = frozenset({ANONYMOUS, NONE})


@dataclass(frozen=True, slots=True)
class EndpointReference:
    """Where answers, or faults, go."""

    address: str = ANONYMOUS
    parameters: tuple[bytes, ...] = ()
    """Header blocks that every message to it has."""

    @property
    def is_connection(self) -> bool:
        """Whether they go back on the connection of the request."""
        return self.address == ANONYMOUS

    @property
    def is_remote(self) -> bool:
        """Whether they are posted; what goes neither way is not sent at all."""
        return self.address not in _SPECIAL


CONNECTION = EndpointReference()


def _check(addressing: Addressing) -> Iterator[Finding]:
    addresses = (
        (rules.REPLY_ADDRESS, "ReplyTo", addressing.reply_to),
        (rules.FAULT_ADDRESS, "FaultTo", addressing.fault_to),
    )
    for rule, name, address in addresses:
        if address and address not in _SPECIAL and not _can_be_posted_to(address):
            yield rule.found(f"/Envelope/Header/{name}/Address", received=address)


def _can_be_posted_to(address: str) -> bool:
    if len(address) > MAX_ADDRESS or not _VISIBLE.fullmatch(address):
        return False
    try:
        url = urlsplit(address)
        has_port = url.port is None or url.port > 0
    except ValueError:
        return False
    return (
        url.scheme in ("http", "https")
        and bool(url.hostname)
        and has_port
        and "@" not in url.netloc  # credentials would stand in logs and lists
        and not address.startswith(_OF_ADDRESSING)
    )


@dataclass(slots=True)
class Conversation:
    """How and where one request is answered; learned while the request is read."""

    framing: Framing
    reply_to: EndpointReference = CONNECTION
    fault_to: EndpointReference = CONNECTION
    ids: ExchangeIds = field(default_factory=ExchangeIds)
    _damage: Corruption | None = None

    def turn_to(self, message: SoapMessage) -> list[Finding]:
        """Answer as and where the message says.

        Whatever is amiss with its addresses is returned; the answer goes back on the connection
        then, where somebody reads it.
        """
        addressing = message.addressing
        self.framing.version = message.version
        self.framing.message_id = addressing.message_id
        found = list(_check(addressing))
        if not found:
            self._take(addressing)
        return found

    def _take(self, addressing: Addressing) -> None:
        if addressing.reply_to:
            self.reply_to = EndpointReference(addressing.reply_to, addressing.reply_parameters)
        # WS-Addressing 1.0 Core, 3.4: without a fault endpoint faults go where replies go.
        self.fault_to = self.reply_to
        if addressing.fault_to:
            self.fault_to = EndpointReference(addressing.fault_to, addressing.fault_parameters)

    def damage(self, kind: Corruption | None) -> None:
        """Damage what is answered from now on, where it is answered."""
        self._damage = kind
        self.framing.changes = corruption.framing(kind)

    def answer(self, answer: Answer) -> tuple[bytes, str]:
        """The envelope of an answer, and its message id."""
        message_id = self._new_message_id("answer")
        octets = envelope.write(
            answer.body,
            version=self.framing.version,
            action=answer.action,
            relates_to=self.framing.message_id,
            message_id=message_id,
            to=self.reply_to.address,
            parameters=self.reply_to.parameters,
        )
        return corruption.envelope(self._damage, octets), message_id

    def fault(self, error: SoapFault, found: Iterable[Finding]) -> bytes:
        """The envelope of a fault on the connection; `found` stands in its details."""
        framing = self.framing
        octets = fault.write(error, framing.version, relates_to=framing.message_id, findings=found)
        return corruption.envelope(self._damage, octets)

    def outgoing_answer(self, answer: Answer, transaction: str) -> Sequence[OutgoingMessage]:
        """The answer as a message to its endpoint; none when it is not posted."""
        if not self.reply_to.is_remote:
            return ()
        octets, message_id = self.answer(answer)
        message = self._outgoing(
            self.reply_to, octets, transaction=transaction, action=answer.action, id_=message_id
        )
        return (replace(message, attachments=tuple(answer.attachments)),)

    def outgoing_fault(
        self, error: SoapFault, found: Iterable[Finding], transaction: str
    ) -> OutgoingMessage:
        """The fault as a message to its endpoint, which must be a remote one."""
        message_id = self._new_message_id("fault")
        octets = fault.write(
            error,
            self.framing.version,
            relates_to=self.framing.message_id,
            message_id=message_id,
            to=self.fault_to.address,
            parameters=self.fault_to.parameters,
            findings=found,
        )
        octets = corruption.envelope(self._damage, octets)
        return self._outgoing(
            self.fault_to, octets, transaction=transaction, action=error.action, id_=message_id
        )

    def notifications(self, notifications: Sequence[Notification]) -> Iterator[OutgoingMessage]:
        """Messages to others that follow from the exchange; each begins one, in SOAP 1.2."""
        new_id = self.ids.start("notification")
        for notification in notifications:
            message_id = f"urn:uuid:{new_id()}"
            relates_to = self.framing.message_id if notification.answers else ""
            yield OutgoingMessage(
                kind=DeliveryKind.NOTIFICATION,
                transaction=notification.transaction,
                to=notification.to,
                action=notification.action,
                message_id=message_id,
                relates_to=relates_to,
                envelope=envelope.write(
                    notification.body,
                    version=SoapVersion.V1_2,
                    action=notification.action,
                    relates_to=relates_to,
                    message_id=message_id,
                    to=notification.to,
                    reply_to=ANONYMOUS,
                ),
            )

    def _new_message_id(self, purpose: str) -> str:
        return f"urn:uuid:{self.ids.start(purpose)()}"

    def _outgoing(
        self,
        endpoint: EndpointReference,
        octets: bytes,
        *,
        transaction: str,
        action: str,
        id_: str,
    ) -> OutgoingMessage:
        return OutgoingMessage(
            kind=DeliveryKind.RESPONSE,
            transaction=transaction,
            to=endpoint.address,
            action=action,
            message_id=id_,
            relates_to=self.framing.message_id,
            envelope=octets,
            version=self.framing.version,
            mtom=self.framing.mtom and not self.framing.changes.simple,
        )
