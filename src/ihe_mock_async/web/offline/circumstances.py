"""Which findings say more about the circumstances than about the message in a file."""

from __future__ import annotations

from collections.abc import Iterable

from ihe_mock_async.findings import Finding
from ihe_mock_async.soap import rules as soap_rules
from ihe_mock_async.web.offline.examination import Remark

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
        "iti45-subsumed-identifier",
        "iti45-unknown-domain",
        "iti45-unknown-identifier",
        "iti47-continuation-session",
        "iti47-unknown-domain",
        "xds-hash-differs",
        "xds-id-registered",
        "xds-patient-subsumed",
        "xds-patient-unknown",
        "xds-query-single-patient",
        "xds-reference-deprecated",
        "xds-reference-unresolved",
        "xds-removal-referenced",
        "xds-removal-unreferenced",
        "xds-removal-unresolved",
        "xds-restricted-update-logical-id-known",
        "xds-restricted-update-patient",
        "xds-restricted-update-unique-id",
        "xds-restricted-update-unmodifiable",
        "xds-restricted-update-version",
        "xds-retrieve-document-known",
        "xds-size-differs",
        "xds-unique-id-registered",
        "xds-update-approved",
        "xds-update-content",
        "xds-update-logical-id-known",
        "xds-update-object-type",
        "xds-update-patient",
        "xds-update-status-latest",
        "xds-update-status-present",
        "xds-update-submitted-approved",
        "xds-update-submitted-patient",
        "xds-update-submitted-present",
        "xds-update-unique-id",
        "xds-update-version",
    }
)
"""Ids of rules that compare a message with what a server has stored: here it has nothing."""
SETTINGS_DEPENDENT = frozenset(
    {
        "xds-query-home",
        "xds-retrieve-home-known",
        "xds-retrieve-repository-known",
    }
)
"""Ids of rules that compare a message with ids of the server it is for: it may be another one."""
PARTS_DEPENDENT = frozenset({"xds-document-hash", "xds-document-size"})
"""Ids of rules that compare a message with its MIME parts: a file of XML has none."""

_STATE = "depends on the server's state, which is empty here"
_SETTINGS = "depends on the server that the message is for; compared with the ids of the settings"
_PARTS = "depends on the documents, which are not in the file"
_LINE_ENDS = "the HTTP headers of the file end so, too: its CRs may have been lost in saving"


def remarks(
    findings: Iterable[Finding], *, without_parts: bool = False, line_feeds: bool = False
) -> tuple[Remark, ...]:
    """The findings with notes on what a file cannot tell.

    `without_parts`: the file has no MIME parts; `line_feeds`: its HTTP headers end with LF.
    """
    notes = dict.fromkeys(STATE_DEPENDENT, _STATE) | dict.fromkeys(SETTINGS_DEPENDENT, _SETTINGS)
    if without_parts:
        notes |= dict.fromkeys(PARTS_DEPENDENT, _PARTS)
    if line_feeds:
        notes[soap_rules.LINE_ENDS.id] = _LINE_ENDS
    return tuple(Remark(found, notes.get(found.rule.id, "")) for found in findings)
