"""A YAML file as plain data, with the place of every key (YAML 1.2 core schema).

A subset on purpose: neither tags nor anchors and aliases, so that no document makes objects or
grows when it is read; `yes`, `12:30` and dates are texts, as in JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from ihe_mock_async.errors import ServicesError
from ihe_mock_async.findings import one_line
from ihe_mock_async.journal.json_problems import key_path

Data = dict[str, "Data"] | list["Data"] | str | int | float | bool | None
Path = tuple[str | int, ...]

MAX_OCTETS = 1 << 20
MAX_DEPTH = 60

_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_BOOL = "tag:yaml.org,2002:bool"
_NULL = "tag:yaml.org,2002:null"
_DIGITS = "-+0123456789"
_CORE_SCHEMA = (
    (_BOOL, r"true|True|TRUE|false|False|FALSE", "tTfF"),
    (_NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_INT, r"[-+]?(0|[1-9][0-9]*)", _DIGITS),
    (_FLOAT, r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+([eE][-+]?[0-9]{1,2})?|[eE][-+]?[0-9]{1,2})", _DIGITS),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_NUMBER = 300
"""Digits; Python refuses to read integers of more than 4300."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file, counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Source:
    """What a file says, and where."""

    name: str
    """The file, as people know it."""
    data: Data
    spots: dict[Path, Spot] = field(default_factory=dict)
    """Of each key and list item."""

    def complaint(self, path: Path, text: str) -> str:
        """One line about what stands at a path: file, line, column, and what is wrong."""
        ancestors = (path[:end] for end in range(len(path), -1, -1))
        spot = next((self.spots[each] for each in ancestors if each in self.spots), Spot(1, 1))
        return f"{self.name}:{spot.line}:{spot.column}: {one_line(text)}"

    def complaint_of_key(self, path: Path, text: str) -> str:
        """The same, with the key in front of the text."""
        return self.complaint(path, f"{key_path(path)}: {text}" if path else text)


def read(name: str, text: str) -> Source:
    """Read a YAML document, or raise `ServicesError` with one line per problem."""
    if len(text) > MAX_OCTETS:
        raise ServicesError(f"{name}:1:1: longer than {MAX_OCTETS} characters; split the service")
    try:
        node = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise ServicesError(_syntax_complaint(name, error)) from error
    except yaml.YAMLError as error:
        raise ServicesError(f"{name}:1:1: not YAML: {error}".replace("\n", " ")) from error
    except (OverflowError, ValueError) as error:  # PyYAML hands the digits on to `chr`
        told = r"has an escape \U that is no Unicode character"
        raise ServicesError(f"{name}:1:1: {told}") from error
    source = Source(name, None)
    duplicates: list[str] = []
    source.data = _data(node, (), source, duplicates)
    if duplicates:
        raise ServicesError("\n".join(duplicates))
    return source


def _syntax_complaint(name: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
    return f"{name}:{place}: {error.problem or error.context or 'not YAML'}"


class _Loader(yaml.SafeLoader):
    """Composes nodes of the core schema; refuses tags, anchors, aliases and deep nesting."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own attribute

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refused(event, "anchors and aliases are not supported: write it out")
        if getattr(event, "tag", None):
            raise _refused(event, "tags are not supported: quote a text, leave numbers bare")
        if _SURROGATE.search(getattr(event, "value", "")):
            raise _refused(event, r"has half of a surrogate pair: write \UXXXXXXXX")
        if self._depth >= MAX_DEPTH:
            raise _refused(event, f"nested more than {MAX_DEPTH} deep")
        self._depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _tag, _pattern, _first in _CORE_SCHEMA:
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), list(_first))


def _refused(event: yaml.Event, text: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=text, problem_mark=event.start_mark)  # type: ignore[arg-type]  # the C loader's mark is not ours


def _data(node: yaml.Node | None, path: Path, source: Source, duplicates: list[str]) -> Data:
    if node is None:
        return None
    source.spots.setdefault(path, _spot(node))
    if isinstance(node, yaml.MappingNode):
        return {
            key: _data(value, (*path, key), source, duplicates)
            for key, value in _members(node, path, source, duplicates)
        }
    if isinstance(node, yaml.SequenceNode):
        return [
            _data(item, (*path, index), source, duplicates)
            for index, item in enumerate(node.value)
        ]
    return _scalar(node)


def _members(
    node: yaml.MappingNode, path: Path, source: Source, duplicates: list[str]
) -> Iterator[tuple[str, yaml.Node]]:
    for key_node, value in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            duplicates.append(source.complaint(path, "a key must be a text"))
            continue
        inner = (*path, key_node.value)
        first = source.spots.get(inner)
        if first is not None:
            at = _spot(key_node)
            duplicates.append(
                f"{source.name}:{at.line}:{at.column}: {key_path(inner)}: stands there twice, "
                f"first in line {first.line}; keep one"
            )
            continue
        source.spots[inner] = _spot(key_node)
        yield key_node.value, value


def _scalar(node: yaml.Node) -> Data:
    text: str = node.value
    if node.tag == _NULL:
        return None
    if node.tag == _BOOL:
        return text.lower() == "true"
    if node.tag == _INT and len(text) <= _LONGEST_NUMBER:
        return int(text)
    if node.tag == _FLOAT and len(text) <= _LONGEST_NUMBER:
        return float(text)
    return text


def _spot(node: yaml.Node) -> Spot:
    return Spot(node.start_mark.line + 1, node.start_mark.column + 1)
