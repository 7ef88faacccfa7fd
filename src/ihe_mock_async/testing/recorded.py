"""What a test sees of an exchange: the request as it came in, and what it was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import httpx

from ihe_mock_async.findings import Finding
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal import curl, parts
from ihe_mock_async.journal.content import Content
from ihe_mock_async.journal.entry import AppliedFault, Entry
from ihe_mock_async.journal.entry_content import content_of
from ihe_mock_async.journal.xpath_expression import XPathExpression
from ihe_mock_async.testing.urls import prefix_of


@dataclass(frozen=True, slots=True)
class RecordedPart:
    """A MIME part (attachment) of a request, or a document that stood inline."""

    content_id: str
    media_type: str
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class RecordedResponse:
    """What was sent back."""

    status: int
    """0: nothing was sent."""
    headers: httpx.Headers
    """By name in any case."""
    body: bytes
    envelope: bytes
    """The SOAP envelope, also when the body is MTOM; empty when there was none."""

    def xpath(self, expression: str, **prefixes: str) -> list[str]:
        """As `RecordedExchange.xpath`, over the response's envelope."""
        content = Content(self.envelope or self.body)
        return XPathExpression(expression, prefixes, {}).selected(content.tree)


class RecordedExchange:
    """One request and its response; read-only, and up to date while the exchange runs."""

    def __init__(self, entry: Entry, url: str = "") -> None:
        self._entry = entry
        self._url = url

    def __repr__(self) -> str:
        """One line: number, transaction, path, outcome and status."""
        entry = self._entry
        what = entry.transaction or entry.service or "unknown"
        outcome = entry.decided_outcome
        state = f"{outcome.value} {entry.status}" if outcome else "in flight"
        return f"<RecordedExchange {entry.sequence}: {what} {entry.method} {entry.path}, {state}>"

    @property
    def id(self) -> int:
        """Its number in the admin API; rising with the time of receipt."""
        return self._entry.sequence

    @property
    def received(self) -> datetime:
        """When it came in, by the server's clock; aware, UTC."""
        return self._entry.received

    @property
    def transaction(self) -> str:
        """`ITI-41`; empty when none was recognised."""
        return self._entry.transaction

    @property
    def service(self) -> str:
        """Name of the companion service, if it was sent to one."""
        return self._entry.service

    @property
    def action(self) -> str:
        """wsa:Action, or the one that the body's root implies."""
        return self._entry.action

    @property
    def message_id(self) -> str:
        """wsa:MessageID."""
        return self._entry.message_id

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self._entry.method

    @property
    def path(self) -> str:
        """As requested, percent-decoded, without the query."""
        return self._entry.path

    @property
    def namespace(self) -> str:
        """The world that it was sent to; empty: the default one."""
        return self._entry.namespace

    @property
    def headers(self) -> httpx.Headers:
        """The request's header fields, by name in any case."""
        return httpx.Headers(list(self._entry.headers))

    @property
    def body(self) -> bytes:
        """The octets of the HTTP body; raises `BodyNotKeptError` when not all are kept."""
        return self._entry.request_body.whole()

    @property
    def envelope(self) -> bytes:
        """The SOAP envelope as received; empty when there was none."""
        return self._entry.request_envelope

    @property
    def parts(self) -> Sequence[RecordedPart]:
        """The attachments, in their order; those that stood inline, too."""
        entry = self._entry
        return [
            RecordedPart(
                each.content_id, each.media_type, parts.part(entry, number)[1], each.sha256
            )
            for number, each in enumerate(entry.attachments, start=1)
        ]

    @property
    def patient_ids(self) -> Sequence[str]:
        """The patients that it is about, in CX form."""
        return tuple(self._entry.patient_ids)

    @property
    def findings(self) -> Sequence[Finding]:
        """What is wrong with it."""
        return tuple(self._entry.findings)

    @property
    def completed(self) -> bool:
        """Whether the exchange is over, to the last octet of the answer."""
        return self._entry.completed

    @property
    def outcome(self) -> Outcome | None:
        """`served`, `rejected`, `fault` or `unmatched`; None while it is worked on."""
        return self._entry.decided_outcome

    @property
    def summary(self) -> str:
        """The outcome in a phrase: `CA`, `Success`, `Failure XDSUnknownPatientId`."""
        return self._entry.summary

    @property
    def fault(self) -> AppliedFault | None:
        """The fault on demand that it has met."""
        return self._entry.fault

    @property
    def response(self) -> RecordedResponse:
        """What was sent back."""
        entry = self._entry
        return RecordedResponse(
            entry.status,
            httpx.Headers(list(entry.response_headers)),
            entry.response_body.read(),
            entry.response_envelope,
        )

    def xpath(self, expression: str, **prefixes: str) -> list[str]:
        """The texts that an XPath 1.0 expression selects in the envelope (or any XML body).

        The prefixes soap, soap11, wsa, xop, hl7, rim, lcm, query, rs, xds and rmd are known;
        others are given by name. Raises `ValueError` for a wrong expression and a body that is
        no XML.
        """
        return XPathExpression(expression, prefixes, {}).selected(content_of(self._entry).tree)

    @property
    def curl(self) -> str:
        """A command that sends the request again; raises `BodyNotKeptError`."""
        world = f"{self._url}{prefix_of(self._entry.namespace)}"
        body_url = f"{world}/__admin/requests/{self._entry.sequence}/body"
        return curl.command(self._entry, body_url)
