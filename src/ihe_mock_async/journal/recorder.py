"""Every exchange leaves a line in the log, its findings, and the evidence files.

The log's INFO line is the one to grep: transaction, message id, patient, outcome, milliseconds.
"""

from __future__ import annotations

import logging

from ihe_mock_async.findings import Severity
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.evidence import Evidence
from ihe_mock_async.journal.redaction import redact_envelope, redact_finding, redact_identifier

logger = logging.getLogger("ihe_mock_async.exchange")

_FINDING_LEVELS = {
    Severity.ERROR: logging.WARNING,
    Severity.WARNING: logging.INFO,
    Severity.HINT: logging.DEBUG,
}


class Recorder:
    """Writes entries to the log and the evidence; masks patient data when asked to."""

    def __init__(self, evidence: Evidence, *, redact: bool = False) -> None:
        self._evidence = evidence
        self._redact = redact

    def record(self, entry: Entry) -> None:
        """Remember a finished exchange."""
        if self._redact:
            self._mask(entry)
        level = logging.WARNING if entry.outcome is Outcome.FAULT else logging.INFO
        logger.log(
            level,
            "%s %s message=%s patient=%s outcome=%s (%s) http=%d %.1f ms%s",
            entry.transaction or "-",
            entry.path,
            entry.application_message_id or entry.message_id or "-",
            ",".join(entry.patient_ids) or "-",
            entry.outcome.value,
            entry.summary,
            entry.status,
            entry.duration_ms,
            f" ns={entry.namespace}" if entry.namespace else "",
        )
        for finding in entry.findings:
            logger.log(_FINDING_LEVELS[finding.severity], "  %s", finding.describe())
        if logger.isEnabledFor(logging.DEBUG):
            self._log_soap(entry)
        self._evidence.write(entry)

    @staticmethod
    def _log_soap(entry: Entry) -> None:
        logger.debug("request\n%s", _Text(entry.request_envelope))
        for part in entry.attachments:
            logger.debug(
                "  attachment %s: %s, %d octets, sha256 %s",
                part.content_id,
                part.media_type,
                part.size,
                part.sha256,
            )
        logger.debug("response\n%s", _Text(entry.response_envelope))

    @staticmethod
    def _mask(entry: Entry) -> None:
        entry.patient_ids = [redact_identifier(text) for text in entry.patient_ids]
        entry.request_envelope = redact_envelope(entry.request_envelope)
        entry.response_envelope = redact_envelope(entry.response_envelope)
        entry.findings = [redact_finding(finding) for finding in entry.findings]


class _Text:
    """Octets that are decoded where the record is written, not where it is made."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def __str__(self) -> str:
        return self._octets.decode("utf-8", "replace")
