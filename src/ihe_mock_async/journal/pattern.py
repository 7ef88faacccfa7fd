"""What entries are looked for by: in the journal, in verifications, and by fault plans.

The keys are WireMock's where it has them (`method`, `urlPath`, `headers`, `bodyPatterns`, ...),
the field's own otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.conditions import Condition, Mismatch, conditions_of
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.json_forms import or_single
from ihe_mock_async.journal.json_model import JsonModel, wrong
from ihe_mock_async.journal.json_problems import seen
from ihe_mock_async.journal.matchers import (
    BodyPattern,
    JsonPathCondition,
    TextMatcher,
    XPathCondition,
)
from ihe_mock_async.journal.subject import Subject
from ihe_mock_async.journal.text_matcher import checked_expression

__all__ = [
    "BodyPattern",
    "JsonPathCondition",
    "Mismatch",
    "PartCondition",
    "Pattern",
    "TextMatcher",
    "XPathCondition",
]

_TRANSACTION = re.compile(r"iti-?([0-9]{1,4})", re.IGNORECASE)
_CLARK_NAME = re.compile(r"(\{[^{}\s]*\})?[^\W\d][\w.-]*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ANY_METHOD = "ANY"


class PartCondition(JsonModel):
    """A MIME part (attachment) of the request; some part must fulfil all that is given."""

    content_id: str | None = Field(
        default=None, description="Its Content-ID, with or without angle brackets or `cid:`."
    )
    sha256: str | None = Field(
        default=None, description="SHA-256 of its content, 64 hexadecimal digits."
    )
    media_type: str | None = Field(
        default=None, description="Its media type without parameters: `application/pdf`."
    )

    @field_validator("sha256")
    @classmethod
    def _is_sha256(cls, value: str | None) -> str | None:
        if value is not None and _SHA256.fullmatch(value.lower()) is None:
            wrong("is no SHA-256", "64 hexadecimal digits")
        return value.lower() if value else value

    @model_validator(mode="after")
    def _is_some(self) -> Self:
        if self.content_id is None and self.sha256 is None and self.media_type is None:
            wrong("has no condition", "one or more of contentId, sha256, mediaType")
        return self


class Pattern(JsonModel):
    """Conditions that an entry must fulfil, all of them; without any it matches every entry."""

    transaction: str | None = Field(
        default=None,
        description="The IHE transaction: `ITI-41` (`iti41` and `iti-41`, too).",
        json_schema_extra={"pattern": "^[Ii][Tt][Ii]-?[0-9]{1,4}$"},
    )
    method: str | None = Field(
        default=None, description="The HTTP method: `POST`; `ANY` is no condition."
    )
    path: TextMatcher | None = Field(
        default=None,
        description="The path, percent-decoded, without host and query; in a namespace with or "
        "without its `/ns/{namespace}`.",
    )
    url_path: str | None = Field(
        default=None, description="WireMock's word for `path` with a text."
    )
    url_path_pattern: str | None = Field(
        default=None, description="WireMock's word for `path` with `matches`."
    )
    query_parameters: Mapping[str, TextMatcher] = Field(
        default_factory=dict,
        description="Conditions by the name of a parameter; of several with a name one must "
        "fulfil it.",
    )
    headers: Mapping[str, TextMatcher] = Field(
        default_factory=dict,
        description="Conditions by the name of a header, in any case; of several fields with a "
        "name one must fulfil it.",
    )
    soap_action: TextMatcher | None = Field(
        default=None, description="wsa:Action, or the one that the root of the body implies."
    )
    message_id: TextMatcher | None = Field(
        default=None, description="wsa:MessageID, or the HL7 message id as `root^extension`."
    )
    body_q_name: str | None = Field(
        default=None,
        alias="bodyQName",
        description="Clark name `{uri}local` of the root of the SOAP body, or of any XML body.",
    )
    xpath: tuple[XPathCondition, ...] = Field(
        default=(),
        description="Conditions on the SOAP envelope or any XML body; one may stand without a "
        "list.",
        json_schema_extra=or_single,
    )
    body: TextMatcher | None = Field(
        default=None, description="The body as text; of an MTOM message the envelope."
    )
    body_patterns: tuple[BodyPattern, ...] = Field(
        default=(),
        description="Conditions on the body in WireMock's words; one may stand without a list.",
        json_schema_extra=or_single,
    )
    form_parameters: Mapping[str, TextMatcher] = Field(
        default_factory=dict,
        description="Conditions by the name of a field of an "
        "application/x-www-form-urlencoded body.",
    )
    part: PartCondition | None = Field(default=None, description="A MIME part of the request.")
    patient_id: str | None = Field(
        default=None,
        description="A patient's id in CX form, `id^^^&oid&ISO`, or without its authority.",
    )
    outcome: Outcome | None = Field(default=None, description="How the exchange has ended.")
    service: str | None = Field(default=None, description="Name of a companion service.")
    finding: str | None = Field(
        default=None, description="Id of a rule that the message breaks: `hl7v3-interaction-id`."
    )
    fault: str | None = Field(
        default=None,
        description="The fault that was applied: its name (`http 503`), the first word of that "
        "(`http`), the id of its plan, or `*` for any.",
    )

    # ------------------------------------------------------------ reading

    @model_validator(mode="before")
    @classmethod
    def _read_short_forms(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        rest = dict(value)
        for key in ("xpath", "bodyPatterns", "body_patterns"):
            if isinstance(rest.get(key), str | Mapping):
                rest[key] = [rest[key]]
        return _with_path(rest)

    @field_validator("transaction")
    @classmethod
    def _is_transaction(cls, value: str | None) -> str | None:
        if value is None:
            return None
        match = _TRANSACTION.fullmatch(value.strip())
        if match is None:
            wrong("is no transaction", "the number of an IHE transaction, like ITI-41")
        return f"ITI-{match[1]}"

    @field_validator("method")
    @classmethod
    def _is_method(cls, value: str | None) -> str | None:
        if value is None or value.upper() == _ANY_METHOD:
            return None
        if _TOKEN.fullmatch(value) is None:
            wrong("is no HTTP method", "a method like POST, or ANY")
        return value.upper()

    @field_validator("headers")
    @classmethod
    def _are_names(cls, value: Mapping[str, TextMatcher]) -> Mapping[str, TextMatcher]:
        for name in value:
            if _TOKEN.fullmatch(name) is None:
                wrong("is no name of a header", "a name like Content-Type", name)
        return value

    @field_validator("body_q_name")
    @classmethod
    def _is_clark_name(cls, value: str | None) -> str | None:
        if value is not None and _CLARK_NAME.fullmatch(value) is None:
            wrong(
                "is no Clark name",
                "{uri}local, like {urn:hl7-org:v3}PRPA_IN201301UV02, without a prefix",
            )
        return value

    # ------------------------------------------------------------ matching

    def matches(self, entry: Entry) -> bool:
        """Whether the entry fulfils all conditions; raises nothing, whatever was received."""
        subject = Subject(entry)
        return all(condition.unmet(subject) is None for condition in self.conditions)

    def explain(self, entry: Entry) -> Sequence[Mismatch]:
        """The conditions that the entry does not fulfil, and what it has instead."""
        return mismatches(self.conditions, Subject(entry))

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """All of them, those that look into the body last."""
        return conditions_of(self)


def mismatches(conditions: Sequence[Condition], subject: Subject) -> list[Mismatch]:
    """What is not as these conditions want it."""
    unmet = ((condition, condition.unmet(subject)) for condition in conditions)
    return [Mismatch(each.key, each.expected, text) for each, text in unmet if text is not None]


_WIREMOCK_PATHS: Mapping[str, tuple[str, str]] = {
    "urlPath": ("urlPath", "equalTo"),
    "url_path": ("urlPath", "equalTo"),
    "urlPathPattern": ("urlPathPattern", "matches"),
    "url_path_pattern": ("urlPathPattern", "matches"),
}


def _with_path(document: dict[str, Any]) -> dict[str, Any]:
    """The document with WireMock's words for the path replaced by `path`."""
    given = [key for key in ("path", *_WIREMOCK_PATHS) if document.get(key) is not None]
    if len(given) > 1:
        names = " and ".join(given)
        wrong(
            f"says more than once what the path is: {names}",
            "one of path, urlPath, urlPathPattern",
        )
    for key in given:
        if key not in _WIREMOCK_PATHS:
            continue
        word, matcher = _WIREMOCK_PATHS[key]
        text = document.pop(key)
        if not isinstance(text, str):
            wrong(f"is {seen(text)}", "a text", word)
        if matcher == "matches":
            checked_expression(text, word)
        document["path"] = {matcher: text}
    return document
