"""Checks that what a removal leaves is whole (ITI TF-2: 3.62.4.1.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ihe_mock_async.state import Documents, RegistryObject
from ihe_mock_async.xds.removal import rules
from ihe_mock_async.xds.removal.request import ObjectRef
from ihe_mock_async.xds.rules.report import Report


def check_removal(
    references: Iterable[ObjectRef], registry: Documents, report: Report
) -> Mapping[str, RegistryObject]:
    """Check a removal; returns the objects to remove, by entryUUID."""
    by_id = {reference.id: reference for reference in references}
    removed = registry.by_id(by_id)
    for identifier, reference in by_id.items():
        if identifier not in removed:
            report.add(rules.UNRESOLVED, reference.element, received=identifier)
    staying = _staying(removed, registry)
    for association in staying:
        for end in _ends(association) & removed.keys():
            received = f"{association.id} refers to {removed[end].kind} {end}"
            report.add(rules.REFERENCED, by_id[end].element, received=received)
    _check_left(by_id, removed, registry, report)
    return removed


def _staying(ids: Collection[str], registry: Documents) -> list[RegistryObject]:
    """The associations from or to these objects that are not among them."""
    return [a for a in registry.associations(sources=ids, targets=ids) if a.id not in ids]


def _check_left(
    references: Mapping[str, ObjectRef],
    removed: Mapping[str, RegistryObject],
    registry: Documents,
    report: Report,
) -> None:
    """Check the objects at the ends of removed associations that stay themselves."""
    losing = {
        end: association
        for association in removed.values()
        for end in _ends(association) - removed.keys()
    }
    if not losing:
        return
    around = registry.associations(sources=losing, targets=losing)
    held = {end for a in around if a.id not in removed for end in _ends(a)}
    left = registry.by_id(losing.keys() - held)
    for end, obj in left.items():
        element = references[losing[end].id].element
        report.add(rules.UNREFERENCED, element, received=f"{obj.kind} {end} is left alone")


def _ends(obj: RegistryObject) -> set[str]:
    """Source and target of an association; nothing for other objects."""
    return {end for end in (obj.source, obj.target) if end}
