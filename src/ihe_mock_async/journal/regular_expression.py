r"""Regular expressions that users write, matched without being able to hang the server.

Python's `re` has no way to stop an expression such as `(a|aa)+b`, which takes ages for a text of
forty letters. The `regex` package understands the same syntax (and Java's possessive quantifiers
and atomic groups, which WireMock's users write), and gives up after a time.
"""

from __future__ import annotations

MAX_EXPRESSION = 2_000
"""Characters of an expression."""
MAX_SUBJECT = 1 << 20
"""Characters of a text that is looked at."""
_SECONDS = 0.1
_MAX_FAILURES = 5


class BadExpressionError(ValueError):
    """No regular expression; the text says why and where."""


class TooSlowError(ValueError):
    """Whether the expression matches cannot be found out in a moment; the text says so."""


class Expression:
    """A compiled regular expression.

    It is given up after five texts on which it took longer than 0.1 seconds: looking through a
    thousand of them must not take minutes.
    """

    __slots__ = ("_compiled", "_failures")

    def __init__(self, expression: str) -> None:
        """Compile it, or raise `BadExpressionError`."""
        if len(expression) > MAX_EXPRESSION:
            raise BadExpressionError(f"it has more than {MAX_EXPRESSION} characters")
        # Large, and most servers are never given an expression.
        import regex  # noqa: PLC0415

        try:
            self._compiled = regex.compile(expression)
        except regex.error as error:
            raise BadExpressionError(str(error).partition("\n")[0]) from error
        except (OverflowError, RecursionError) as error:
            raise BadExpressionError("it is too large") from error
        self._failures = 0

    def matches(self, text: str) -> bool:
        """Whether the whole text matches; raises `TooSlowError`."""
        return self._run(text, whole=True)

    def occurs_in(self, text: str) -> bool:
        """Whether a part of the text matches; raises `TooSlowError`."""
        return self._run(text, whole=False)

    def _run(self, text: str, *, whole: bool) -> bool:
        if len(text) > MAX_SUBJECT:
            raise TooSlowError(f"the text is longer than {MAX_SUBJECT} characters")
        if self._failures >= _MAX_FAILURES:
            raise TooSlowError(f"the expression took too long for {_MAX_FAILURES} texts")
        run = self._compiled.fullmatch if whole else self._compiled.search
        try:
            return run(text, timeout=_SECONDS) is not None
        except TimeoutError as error:
            self._failures += 1
            raise TooSlowError("the expression takes too long") from error
