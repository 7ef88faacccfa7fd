"""Entries as the JSON documents of the admin API, short for lists and whole.

What gives access (Authorization, cookies) is masked always; with `redact` whatever may be of a
patient, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from ihe_mock_async.journal.documents import (
    EntryDocument,
    EntrySummary,
    FaultDocument,
    Fields,
    FindingDocument,
    PartDocument,
    RequestDocument,
    RequestSummary,
    ResponseDocument,
    ResponseSummary,
    SubmittedDocument,
)
from ihe_mock_async.journal.entry import Entry, RawHeaders, text_of
from ihe_mock_async.journal.redaction import redact_facts, without_secrets


def tell(entry: Entry, *, redact: bool = False) -> dict[str, object]:
    """All of an entry but the octets of its bodies."""
    entry = redact_facts(entry) if redact else entry
    return EntryDocument(
        **_summary(entry),
        tls_subject=entry.tls_subject,
        transaction_name=entry.transaction_name,
        mapping=entry.mapping,
        parts=[PartDocument.at(n, part) for n, part in enumerate(entry.attachments, start=1)],
        documents=[SubmittedDocument.of(*document) for document in entry.documents],
        findings=[FindingDocument.of(finding) for finding in entry.findings],
        request=_request(entry),
        response=_response(entry),
    ).json_ready()


def tell_briefly(entry: Entry, *, redact: bool = False) -> dict[str, object]:
    """What a list shows of an entry."""
    entry = redact_facts(entry) if redact else entry
    return EntrySummary(
        **_summary(entry),
        request=RequestSummary(**_request_line(entry)),
        response=ResponseSummary(status=entry.status) if entry.status else None,
    ).json_ready()


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def absolute_url(entry: Entry) -> str:
    """Where the request was sent; only the target when it named no host."""
    target = entry.target or entry.path
    hosts = (value for name, value in entry.headers if name.lower() == b"host")
    host = text_of(next(hosts, b""))
    return f"{entry.scheme}://{host}{target}" if host else target


# ---------------------------------------------------------------- parts of the document


def _summary(entry: Entry) -> dict[str, Any]:
    fault = entry.fault
    return {
        "id": entry.sequence,
        "namespace": entry.namespace,
        "received_at": timestamp(entry.received),
        "completed": entry.completed,
        "duration_ms": round(entry.duration_ms, 3) if entry.completed else None,
        "outcome": entry.decided_outcome,
        "summary": entry.summary,
        "client": entry.client,
        "transaction": entry.transaction,
        "actor": entry.actor,
        "service": entry.service,
        "application_message_id": entry.application_message_id,
        "patient_ids": list(entry.patient_ids),
        "finding_count": len(entry.findings),
        "fault": FaultDocument(plan=fault.plan, effect=fault.effect) if fault else None,
    }


def _request_line(entry: Entry) -> dict[str, Any]:
    return {
        "method": entry.method,
        "url": absolute_url(entry),
        "path": entry.path,
        "body_size": entry.request_body.size,
    }


def _request(entry: Entry) -> RequestDocument:
    _, _, query = entry.target.partition("?")
    return RequestDocument(
        **_request_line(entry),
        query_parameters=_by_name(parse_qsl(query, keep_blank_values=True)),
        headers=_headers(entry.headers),
        body_kept=entry.request_body.kept,
        soap_version=entry.soap_version,
        soap_action=entry.action,
        message_id=entry.message_id,
        body_q_name=entry.body_name,
    )


def _response(entry: Entry) -> ResponseDocument | None:
    if not entry.status:
        return None
    return ResponseDocument(
        status=entry.status,
        headers=_headers(entry.response_headers),
        body_size=entry.response_body.size,
        body_kept=entry.response_body.kept,
    )


def _headers(headers: RawHeaders) -> Fields:
    """By name as it was first written; names in another case are the same (RFC 9110, 5.1)."""
    written: dict[bytes, str] = {}
    return _by_name(
        (written.setdefault(name.lower(), text_of(name)), text_of(value))
        for name, value in without_secrets(headers)
    )


def _by_name(fields: Iterable[tuple[str, str]]) -> Fields:
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    return {name: several if several[1:] else several[0] for name, several in values.items()}
