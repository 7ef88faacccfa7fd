"""Templates of answers: a fixed set of helpers in `{{...}}`, read once, filled in for each answer.

What a helper gives is put in as it is, and never read as a template again.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from email.utils import format_datetime
from typing import Any, TypeVar
from xml.sax.saxutils import escape

from ihe_mock_async.journal.content import UnreadableError
from ihe_mock_async.journal.json_path import BadJsonPathError, JsonPathExpression
from ihe_mock_async.journal.xpath_expression import (
    BadXPathError,
    TooCostlyError,
    XPathExpression,
)
from ihe_mock_async.services.request import ServiceRequest

T = TypeVar("T")
_CALL = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_SEGMENT = re.compile(r"[0-9]{1,4}")
_MILLISECONDS = 1000
_DIRECTIVES = re.compile(r"%(?!Y|m|d|H|M|S|f|j|%)")


class TemplateError(ValueError):
    """A template that cannot be filled in; says why, and what there is."""

    path: tuple[str | int, ...] = ()
    """Where it stands in a JSON document."""


@dataclass(slots=True)
class Values:
    """What the helpers of one answer draw from."""

    request: ServiceRequest
    now: datetime
    new_uuid: Callable[[], str]
    number: Callable[[str], int]
    """The number of this answer in the sequence of that name."""
    named_uuids: dict[str, str] = field(default_factory=dict)


Helper = Callable[[Values], str]
Escape = Callable[[str], str]


def _plain(text: str) -> str:
    return text


def _in_xml(text: str) -> str:
    return escape(text, {'"': "&quot;", "'": "&apos;"})


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def escape_for(content_type: str) -> Escape:
    """How texts are put into a body of this media type: as XML and HTML, as JSON, or bare."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type.endswith(("/xml", "+xml", "/html")):
        return _in_xml
    return _in_json if media_type.endswith(("/json", "+json")) else _plain


@dataclass(frozen=True, slots=True)
class Template:
    """A text with places to fill in."""

    pieces: tuple[str | Helper, ...]

    def text(self, values: Values, put: Escape = _plain) -> str:
        """The text with every helper's value."""
        return "".join(
            piece if isinstance(piece, str) else put(piece(values)) for piece in self.pieces
        )


def compile_text(text: str) -> Template:
    """Read a template, or raise `TemplateError`."""
    pieces: list[str | Helper] = []
    for index, part in enumerate(_CALL.split(text)):
        if index % 2:
            pieces.append(_helper(part.strip()))
        elif "{{" in part:
            raise TemplateError('has "{{" without "}}"; "template: false" sends it as it is')
        elif part:
            pieces.append(part)
    return Template(tuple(pieces))


JsonTemplate = Callable[[Values], Any]


def compile_json(value: object) -> JsonTemplate:
    """Read a JSON document whose texts and keys are templates, or raise `TemplateError`."""
    if isinstance(value, str):
        return compile_text(value).text
    if isinstance(value, Mapping):
        members = [
            (_inside(key, compile_text, key), _inside(key, compile_json, item))
            for key, item in value.items()
        ]
        return lambda values: {key.text(values): item(values) for key, item in members}
    if isinstance(value, Sequence):
        items = [_inside(index, compile_json, item) for index, item in enumerate(value)]
        return lambda values: [item(values) for item in items]
    return lambda _: value


def _inside(step: str | int, read: Callable[[Any], T], value: object) -> T:
    """Read a part of a document; an error tells where it is."""
    try:
        return read(value)
    except TemplateError as error:
        error.path = (step, *error.path)
        raise


def _helper(call: str) -> Helper:
    name, _, rest = call.partition(" ")
    build = HELPERS.get(name)
    if build is None:
        close = get_close_matches(name, HELPERS, n=1)
        hint = f'did you mean "{close[0]}"?' if close else f"known: {', '.join(HELPERS)}"
        raise TemplateError(f'has an unknown helper "{name}"; {hint}')
    try:
        return build(rest.strip())
    except (BadJsonPathError, BadXPathError, TemplateError) as error:
        raise TemplateError(f"{{{{{call}}}}}: {error}") from error


# ---------------------------------------------------------------- arguments


def _words(text: str, known: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Plain arguments, and those written as key=value."""
    plain: list[str] = []
    named: dict[str, str] = {}
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise TemplateError("a quotation mark has no partner") from error
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            plain.append(word)
        elif key in known:
            named[key] = value
        else:
            raise TemplateError(f'unknown option "{key}"; known: {", ".join(known) or "none"}')
    return plain, named


def _one_word(text: str, what: str) -> str:
    plain, _ = _words(text, ())
    if len(plain) != 1:
        raise TemplateError(f"needs {what}")
    return plain[0]


def _unquoted(text: str) -> str:
    """An expression may stand in quotes, so that WireMock's way of writing it works, too."""
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        return text[1:-1]
    return text


# ---------------------------------------------------------------- helpers


def _uuid(arguments: str) -> Helper:
    plain, named = _words(arguments, ("hex",))
    if len(plain) > 1 or named.get("hex", "true") not in ("true", "false"):
        raise TemplateError("takes a name, and hex=true for 32 digits without hyphens")
    name = plain[0] if plain else ""
    bare = named.get("hex") == "true"

    def fill(values: Values) -> str:
        text = values.named_uuids.get(name) or values.new_uuid()
        if name:
            values.named_uuids[name] = text
        return text.replace("-", "") if bare else text

    return fill


_MOMENTS: Mapping[str, Callable[[datetime], str]] = {
    "iso": lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}",
    "epoch": lambda moment: str(int(moment.timestamp() * _MILLISECONDS)),
    "unix": lambda moment: str(int(moment.timestamp())),
    "http": lambda moment: format_datetime(moment, usegmt=True),
    "rfc2822": format_datetime,
}


def _now(arguments: str) -> Helper:
    plain, named = _words(arguments, ("format",))
    form = named.get("format", "iso")
    write = _MOMENTS.get(form) or (lambda moment: moment.strftime(form))
    known = form in _MOMENTS or ("%" in form and not _DIRECTIVES.search(form))
    if plain or not known:
        raise TemplateError(
            f"takes format=, which is {', '.join(_MOMENTS)} or made of %Y %m %d %H %M %S %f %j"
        )
    return lambda values: write(values.now)


def _seq(arguments: str) -> Helper:
    plain, _ = _words(arguments, ())
    if len(plain) > 1:
        raise TemplateError("takes one name at most")
    name = plain[0] if plain else ""
    return lambda values: str(values.number(name))


def _xpath(arguments: str) -> Helper:
    expression = XPathExpression(_unquoted(arguments), {}, {})
    return lambda values: _first(lambda: expression.selected(values.request.content.tree))


def _json_path(arguments: str) -> Helper:
    expression = JsonPathExpression(_unquoted(arguments))
    return lambda values: _first(lambda: expression.selected(values.request.content.json))


_UNSELECTABLE = (UnreadableError, BadXPathError, TooCostlyError, BadJsonPathError)


def _first(select: Callable[[], Sequence[str]]) -> str:
    """The first that is selected; an empty text when there is nothing, or no such body."""
    try:
        return next(iter(select()), "")
    except _UNSELECTABLE:
        return ""


def _form(arguments: str) -> Helper:
    name = _one_word(arguments, "the name of a form field")
    return lambda values: next(iter(values.request.form.get(name, ())), "")


def _header(arguments: str) -> Helper:
    name = _one_word(arguments, "the name of a header")
    return lambda values: ", ".join(values.request.header(name))


def _path(arguments: str) -> Helper:
    text = _one_word(arguments, "the number of a segment of the path, from 0")
    if _SEGMENT.fullmatch(text) is None:
        raise TemplateError("needs the number of a segment of the path, from 0")
    number = int(text)
    return lambda values: next(iter(values.request.path.split("/")[1:][number:]), "")


HELPERS: Mapping[str, Callable[[str], Helper]] = {
    "uuid": _uuid,
    "now": _now,
    "seq": _seq,
    "xpath": _xpath,
    "jsonpath": _json_path,
    "form": _form,
    "header": _header,
    "path": _path,
}
