"""One exchange as it is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ihe_mock_async.findings import Finding
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.body import EMPTY, RecordedBody
from ihe_mock_async.state import Attachment

RawHeaders = Sequence[tuple[bytes, bytes]]
"""Header fields as they came, in their order; names as the client wrote them or lower-case."""


def text_of(octets: bytes) -> str:
    """A header value as text: UTF-8, as everybody sends today, or ISO 8859-1 (RFC 9110, 5.5)."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


@dataclass(frozen=True, slots=True)
class AppliedFault:
    """A fault that an exchange has met."""

    plan: str
    """Id of the fault plan; empty: the header `X-Mock-Fault` has asked for it."""
    effect: str
    """Its name: `CONNECTION_RESET_BY_PEER`, `http 503`, `registry XDSRegistryBusy`, ..."""


@dataclass(slots=True)
class Entry:
    """What came in, what was found and what was answered; filled while the exchange runs."""

    sequence: int
    """Unique in one server, rising with the time of receipt; the entry's id in the admin API."""
    received: datetime
    """Aware, UTC."""
    path: str
    """As requested (with `/ns/{namespace}`), percent-decoded, without the query."""
    namespace: str = ""
    client: str = ""
    """`address:port`."""
    tls_subject: str = ""
    method: str = "POST"
    scheme: str = "http"
    target: str = ""
    """The request target as sent: path and query, percent-encoded."""
    headers: RawHeaders = ()
    request_body: RecordedBody = EMPTY
    """The octets of the HTTP body."""
    transaction: str = ""
    """`ITI-44`, or an empty text when none was recognised."""
    transaction_name: str = ""
    actor: str = ""
    """The value of the `ihe.Actor` whose endpoint it was."""
    service: str = ""
    """Name of the companion service that it was sent to."""
    mapping: str = ""
    """Name of the companion's mapping that has answered."""
    soap_version: str = ""
    """`1.2` or `1.1`; empty when no envelope was read."""
    action: str = ""
    """wsa:Action, or the one that the body's root implies."""
    message_id: str = ""
    """wsa:MessageID."""
    body_name: str = ""
    """Clark name of the root element of the SOAP body."""
    application_message_id: str = ""
    """HL7 message id as `root^extension`."""
    patient_ids: Sequence[str] = ()
    attachments: Sequence[Attachment] = ()
    documents: Sequence[tuple[str, Attachment]] = ()
    findings: Sequence[Finding] = ()
    outcome: Outcome = Outcome.UNMATCHED
    summary: str = ""
    fault: AppliedFault | None = None
    status: int = 0
    """0: no HTTP response was sent (yet)."""
    response_headers: RawHeaders = ()
    response_body: RecordedBody = EMPTY
    duration_ms: float = 0.0
    answered: bool = False
    """Whether its outcome is decided: from before the first octet of the answer goes out."""
    completed: bool = False
    """Whether the exchange is over."""
    request_envelope: bytes = b""
    response_envelope: bytes = b""
    cache: dict[str, object] = field(default_factory=dict, repr=False, compare=False)
    """What matching has worked out of the entry; dropped when the entry changes."""

    @property
    def decided_outcome(self) -> Outcome | None:
        """How it ended, as soon as that is decided."""
        return self.outcome if self.answered or self.completed else None
