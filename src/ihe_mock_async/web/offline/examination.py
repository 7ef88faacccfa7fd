"""What is told about one file: its findings, and which of them are the message's own fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ihe_mock_async.findings import Finding, Severity, Validation, refused
from ihe_mock_async.ihe import Transaction
from ihe_mock_async.soap import rules as soap_rules

STATE_DEPENDENT = frozenset(
    {
        "iti44-add-existing",
        "iti44-merge-subsumed-subsumed",
        "iti44-merge-subsumed-unknown",
        "iti44-merge-surviving-subsumed",
        "iti44-merge-surviving-unknown",
        "iti44-patient-id-subsumed",
        "iti44-patients-linked",
        "iti44-revise-unknown",
        "iti45-unknown-domain",
        "iti45-unknown-identifier",
        "xds-hash-differs",
        "xds-id-registered",
        "xds-patient-subsumed",
        "xds-patient-unknown",
        "xds-query-single-patient",
        "xds-reference-deprecated",
        "xds-reference-unresolved",
        "xds-size-differs",
        "xds-unique-id-registered",
    }
)
"""Ids of rules that compare a message with what a server has stored: here it has nothing."""
PARTS_DEPENDENT = frozenset({"xds-document-hash", "xds-document-size"})
"""Ids of rules that compare a message with its MIME parts: a file of XML has none."""

_STATE_NOTE = "depends on the server's state, which is empty here"
_PARTS_NOTE = "depends on the documents, which are not in the file"
_LINE_ENDS_NOTE = "the HTTP headers of the file end so, too: its CRs may have been lost in saving"


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding, and why it weighs less in a file than in a request."""

    finding: Finding
    note: str = ""
    """Empty: the message is at fault, and the finding weighs what its rule says."""

    @property
    def severity(self) -> Severity:
        """The rule's severity; with a note it is a hint."""
        return Severity.HINT if self.note else self.finding.severity


@dataclass(frozen=True, slots=True)
class Examination:
    """All that is known about the message of one file."""

    name: str
    form: str
    """`payload`, `envelope`, `mime`, `http`, or `xml` when it cannot be read."""
    kind: str
    """`request`, `answer`, or `unknown` when no transaction was recognised."""
    validation: Validation
    remarks: tuple[Remark, ...]
    transaction: Transaction | None = None
    action: str = ""
    root: str = ""
    """Local name of the payload's root element."""
    notes: tuple[str, ...] = ()
    """What was assumed or left out, as sentences."""

    @property
    def refused(self) -> tuple[Finding, ...]:
        """The findings for which a server in this validation mode refuses the message."""
        return refused((r.finding for r in self.remarks if not r.note), self.validation)


def remarks(
    findings: Iterable[Finding], *, without_parts: bool, line_feeds: bool
) -> tuple[Remark, ...]:
    """The findings with notes on what a file cannot tell.

    `without_parts`: the file has no MIME parts; `line_feeds`: its HTTP headers end with LF.
    """
    notes: dict[str, str] = dict.fromkeys(STATE_DEPENDENT, _STATE_NOTE)
    if without_parts:
        notes |= dict.fromkeys(PARTS_DEPENDENT, _PARTS_NOTE)
    if line_feeds:
        notes[soap_rules.LINE_ENDS.id] = _LINE_ENDS_NOTE
    return tuple(Remark(found, notes.get(found.rule.id, "")) for found in findings)
