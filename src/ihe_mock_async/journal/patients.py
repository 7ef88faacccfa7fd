"""Whom a message is about, before its transaction says so: the patient ids that it names.

HL7 V3: patients, and parameters of queries that are ids; XDS: patientId of registered objects
(ITI TF-3: 4.2.3) and the parameters of stored queries (ITI TF-2: 3.18.4.1.2.3.7).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from lxml import etree

from ihe_mock_async.elements import local_name
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.journal.content import UnreadableError
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.entry_content import content_of

MAX_PATIENTS = 100
"""More of one message are not looked for."""
PATIENT_ID_SCHEMES = frozenset(
    {
        "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427",
        "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446",
        "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a",
    }
)
"""XDSDocumentEntry, XDSSubmissionSet and XDSFolder .patientId (ITI TF-3: 4.2.5.2, 4.2.5.3)."""
_IDS_OF = frozenset({"patient", "priorRegisteredRole"})
_VALUES_OF = frozenset({"livingSubjectId", "patientIdentifier"})
_SLOT_VALUES = re.compile(r"'((?:[^']|'')+)'")


def of(entry: Entry) -> Sequence[str]:
    """CX forms of the patients of an exchange: those that were told, else those it names."""
    if entry.patient_ids or not entry.request_envelope:
        return entry.patient_ids
    try:
        return named_in(content_of(entry).tree)
    except UnreadableError:
        return ()


def named_in(root: etree._Element) -> tuple[str, ...]:
    """CX forms of the patients that a message names, each once, in its order."""
    named: dict[str, None] = {}
    for element in root.iter(*_READERS):
        named.update(dict.fromkeys(_READERS[str(element.tag)](element)))
        if len(named) >= MAX_PATIENTS:
            break
    return tuple(named)[:MAX_PATIENTS]


def _hl7_id(element: etree._Element) -> Iterator[str]:
    if _parent_name(element) in _IDS_OF:
        yield from _instance_identifier(element)


def _hl7_value(element: etree._Element) -> Iterator[str]:
    if _parent_name(element) in _VALUES_OF:
        yield from _instance_identifier(element)


def _parent_name(element: etree._Element) -> str:
    parent = element.getparent()
    return "" if parent is None else local_name(parent)


def _instance_identifier(element: etree._Element) -> Iterator[str]:
    root, extension = element.get("root"), element.get("extension")
    if root and extension:
        yield PatientIdentifier(root, extension).cx


def _external_identifier(element: etree._Element) -> Iterator[str]:
    value = element.get("value")
    if value and element.get("identificationScheme") in PATIENT_ID_SCHEMES:
        yield value


def _slot(element: etree._Element) -> Iterator[str]:
    name = element.get("name", "")
    # A parameter of a query: a text in quotes, or a list of them.
    if name.startswith("$") and name.lower().endswith("patientid"):
        for value in element.iter(f"{_RIM}Value"):
            for text in _SLOT_VALUES.findall(value.text or ""):
                yield text.replace("''", "'")


_HL7 = "{urn:hl7-org:v3}"
_RIM = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
_READERS: Mapping[str, Callable[[etree._Element], Iterator[str]]] = {
    f"{_HL7}id": _hl7_id,
    f"{_HL7}value": _hl7_value,
    f"{_RIM}ExternalIdentifier": _external_identifier,
    f"{_RIM}Slot": _slot,
}
