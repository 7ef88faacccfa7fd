"""The coding of query parameter values (ITI TF-2: 3.18.4.1.2.3.5).

`123` is a number, `'text'` a string in which `''` stands for a single quote, `('a','b')` a list.
Reading never fails: what is wrong is said, and the values are those that were likely meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_LENGTH = 100_000
"""Characters of one rim:Value that are read at all; ebRIM allows 256."""

# Possessive, so that no text makes it try twice.
_TOKEN = re.compile(
    r"\s*+(?:'(?P<string>[^']*+(?:''[^']*+)*+)'|(?P<bare>[^\s'(),][^'(),]*+)|(?P<mark>[(),]))"
)
_OTHER_QUOTES = '"`\u2018\u2019\u201c\u201d'

_VALUE, _UNREADABLE = "v", "?"
_PARENTHESES = "parentheses around several values: ('first','second')"
# The sequence of values and marks to what is expected instead; the first that fits counts.
_SHAPES: tuple[tuple[re.Pattern[str], str | None], ...] = (
    (re.compile(r"v|\(v(?:,v)*+\)"), None),
    (re.compile(r""), "a value, or no Slot when there is nothing to ask for"),
    (re.compile(r"[^?]*+\?"), "a closing quote; a quote inside the text is written twice: ''"),
    (re.compile(r"v(?:,v)++"), _PARENTHESES),
    (re.compile(r"v++"), "quotes inside the text written twice: '', or a list ('first','second')"),
    (re.compile(r".*+"), "('first','second'): one pair of parentheses, commas between the values"),
)


@dataclass(frozen=True, slots=True)
class Literal:
    """One string or number."""

    text: str
    """Without the outer quotes, and with single ones inside."""
    quoted: bool
    """In single quotes, as strings are; numbers are not."""


@dataclass(frozen=True, slots=True)
class CodedValue:
    """The content of one rim:Value."""

    literals: tuple[Literal, ...]
    is_list: bool
    """Whether it is in parentheses."""
    problem: str | None
    """What is expected instead, None when values and marks are in the right order."""

    @property
    def lacks_parentheses(self) -> bool:
        """Whether the problem is that there are several values without parentheses."""
        return self.problem is _PARENTHESES


def read(text: str) -> CodedValue:
    """Read the text of a rim:Value."""
    if len(text) > MAX_LENGTH:
        return CodedValue((), False, f"at most {MAX_LENGTH} characters; use several rim:Value")
    literals: list[Literal] = []
    shape = ""
    end, length = 0, len(text.rstrip())
    while end < length:
        token = _TOKEN.match(text, end)
        if token is None:
            literals.append(Literal(text[end:].strip().removeprefix("'"), quoted=True))
            shape += _UNREADABLE
            break
        end = token.end()
        shape += token["mark"] or _VALUE
        if token["mark"] is None:
            literals.append(_literal(token))
    problem = next(expected for pattern, expected in _SHAPES if pattern.fullmatch(shape))
    return CodedValue(tuple(literals), shape.startswith("("), problem)


def _literal(token: re.Match[str]) -> Literal:
    string = token["string"]
    if string is not None:
        return Literal(string.replace("''", "'"), quoted=True)
    # Quotes of another kind are no part of what is meant.
    return Literal(token["bare"].strip().strip(_OTHER_QUOTES), quoted=False)
