"""Templates of messages: XML with `{{name}}` for a value, and three words for parts.

`{{include PART a=b}}` is a part in which the name `a` stands for the value of `b`;
`{{each-document PART}}` and `{{each-id PART}}` repeat one. Values are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from xml.sax.saxutils import escape

from ihe_mock_async.client.values import Values
from ihe_mock_async.elements import sanitise

_PLACEHOLDER = re.compile(r"\{\{(?P<words>[^{}]+)\}\}")
_QUOTE = {'"': "&quot;"}
_FOLDER = resources.files("ihe_mock_async.client") / "examples"


def render(name: str, values: Values) -> str:
    """The message of an example, its body's root element; `name` is that of its file."""
    return fill(_text(name), values)


def uses(name: str, word: str) -> bool:
    """Whether a template, or a part of it, repeats a part by this word."""
    text = _text(name)
    for match in _PLACEHOLDER.finditer(text):
        first, *rest = match["words"].split()
        if first == word or (first in _PARTS and uses(f"parts/{rest[0]}", word)):
            return True
    return False


def _text(name: str) -> str:
    return (_FOLDER / f"{name}.xml").read_text("utf-8")


def fill(text: str, values: Values) -> str:
    """The text with every placeholder filled in; raises `KeyError` for an unknown name."""
    return _PLACEHOLDER.sub(lambda match: _expand(match["words"].split(), values), text)


def _expand(words: list[str], values: Values) -> str:
    word, *rest = words
    if word not in _PARTS:
        return escape(sanitise(values[word]), _QUOTE)
    part, *renamed = rest
    names = dict(argument.split("=") for argument in renamed)
    return "\n".join(
        render(f"parts/{part}", each.renamed(**names)) for each in _PARTS[word](values)
    )


_PARTS: Mapping[str, Callable[[Values], Iterable[Values]]] = {
    "include": lambda values: (values,),
    "each-document": Values.of_each_document,
    "each-id": Values.of_each_id,
}
