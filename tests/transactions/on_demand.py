"""On-demand document entries, registered with ITI-61, and what becomes of them."""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from ihe_mock_async.findings import Validation
from ihe_mock_async.ihe import Exchange, Handler
from ihe_mock_async.state import AffinityDomain, RegistryObject, State
from ihe_mock_async.transactions import iti42_register_document_set as iti42
from ihe_mock_async.transactions import iti61_register_on_demand_document_entry as iti61
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from tests.transactions.retrievals import REPOSITORY
from tests.transactions.xds_fakes import NOW, numbered_uuids
from tests.xds import submissions as s

ON_DEMAND = "2.999.5.1"
UUIDS = numbered_uuids()
"""Of all exchanges with one state: an id stands once in it."""


def entry_of(  # noqa: PLR0913 - what tests vary
    unique_id: str,
    *,
    stable: bool = False,
    mime_type: str = "text/plain",
    title: str = "Summary",
    repository: str = REPOSITORY,
    patient: str = s.PATIENT,
) -> etree._Element:
    """A document entry; an on-demand one has no hash, size and creationTime."""
    entry = s.document_entry(unique_id=unique_id, patient=patient)
    entry.set("mimeType", mime_type)
    entry.set("objectType", v.STABLE if stable else v.ON_DEMAND)
    for slot in list(entry.iterchildren(ns.SLOT)):
        if slot.get("name") == "repositoryUniqueId":
            slot[0][0].text = repository
        elif slot.get("name") in {"hash", "size", "creationTime"} and not stable:
            entry.remove(slot)
    entry.find(f"{ns.NAME}/{ns.LOCALIZED_STRING}").set("value", title)  # type: ignore[union-attr]
    return entry


def _register(
    state: State, handler: Handler, entry: etree._Element, replaced: str, patient: str
) -> RegistryObject:
    relations = [s.association(v.REPLACES, "Document01", replaced)] if replaced else []
    set_id = f"2.25.{int(UUIDS().replace('-', ''), 16)}"
    request = s.submit(
        entry, s.submission_set(unique_id=set_id, patient=patient), s.original(), *relations
    )
    body = etree.fromstring(etree.tostring(request))
    domain = AffinityDomain(validation=Validation.STRICT)

    reply = handler(Exchange(body, "", {}, domain, NOW, UUIDS, state))

    assert reply.summary == "Success"
    unique_ids = [e.get("value", "") for e in entry.iterchildren(ns.EXTERNAL_IDENTIFIER)]
    return state.documents.by_unique_id(unique_ids)[-1]


def promise(  # noqa: PLR0913 - what tests vary
    state: State,
    unique_id: str = ON_DEMAND,
    *,
    mime_type: str = "text/plain",
    repository: str = REPOSITORY,
    title: str = "Summary",
    replaced: str = "",
    patient: str = s.PATIENT,
) -> RegistryObject:
    """Register an on-demand entry; `replaced` is the entryUUID of another."""
    entry = entry_of(
        unique_id, mime_type=mime_type, repository=repository, title=title, patient=patient
    )
    return _register(state, iti61.answer, entry, replaced, patient)


def register(
    state: State, unique_id: str, title: str, *, patient: str = s.PATIENT, replaced: str = ""
) -> RegistryObject:
    """Register a stable entry of a document that is elsewhere."""
    entry = entry_of(unique_id, stable=True, title=title, patient=patient, repository="2.999.7.9")
    return _register(state, iti42.answer, entry, replaced, patient)


def at(hour: int) -> datetime:
    """An hour of the day after registration."""
    return NOW.replace(day=NOW.day + 1, hour=hour)
