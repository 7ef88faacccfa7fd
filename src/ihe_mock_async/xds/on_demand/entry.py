"""On-demand document entries whose documents this server makes (ITI TF-2: 3.43, 3.61).

Those that name this repository: it is their On-Demand Document Source.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.state import AvailabilityStatus, Documents, ObjectKind, RegistryObject
from ihe_mock_async.xds import vocabulary as v


@dataclass(frozen=True, slots=True)
class OnDemandEntry:
    """A registered on-demand document entry."""

    registered: RegistryObject
    element: etree._Element
    """Its rim:ExtrinsicObject."""

    @property
    def is_approved(self) -> bool:
        """Whether it still promises a document."""
        return self.registered.status is AvailabilityStatus.APPROVED

    @property
    def mime_type(self) -> str:
        """The mimeType of the documents that it promises, with parameters if it has some."""
        return self.element.get("mimeType", "").strip()


def on_demand_entries(
    unique_ids: Collection[str], documents: Documents, repository_unique_id: str
) -> Mapping[str, OnDemandEntry]:
    """The on-demand entries of a repository by uniqueId: of each the latest approved one.

    If all are deprecated, the latest of them.
    """
    found: dict[str, OnDemandEntry] = {}
    for registered in documents.by_unique_id(unique_ids) if unique_ids else ():
        entry = _read(registered, repository_unique_id)
        unique_id = registered.unique_id
        if entry is None or unique_id is None:
            continue
        known = found.get(unique_id)
        if known is None or entry.is_approved or not known.is_approved:
            found[unique_id] = entry
    return found


def _read(registered: RegistryObject, repository_unique_id: str) -> OnDemandEntry | None:
    of_repository = registered.repository_unique_id == repository_unique_id
    if registered.kind is not ObjectKind.DOCUMENT_ENTRY or not of_repository:
        return None
    element = parse(registered.xml)
    is_on_demand = element.get("objectType", "").strip() == v.ON_DEMAND
    return OnDemandEntry(registered, element) if is_on_demand else None
