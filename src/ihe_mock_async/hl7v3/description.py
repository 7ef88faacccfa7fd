"""What a demographics query can ask of a patient, folded: the form in which patients are compared.

It is written when a patient is fed and kept beside the demographics, so that a search parses no
XML (ITI TF-2: 3.47.4.1.2.1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypedDict, cast

from lxml import etree

from ihe_mock_async.elements import local_name
from ihe_mock_async.hl7v3.datatypes import PersonName, read_identifier, read_name
from ihe_mock_async.hl7v3.folding import fold
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.tree import first

_PERSON = clark("patientPerson")
_ADDR = clark("addr")
_NAME = clark("name")
_ID = clark("id")
_CODE = clark("code")
_RELATIONSHIP_HOLDER = clark("relationshipHolder1")
_PERFORMER = clark("performer")
_PLACE = clark("birthplace")
_MOTHER = "MTH"
"""PersonalRelationshipRoleType."""

TEXT = "text"
"""The kind of what stands outside of the parts of a name, as in `<name>Ada Example</name>`."""
NAME_KINDS = ("family", "given", "prefix", "suffix")

Parts = Mapping[str, Sequence[str]]
"""The folded parts of one name or address, by kind (`family`, `city`).

After several parts of a kind stands what they are in a row: some systems send two given names in
one element, some in two.
"""


class Description(TypedDict, total=False):
    """What is known of a patient; what is not is absent."""

    names: Sequence[Parts]
    mothers: Sequence[Parts]
    """Names of the mother."""
    addresses: Sequence[Parts]
    telecoms: Sequence[str]
    """As `telecom_text` has them."""
    birth_places: Sequence[str]
    birth_place_addresses: Sequence[Parts]
    providers: Sequence[tuple[str | None, str | None]]
    """Root and extension of the ids of who cares for the patient."""


NOTHING: Description = {}


def describe(patient: etree._Element) -> str:
    """The description of a hl7:patient: of its person, and what the patient itself has of it."""
    person = first(patient, _PERSON)
    described: dict[str, list[object]] = {}
    for owner in (patient,) if person is None else (person, patient):
        for element in owner.iterchildren(*_READERS):
            for section, value in _READERS[str(element.tag)](element):
                described.setdefault(section, []).append(value)
    return _written(described) if described else ""


@lru_cache(maxsize=16)  # the criteria of a query ask for the same patient, one after the other
def read(description: str) -> Description:
    """A description as it was written; an empty one says nothing."""
    return cast("Description", json.loads(description)) if description else NOTHING


def fragment(text: str, *, whole: bool = False) -> str:
    """What a description contains that has a text which begins with this one, or equals it."""
    written = _written(text)
    return written if whole else written[:-1]


def fragment_of_word(text: str) -> str:
    """What a description contains that has the text, its words divided among several texts."""
    return _written(max(text.split(" "), key=len))[1:-1]


def fragment_of_provider(root: str, extension: str | None) -> str:
    """What a description contains that has a provider of this id; None: whatever extension."""
    written = _written((root, extension))
    return written if extension is not None else written.removesuffix("null]")


_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


# ---------------------------------------------------------------- its sections

_Sections = Iterator[tuple[str, object]]


def _name(name: etree._Element) -> _Sections:
    if parts := name_parts(read_name(name)):
        yield "names", parts


def _address(address: etree._Element) -> _Sections:
    if parts := _folded(address_parts(address)):
        yield "addresses", parts


def _telecom(telecom: etree._Element) -> _Sections:
    yield "telecoms", telecom_text(telecom.get("value") or "")


def _mother(relationship: etree._Element) -> _Sections:
    if any(code.get("code") == _MOTHER for code in relationship.iterchildren(_CODE)):
        for name in _below(relationship, _RELATIONSHIP_HOLDER, _NAME):
            if parts := name_parts(read_name(name)):
                yield "mothers", parts


def _birth_place(place: etree._Element) -> _Sections:
    for name in _below(place, _PLACE, _NAME):
        yield "birth_places", fold(all_text(name))
    for address in _below(place, _ADDR):
        if parts := _folded(address_parts(address)):
            yield "birth_place_addresses", parts


def _provider(other: etree._Element) -> _Sections:
    for performer in other.iter(_PERFORMER):
        for element in performer.iter(_ID):
            identifier = read_identifier(element)
            yield "providers", (identifier.root, identifier.extension)


_READERS: Mapping[str, Callable[[etree._Element], _Sections]] = {
    _NAME: _name,
    _ADDR: _address,
    clark("telecom"): _telecom,
    clark("personalRelationship"): _mother,
    clark("birthPlace"): _birth_place,
    clark("asPatientOfOtherProvider"): _provider,
}


def _below(element: etree._Element, *names: str) -> list[etree._Element]:
    """The descendants at the end of a path of Clark names."""
    elements = [element]
    for name in names:
        elements = [child for each in elements for child in each.iterchildren(name)]
    return elements


# ---------------------------------------------------------------- names, addresses, numbers


def name_parts(name: PersonName) -> dict[str, list[str]]:
    """The folded parts of a name, those of a kind that it has."""
    parts = {kind: list(texts) for kind in NAME_KINDS if (texts := getattr(name, kind))}
    if name.text:
        parts[TEXT] = [name.text]
    return _folded(parts)


def address_parts(address: etree._Element) -> dict[str, list[str]]:
    """The parts of an AD as they were sent, those that say something."""
    parts: dict[str, list[str]] = {}
    for part in address:
        if text := (part.text or "").strip():
            parts.setdefault(local_name(part), []).append(text)
    return parts


def _folded(parts: Parts) -> dict[str, list[str]]:
    return {kind: _in_a_row([fold(text) for text in texts]) for kind, texts in parts.items()}


def _in_a_row(texts: list[str]) -> list[str]:
    return [*texts, " ".join(texts)] if len(texts) > 1 else texts


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


def all_text(element: etree._Element) -> str:
    """The text of an element and everything in it, blanks collapsed."""
    return " ".join("".join(map(str, element.itertext())).split())
