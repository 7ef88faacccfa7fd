"""JSONPath expressions (RFC 9535) that users write, checked when they are read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

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


class JsonPathExpression:
    """A compiled expression."""

    __slots__ = ("_degree", "_find")

    def __init__(self, expression: str) -> None:
        """Compile it, or raise `BadJsonPathError`."""
        if not expression.strip():
            raise BadJsonPathError("it is empty")
        if len(expression) > MAX_EXPRESSION:
            raise BadJsonPathError(f"it has more than {MAX_EXPRESSION} characters")
        # It takes longer to import than all patterns without JSONPath take to read.
        from ihe_mock_async.journal import json_path_engine  # noqa: PLC0415

        self._find = json_path_engine.compiled(expression)
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
            texts = [_text(each) for each in islice(_not_null(self._find(value)), limit)]
        except RecursionError as error:
            raise BadJsonPathError("what it selects is nested too deeply") from error
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
