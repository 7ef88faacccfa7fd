"""Conditions on texts and bodies in WireMock's words, for patterns and companion services.

They know nothing of entries. One on texts has `expected`, what it wants in words, and has
`unmet(texts)`: None when it is fulfilled, else in words what was there instead. One on a body has
`wanted` and `unmet_in(content)`. These raise nothing, whatever they are given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator

from ihe_mock_async.journal.content import Content, UnreadableError, parse_json
from ihe_mock_async.journal.json_equality import Comparison, TooLargeError
from ihe_mock_async.journal.json_forms import exactly_one
from ihe_mock_async.journal.json_model import wrong
from ihe_mock_async.journal.selections import JsonPathCondition, XPathCondition
from ihe_mock_async.journal.text_matcher import (
    KEYS,
    TextConditions,
    TextMatcher,
    quoted,
)

__all__ = [
    "BodyPattern",
    "JsonPathCondition",
    "TextConditions",
    "TextMatcher",
    "XPathCondition",
    "unmet_field",
]


def unmet_field(name: str, matcher: TextMatcher, content: Content) -> str | None:
    """None when a field of a form fulfils its condition, else what it is, or why there is none."""
    try:
        return matcher.unmet(content.form.get(name, ()))
    except UnreadableError as error:
        return str(error)


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
