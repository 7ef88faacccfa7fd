"""Conditions on one text (a header, a path, what XPath has selected) in WireMock's words.

Every condition has `expected`, what it wants in words, and `unmet(...)`: None when it is
fulfilled, else in words what was there instead. `unmet` raises nothing, whatever it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import ClassVar, Self

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from ihe_mock_async.findings import one_line
from ihe_mock_async.journal.json_forms import exactly_one
from ihe_mock_async.journal.json_model import JsonModel, wrong
from ihe_mock_async.journal.regular_expression import (
    BadExpressionError,
    Expression,
    TooSlowError,
)

_LONGEST = 120


def quoted(text: str) -> str:
    """The text in quotes, in one line and cut to size."""
    start = one_line(text[:_LONGEST])
    return f'"{start}"' if len(text) <= _LONGEST else f'"{start}..."'


def told(texts: Sequence[str]) -> str:
    """The texts in words, the first three of them."""
    if not texts:
        return "nothing"
    rest = f" and {len(texts) - 3} more" if len(texts) > 3 else ""  # noqa: PLR2004
    return ", ".join(map(quoted, texts[:3])) + rest


class TextConditions(JsonModel):
    """What a text must be like; which keys go together is said by the subclasses."""

    equal_to: str | None = Field(default=None, description="It is this text.")
    contains: str | None = Field(default=None, description="It contains this text.")
    does_not_contain: str | None = Field(
        default=None, description="It (or each, when there are several) lacks this text."
    )
    matches: str | None = Field(
        default=None,
        description="The whole text matches this regular expression.",
        json_schema_extra={"format": "regex"},
    )
    does_not_match: str | None = Field(
        default=None,
        description="Not the whole text (or none of several) matches this regular expression.",
        json_schema_extra={"format": "regex"},
    )
    case_insensitive: bool = Field(
        default=False,
        description="Upper and lower case are the same; goes with `equalTo`, `contains` and "
        "`doesNotContain`.",
    )
    absent: bool | None = Field(
        default=None, description="True: there is none. False: there is one, whatever it is."
    )

    @field_validator("matches", "does_not_match")
    @classmethod
    def _is_an_expression(cls, value: str | None) -> str | None:
        if value is not None:
            checked_expression(value)
        return value

    @model_validator(mode="after")
    def _case_has_a_text(self) -> Self:
        if self.case_insensitive and not {"equal_to", "contains", "does_not_contain"} & set(
            self.given
        ):
            wrong(
                "stands without a text to compare with",
                "together with equalTo, contains or doesNotContain",
                "caseInsensitive",
            )
        return self

    @property
    def given(self) -> list[str]:
        """The names of the conditions that are there."""
        return [name for name in CONDITIONS if getattr(self, name) is not None]

    @cached_property
    def expected(self) -> str:
        """What is wanted, in words."""
        words = [_WORDS[name](getattr(self, name)) for name in self.given]
        case = " in any case" if self.case_insensitive else ""
        return " and ".join(words) + case

    def unmet(self, texts: Sequence[str]) -> str | None:
        """None when the texts (of a repeated header, say) fulfil it, else what they are."""
        try:
            fulfilled = all(test(texts) for test in self._tests)
        except TooSlowError as error:
            return f"{told(texts)} ({error})"
        return None if fulfilled else told(texts)

    @cached_property
    def _tests(self) -> tuple[Callable[[Sequence[str]], bool], ...]:
        return tuple(self._make_tests())

    def _make_tests(self) -> Iterator[Callable[[Sequence[str]], bool]]:
        fold = str.casefold if self.case_insensitive else str
        if self.absent is not None:
            absent = self.absent
            yield lambda texts: bool(texts) != absent
        if self.equal_to is not None:
            equal = fold(self.equal_to)
            yield lambda texts: any(fold(text) == equal for text in texts)
        if self.contains is not None:
            part = fold(self.contains)
            yield lambda texts: any(part in fold(text) for text in texts)
        if self.does_not_contain is not None:
            missing = fold(self.does_not_contain)
            yield lambda texts: all(missing not in fold(text) for text in texts)
        if self.matches is not None:
            like = Expression(self.matches)
            yield lambda texts: any(like.matches(text) for text in texts)
        if self.does_not_match is not None:
            unlike = Expression(self.does_not_match)
            yield lambda texts: not any(unlike.matches(text) for text in texts)


def checked_expression(value: str, key: str = "") -> Expression:
    """The regular expression, or an error of the key that it stands at."""
    try:
        return Expression(value)
    except BadExpressionError as error:
        wrong(f"is no regular expression: {error}", "a regular expression that compiles", key)


_WORDS: Mapping[str, Callable[..., str]] = {
    "equal_to": quoted,
    "contains": lambda text: f"containing {quoted(text)}",
    "does_not_contain": lambda text: f"without {quoted(text)}",
    "matches": lambda text: f"matching {quoted(text)}",
    "does_not_match": lambda text: f"not matching {quoted(text)}",
    "absent": lambda absent: "nothing" if absent else "something",
}
CONDITIONS = tuple(_WORDS)
KEYS = tuple(map(to_camel, CONDITIONS))
"""The conditions as JSON has them."""


class TextMatcher(TextConditions):
    """A condition on one text, in WireMock's words; exactly one of its keys is given.

    In JSON a bare string is short for `equalTo`.
    """

    model_config = ConfigDict(json_schema_extra=exactly_one(*KEYS))
    text_means: ClassVar[str] = "equal_to"

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.given) != 1:
            wrong(f"has {len(self.given)} conditions", f"exactly one of {', '.join(KEYS)}")
        return self
