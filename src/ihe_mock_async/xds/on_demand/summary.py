"""What a made document says: which documents the registry has of a patient at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ihe_mock_async.elements import parse
from ihe_mock_async.state import (
    AvailabilityStatus,
    Condition,
    Documents,
    ObjectKind,
    ObjectSearch,
    RegistryObject,
)
from ihe_mock_async.xds import searchable
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import RimObject, read_object
from ihe_mock_async.xds.on_demand.entry import OnDemandEntry

MAX_LISTED = 100
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
    rim = read_object(entry.element)
    return Summary(
        unique_id=unique_id,
        title=_one_line(rim.name) or "Summary",
        patient_id=entry.registered.patient_id or "",
        made=made,
        source=source,
        type_code=_code(rim, "typeCode"),
        confidentiality_code=_code(rim, "confidentialityCode"),
        documents=listed,
    )


def _listed(entry: RegistryObject) -> ListedDocument:
    rim = read_object(parse(entry.xml))
    type_code = _code(rim, "typeCode")
    return ListedDocument(
        _one_line(rim.name),
        (type_code.display_name or type_code.code) if type_code else "",
        rim.value(searchable.CREATION_TIME) or "",
    )


def _code(rim: RimObject, attribute: str) -> CodedValue | None:
    scheme = _SCHEMES[attribute]
    for each in rim.classifications:
        if each.scheme == scheme:
            return CodedValue(each.code, each.value(v.CODING_SCHEME) or "", _one_line(each.name))
    return None


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
