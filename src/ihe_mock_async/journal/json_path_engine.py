"""JSONPath by the package `jsonpath`, imported only when there is an expression: it takes long."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jsonpath import JSONPathEnvironment, JSONPathError
from jsonpath.function_extensions import ExpressionType, FilterFunction

from ihe_mock_async.journal.json_path import BadJsonPathError
from ihe_mock_async.journal.regular_expression import (
    BadExpressionError,
    Expression,
    TooSlowError,
)

Find = Callable[[Any], Iterable[object]]


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


def compiled(expression: str) -> Find:
    """What selects values of a JSON document; both raise `BadJsonPathError`."""
    try:
        query = _Environment(strict=True).compile(expression)
    except _FAILURES as error:
        raise BadJsonPathError(_why(error)) from error

    def find(value: Any) -> Iterable[object]:  # noqa: ANN401 - whatever the JSON is
        try:
            for match in query.finditer(value):
                yield match.obj
        except (*_FAILURES, TypeError) as error:
            raise BadJsonPathError(_why(error)) from error

    return find


_FAILURES = (JSONPathError, RecursionError, ValueError)


def _why(error: Exception) -> str:
    # Not str(error): it draws the place in several lines, and fails for an empty expression.
    return str(error.args[0]) if error.args else "it cannot be evaluated"
