"""One exchange as it is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ihe_mock_async.findings import Finding
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.state import Attachment


@dataclass(slots=True)
class Entry:
    """What came in, what was found and what was answered; filled while the exchange runs."""

    sequence: int
    received: datetime
    """Aware, UTC."""
    path: str
    namespace: str = ""
    client: str = ""
    tls_subject: str = ""
    transaction: str = ""
    """`ITI-44`, or an empty text when none was recognised."""
    transaction_name: str = ""
    action: str = ""
    message_id: str = ""
    """wsa:MessageID."""
    application_message_id: str = ""
    """HL7 message id as `root^extension`."""
    patient_ids: Sequence[str] = ()
    attachments: Sequence[Attachment] = ()
    documents: Sequence[tuple[str, Attachment]] = ()
    findings: Sequence[Finding] = ()
    outcome: Outcome = Outcome.UNMATCHED
    summary: str = ""
    status: int = 0
    duration_ms: float = 0.0
    request_envelope: bytes = b""
    response_envelope: bytes = b""
