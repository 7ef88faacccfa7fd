"""What XPath and JSONPath select in a body, as a condition."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from ihe_mock_async.journal.content import Content, UnreadableError
from ihe_mock_async.journal.json_forms import at_most_one
from ihe_mock_async.journal.json_model import wrong
from ihe_mock_async.journal.json_path import BadJsonPathError, JsonPathExpression
from ihe_mock_async.journal.text_matcher import KEYS, TextConditions, told
from ihe_mock_async.journal.xpath_expression import (
    BadXPathError,
    TooCostlyError,
    XPathExpression,
)


class _Selection(TextConditions):
    """Something selected in a body: it is there, or some of its texts fulfil a condition."""

    model_config = ConfigDict(json_schema_extra=at_most_one(*KEYS))
    text_means: ClassVar[str] = "expression"

    @property
    def _most(self) -> int | None:
        """How many texts must be looked at: one shows that there is something; None: all."""
        return None if self.given else 1

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
    variables: Mapping[str, str] = Field(
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
