"""Collecting findings about one request, each with its place in the payload."""

from __future__ import annotations

from functools import partial

from lxml import etree

from ihe_mock_async.elements import path_of
from ihe_mock_async.findings import Finding, Rule, Severity
from ihe_mock_async.xds import error_codes

metadata_error = partial(Rule, severity=Severity.ERROR, code=error_codes.REGISTRY_METADATA_ERROR)
"""A rule of metadata that registries enforce."""
metadata_warning = partial(
    Rule, severity=Severity.WARNING, code=error_codes.REGISTRY_METADATA_ERROR
)
"""A rule of metadata that clients miss and registries let pass."""


MAX_FINDINGS = 100
PROBLEM_COUNT = metadata_error(
    id="xds-problem-count",
    text="A message has few enough problems to report them all",
    section="ITI TF-3: 4.2.4",
    fix="Mend the reported problems and send the message again; the others are not told.",
    essential=True,
)


class Report:
    """All that is found wrong with one payload, in the order in which it was looked for.

    Bounded: a message of hostile size cannot make the server describe a problem per element.
    """

    __slots__ = ("_payload", "findings")

    def __init__(self, payload: etree._Element) -> None:
        self._payload = payload
        self.findings: list[Finding] = []

    def add(
        self, rule: Rule, element: etree._Element, *, received: str = "", expected: str = ""
    ) -> None:
        """Record that the element breaks the rule."""
        if len(self.findings) >= MAX_FINDINGS:
            self._stop()
            return
        location = path_of(element, below=self._payload)
        line = element.sourceline
        self.findings.append(rule.found(location, received=received, expected=expected, line=line))

    def _stop(self) -> None:
        if self.findings[-1].rule is not PROBLEM_COUNT:
            payload = self._payload
            found = PROBLEM_COUNT.found(
                path_of(payload, below=payload),
                line=payload.sourceline,
                expected=f"at most {MAX_FINDINGS} problems",
            )
            self.findings.append(found)
