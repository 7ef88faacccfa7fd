"""JSONPath expressions (RFC 9535) that users write, checked when they are read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from jsonpath import JSONPathEnvironment, JSONPathError
from jsonpath.function_extensions import ExpressionType, FilterFunction

from ihe_mock_async.journal.regular_expression import (
    BadExpressionError,
    Expression,
    TooSlowError,
)

MAX_EXPRESSION = 2_000
"""Characters of an expression."""
MAX_SELECTED = 100_000
"""Values that are looked at."""
MAX_SELECTORS = 10_000
"""`[0,1][0,1]` has 2 * 2 of them: without a bound few letters can select without end."""
_MAX_STEPS = 300_000
"""How many values an evaluation may touch, by an estimate."""

_STRINGS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")

_BRACKETS = re.compile(r"\[[^\[\]]*\]")


class BadJsonPathError(ValueError):
    """No JSONPath expression, or one that cannot be evaluated; the text says why."""


class _RegularExpressionFunction(FilterFunction):
    """`match` or `search` (RFC 9535, 2.4.6 and 2.4.7), bounded in time."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 - as the base has it
    return_type = ExpressionType.LOGICAL

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        # The last one only: patterns may come out of the document. One tuple, for threads.
        self._last: tuple[str, Expression | None] = ("", _compiled(""))

    def __call__(self, value: object, pattern: object) -> bool:
        """Whether the text matches; false for anything else, as the RFC demands."""
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        expression = self._expression(pattern)
        if expression is None:
            return False
        try:
            return expression.matches(value) if self._whole else expression.occurs_in(value)
        except TooSlowError:
            return False

    def _expression(self, pattern: str) -> Expression | None:
        pattern_and_expression = self._last
        if pattern_and_expression[0] != pattern:
            pattern_and_expression = self._last = (pattern, _compiled(pattern))
        return pattern_and_expression[1]


def _compiled(pattern: str) -> Expression | None:
    try:
        return Expression(pattern)
    except BadExpressionError:
        return None


class _Environment(JSONPathEnvironment):
    def setup_function_extensions(self) -> None:
        """Put our regular expressions in the place of those that could hang the server."""
        super().setup_function_extensions()
        self.function_extensions["match"] = _RegularExpressionFunction(whole=True)
        self.function_extensions["search"] = _RegularExpressionFunction(whole=False)


class JsonPathExpression:
    """A compiled expression."""

    __slots__ = ("_compiled", "_degree")

    def __init__(self, expression: str) -> None:
        """Compile it, or raise `BadJsonPathError`."""
        if not expression.strip():
            raise BadJsonPathError("it is empty")
        if len(expression) > MAX_EXPRESSION:
            raise BadJsonPathError(f"it has more than {MAX_EXPRESSION} characters")
        try:
            self._compiled = _Environment(strict=True).compile(expression)
        except (JSONPathError, RecursionError, ValueError) as error:
            raise BadJsonPathError(_why(error)) from error
        code = _STRINGS.sub("", expression)
        if math.prod(group.count(",") + 1 for group in _BRACKETS.findall(code)) > MAX_SELECTORS:
            raise BadJsonPathError(f"its selectors multiply to more than {MAX_SELECTORS}")
        # Each `..`, and each `$` in a filter, may look through all of the document again.
        self._degree = code.count("..") + code.count("$") - 1

    def selected(self, value: Any, most: int | None = None) -> list[str]:  # noqa: ANN401 - JSON
        """The selected values as texts, null left out; with `most` only the first of them.

        Raises `BadJsonPathError`, also when there are more than `MAX_SELECTED`.
        """
        if self._degree > 1 and _size(value) ** self._degree > _MAX_STEPS:
            raise BadJsonPathError("the expression would take too long on so large a document")
        limit = MAX_SELECTED + 1 if most is None else most
        try:
            matches = (match.obj for match in self._compiled.finditer(value))
            texts = [_text(each) for each in islice(_not_null(matches), limit)]
        except (JSONPathError, RecursionError, ValueError, TypeError) as error:
            raise BadJsonPathError(_why(error)) from error
        if len(texts) > MAX_SELECTED:
            raise BadJsonPathError(f"the expression selects more than {MAX_SELECTED} values")
        return texts


def _not_null(values: Iterable[object]) -> Iterator[object]:
    return (value for value in values if value is not None)


def _size(value: object) -> int:
    """How many values there are in a JSON document."""
    size, rest = 0, [value]
    while rest:
        each = rest.pop()
        size += 1
        if isinstance(each, dict):
            rest.extend(each.values())
        elif isinstance(each, list):
            rest.extend(each)
    return size


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _why(error: Exception) -> str:
    # Not str(error): it draws the place in several lines, and fails for an empty expression.
    return str(error.args[0]) if error.args else "it cannot be evaluated"
