"""What a Document Consumer is shown that does not know of updates.

XDS Metadata Update: 3.18.4.1.2.3.5.1.1. A request without $MetadataLevel is not restricted: it
gets whatever has the status that it asks for, as from a registry without that option.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ihe_mock_async.state import AvailabilityStatus, Documents, ObjectKind, RegistryObject
from ihe_mock_async.xds import searchable
from ihe_mock_async.xds.stored_query.parameters import METADATA_LEVEL, Arguments

_WITHOUT_UPDATES = ("1",)
_OFFLINE = "urn:ihe:iti:2010:DocumentAvailability:Offline"
_HIDDEN_WHEN_DEPRECATED = frozenset({ObjectKind.FOLDER, ObjectKind.ASSOCIATION})


def visible(
    objects: Iterable[RegistryObject], arguments: Arguments, documents: Documents
) -> list[RegistryObject]:
    """Those of the objects that the $MetadataLevel of the request lets be returned."""
    found = list(objects)
    if arguments.values(METADATA_LEVEL.name) != _WITHOUT_UPDATES:
        return found
    superseded = _superseded(found, documents)
    return [obj for obj in found if not _is_hidden(obj, superseded)]


def _is_hidden(obj: RegistryObject, superseded: Collection[str]) -> bool:
    if obj.kind is ObjectKind.DOCUMENT_ENTRY:
        return obj.id in superseded or _is_offline(obj)
    return obj.kind in _HIDDEN_WHEN_DEPRECATED and obj.status is AvailabilityStatus.DEPRECATED


def _superseded(objects: Iterable[RegistryObject], documents: Documents) -> set[str]:
    """The document entries that have a later version; only deprecated ones can have one."""
    older = [
        obj
        for obj in objects
        if obj.kind is ObjectKind.DOCUMENT_ENTRY and obj.status is AvailabilityStatus.DEPRECATED
    ]
    latest: dict[str, int] = {}
    for version in documents.versions({obj.logical_id for obj in older}):
        latest[version.logical_id] = max(version.version, latest.get(version.logical_id, 0))
    return {obj.id for obj in older if obj.version < latest[obj.logical_id]}


def _is_offline(entry: RegistryObject) -> bool:
    if _OFFLINE.encode() not in entry.xml:
        return False
    availability = (searchable.DOCUMENT_AVAILABILITY, _OFFLINE)
    return availability in searchable.attributes_of_text(entry.kind, entry.xml)
