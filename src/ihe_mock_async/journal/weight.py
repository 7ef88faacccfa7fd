"""How many octets of memory an entry takes, as near as a sum of its parts can tell."""

from __future__ import annotations

from collections.abc import Iterable

from ihe_mock_async.findings import Finding
from ihe_mock_async.journal.entry import Entry, RawHeaders

ENTRY = 2000
"""Of an entry without anything in it: its fields, its place in the journal."""
_FIELD = 130
"""Of a header field besides its octets."""
_ATTACHMENT = 500
_FINDING = 400


def octets_in_flight(entry: Entry) -> int:
    """As `octets_of`, in a fraction of its time: of an exchange at work only what may be large."""
    body, envelope = entry.request_body.data, entry.request_envelope
    return ENTRY + len(body) + (0 if envelope is body else len(envelope))


def octets_of(entry: Entry) -> int:
    """Octets in memory; bodies in files do not count, and one object counts once."""
    return (
        ENTRY
        + _bodies(entry)
        + _texts(entry)
        + _headers(entry.headers)
        + _headers(entry.response_headers)
        + _ATTACHMENT * (len(entry.attachments) + len(entry.documents))
        + _findings(entry.findings)
    )


def _bodies(entry: Entry) -> int:
    # A message without attachments is its own envelope.
    octets = (
        entry.request_body.data,
        entry.request_envelope,
        entry.response_body.data,
        entry.response_envelope,
    )
    return sum({id(data): len(data) for data in octets}.values())


def _texts(entry: Entry) -> int:
    """Those that a client may make as long as it likes."""
    texts = (
        entry.path,
        entry.target,
        entry.action,
        entry.message_id,
        entry.body_name,
        entry.application_message_id,
        entry.summary,
        *entry.patient_ids,
        *[part.content_id for part in entry.attachments],
    )
    return sum(map(len, texts))


def _headers(headers: RawHeaders) -> int:
    return sum([len(name) + len(value) for name, value in headers]) + _FIELD * len(headers)


def _findings(findings: Iterable[Finding]) -> int:
    return sum(
        [
            _FINDING + len(found.location) + len(found.received) + len(found.expected)
            for found in findings
        ]
    )
