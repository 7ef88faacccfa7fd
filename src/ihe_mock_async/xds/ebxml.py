"""Typed reading of ebRIM objects: slots, classifications, external identifiers (ebRIM 3.0).

Each object keeps its lxml element, for locations and for the copy that is registered.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.identifiers import is_uuid
from ihe_mock_async.xds import namespaces as ns

UUID_URN = "urn:uuid:"

# rim.xsd: the sequence of RegistryObjectType, and what ExtrinsicObjectType adds to it.
CHILD_ORDER = {
    ns.SLOT: 0,
    ns.NAME: 1,
    ns.DESCRIPTION: 2,
    ns.VERSION_INFO: 3,
    ns.CLASSIFICATION: 4,
    ns.EXTERNAL_IDENTIFIER: 5,
    ns.CONTENT_VERSION_INFO: 6,
}
_AT_MOST_ONCE = frozenset({ns.NAME, ns.DESCRIPTION, ns.VERSION_INFO, ns.CONTENT_VERSION_INFO})


@dataclass(frozen=True, slots=True)
class Slot:
    """A named list of values."""

    element: etree._Element
    name: str
    values: tuple[str, ...]
    """Without surrounding whitespace."""


@dataclass(frozen=True, slots=True)
class RimObject:
    """What every ebRIM object has."""

    element: etree._Element
    id: str
    """Symbolic, or `urn:uuid:`; empty when absent."""
    slots: tuple[Slot, ...]
    name: str | None
    """The first localized string of rim:Name."""
    classifications: tuple[Classification, ...]
    identifiers: tuple[ExternalIdentifier, ...]
    misplaced: etree._Element | None
    """The first child that stands in the wrong place of the schema's sequence."""
    unexpected: tuple[etree._Element, ...]
    """Children that the schema does not know here."""

    def slot(self, name: str) -> Slot | None:
        """The first slot of this name."""
        for slot in self.slots:
            if slot.name == name:
                return slot
        return None

    def value(self, name: str) -> str | None:
        """The first value of the first slot of this name."""
        slot = self.slot(name)
        return slot.values[0] if slot is not None and slot.values else None


@dataclass(frozen=True, slots=True)
class Classification(RimObject):
    """A coded attribute, an author, or the mark of a submission set or folder."""

    @property
    def scheme(self) -> str:
        """The attribute classificationScheme."""
        return self.element.get("classificationScheme", "").strip()

    @property
    def node(self) -> str:
        """The attribute classificationNode."""
        return self.element.get("classificationNode", "").strip()

    @property
    def classified_object(self) -> str:
        """The id of the object that is classified."""
        return self.element.get("classifiedObject", "").strip()

    @property
    def code(self) -> str:
        """The attribute nodeRepresentation."""
        return self.element.get("nodeRepresentation", "").strip()


@dataclass(frozen=True, slots=True)
class ExternalIdentifier(RimObject):
    """A patientId, uniqueId or sourceId."""

    @property
    def scheme(self) -> str:
        """The attribute identificationScheme."""
        return self.element.get("identificationScheme", "").strip()

    @property
    def registry_object(self) -> str:
        """The id of the object that is identified."""
        return self.element.get("registryObject", "").strip()

    @property
    def text(self) -> str:
        """The attribute value."""
        return self.element.get("value", "").strip()


def read_object(element: etree._Element) -> RimObject:
    """Read an ExtrinsicObject, RegistryPackage or Association."""
    return RimObject(element, *_children(element))


def read_classification(element: etree._Element) -> Classification:
    """Read a rim:Classification, nested or directly in the RegistryObjectList."""
    return Classification(element, *_children(element))


def is_uuid_urn(text: str) -> bool:
    """Whether the text is `urn:uuid:` and a UUID, in either case."""
    return text.startswith(UUID_URN) and is_uuid(text[len(UUID_URN) :])


def entry_uuid(text: str) -> str | None:
    """The entryUUID that is meant, also by a bare UUID or upper case; None when it is no UUID."""
    urn = text if text.lower().startswith(UUID_URN) else f"{UUID_URN}{text}"
    bare = urn[len(UUID_URN) :]
    return f"{UUID_URN}{bare.lower()}" if is_uuid(bare) else None


_Children = tuple[
    str,
    tuple[Slot, ...],
    str | None,
    tuple[Classification, ...],
    tuple[ExternalIdentifier, ...],
    etree._Element | None,
    tuple[etree._Element, ...],
]


def _children(element: etree._Element) -> _Children:
    """The fields of a RimObject after its element, in one walk over the children."""
    by_tag: dict[str, list[etree._Element]] = {}
    misplaced: etree._Element | None = None
    unexpected: list[etree._Element] = []
    last = -1
    for child in element:
        tag = str(child.tag)
        position = CHILD_ORDER.get(tag)
        if position is None:
            unexpected.append(child)
            continue
        if position < last or (position == last and tag in _AT_MOST_ONCE):
            misplaced = child if misplaced is None else misplaced
        last = max(last, position)
        by_tag.setdefault(tag, []).append(child)
    return (
        element.get("id", "").strip(),
        tuple(_slot(child) for child in by_tag.get(ns.SLOT, ())),
        _localized(by_tag[ns.NAME][0]) if ns.NAME in by_tag else None,
        tuple(read_classification(child) for child in by_tag.get(ns.CLASSIFICATION, ())),
        tuple(
            ExternalIdentifier(child, *_children(child))
            for child in by_tag.get(ns.EXTERNAL_IDENTIFIER, ())
        ),
        misplaced,
        tuple(unexpected),
    )


def _slot(element: etree._Element) -> Slot:
    values = [
        (value.text or "").strip()
        for value_list in element
        for value in value_list
        if value.tag == ns.VALUE
    ]
    return Slot(element, element.get("name", "").strip(), tuple(values))


def _localized(name: etree._Element) -> str | None:
    return name[0].get("value", "").strip() if len(name) else None
