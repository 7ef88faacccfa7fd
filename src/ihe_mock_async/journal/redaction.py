"""Masks patient names, ids, demographics and documents, for logs and evidence (`redact`)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from lxml import etree

from ihe_mock_async.elements import DEFAULT_LIMITS, local_name, parse
from ihe_mock_async.errors import MalformedMessageError
from ihe_mock_async.findings import Finding

MASK = "***"
_HL7_TEXT = frozenset(
    {"given", "family", "prefix", "suffix", "name", "streetAddressLine", "city", "postalCode"}
)
_HL7_VALUE = frozenset({"birthTime", "telecom", "deceasedTime"})
_HL7_ID_PARENTS = frozenset(
    {"patient", "asOtherIDs", "priorRegisteredRole", "patientIdentifier", "livingSubjectId"}
)
_SLOTS = frozenset({"sourcePatientId", "sourcePatientInfo", "legalAuthenticator"})
_PATIENT_ID_SCHEMES = frozenset(
    {
        "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427",
        "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446",
        "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a",
    }
)


def redact_identifier(text: str) -> str:
    """A stand-in for an identifier: the same for the same text, and nothing of it readable."""
    return f"id-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def redact_finding(finding: Finding) -> Finding:
    """The finding without the value that was received."""
    return replace(finding, received=MASK) if finding.received else finding


def redact_envelope(document: bytes) -> bytes:
    """The message with patient data masked; what cannot be read is left out altogether."""
    if not document:
        return document
    try:
        root = parse(document, DEFAULT_LIMITS)
    except MalformedMessageError:
        return b"(not well-formed, left out by redact)"
    for element in root.iter():
        _mask(element)
    return etree.tostring(root)


def _mask(element: etree._Element) -> None:
    name = local_name(element)
    if name in _HL7_TEXT and element.text and element.text.strip():
        element.text = MASK
    elif name in _HL7_VALUE and element.get("value"):
        element.set("value", MASK)
    elif name in ("id", "value"):
        _mask_id(element)
    elif name == "Slot" and element.get("name") in _SLOTS:
        for value in element.iter("{*}Value"):
            value.text = MASK
    elif element.get("identificationScheme") in _PATIENT_ID_SCHEMES:
        element.set("value", MASK)
    elif name == "Document" and element.text and element.text.strip():
        element.text = MASK
    elif name in ("text", "RegistryError"):
        _mask_explanation(element)


def _mask_id(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None and local_name(parent) in _HL7_ID_PARENTS and element.get("extension"):
        element.set("extension", MASK)


def _mask_explanation(element: etree._Element) -> None:
    """An explanation in an answer quotes what was received."""
    if element.get("codeContext"):
        element.set("codeContext", MASK)
    elif element.text and element.text.strip():
        element.text = MASK
