"""Choosing registered objects by identifiers, links and attributes (ITI TF-2: 3.18.4.1.2.3.7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ihe_mock_async.elements import parse
from ihe_mock_async.state import Documents, RegistryObject
from ihe_mock_async.xds import ebxml
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.stored_query import parameters as p
from ihe_mock_async.xds.stored_query.parameters import Arguments

_SCHEMES = {attribute.name: scheme for scheme, attribute in v.DOCUMENT_ENTRY.codes.items()}
_CODE_FILTERS = (
    (p.FORMAT_CODE.name, _SCHEMES["formatCode"]),
    (p.CONFIDENTIALITY_CODE.name, _SCHEMES["confidentialityCode"]),
)


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
    return of_kind(model, found)


def of_kind(model: v.ObjectModel, objects: Iterable[RegistryObject]) -> list[RegistryObject]:
    """Those of one kind."""
    return [obj for obj in objects if obj.kind == model.kind]


def ids_of(objects: Iterable[RegistryObject]) -> list[str]:
    """Their entryUUIDs."""
    return [obj.id for obj in objects]


def sources_of(links: Iterable[RegistryObject], documents: Documents) -> list[RegistryObject]:
    """The objects that the associations come from."""
    return list(documents.by_id(dict.fromkeys(a.source for a in links if a.source)).values())


def targets_of(links: Iterable[RegistryObject], documents: Documents) -> list[RegistryObject]:
    """The objects that the associations lead to."""
    return list(documents.by_id(dict.fromkeys(a.target for a in links if a.target)).values())


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

    types: frozenset[str]
    codes: tuple[tuple[str, frozenset[str]], ...]
    """Classification scheme and codes of which the entry must have one."""

    @classmethod
    def of(cls, arguments: Arguments) -> EntryFilter:
        """The filter of a request; only stable entries when it does not ask for types."""
        types = arguments.values(p.DOCUMENT_ENTRY_TYPE.name) or (v.STABLE,)
        codes = (
            (scheme, frozenset(group))
            for name, scheme in _CODE_FILTERS
            for group in arguments.groups(name)
            if group
        )
        return cls(frozenset(types), tuple(codes))

    def entries(self, objects: Iterable[RegistryObject]) -> list[RegistryObject]:
        """The document entries among the objects that pass."""
        return [obj for obj in of_kind(v.DOCUMENT_ENTRY, objects) if self._passes(obj.xml)]

    def _passes(self, xml: bytes) -> bool:
        entry = parse(xml)
        if entry.get("objectType", "").strip() not in self.types:
            return False
        if not self.codes:
            return True
        present: dict[str, set[str]] = {}
        for element in entry.iterchildren(ns.CLASSIFICATION):
            code = ebxml.read_classification(element)
            coded = f"{code.code}^^{code.value(v.CODING_SCHEME) or ''}"
            present.setdefault(code.scheme, set()).add(coded)
        return all(present.get(scheme, set()) & wanted for scheme, wanted in self.codes)
