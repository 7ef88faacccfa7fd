"""The parameters of stored queries, and the values that a request gives them.

ITI TF-2: 3.18.4.1.2.3.4 and 3.18.4.1.2.3.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from lxml import etree


class Kind(Enum):
    """What a value is."""

    ENTRY_UUID = auto()
    """`urn:uuid:` and lower-case hex: an entryUUID or logicalID."""
    TEXT = auto()
    CODE = auto()
    """`code^^scheme`."""
    ASSOCIATION_TYPE = auto()
    DOCUMENT_ENTRY_TYPE = auto()
    METADATA_LEVEL = auto()
    """The number 1 or 2."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a query."""

    name: str
    """With its dollar sign."""
    kind: Kind
    many: bool = True
    """Several values are legal, and mean or."""
    repeatable: bool = False
    """The Slot may be repeated, which means and."""


@dataclass(frozen=True, slots=True)
class Argument:
    """What a request gives one parameter."""

    parameter: Parameter
    slots: tuple[etree._Element, ...]
    groups: tuple[tuple[str, ...], ...]
    """One for each Slot: or within a group, and between groups."""

    @property
    def values(self) -> tuple[str, ...]:
        """All values, whatever Slot they stand in, each once."""
        return tuple(dict.fromkeys(value for group in self.groups for value in group))


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a request gives all parameters, by parameter name."""

    by_name: Mapping[str, Argument] = field(default_factory=dict)

    def values(self, name: str) -> tuple[str, ...]:
        """The values of a parameter; none when it is absent."""
        argument = self.by_name.get(name)
        return argument.values if argument is not None else ()

    def groups(self, name: str) -> tuple[tuple[str, ...], ...]:
        """The values of each Slot of a parameter; none when it is absent."""
        argument = self.by_name.get(name)
        return argument.groups if argument is not None else ()


def entry_uuid(kind: str, *, many: bool) -> Parameter:
    """`$XDS<kind>EntryUUID`; the kind like `DocumentEntry`."""
    return Parameter(f"$XDS{kind}EntryUUID", Kind.ENTRY_UUID, many)


def logical_id(kind: str) -> Parameter:
    """`$XDS<kind>LogicalID`."""
    return Parameter(f"$XDS{kind}LogicalID", Kind.ENTRY_UUID)


def unique_id(kind: str, *, many: bool) -> Parameter:
    """`$XDS<kind>UniqueId`."""
    return Parameter(f"$XDS{kind}UniqueId", Kind.TEXT, many)


UUID = Parameter("$uuid", Kind.ENTRY_UUID)
ASSOCIATION_TYPES = Parameter("$AssociationTypes", Kind.ASSOCIATION_TYPE)
FORMAT_CODE = Parameter("$XDSDocumentEntryFormatCode", Kind.CODE)
CONFIDENTIALITY_CODE = Parameter(
    "$XDSDocumentEntryConfidentialityCode", Kind.CODE, repeatable=True
)
DOCUMENT_ENTRY_TYPE = Parameter("$XDSDocumentEntryType", Kind.DOCUMENT_ENTRY_TYPE)
# A registry without the option Document Metadata Update returns the same for both levels.
METADATA_LEVEL = Parameter("$MetadataLevel", Kind.METADATA_LEVEL, many=False)
# From the first version of XCA, when it was no attribute yet: a registry ignores it.
HOME_COMMUNITY_ID = Parameter("$homeCommunityId", Kind.TEXT, many=False)
