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


class Report:
    """All that is found wrong with one payload, in the order in which it was looked for."""

    __slots__ = ("_payload", "findings")

    def __init__(self, payload: etree._Element) -> None:
        self._payload = payload
        self.findings: list[Finding] = []

    def add(
        self, rule: Rule, element: etree._Element, *, received: str = "", expected: str = ""
    ) -> None:
        """Record that the element breaks the rule."""
        location = path_of(element, below=self._payload)
        line = element.sourceline
        self.findings.append(rule.found(location, received=received, expected=expected, line=line))
