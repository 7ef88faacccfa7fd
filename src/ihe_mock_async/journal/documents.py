"""The JSON documents that tell of entries: what the admin API answers, and evidence files hold.

Keys are WireMock's where it has them, else those of patterns: what is read here can be looked for.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from ihe_mock_async.findings import Finding, Severity
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.state import Attachment

Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Fields = dict[str, str | list[str]]
"""Values by name; of what was sent several times, all."""


class Document(BaseModel):
    """A JSON document that is only written; its keys are camelCase."""

    model_config = ConfigDict(
        alias_generator=to_camel, defer_build=True, frozen=True, populate_by_name=True
    )

    def json_ready(self) -> dict[str, object]:
        """The document as dicts, lists, texts and numbers."""
        return self.model_dump(mode="json", by_alias=True)


class FindingDocument(Document):
    """What is wrong with a message."""

    rule: str
    severity: Severity
    text: str
    section: str
    location: str
    line: int | None
    received: str
    expected: str
    fix: str

    @classmethod
    def of(cls, finding: Finding) -> FindingDocument:
        """Tell of a finding."""
        rule = finding.rule
        return cls(
            rule=rule.id,
            severity=finding.severity,
            text=rule.text,
            section=rule.section,
            location=finding.location,
            line=finding.line,
            received=finding.received,
            expected=finding.expected,
            fix=rule.fix,
        )


class ContentDocument(Document):
    """The octets of a MIME part or of a submitted document."""

    content_id: str
    media_type: str
    size: int
    sha1: str
    sha256: str


class PartDocument(ContentDocument):
    """An attachment of the request."""

    index: int
    """Its number below `/parts`; 0 is the SOAP envelope, which is not listed."""

    @classmethod
    def at(cls, index: int, part: Attachment) -> PartDocument:
        """Tell of an attachment."""
        return cls(index=index, **_content(part))


class SubmittedDocument(ContentDocument):
    """A document that was submitted."""

    unique_id: str

    @classmethod
    def of(cls, unique_id: str, document: Attachment) -> SubmittedDocument:
        """Tell of a document."""
        return cls(unique_id=unique_id, **_content(document))


class FaultDocument(Document):
    """The fault that an exchange met."""

    plan: str
    effect: str


class RequestSummary(Document):
    """A request in a list."""

    method: str
    url: str
    path: str
    body_size: int


class RequestDocument(RequestSummary):
    """A request."""

    query_parameters: Fields
    headers: Fields
    body_kept: int
    """Octets of the body that can be read; fewer than `bodySize` when it was too long."""
    soap_version: str
    soap_action: str
    message_id: str
    body_q_name: str


class ResponseSummary(Document):
    """A response in a list."""

    status: int


class ResponseDocument(ResponseSummary):
    """A response."""

    headers: Fields
    body_size: int
    body_kept: int


class EntrySummary(Document):
    """An exchange in a list."""

    id: int
    namespace: str
    received_at: Timestamp
    completed: bool
    duration_ms: float | None
    """null while the exchange runs."""
    outcome: Outcome | None
    """null while the exchange runs."""
    summary: str
    client: str
    transaction: str
    actor: str
    service: str
    application_message_id: str
    patient_ids: list[str]
    finding_count: int
    fault: FaultDocument | None
    request: RequestSummary
    response: ResponseSummary | None
    """null: no HTTP response was sent."""


class EntryDocument(EntrySummary):
    """An exchange."""

    tls_subject: str
    transaction_name: str
    mapping: str
    parts: list[PartDocument]
    documents: list[SubmittedDocument]
    findings: list[FindingDocument]
    request: RequestDocument
    response: ResponseDocument | None


def _content(content: Attachment) -> dict[str, Any]:
    return {
        "content_id": content.content_id,
        "media_type": content.media_type,
        "size": content.size,
        "sha1": content.sha1,
        "sha256": content.sha256,
    }
