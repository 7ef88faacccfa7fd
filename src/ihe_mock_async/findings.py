"""What is wrong with a message, by which rule, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_MAX_RECEIVED = 500
_MAX_LOCATION = 1000
_MAX_EXPECTED = 4000
# C0 and C1 controls, line and paragraph separators, and surrogates that no encoding can write.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """The reference servers of the field refuse such a message."""
    WARNING = "warning"
    """A `shall` that conformant-in-practice clients miss and servers let pass."""
    HINT = "hint"
    """Legal, but likely not what the sender meant."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement, stable and documented: the `id` is part of the public contract."""

    id: str
    """Like `hl7v3-interaction-id` or `xds-slot-name-unique`: kebab-case, its family first."""
    severity: Severity
    text: str
    """The requirement, as one sentence."""
    section: str
    """Where it stands, like `ITI TF-3: 4.2.3.2.1`."""
    fix: str
    """What the sender should do, in the imperative."""
    code: str | None = None
    """The error code of an application answer (an XDS errorCode, an HL7 detail code)."""
    essential: bool = False
    """Refused even with `validation: report`: without it there is nothing to act on."""

    def found(
        self,
        location: str = "",
        *,
        received: str = "",
        expected: str = "",
        line: int | None = None,
    ) -> Finding:
        """Say that a message breaks this rule, and where; what a client sent is cut to size."""
        return Finding(
            self,
            _shortened(location, _MAX_LOCATION),
            line,
            _shortened(received, _MAX_RECEIVED),
            _shortened(expected, _MAX_EXPECTED),
        )


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of one rule at one place of a message."""

    rule: Rule
    location: str
    """XPath without prefixes, MIME part (`part <cid>`), HTTP header or byte offset."""
    line: int | None
    received: str
    expected: str

    @property
    def severity(self) -> Severity:
        """The rule's severity."""
        return self.rule.severity

    def describe(self) -> str:
        """Everything about it in one line, for logs, codeContext and acknowledgementDetail."""
        where = f" at {self.location}" if self.location else ""
        line = f" (line {self.line})" if self.line else ""
        seen = f' Received "{self.received}".' if self.received else ""
        wanted = f" Expected {self.expected}." if self.expected else ""
        rule = self.rule
        return one_line(
            f"{rule.text}{where}{line}.{seen}{wanted} {rule.fix} [{rule.id}, {rule.section}]"
        )


def one_line(text: str) -> str:
    r"""The text with control characters and line ends as `\uXXXX`: nobody can forge log lines."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


class Validation(StrEnum):
    """What is done about findings (the setting `validation`)."""

    ENFORCE = "enforce"
    """Errors are refused, warnings are recorded."""
    STRICT = "strict"
    """Warnings are refused, too."""
    REPORT = "report"
    """Whatever can be acted on is accepted, all findings are recorded."""


_REFUSED = {
    Validation.ENFORCE: frozenset({Severity.ERROR}),
    Validation.STRICT: frozenset({Severity.ERROR, Severity.WARNING}),
    Validation.REPORT: frozenset[Severity](),
}


def without_hints(findings: Iterable[Finding]) -> list[Finding]:
    """What an answer tells; hints are for the log, and for `validate`."""
    return [finding for finding in findings if finding.severity is not Severity.HINT]


def refused(findings: Iterable[Finding], validation: Validation) -> tuple[Finding, ...]:
    """The findings for which a message is refused under this validation mode, in order."""
    severities = _REFUSED[validation]
    return tuple(f for f in findings if f.rule.essential or f.severity in severities)
