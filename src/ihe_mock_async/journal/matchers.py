"""Conditions on texts and bodies in WireMock's words, for patterns and companion services.

They know nothing of entries. Every condition has `expected`, what it wants in words, and
`unmet(...)`: None when it is fulfilled, else in words what was there instead. `unmet` raises
nothing, whatever it is given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from ihe_mock_async.journal.content import Content, UnreadableError, parse_json
from ihe_mock_async.journal.json_equality import Comparison, TooLargeError
from ihe_mock_async.journal.json_forms import at_most_one, exactly_one
from ihe_mock_async.journal.json_model import wrong
from ihe_mock_async.journal.json_path import BadJsonPathError, JsonPathExpression
from ihe_mock_async.journal.text_matcher import (
    KEYS,
    TextConditions,
    TextMatcher,
    quoted,
    told,
)
from ihe_mock_async.journal.xpath_expression import (
    BadXPathError,
    TooCostlyError,
    XPathExpression,
)

__all__ = [
    "BodyPattern",
    "JsonPathCondition",
    "TextConditions",
    "TextMatcher",
    "XPathCondition",
    "unmet_field",
]

Variables = Mapping[str, str]


MAX_SELECTED = 1_000
"""Texts of a selection that are looked at; what is beyond is not found."""
_SHOWN = 3


class _Selection(TextConditions):
    """Something selected in a body: it is there, or some of its texts fulfil a condition."""

    model_config = ConfigDict(json_schema_extra=at_most_one(*KEYS))
    text_means: ClassVar[str] = "expression"

    @property
    def _most(self) -> int:
        """How many texts must be looked at: a few show that there is something."""
        return MAX_SELECTED if self.given else _SHOWN

    @model_validator(mode="after")
    def _is_at_most_one(self) -> Self:
        if len(self.given) > 1:
            wrong(f"has {len(self.given)} conditions", f"at most one of {', '.join(KEYS)}")
        return self


class XPathCondition(_Selection):
    """An XPath 1.0 expression over the SOAP envelope (or any XML body), with its prefixes.

    Without a further key it must select something: a node, a text that is not empty, true, or a
    number other than 0. With one, some selected text must fulfil it. In JSON a bare string is
    short for `expression`.
    """

    expression: str = Field(
        description="XPath 1.0; a relative path starts at the root element. The prefixes soap "
        "(1.2), soap11, wsa, xop, hl7, rim, lcm, query, rs, xds and rmd are known."
    )
    namespaces: Mapping[str, str] = Field(
        default_factory=dict, description="Further prefixes, each with its namespace URI."
    )
    variables: Variables = Field(
        default_factory=dict,
        description="Texts for the variables of the expression: `$id` is the value of `id`.",
    )

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        try:
            self._expression  # noqa: B018 - made here, so that the error comes now
        except BadXPathError as error:
            wrong(
                f"does not compile: {error}",
                "an XPath 1.0 expression whose prefixes are known or in `namespaces`",
                "expression",
            )
        return self

    @cached_property
    def wanted(self) -> str:
        """What is wanted, in words."""
        return _selection_in_words(self, self.expression)

    def unmet_in(self, content: Content) -> str | None:
        """None when the XML fulfils it, else what the expression selects, or why it cannot."""
        try:
            texts = self._expression.selected(content.tree, self._most)
        except (UnreadableError, BadXPathError, TooCostlyError) as error:
            return str(error)
        return _unmet_selection(self, texts)

    @cached_property
    def _expression(self) -> XPathExpression:
        return XPathExpression(self.expression, self.namespaces, self.variables)


class JsonPathCondition(_Selection):
    """A JSONPath expression (RFC 9535) over a JSON body.

    Without a further key it must select something that is not null. With one, some selected
    value must fulfil it: a text as it is, anything else as JSON writes it. In JSON a bare string
    is short for `expression`.
    """

    expression: str = Field(description="JSONPath as RFC 9535 has it: `$.to[?@.kind == 'sms']`.")

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        try:
            self._expression  # noqa: B018 - made here, so that the error comes now
        except BadJsonPathError as error:
            wrong(f"does not compile: {error}", "a JSONPath expression (RFC 9535)", "expression")
        return self

    @cached_property
    def wanted(self) -> str:
        """What is wanted, in words."""
        return _selection_in_words(self, self.expression)

    def unmet_in(self, content: Content) -> str | None:
        """None when the JSON fulfils it, else what the expression selects, or why it cannot."""
        try:
            texts = self._expression.selected(content.json, self._most)
        except (UnreadableError, BadJsonPathError) as error:
            return str(error)
        return _unmet_selection(self, texts)

    @cached_property
    def _expression(self) -> JsonPathExpression:
        return JsonPathExpression(self.expression)


def _selection_in_words(condition: _Selection, expression: str) -> str:
    return f"{expression} selects {condition.expected or 'something'}"


def _unmet_selection(condition: _Selection, texts: list[str]) -> str | None:
    fulfilled = condition.unmet(texts) is None if condition.given else bool(texts)
    return None if fulfilled else f"selected {told(texts)}"


# ---------------------------------------------------------------- forms


def unmet_field(name: str, matcher: TextMatcher, content: Content) -> str | None:
    """None when a field of a form fulfils its condition, else what it is, or why there is none."""
    try:
        return matcher.unmet(content.form.get(name, ()))
    except UnreadableError as error:
        return str(error)


# ---------------------------------------------------------------- body patterns


_BODY_KEYS = (*KEYS, "equalToJson", "matchesJsonPath", "matchesXPath")


class BodyPattern(TextConditions):
    """A condition on a body: exactly one of WireMock's body patterns, with its options."""

    model_config = ConfigDict(json_schema_extra=exactly_one(*_BODY_KEYS))

    equal_to_json: Any = Field(
        default=None,
        description="JSON that the body is equal to: as it is, or as a text that holds it.",
    )
    ignore_array_order: bool = Field(
        default=False, description="Goes with `equalToJson`: items may stand in any order."
    )
    ignore_extra_elements: bool = Field(
        default=False,
        description="Goes with `equalToJson`: the body may have further keys and items.",
    )
    matches_json_path: JsonPathCondition | None = Field(
        default=None, description="What a JSONPath expression selects."
    )
    matches_x_path: XPathCondition | None = Field(
        default=None, alias="matchesXPath", description="What an XPath expression selects."
    )
    x_path_namespaces: Mapping[str, str] = Field(
        default_factory=dict,
        alias="xPathNamespaces",
        description="Goes with `matchesXPath`: prefixes, each with its namespace URI.",
    )

    @model_validator(mode="before")
    @classmethod
    def _give_namespaces(cls, value: object) -> object:
        """Hand WireMock's `xPathNamespaces` to the expression, which needs them to compile."""
        if not isinstance(value, Mapping) or not isinstance(value.get("xPathNamespaces"), Mapping):
            return value
        condition = value.get("matchesXPath")
        if isinstance(condition, str):
            condition = {"expression": condition}
        if not isinstance(condition, Mapping):
            return value
        own = condition.get("namespaces", {})
        if not isinstance(own, Mapping):
            return value
        rest = {key: each for key, each in value.items() if key != "xPathNamespaces"}
        namespaces = {**value["xPathNamespaces"], **own}
        return {**rest, "matchesXPath": {**condition, "namespaces": namespaces}}

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self._all_given) != 1:
            wrong(
                f"has {len(self._all_given)} conditions", f"exactly one of {', '.join(_BODY_KEYS)}"
            )
        if self.x_path_namespaces:
            wrong("stands without matchesXPath", "together with matchesXPath", "xPathNamespaces")
        if self.equal_to_json is None and (self.ignore_array_order or self.ignore_extra_elements):
            wrong("has options of equalToJson without it", "together with equalToJson")
        if isinstance(self.equal_to_json, str):
            try:
                parse_json(self.equal_to_json)
            except UnreadableError as error:
                wrong(f"is {error}", "a JSON value, or a text that holds one", "equalToJson")
        return self

    @property
    def _all_given(self) -> list[str]:
        others = ("equal_to_json", "matches_json_path", "matches_x_path")
        return [*self.given, *(name for name in others if getattr(self, name) is not None)]

    @cached_property
    def wanted(self) -> str:
        """What is wanted, in words."""
        selection = self.matches_json_path or self.matches_x_path
        if selection is not None:
            return selection.wanted
        if self.given:
            return self.expected
        return f"JSON equal to {quoted(json.dumps(self._json, ensure_ascii=False))}"

    def unmet_in(self, content: Content) -> str | None:
        """None when the body fulfils it, else what is there instead."""
        selection = self.matches_json_path or self.matches_x_path
        if selection is not None:
            return selection.unmet_in(content)
        try:
            if self.given:
                return self.unmet([content.text] if content.octets else [])
            return self._unmet_json(content)
        except (UnreadableError, TooLargeError) as error:
            return str(error)

    def _unmet_json(self, content: Content) -> str | None:
        comparison = Comparison(
            ignore_array_order=self.ignore_array_order,
            ignore_extra_elements=self.ignore_extra_elements,
        )
        return None if comparison.equal(self._json, content.json) else quoted(content.text)

    @cached_property
    def _json(self) -> Any:  # noqa: ANN401 - any JSON value
        value = self.equal_to_json
        return parse_json(value) if isinstance(value, str) else value
