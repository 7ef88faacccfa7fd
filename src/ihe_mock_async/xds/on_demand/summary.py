"""What a made document says: which documents the registry has of a patient at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.state import (
    AvailabilityStatus,
    Condition,
    Documents,
    ObjectKind,
    ObjectSearch,
    RegistryObject,
)
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import searchable
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.on_demand.entry import OnDemandEntry

MAX_LISTED = 50
"""Documents that are listed by title; older ones are counted."""
_STABLE = Condition(searchable.OBJECT_TYPE, any_of=(v.STABLE,))
_SCHEMES = {attribute.name: scheme for scheme, attribute in v.DOCUMENT_ENTRY.codes.items()}


@dataclass(frozen=True, slots=True)
class CodedValue:
    """A code of document metadata."""

    code: str
    scheme: str
    display_name: str


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """One document of the patient; what its entry does not say is empty."""

    title: str
    type: str
    """Display name of the typeCode."""
    creation_time: str
    """A DTM, as precise as it was registered."""


@dataclass(frozen=True, slots=True)
class DocumentList:
    """The approved stable documents of a patient, without snapshots of on-demand documents."""

    count: int
    newest: tuple[ListedDocument, ...]
    """The latest registered first, `MAX_LISTED` at most."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that a made document says."""

    unique_id: str
    """Its own: NewDocumentUniqueId."""
    title: str
    patient_id: str
    """CX."""
    made: datetime
    """Aware, UTC."""
    source: str
    """OID of who makes it: the repositoryUniqueId."""
    type_code: CodedValue | None
    confidentiality_code: CodedValue | None
    documents: DocumentList


def documents_of(patient_id: str, documents: Documents) -> DocumentList:
    """List the documents of a patient (CX)."""
    approved = documents.search(
        ObjectSearch(
            ObjectKind.DOCUMENT_ENTRY, (patient_id,), (AvailabilityStatus.APPROVED,), (_STABLE,)
        )
    )
    # A summary that lists the summaries before it tells nothing about the patient.
    links = documents.associations(
        sources=[each.id for each in approved], types=(v.IS_SNAPSHOT_OF,)
    )
    snapshots = {link.source for link in links}
    listed = [each for each in reversed(approved) if each.id not in snapshots]
    return DocumentList(len(listed), tuple(map(_listed, listed[:MAX_LISTED])))


def summarise(
    entry: OnDemandEntry, listed: DocumentList, *, unique_id: str, source: str, made: datetime
) -> Summary:
    """The summary that an on-demand entry promises, at this moment."""
    element = entry.element
    return Summary(
        unique_id=unique_id,
        title=_name(element) or "Summary",
        patient_id=entry.registered.patient_id or "",
        made=made,
        source=source,
        type_code=_code(element, "typeCode"),
        confidentiality_code=_code(element, "confidentialityCode"),
        documents=listed,
    )


def _listed(entry: RegistryObject) -> ListedDocument:
    element = parse(entry.xml)
    type_code = _code(element, "typeCode")
    return ListedDocument(
        _name(element),
        (type_code.display_name or type_code.code) if type_code else "",
        _value(element, searchable.CREATION_TIME),
    )


# Only this much is read of each entry: other units of work wait meanwhile.


def _code(element: etree._Element, attribute: str) -> CodedValue | None:
    scheme = _SCHEMES[attribute]
    for each in element.iterchildren(ns.CLASSIFICATION):
        if each.get("classificationScheme", "").strip() == scheme:
            code = each.get("nodeRepresentation", "").strip()
            return CodedValue(code, _value(each, v.CODING_SCHEME), _name(each))
    return None


def _value(element: etree._Element, slot_name: str) -> str:
    for slot in element.iterchildren(ns.SLOT):
        if slot.get("name", "").strip() == slot_name:
            return slot.findtext(f"{ns.VALUE_LIST}/{ns.VALUE}", "").strip()
    return ""


def _name(element: etree._Element) -> str:
    localized = element.find(f"{ns.NAME}/{ns.LOCALIZED_STRING}")
    return " ".join(localized.get("value", "").split()) if localized is not None else ""
