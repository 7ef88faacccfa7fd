"""Texts of a query against those of a patient: names, addresses and numbers to call.

Upper and lower case, diacritics and the number of blanks do not matter. A trailing `*` stands for
any rest, and so does the end of every part of a name with use SRCH, which says that the parts
"are not limited to an exact match" (ITI TF-2: 3.47.4.1.2.1).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from lxml import etree

from ihe_mock_async.hl7v3.datatypes import read_name
from ihe_mock_async.hl7v3.description import (
    NAME_KINDS,
    TEXT,
    Parts,
    address_parts,
    fragment,
    fragment_of_word,
)
from ihe_mock_async.hl7v3.folding import fold


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

    @property
    def fragment(self) -> str:
        """What a description that has a matching text contains."""
        return fragment(self.text, whole=not self.beginning)


def read_pattern(text: str, *, partial: bool = False) -> Pattern:
    """The pattern of a part of a query; `partial`: a beginning is enough, as with `*`."""
    stripped = text.strip()
    wildcard = stripped.endswith("*")
    return Pattern(fold(stripped.rstrip("*")), whole=not wildcard, beginning=wildcard or partial)


# ---------------------------------------------------------------- parts by kind

Patterns = tuple[tuple[str, tuple[Pattern, ...]], ...]
"""Kind of part (`family`, `city`), and what is looked for in it."""


def match_parts(patterns: Patterns, parts: Parts) -> Closeness:
    """How well one name or address, its parts folded and by kind, fits all that is looked for."""
    fits = [_match_kind(wanted, parts.get(kind, ())) for kind, wanted in patterns]
    return min(fits, default=Closeness.NONE)


def match_one_of(patterns: Patterns, several: Iterable[Parts]) -> Closeness:
    """How well the closest of several names or addresses fits."""
    return max([match_parts(patterns, parts) for parts in several], default=Closeness.NONE)


def _match_kind(wanted: tuple[Pattern, ...], texts: Sequence[str]) -> Closeness:
    """Each wanted part is one of the texts, or all of them in a row are."""
    if not texts:
        return Closeness.NONE
    single = min([pattern.match(texts) for pattern in wanted])
    if single or len(wanted) == 1:
        return single
    in_a_row = Pattern(" ".join(pattern.text for pattern in wanted), wanted[-1].whole)
    return in_a_row.match(texts[-1:])


# ---------------------------------------------------------------- names

_SEARCH_USE = "SRCH"


def read_name_patterns(element: etree._Element) -> Patterns:
    """What a PN of a query looks for; empty: nothing that could be found."""
    name = read_name(element)
    partial = _SEARCH_USE in (name.use or "").split()
    wanted = {kind: texts for kind in NAME_KINDS if (texts := getattr(name, kind))}
    if not wanted and name.text:
        wanted = {TEXT: (name.text,)}
    return _patterns(wanted, partial=partial)


def match_names(patterns: Patterns, names: Iterable[Parts]) -> Closeness:
    """How well the closest of a person's names fits; all parts are of the same name."""
    if any(kind == TEXT for kind, _ in patterns):
        names = [{**name, TEXT: _whole_names(name)} for name in names]
    return match_one_of(patterns, names)


def _whole_names(name: Parts) -> list[str]:
    given, family = name.get("given", ())[-1:], name.get("family", ())[-1:]
    # A name without parts may be written in either order.
    orders = ([*given, *family], [*family, *given])
    return [*name.get(TEXT, ()), *[fold(" ".join(parts)) for parts in orders if parts]]


# ---------------------------------------------------------------- addresses


def read_address_patterns(element: etree._Element) -> Patterns:
    """What an AD of a query looks for; empty: nothing that could be found."""
    return _patterns(address_parts(element))


# ---------------------------------------------------------------- both


def _patterns(wanted: Mapping[str, Sequence[str]], *, partial: bool = False) -> Patterns:
    return tuple(
        (kind, tuple(read_pattern(text, partial=partial) for text in texts))
        for kind, texts in wanted.items()
    )


def fragment_of(patterns: Patterns) -> str:
    """What the description of whomever the patterns fit contains; empty: nothing in particular."""
    return max([_fragment(kind, wanted) for kind, wanted in patterns], key=len, default="")


def _fragment(kind: str, wanted: Sequence[Pattern]) -> str:
    first = wanted[0]  # it begins whatever has all of them in a row
    if kind == TEXT:
        return fragment_of_word(first.text)
    return first.fragment if len(wanted) == 1 else fragment(first.text)
