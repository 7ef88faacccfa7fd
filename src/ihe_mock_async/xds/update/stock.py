"""What of the registry matters to an update."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ihe_mock_async.state import Documents, ObjectKind, RegistryObject
from ihe_mock_async.xds.ebxml import is_uuid_urn
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.rules.references import uuids_of
from ihe_mock_async.xds.rules.unique_ids import unique_ids_of
from ihe_mock_async.xds.update.operations import NewVersion, Operations


@dataclass(frozen=True, slots=True)
class Stock:
    """The registered objects that an update is about."""

    registered: Mapping[str, RegistryObject]
    """By entryUUID: those that the request names, and the ends of associations among them."""
    latest: Mapping[str, RegistryObject]
    """By logicalID: the highest version of each object that the request names."""
    same_unique_id: Sequence[RegistryObject]
    """Those that have one of its uniqueIds."""
    joining: Sequence[RegistryObject]
    """Associations from the sources of those that the request submits."""

    def previous(self, version: NewVersion) -> RegistryObject | None:
        """The registered version that a new one succeeds."""
        latest = self.latest.get(version.logical_id)
        return latest if latest is not None and latest.kind == version.obj.kind else None

    def is_latest(self, obj: RegistryObject) -> bool:
        """Whether the registry has no later version of the object."""
        latest = self.latest.get(obj.logical_id)
        return latest is None or latest.id == obj.id


def look_up(submission: Submission, operations: Operations, registry: Documents) -> Stock:
    """Find the registered objects that a request names."""
    registered = dict(registry.by_id(uuids_of(submission)))
    ends = _ends(registered.values()) - registered.keys()
    registered.update(registry.by_id(ends))
    logical_ids = {each.logical_id for each in operations.versions if is_uuid_urn(each.logical_id)}
    logical_ids.update(obj.logical_id for obj in registered.values())
    sources = {each.source for each in operations.submitted} & registered.keys()
    return Stock(
        registered,
        # The oldest come first: the last one of each logicalID stays.
        {obj.logical_id: obj for obj in registry.versions(logical_ids)},
        registry.by_unique_id(unique_ids_of(submission)),
        registry.associations(sources=sources) if sources else (),
    )


def _ends(objects: Iterable[RegistryObject]) -> set[str]:
    associations = [obj for obj in objects if obj.kind is ObjectKind.ASSOCIATION]
    return {end for obj in associations for end in (obj.source, obj.target) if end}
