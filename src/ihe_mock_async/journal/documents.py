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
    """Id of the rule that is broken."""
    severity: Severity
    text: str
    section: str
    """Where the rule is from."""
    location: str
    """Path of the element, or name of the header."""
    line: int | None
    received: str
    expected: str
    fix: str
    """How to mend it."""

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
    """In octets, transfer encoding undone."""
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
    """Id of the fault plan; empty: the header `X-Mock-Fault` has asked for it."""
    effect: str
    """Its name: `http 503`, `CONNECTION_RESET_BY_PEER`, ..."""


class RequestSummary(Document):
    """A request in a list."""

    method: str
    url: str
    """Where it was sent; only the target when it named no host."""
    path: str
    """Percent-decoded, with `/ns/{namespace}`, without the query."""
    body_size: int
    """In octets."""


class RequestDocument(RequestSummary):
    """A request."""

    query_parameters: Fields
    """A list of texts where a name is there more than once."""
    headers: Fields
    """A list of texts where a name is there more than once; what gives access is masked."""
    body_kept: int
    """Octets of the body that can be read; fewer than `bodySize` when it was too long."""
    soap_version: str
    """`1.2` or `1.1`; empty: no envelope was read."""
    soap_action: str
    """wsa:Action, or the one that the root of the body implies."""
    message_id: str
    """wsa:MessageID."""
    body_q_name: str
    """Clark name of the root of the SOAP body."""


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
    """Rises with the time of receipt."""
    namespace: str
    received_at: Timestamp
    completed: bool
    """Whether the exchange is over."""
    duration_ms: float | None
    """null while the exchange runs."""
    outcome: Outcome | None
    """null while the exchange runs."""
    summary: str
    """What came of it, in a word: `CA`, `Success`, the rules that are broken, ..."""
    client: str
    """Address and port."""
    transaction: str
    """`ITI-44`; empty: none was recognised."""
    actor: str
    """The one whose endpoint it was sent to."""
    service: str
    """The companion service that it was sent to."""
    application_message_id: str
    """HL7 message id as `root^extension`."""
    patient_ids: list[str]
    """In CX form."""
    finding_count: int
    fault: FaultDocument | None
    request: RequestSummary
    response: ResponseSummary | None
    """null: no HTTP response was sent."""


class EntryDocument(EntrySummary):
    """An exchange."""

    tls_subject: str
    """Of the client's certificate."""
    transaction_name: str
    mapping: str
    """The companion service's mapping that has answered."""
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
