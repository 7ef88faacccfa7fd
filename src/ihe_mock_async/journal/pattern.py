"""What entries are looked for by: in the journal, in verifications, and by fault plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.json_model import JsonModel


class TextMatcher(JsonModel):
    """A condition on one text, in WireMock's words; exactly one of its keys is given.

    In JSON a bare string is short for `equalTo`.
    """

    equal_to: str | None = None
    case_insensitive: bool = False
    """Goes with `equalTo` and `contains`."""
    contains: str | None = None
    does_not_contain: str | None = None
    matches: str | None = None
    """A regular expression that the whole text matches."""
    does_not_match: str | None = None
    absent: bool | None = None
    """True: there is no such header, parameter or node."""


class XPathCondition(JsonModel):
    """An XPath 1.0 expression over the SOAP envelope (or any XML body), with its prefixes.

    Without a further key it must select something: a node, a text that is not empty, true, or a
    number other than 0. With one, some selected text must fulfil it. In JSON a bare string is
    short for `expression`.
    """

    expression: str
    namespaces: Mapping[str, str] = Field(default_factory=dict)
    """Prefix to namespace URI, besides the prefixes of the field that are always known."""
    equal_to: str | None = None
    contains: str | None = None
    matches: str | None = None


class PartCondition(JsonModel):
    """A MIME part (attachment) of the request; some part must fulfil all that is given."""

    content_id: str | None = None
    sha256: str | None = None
    media_type: str | None = None


Text = Annotated[TextMatcher, "a text, or an object with one of the matchers"]


class Pattern(JsonModel):
    """Conditions that an entry must fulfil, all of them; without any it matches every entry."""

    transaction: str | None = None
    """`ITI-41`."""
    method: str | None = None
    path: Text | None = None
    """As requested; in a namespace with or without its `/ns/{namespace}`."""
    url_path: str | None = None
    """WireMock's word for `path` with a text."""
    url_path_pattern: str | None = None
    """WireMock's word for `path` with `matches`."""
    query_parameters: Mapping[str, Text] = Field(default_factory=dict)
    headers: Mapping[str, Text] = Field(default_factory=dict)
    """Names in any case; of several fields with a name one must fulfil the condition."""
    soap_action: Text | None = None
    """wsa:Action, or the one that the body's root implies."""
    message_id: Text | None = None
    """wsa:MessageID, or the HL7 message id as `root^extension`."""
    body_q_name: str | None = Field(default=None, alias="bodyQName")
    """Clark name `{uri}local` of the root element of the SOAP body (or of any XML body)."""
    xpath: tuple[XPathCondition, ...] = ()
    """In JSON one of them may stand without its list."""
    body: Text | None = None
    """The body as text (the envelope, when it is MTOM)."""
    part: PartCondition | None = None
    patient_id: str | None = None
    """The CX form `id^^^&oid&ISO`, or the id alone."""
    outcome: Outcome | None = None
    service: str | None = None
    """Name of a companion service."""
    finding: str | None = None
    """Id of a rule that the message breaks."""
    fault: str | None = None
    """Name of the effect (or id of the plan) that was applied; `*`: any."""
