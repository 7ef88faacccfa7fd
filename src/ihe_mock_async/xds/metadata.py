"""DocumentEntry, SubmissionSet, Folder, Association and the submission that holds them.

ITI TF-3: 4.2.1 and 4.2.3. Reading never fails: what is wrong is for `xds.rules` to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from lxml import etree

from ihe_mock_async.xds import ebxml
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import Classification, RimObject


@dataclass(frozen=True, slots=True)
class MetadataObject:
    """What all four kinds have in common."""

    rim: RimObject
    model: v.ObjectModel

    @property
    def id(self) -> str:
        """As submitted: symbolic, `urn:uuid:`, or empty."""
        return self.rim.id

    @property
    def kind(self) -> str:
        """`DocumentEntry`, `SubmissionSet`, `Folder` or `Association`."""
        return self.model.kind


@dataclass(frozen=True, slots=True)
class IdentifiedObject(MetadataObject):
    """A metadata object of a patient, with a uniqueId."""

    unique_id: str | None
    patient_id: str | None
    """As received; a CX when the message is right."""


@dataclass(frozen=True, slots=True)
class DocumentEntry(IdentifiedObject):
    """rim:ExtrinsicObject (ITI TF-3: 4.2.3.2)."""

    hash: str | None
    """As received, in either case; ITI-41 adds it when absent."""
    size: str | None
    repository_unique_id: str | None

    @property
    def on_demand(self) -> bool:
        """Whether its document is made at the time of retrieval."""
        return self.rim.element.get("objectType", "").strip() == v.ON_DEMAND


@dataclass(frozen=True, slots=True)
class SubmissionSet(IdentifiedObject):
    """rim:RegistryPackage with the classification of a submission set (4.2.3.3)."""

    nodes: tuple[Classification, ...]
    """Its classification, when it stands in the list instead of in the object."""


@dataclass(frozen=True, slots=True)
class Folder(IdentifiedObject):
    """rim:RegistryPackage with the classification of a folder (4.2.3.4)."""

    nodes: tuple[Classification, ...]


@dataclass(frozen=True, slots=True)
class Association(MetadataObject):
    """rim:Association (4.2.2)."""

    type: str
    """Full URN; a bare name of ebXML 2.1 is completed."""
    source: str
    target: str
    """Ids as submitted."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The content of one rim:RegistryObjectList."""

    element: etree._Element
    submission_sets: tuple[SubmissionSet, ...]
    document_entries: tuple[DocumentEntry, ...]
    folders: tuple[Folder, ...]
    associations: tuple[Association, ...]
    unclassified: tuple[RimObject, ...]
    """Registry packages that are neither submission set nor folder."""
    classifications: tuple[Classification, ...]
    """Those directly in the list."""
    unexpected: tuple[etree._Element, ...]

    def identified(self) -> Iterator[IdentifiedObject]:
        """Submission sets, document entries and folders."""
        yield from chain(self.submission_sets, self.document_entries, self.folders)

    def patient_ids(self) -> tuple[str, ...]:
        """Distinct patient ids, in CX form when the message is right."""
        return tuple(dict.fromkeys(o.patient_id for o in self.identified() if o.patient_id))

    def objects(self) -> Iterator[MetadataObject]:
        """Everything that is registered."""
        yield from chain(self.identified(), self.associations)


def find_object_list(payload: etree._Element) -> etree._Element | None:
    """The rim:RegistryObjectList of a request, whatever wraps it, or None."""
    request: etree._Element | None = payload
    if payload.tag != ns.SUBMIT_OBJECTS_REQUEST:
        request = payload.find(ns.SUBMIT_OBJECTS_REQUEST)
    return None if request is None else request.find(ns.REGISTRY_OBJECT_LIST)


def read_submission(object_list: etree._Element) -> Submission:
    """Read all metadata objects of a rim:RegistryObjectList."""
    by_tag: dict[str, list[etree._Element]] = {tag: [] for tag in _READ}
    unexpected: list[etree._Element] = []
    for child in object_list:
        group = by_tag.get(str(child.tag))
        (unexpected if group is None else group).append(child)
    classifications = [ebxml.read_classification(c) for c in by_tag[ns.CLASSIFICATION]]
    packages = _packages(by_tag[ns.REGISTRY_PACKAGE], _nodes(classifications))
    return Submission(
        object_list,
        tuple(p for p in packages if isinstance(p, SubmissionSet)),
        tuple(_document_entry(element) for element in by_tag[ns.EXTRINSIC_OBJECT]),
        tuple(p for p in packages if isinstance(p, Folder)),
        tuple(read_association(element) for element in by_tag[ns.ASSOCIATION]),
        tuple(p for p in packages if not isinstance(p, IdentifiedObject)),
        tuple(classifications),
        tuple(unexpected),
    )


# ObjectRef is legal ebRIM, and says nothing that XDS needs.
_READ = (
    ns.EXTRINSIC_OBJECT,
    ns.REGISTRY_PACKAGE,
    ns.ASSOCIATION,
    ns.CLASSIFICATION,
    ns.OBJECT_REF,
)

_Nodes = Mapping[str, tuple[Classification, ...]]


def _nodes(classifications: Iterable[Classification]) -> _Nodes:
    """The classifications of the list by the object that they classify."""
    nodes: dict[str, tuple[Classification, ...]] = {}
    for classification in classifications:
        key = classification.classified_object
        nodes[key] = (*nodes.get(key, ()), classification)
    return nodes


def _packages(
    elements: Iterable[etree._Element], nodes: _Nodes
) -> list[SubmissionSet | Folder | RimObject]:
    return [_package(ebxml.read_object(element), nodes) for element in elements]


def _package(rim: RimObject, nodes: _Nodes) -> SubmissionSet | Folder | RimObject:
    outside = nodes.get(rim.id, ()) if rim.id else ()
    marks = {c.node for c in chain(rim.classifications, outside)}
    if v.SUBMISSION_SET_NODE in marks:
        return SubmissionSet(rim, v.SUBMISSION_SET, *_identify(rim, v.SUBMISSION_SET), outside)
    if v.FOLDER_NODE in marks:
        return Folder(rim, v.FOLDER, *_identify(rim, v.FOLDER), outside)
    return rim


def _document_entry(element: etree._Element) -> DocumentEntry:
    rim = ebxml.read_object(element)
    return DocumentEntry(
        rim,
        v.DOCUMENT_ENTRY,
        *_identify(rim, v.DOCUMENT_ENTRY),
        hash=rim.value("hash"),
        size=rim.value("size"),
        repository_unique_id=rim.value("repositoryUniqueId"),
    )


def read_association(element: etree._Element) -> Association:
    """Read a rim:Association, submitted or registered."""
    kind = element.get("associationType", "").strip()
    return Association(
        ebxml.read_object(element),
        v.ASSOCIATION,
        v.BARE_ASSOCIATION_TYPES.get(kind, kind),
        element.get("sourceObject", "").strip(),
        element.get("targetObject", "").strip(),
    )


def _identify(rim: RimObject, model: v.ObjectModel) -> tuple[str | None, str | None]:
    """The uniqueId and patientId, None where absent or empty."""
    found: dict[str, str] = {}
    for identifier in rim.identifiers:
        attribute = model.identifiers.get(identifier.scheme)
        if attribute is not None and identifier.text:
            found.setdefault(attribute.name, identifier.text)
    return found.get("uniqueId"), found.get("patientId")
