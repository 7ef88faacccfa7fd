"""Masks patient names, ids, demographics and documents, for logs and evidence (`redact`)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

from lxml import etree

from ihe_mock_async.elements import DEFAULT_LIMITS, local_name, parse
from ihe_mock_async.errors import MalformedMessageError
from ihe_mock_async.findings import Finding
from ihe_mock_async.journal.entry import Entry, RawHeaders
from ihe_mock_async.journal.patients import PATIENT_ID_SCHEMES

MASK = "***"
LEFT_OUT = b"(not well-formed, left out by redact)"
NOT_SHOWN = b"(left out by redact)"
_HL7_ID_PARENTS = frozenset(
    {
        "asOtherIDs",
        "livingSubjectId",
        "patient",
        "patientIdentifier",
        "patientPerson",
        "personalRelationship",
        "priorRegisteredRole",
        "relationshipHolder1",
    }
)
# Parameters of the patient demographics query (ITI TF-2: 3.47.4.1.2.1) that tell of a person.
_DEMOGRAPHICS = frozenset(
    {
        "livingSubjectBirthPlaceAddress",
        "livingSubjectBirthPlaceName",
        "livingSubjectBirthTime",
        "livingSubjectDeceasedTime",
        "livingSubjectName",
        "mothersMaidenName",
        "patientAddress",
        "patientTelecom",
    }
)
_SLOTS = frozenset(
    {
        "authorPerson",
        "authorTelecommunication",
        "intendedRecipient",
        "legalAuthenticator",
        "sourcePatientInfo",
    }
)


_SECRET_HEADER = re.compile(rb"authorization|cookie|token|secret|password|api-?key", re.IGNORECASE)
# A parameter of a query that has a value; its name stays.
_QUERY_VALUE = re.compile(r"(?<==)[^&]+")


def redact_entry(entry: Entry) -> Entry:
    """A copy of the entry whose facts and envelopes tell nothing of the patient."""
    return replace(
        redact_facts(entry),
        request_envelope=redact_envelope(entry.request_envelope),
        response_envelope=redact_envelope(entry.response_envelope),
    )


def redact_facts(entry: Entry) -> Entry:
    """A copy of the entry that tells nothing of the patient, but for its bodies and envelopes."""
    return replace(
        entry,
        target=redact_target(entry.target),
        headers=without_secrets(entry.headers),
        response_headers=without_secrets(entry.response_headers),
        patient_ids=[redact_identifier(text) for text in entry.patient_ids],
        findings=[redact_finding(finding) for finding in entry.findings],
    )


def without_secrets(headers: RawHeaders) -> RawHeaders:
    """The header fields, with what gives access masked."""
    return [(name, MASK.encode() if gives_access(name) else value) for name, value in headers]


def gives_access(header: bytes) -> bool:
    """Whether the value of a header is a secret, by the header's name."""
    return _SECRET_HEADER.search(header) is not None


def redact_target(target: str) -> str:
    """The request target without the values of its query."""
    path, mark, query = target.partition("?")
    return f"{path}{mark}{_QUERY_VALUE.sub(MASK, query)}"


def redact_body(envelope: bytes) -> tuple[str, bytes]:
    """Media type and octets of what may be shown of a body: its envelope, masked.

    Nothing of a body without an envelope is shown: its fields could be anybody's.
    """
    if not envelope:
        return "text/plain", NOT_SHOWN
    return "application/xml", redact_envelope(envelope)


def redact_identifier(text: str) -> str:
    """A stand-in for an identifier: the same for the same text, and nothing of it readable."""
    return f"id-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"


def redact_finding(finding: Finding) -> Finding:
    """The finding without what was received, and what was expected: both may be of a patient."""
    return replace(
        finding,
        received=MASK if finding.received else "",
        expected=MASK if finding.expected else "",
    )


def redact_envelope(document: bytes) -> bytes:
    """The message with patient data masked; what cannot be read is left out altogether."""
    if not document:
        return document
    try:
        root = parse(document, DEFAULT_LIMITS)
    except MalformedMessageError:
        return LEFT_OUT
    for element in list(root.iter()):  # a list, for masking may remove elements
        mask = _MASKS.get(local_name(element))
        if mask is not None:
            mask(element)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def _text(element: etree._Element) -> None:
    if element.text and element.text.strip():
        element.text = MASK


def _tree(element: etree._Element) -> None:
    """Mask all texts in and below the element, those behind its children, too."""
    _text(element)
    for descendant in element.iterdescendants():
        _text(descendant)
        if descendant.tail and descendant.tail.strip():
            descendant.tail = MASK


def _contents(element: etree._Element) -> None:
    element[:] = []
    element.text = MASK


def _attribute(name: str) -> Callable[[etree._Element], None]:
    def mask(element: etree._Element) -> None:
        if element.get(name):
            element.set(name, MASK)

    return mask


def _hl7_id(element: etree._Element) -> None:
    """An II, or a value of a query parameter; without an extension its root is all of the id."""
    parent = element.getparent()
    name = local_name(parent) if parent is not None else ""
    if name in _HL7_ID_PARENTS:
        _attribute("extension" if element.get("extension") else "root")(element)
    elif name in _DEMOGRAPHICS:
        _tree(element)
        for part in element.iter():  # a time may be an interval
            _attribute("value")(part)


def _slot(element: etree._Element) -> None:
    # Those of queries are named after what they look for: $XDSDocumentEntryPatientId.
    name = element.get("name", "")
    if name in _SLOTS or name.lower().endswith(("patientid", "authorperson")):
        for value in element.iter("{*}Value"):
            value.text = MASK


def _external_identifier(element: etree._Element) -> None:
    if element.get("identificationScheme") in PATIENT_ID_SCHEMES:
        element.set("value", MASK)


# Explanations in answers (acknowledgementDetail/text, codeContext, faults) quote the request.
_EXPLANATIONS = frozenset({"text", "Text", "error", "received", "expected", "faultstring"})
_MASKS: dict[str, Callable[[etree._Element], None]] = {
    **dict.fromkeys(_EXPLANATIONS, _text),
    **dict.fromkeys({"name", "addr", "Document"}, _tree),
    **dict.fromkeys({"birthTime", "telecom", "deceasedTime"}, _attribute("value")),
    "RegistryError": _attribute("codeContext"),
    "ExternalIdentifier": _external_identifier,
    "Security": _contents,  # a SAML assertion names the user and the patient
    "Slot": _slot,
    "id": _hl7_id,
    "value": _hl7_id,
}
