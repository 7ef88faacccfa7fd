"""Texts of a query against those of a patient: names, addresses and numbers to call.

Upper and lower case, diacritics and the number of blanks do not matter. A trailing `*` stands for
any rest, and so does the end of every part of a name with use SRCH, which says that the parts
"are not limited to an exact match" (ITI TF-2: 3.47.4.1.2.1).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from lxml import etree

from ihe_mock_async.elements import local_name
from ihe_mock_async.hl7v3.datatypes import PersonName, read_name
from ihe_mock_async.hl7v3.demographics import fold


class Closeness(IntEnum):
    """How well one parameter fits a patient; the value is its part in the degree of match."""

    NONE = 0
    PARTIAL = 50
    """By a wildcard, within an interval, or as far as the patient's value is known."""
    EXACT = 100


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text that is looked for."""

    text: str
    """Folded, without the wildcard."""
    whole: bool = True
    """Whether a text that equals it is an exact match."""
    beginning: bool = False
    """Whether a text that begins with it is a partial match."""

    def match(self, texts: Collection[str]) -> Closeness:
        """How well the closest of the folded texts fits."""
        if self.whole and self.text in texts:
            return Closeness.EXACT
        if self.beginning and any(text.startswith(self.text) for text in texts):
            return Closeness.PARTIAL
        return Closeness.NONE


def read_pattern(text: str, *, partial: bool = False) -> Pattern:
    """The pattern of a part of a query; `partial`: a beginning is enough, as with `*`."""
    stripped = text.strip()
    wildcard = stripped.endswith("*")
    return Pattern(fold(stripped.rstrip("*")), whole=not wildcard, beginning=wildcard or partial)


# ---------------------------------------------------------------- parts by kind

Patterns = tuple[tuple[str, tuple[Pattern, ...]], ...]
"""Kind of part (`family`, `city`), and what is looked for in it."""


def match_parts(patterns: Patterns, parts: Mapping[str, Collection[str]]) -> Closeness:
    """How well one name or address, its parts folded and by kind, fits all that is looked for."""
    return min(
        (_match_kind(wanted, parts.get(kind, ())) for kind, wanted in patterns),
        default=Closeness.NONE,
    )


def _match_kind(wanted: tuple[Pattern, ...], texts: Collection[str]) -> Closeness:
    """Each wanted part is one of the texts, or all of them in a row are.

    Some systems send two given names in one element, some in two.
    """
    if not texts:
        return Closeness.NONE
    joined = " ".join(texts)
    single = min(pattern.match((*texts, joined)) for pattern in wanted)
    if single or len(wanted) == 1:
        return single
    in_a_row = Pattern(" ".join(pattern.text for pattern in wanted), wanted[-1].whole)
    return in_a_row.match((joined,))


# ---------------------------------------------------------------- names

_SEARCH_USE = "SRCH"
_KINDS = ("family", "given", "prefix", "suffix")
_TEXT = "text"


def read_name_patterns(element: etree._Element) -> Patterns:
    """What a PN of a query looks for; empty: nothing that could be found."""
    name = read_name(element)
    partial = _SEARCH_USE in (name.use or "").split()
    wanted = {kind: texts for kind in _KINDS if (texts := getattr(name, kind))}
    if not wanted and name.text:
        wanted = {_TEXT: (name.text,)}
    return _patterns(wanted, partial=partial)


def match_names(patterns: Patterns, names: Iterable[PersonName]) -> Closeness:
    """How well the closest of a person's names fits; all parts are of the same name."""
    return max(
        (match_parts(patterns, _name_parts(name)) for name in names), default=Closeness.NONE
    )


def _name_parts(name: PersonName) -> dict[str, list[str]]:
    parts = {kind: _folded(getattr(name, kind)) for kind in _KINDS}
    given, family = parts["given"], parts["family"]
    # A name without parts may be written in either order.
    wholes = (name.text, " ".join([*given, *family]), " ".join([*family, *given]))
    return {**parts, _TEXT: [fold(whole) for whole in wholes if whole]}


# ---------------------------------------------------------------- addresses


def read_address_patterns(element: etree._Element) -> Patterns:
    """What an AD of a query looks for; empty: nothing that could be found."""
    return _patterns(_address_parts(element))


def match_addresses(patterns: Patterns, addresses: Iterable[etree._Element]) -> Closeness:
    """How well the closest of the addresses fits; all parts are of the same address."""
    return max(
        (match_parts(patterns, _folded_address(address)) for address in addresses),
        default=Closeness.NONE,
    )


def _address_parts(address: etree._Element) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    for part in address:
        if text := (part.text or "").strip():
            parts.setdefault(local_name(part), []).append(text)
    return parts


def _folded_address(address: etree._Element) -> dict[str, list[str]]:
    return {kind: _folded(texts) for kind, texts in _address_parts(address).items()}


# ---------------------------------------------------------------- numbers to call

_SCHEME = re.compile(r"([a-z][a-z0-9.+-]*):")
_NOT_DIALLED = re.compile(r"[\s().\-/]")
_DIALLED = frozenset({"", "tel", "fax", "sms"})


def telecom_text(value: str) -> str:
    """A TEL value as it is compared: a number as it is dialled, anything else in lower case."""
    text = value.strip().lower()
    scheme = _SCHEME.match(text)
    name = scheme[1] if scheme else ""
    rest = text[scheme.end() :] if scheme else text
    if name in _DIALLED and "@" not in rest:
        return _NOT_DIALLED.sub("", rest)
    return rest if name == "mailto" else text


# ---------------------------------------------------------------- both


def _patterns(wanted: Mapping[str, Sequence[str]], *, partial: bool = False) -> Patterns:
    return tuple(
        (kind, tuple(read_pattern(text, partial=partial) for text in texts))
        for kind, texts in wanted.items()
    )


def _folded(texts: Iterable[str]) -> list[str]:
    return [fold(text) for text in texts]
