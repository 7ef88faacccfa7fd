"""The ebRIM text of registered objects, with ids, version and status (ITI TF-2: 3.42.4.1.3.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.elements import local_name, parse
from ihe_mock_async.state import RegistryObject
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import CHILD_ORDER, UUID_URN, is_uuid_urn
from ihe_mock_async.xds.metadata import Folder, MetadataObject, SubmissionSet

_RIM = ElementMaker(namespace=ns.RIM, nsmap={"rim": ns.RIM})
_PARENT_ATTRIBUTE = {
    ns.CLASSIFICATION: "classifiedObject",
    ns.EXTERNAL_IDENTIFIER: "registryObject",
}
_LARGEST = len(CHILD_ORDER)
_PATIENT_ID_SCHEMES = frozenset(
    scheme
    for model in (v.DOCUMENT_ENTRY, v.SUBMISSION_SET, v.FOLDER)
    for scheme, attribute in model.identifiers.items()
    if attribute.name == "patientId"
)


@dataclass(frozen=True, slots=True)
class Naming:
    """Which entryUUID stands for which submitted id."""

    assigned: Mapping[str, str]
    new_uuid: Callable[[], str]

    def resolve(self, submitted: str) -> str:
        """The entryUUID of a submitted id; a new one when the object has none."""
        if submitted in self.assigned:
            return self.assigned[submitted]
        return submitted.lower() if is_uuid_urn(submitted) else self.new_id()

    def part(self, submitted: str) -> str:
        """The id of a classification or identifier, to which nothing refers."""
        return submitted.lower() if is_uuid_urn(submitted) else self.new_id()

    def new_id(self) -> str:
        """A new entryUUID."""
        return UUID_URN + self.new_uuid()


def serialise(  # noqa: PLR0913 - all that the registry decides about an object
    obj: MetadataObject,
    identifier: str,
    naming: Naming,
    *,
    slots: Mapping[str, str | None] | None = None,
    attributes: Mapping[str, str] | None = None,
    version: int = 1,
) -> bytes:
    """The object as the registry returns it, a self-contained UTF-8 element.

    `slots` and `attributes` are set to these values; None leaves a slot as it is. Without an
    attribute `lid` the logicalID is the id, as it is of a first version.
    """
    element = deepcopy(obj.rim.element)
    element.tail = None
    if obj.rim.misplaced is not None:  # accepted with validation: report
        _sort_children(element)
    for node in _nodes_outside(obj):
        _insert(element, deepcopy(node))
    _set_attributes(element, identifier, attributes or {})
    for name, value in (slots or {}).items():
        if value is not None and value != obj.rim.value(name):
            _set_slot(element, name, value)
    _adopt_children(element, identifier, naming)
    _set_version(element, version)
    return _text(element)


def has_member(identifier: str, source: str, target: str) -> bytes:
    """A HasMember association that the registry makes itself."""
    element = _RIM.Association(
        associationType=v.HAS_MEMBER, sourceObject=source, targetObject=target
    )
    _set_attributes(element, identifier, {})
    _set_version(element, 1)
    return _text(element)


def with_last_update_time(folder: bytes, time: str) -> bytes:
    """A registered folder's text with another lastUpdateTime."""
    element = parse(folder)
    _set_slot(element, v.LAST_UPDATE_TIME, time)
    return _text(element)


def with_patient_id(obj: RegistryObject, patient_id: str) -> RegistryObject:
    """A registered document entry, submission set or folder of another patient (a CX).

    Its attributes are None: what searches ask for stays as it is. sourcePatientId and
    sourcePatientInfo say what the source knew, and stay, too (ITI TF-2: 3.44.4.2.4).
    """
    element = parse(obj.xml)
    for identifier in element.iterchildren(ns.EXTERNAL_IDENTIFIER):
        if identifier.get("identificationScheme", "").strip() in _PATIENT_ID_SCHEMES:
            identifier.set("value", patient_id)
    return replace(obj, xml=_text(element), patient_id=patient_id, attributes=None)


def _nodes_outside(obj: MetadataObject) -> Iterator[etree._Element]:
    """Classifications that stand beside a package in the list belong into it in answers."""
    if isinstance(obj, SubmissionSet | Folder):
        marks = {c.node for c in obj.rim.classifications}
        yield from (node.element for node in obj.nodes if node.node not in marks)


def _set_attributes(
    element: etree._Element, identifier: str, attributes: Mapping[str, str]
) -> None:
    _strip_home(element)
    element.set("id", identifier)
    element.set("lid", identifier)
    element.set("status", v.APPROVED)
    if not element.get("objectType"):
        element.set("objectType", _default_type(element))
    for name, value in attributes.items():
        element.set(name, value)


def _strip_home(element: etree._Element) -> None:
    """The registry does not keep homeCommunityIds that are submitted."""
    if element.get("home") is not None:
        del element.attrib["home"]


def _default_type(element: etree._Element) -> str:
    if element.tag == ns.EXTRINSIC_OBJECT:
        return v.STABLE
    return v.OBJECT_TYPE + local_name(element)


def _adopt_children(element: etree._Element, identifier: str, naming: Naming) -> None:
    """Classifications and identifiers get UUIDs, and their parent's new id."""
    for child in element:
        parent_attribute = _PARENT_ATTRIBUTE.get(str(child.tag))
        if parent_attribute is not None:
            _strip_home(child)
            child.set("id", naming.part(child.get("id", "").strip()))
            child.set(parent_attribute, identifier)
            if not child.get("objectType"):
                child.set("objectType", _default_type(child))


def _set_version(element: etree._Element, version: int) -> None:
    for old in element.findall(ns.VERSION_INFO):
        element.remove(old)
    _insert(element, etree.Element(ns.VERSION_INFO, versionName=str(version)))


def _set_slot(element: etree._Element, name: str, value: str) -> None:
    for slot in element.findall(ns.SLOT):
        if slot.get("name", "").strip() == name:
            element.remove(slot)
    slot = etree.Element(ns.SLOT, name=name)
    etree.SubElement(etree.SubElement(slot, ns.VALUE_LIST), ns.VALUE).text = value
    _insert(element, slot)


def _insert(element: etree._Element, child: etree._Element) -> None:
    """Put the child where the schema's sequence has it, after those of its name."""
    child.tail = None
    rank = CHILD_ORDER[str(child.tag)]
    for index, sibling in enumerate(element):
        if CHILD_ORDER.get(str(sibling.tag), _LARGEST) > rank:
            element.insert(index, child)
            return
    element.append(child)


def _sort_children(element: etree._Element) -> None:
    element[:] = sorted(element, key=lambda child: CHILD_ORDER.get(str(child.tag), _LARGEST))


def _text(element: etree._Element) -> bytes:
    etree.cleanup_namespaces(element)
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False)
