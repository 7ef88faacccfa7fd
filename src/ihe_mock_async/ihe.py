"""The vocabulary: actors, transactions, one exchange, its answer, and the state it may see.

A transaction's handler is one synchronous, pure function `Exchange -> Answer`. What it may know
is in the exchange; what it may change is behind the Protocols of `state.State`. It may be run
again when the group of writes it belongs to is rolled back, so it keeps nothing of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lxml import etree

from ihe_mock_async.findings import Finding, Rule
from ihe_mock_async.state import AffinityDomain, Attachment, State


class Actor(StrEnum):
    """The IHE actors that this server plays; the value is the endpoint's path segment."""

    PIX_MANAGER = "pix-manager"
    PATIENT_DEMOGRAPHICS_SUPPLIER = "patient-demographics-supplier"
    DOCUMENT_REGISTRY = "document-registry"
    DOCUMENT_REPOSITORY = "document-repository"
    RESPONDING_GATEWAY = "responding-gateway"

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title is of no use to an actor
        """The actor's name in the Technical Framework."""
        return _ACTOR_TITLES[self]


_ACTOR_TITLES = {
    Actor.PIX_MANAGER: "Patient Identifier Cross-reference Manager",
    Actor.PATIENT_DEMOGRAPHICS_SUPPLIER: "Patient Demographics Supplier",
    Actor.DOCUMENT_REGISTRY: "Document Registry",
    Actor.DOCUMENT_REPOSITORY: "Document Repository",
    Actor.RESPONDING_GATEWAY: "Responding Gateway",
}


# ---------------------------------------------------------------- one exchange


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as a handler sees it."""

    body: etree._Element
    """The child of soap:Body; every binary element holds an xop:Include."""
    action: str
    """wsa:Action, or the one that the body's root element implies."""
    attachments: Mapping[str, Attachment]
    """By content id, percent-decoded, without brackets."""
    domain: AffinityDomain
    now: datetime
    """Aware, UTC."""
    new_uuid: Callable[[], str]
    """A new bare lower-case UUID at each call."""
    state: State
    findings: Sequence[Finding] = ()
    """What transport, MIME, SOAP and WS-Addressing rules have found."""
    may_write: bool = True
    """Whether the state may be changed; who has to, and may not, raises `WriteNeeded`."""


class WriteNeeded(Exception):  # noqa: N818 - no error: the exchange goes on in another unit
    """Raised by a handler that must change the state in a unit of work that only reads.

    It is run again in one that writes. So a transaction that seldom writes reads beside the
    writer as long as it can.
    """


class Outcome(StrEnum):
    """How an exchange ended."""

    SERVED = "served"
    """The transaction was carried out."""
    REJECTED = "rejected"
    """An application answer that refuses: XDS Failure, HL7 CE, CR, AE or AR."""
    FAULT = "fault"
    """A SOAP fault."""
    UNMATCHED = "unmatched"
    """No transaction was recognised."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A message that this server sends on its own account."""

    to: str
    """URL of the receiving endpoint."""
    action: str
    body: bytes
    """The child of soap:Body, UTF-8 XML without declaration."""
    transaction: str
    """`ITI-46`."""
    answers: bool = False
    """Whether it answers the exchange's message later: its wsa:RelatesTo names that one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler has decided; a rejected answer must not have changed the state."""

    action: str
    """wsa:Action of the response."""
    body: etree._Element | bytes
    """The child of soap:Body; octets are UTF-8 XML without declaration, namespaces declared."""
    outcome: Outcome
    summary: str
    """One phrase for the log: `CA`, `Success`, `Failure XDSUnknownPatientId`."""
    findings: Sequence[Finding] = ()
    """All findings: those of the exchange, then the handler's own."""
    patient_ids: Sequence[str] = ()
    """CX forms."""
    message_id: str = ""
    """The application's own message id (HL7 II as `root^extension`), if it has one."""
    documents: Sequence[tuple[str, Attachment]] = ()
    """uniqueId and content of documents that were submitted."""
    attachments: Sequence[Attachment] = ()
    """Stored contents that go out with the body: its xop:Includes name their content ids."""
    notifications: Sequence[Notification] = ()
    """Messages to others that follow from the exchange; sent after the state is stored."""


Handler = Callable[[Exchange], Answer]


@dataclass(frozen=True, slots=True)
class Transaction:
    """An IHE transaction that is served: the constant of each file in `transactions/`."""

    number: str
    """`ITI-44`."""
    name: str
    section: str
    """`ITI TF-2: 3.44`."""
    actors: tuple[Actor, ...]
    handlers: Mapping[str, Handler]
    """By wsa:Action of the request."""
    roots: Mapping[str, str]
    """Clark name of the body's root element to the action it implies."""
    response_actions: Mapping[str, str]
    """wsa:Action of the request to that of the response."""
    writes: bool
    """Whether it changes the state; False: it does not, or says so by `WriteNeeded`."""
    rules: tuple[Rule, ...]
    mtom: bool = False
    """The request must be MTOM, and so is the answer (ITI TF-2: V.8)."""
    binary_elements: frozenset[str] = frozenset()
    """Clark names of elements of type xs:base64Binary in the request."""
    needs_addressing: bool = True
    """False: HL7 V3 transactions, where WS-Addressing is only a `should` (ITI TF-2: V.3.1.2)."""
