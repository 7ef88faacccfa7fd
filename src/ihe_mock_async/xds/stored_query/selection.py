"""Choosing registered objects by identifiers, links and attributes (ITI TF-2: 3.18.4.1.2.3.7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ihe_mock_async.state import AvailabilityStatus, Condition, Documents, RegistryObject
from ihe_mock_async.xds import searchable
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.stored_query.metadata_level import visible
from ihe_mock_async.xds.stored_query.parameters import ASSOCIATION_STATUS, Arguments
from ihe_mock_async.xds.stored_query.search import conditions_of


def named(
    model: v.ObjectModel, arguments: Arguments, documents: Documents
) -> list[RegistryObject]:
    """The objects of this kind whose entryUUID, logicalID or uniqueId is asked for."""
    prefix = f"$XDS{model.kind}"
    found = (
        *documents.by_id(arguments.values(f"{prefix}EntryUUID")).values(),
        *documents.by_unique_id(arguments.values(f"{prefix}UniqueId")),
        *documents.versions(arguments.values(f"{prefix}LogicalID")),
    )
    return visible(of_kind(model, found), arguments, documents)


def of_kind(model: v.ObjectModel, objects: Iterable[RegistryObject]) -> list[RegistryObject]:
    """Those of one kind."""
    return [obj for obj in objects if obj.kind == model.kind]


def ids_of(objects: Iterable[RegistryObject]) -> list[str]:
    """Their entryUUIDs."""
    return [obj.id for obj in objects]


def linked(
    arguments: Arguments,
    documents: Documents,
    *,
    sources: Collection[str] = (),
    targets: Collection[str] = (),
    types: Collection[str] = (),
) -> list[RegistryObject]:
    """The associations from or to objects, of the statuses that are asked for.

    Approved ones unless $XDSAssociationStatus asks for others.
    """
    statuses = arguments.values(ASSOCIATION_STATUS.name) or (AvailabilityStatus.APPROVED,)
    links = documents.associations(sources=sources, targets=targets, types=types)
    asked = [link for link in links if link.status in statuses]
    return visible(asked, arguments, documents)


def sources_of(
    links: Iterable[RegistryObject], arguments: Arguments, documents: Documents
) -> list[RegistryObject]:
    """The objects that the associations come from."""
    ids = dict.fromkeys(a.source for a in links if a.source)
    return visible(documents.by_id(ids).values(), arguments, documents)


def targets_of(
    links: Iterable[RegistryObject], arguments: Arguments, documents: Documents
) -> list[RegistryObject]:
    """The objects that the associations lead to."""
    ids = dict.fromkeys(a.target for a in links if a.target)
    return visible(documents.by_id(ids).values(), arguments, documents)


def within(
    links: Sequence[RegistryObject], objects: Iterable[RegistryObject]
) -> list[RegistryObject]:
    """The associations whose both ends are among the objects or such associations."""
    ids = set(ids_of(objects))
    kept = list({a.id: a for a in links}.values())
    while True:
        present = ids.union(ids_of(kept))
        rest = [a for a in kept if a.source in present and a.target in present]
        if len(rest) == len(kept):
            return rest
        kept = rest


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What document entries must have to be returned among the contents of something else."""

    conditions: tuple[Condition, ...]
    """All of exact values."""

    @classmethod
    def of(cls, arguments: Arguments) -> EntryFilter:
        """The filter of a request; only stable entries when it does not ask for types."""
        return cls(conditions_of(v.DOCUMENT_ENTRY, arguments))

    def entries(self, objects: Iterable[RegistryObject]) -> list[RegistryObject]:
        """The document entries among the objects that pass."""
        return [obj for obj in of_kind(v.DOCUMENT_ENTRY, objects) if self._passes(obj)]

    def _passes(self, entry: RegistryObject) -> bool:
        present = set(searchable.attributes_of_text(entry.kind, entry.xml))
        return all(
            any((condition.attribute, value) in present for value in condition.any_of)
            for condition in self.conditions
        )
