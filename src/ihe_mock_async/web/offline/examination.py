"""What is told about one file: its findings, and which of them are the message's own fault."""

from __future__ import annotations

from dataclasses import dataclass

from ihe_mock_async.findings import Finding, Severity, Validation, refused
from ihe_mock_async.ihe import Transaction


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
