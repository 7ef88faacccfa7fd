"""A request body as conditions look at it: as text, XML, JSON or form, each read once."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

from lxml import etree

from ihe_mock_async.elements import MalformedXmlError, parse
from ihe_mock_async.findings import Finding

MAX_OCTETS = 16 << 20
"""A larger body is not looked into: matching would hold up everybody else."""
MAX_FIELDS = 1_000
"""Fields of a form, or parameters of a query, at most."""

T = TypeVar("T")
Parameters = Mapping[str, Sequence[str]]


class UnreadableError(ValueError):
    """The body is not of the kind that a condition asks for; the text says why."""


class _Reason(str):
    """Why something cannot be read.

    Kept instead of the error itself: an error that was raised remembers all that was at work.
    """

    __slots__ = ()


class Content:
    """Octets, and what they are when they are read; nothing is read before it is asked for.

    Whatever the octets are, nothing but `UnreadableError` is raised.
    """

    def __init__(self, octets: bytes, content_type: str = "", missing: str = "") -> None:
        """`missing` says why the octets are not (all) there; then nothing can be read."""
        self.octets = octets
        self._content_type = content_type
        self._missing = missing
        if len(octets) > MAX_OCTETS:
            self._missing = f"more than {MAX_OCTETS} octets"

    @property
    def text(self) -> str:
        """The octets decoded by the charset of Content-Type, else as UTF-8."""
        if self._missing:
            raise UnreadableError(self._missing)
        return self._text

    @property
    def tree(self) -> etree._Element:
        """The root element of an XML document."""
        return _or_raise(self._tree)

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the JSON is
        """The value of a JSON text."""
        return _or_raise(self._json)

    @property
    def form(self) -> Parameters:
        """The fields of a form, application/x-www-form-urlencoded."""
        return _or_raise(self._form)

    @cached_property
    def _text(self) -> str:
        if self.octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return self.octets.decode("utf-16", "replace")
        return self.octets.decode(_codec(charset_of(self._content_type)), "replace")

    # What was read, or why it cannot be: a reason is worked out only once, too.

    @cached_property
    def _tree(self) -> etree._Element | _Reason:
        if self._missing:
            return _Reason(self._missing)
        try:
            return parse(self.octets)
        except MalformedXmlError as error:
            return _Reason(f"no XML: {_told(error.finding)}")

    @cached_property
    def _json(self) -> Any:  # noqa: ANN401 - whatever the JSON is
        if self._missing:
            return _Reason(self._missing)
        try:
            return parse_json(self._text)
        except UnreadableError as error:
            return _Reason(error)

    @cached_property
    def _form(self) -> Parameters | _Reason:
        if self._missing:
            return _Reason(self._missing)
        try:
            return parse_parameters(self.octets.decode("utf-8", "replace"))
        except ValueError:
            return _Reason(f"a form of more than {MAX_FIELDS} fields")


def _told(finding: Finding) -> str:
    if finding.received and finding.expected:
        return f"{finding.received}, expected {finding.expected}"
    return finding.received or finding.rule.text


def _or_raise(value: T | _Reason) -> T:
    if isinstance(value, _Reason):
        raise UnreadableError(value)
    return value


def parse_json(text: str) -> Any:  # noqa: ANN401 - whatever the JSON is
    """The value of a JSON text (RFC 8259), or `UnreadableError`."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnreadableError(f"no JSON: {error.msg} at {where}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableError("no JSON: a number or the nesting is beyond bounds") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's


def parse_parameters(encoded: str) -> Parameters:
    """Names and values of a query or form; ValueError when there are more than `MAX_FIELDS`."""
    values: dict[str, list[str]] = {}
    pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def charset_of(content_type: str) -> str:
    """The charset parameter of a Content-Type, `utf-8` without one."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').strip("'") or "utf-8"
    return "utf-8"


_UTF8 = "utf-8-sig"
# Python knows further codecs, such as punycode: slow, or no charsets of anything.
_CHARSETS = re.compile(r"ascii|iso8859-\d+|cp\d+|koi8-[rtu]|utf-(16|32)(-[bl]e)?|gbk|gb18030|big5")


def _codec(charset: str) -> str:
    """The codec of a charset; UTF-8 when it is none that is known."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return _UTF8
    return name if _CHARSETS.fullmatch(name) else _UTF8
