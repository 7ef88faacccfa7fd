"""Every exchange leaves a line in the log, its findings, and the evidence files.

The log's first line of an exchange is the one to grep: transaction, message id, patient, outcome,
milliseconds. All records are made into text where they are written, not in the event loop.
"""

from __future__ import annotations

import logging
import re

from ihe_mock_async.findings import Finding, Severity, one_line
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.evidence import Evidence
from ihe_mock_async.journal.redaction import redact_entry

logger = logging.getLogger("ihe_mock_async.exchange")

_OUTCOME_LEVELS = {Outcome.FAULT: logging.WARNING, Outcome.UNMATCHED: logging.WARNING}
_FINDING_LEVELS = {
    Severity.ERROR: logging.WARNING,
    Severity.WARNING: logging.INFO,
    Severity.HINT: logging.DEBUG,
}
MAX_LOGGED = 256 * 1024
"""Octets of an envelope that are logged."""
# Documents are never logged, inline base64 neither.
_INLINE = re.compile(rb"(<(?:[\w.-]+:)?Document(?:\s[^<>]*)?>)[^<]+")


class Recorder:
    """Writes entries to the log and the evidence, if any; masks patient data when asked to."""

    def __init__(self, evidence: Evidence | None, *, redact: bool = False) -> None:
        self._evidence = evidence
        self._redact = redact

    def record(self, entry: Entry) -> None:
        """Remember a finished exchange; the entry must not change any more."""
        if self._redact:
            entry = redact_entry(entry)
        _log(_OUTCOME_LEVELS.get(entry.outcome, logging.INFO), "%s", _Line(entry))
        for finding in entry.findings:
            _log(_FINDING_LEVELS[finding.severity], "  %s", _Described(finding))
        if logger.isEnabledFor(logging.DEBUG):
            _log_soap(entry)
        if self._evidence is not None:
            self._evidence.write(entry)


def _log(level: int, text: str, *arguments: object) -> None:
    """As `logger.log`, at half its cost: nobody asks for the place in the source."""
    if logger.isEnabledFor(level):
        logger.handle(logging.LogRecord(logger.name, level, "", 0, text, arguments, None))


def _log_soap(entry: Entry) -> None:
    for part in entry.attachments:
        _log(
            logging.DEBUG,
            "  attachment %s: %s, %d octets, sha256 %s",
            one_line(part.content_id) or "without Content-ID",
            one_line(part.media_type),
            part.size,
            part.sha256,
        )
    # One record for both: a record costs more than what is in it.
    request, response = _Envelope(entry.request_envelope), _Envelope(entry.response_envelope)
    _log(logging.DEBUG, "request\n%s\nresponse\n%s", request, response)


class _Line:
    """One exchange in one line, whatever line ends a client has put into its ids."""

    __slots__ = ("_entry",)

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    def __str__(self) -> str:
        entry = self._entry
        message_id = entry.application_message_id or entry.message_id or "-"
        namespace = f" ns={entry.namespace}" if entry.namespace else ""
        fault = f" fault={entry.fault.effect}" if entry.fault else ""
        return one_line(
            f"{entry.transaction or entry.service or '-'} {entry.path} message={message_id} "
            f"patient={','.join(entry.patient_ids) or '-'} outcome={entry.outcome.value} "
            f"({entry.summary}) http={entry.status} {entry.duration_ms:.1f} ms{namespace}{fault}"
        )


class _Described:
    """A finding in one line."""

    __slots__ = ("_finding",)

    def __init__(self, finding: Finding) -> None:
        self._finding = finding

    def __str__(self) -> str:
        return self._finding.describe()


class _Envelope:
    """An envelope as text, without inline documents and not at any length."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def __str__(self) -> str:
        octets = self._octets
        if b"Document" in octets:
            octets = _INLINE.sub(rb"\1(a document, left out)", octets)
        text = octets[:MAX_LOGGED].decode("utf-8", "replace")
        rest = len(octets) - MAX_LOGGED
        return f"{text}\n({rest} more octets, left out)" if rest > 0 else text
