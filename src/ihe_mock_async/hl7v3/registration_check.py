"""A patient that is added or revised, against those that are known (ITI TF-2: 3.44.4.1.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ihe_mock_async.findings import Finding
from ihe_mock_async.hl7v3 import feed_rules as rules
from ihe_mock_async.hl7v3.feed import ADD, REVISE
from ihe_mock_async.hl7v3.patient import Patient
from ihe_mock_async.hl7v3.transmission import Interaction
from ihe_mock_async.hl7v3.tree import finding_at
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import AffinityDomain, RegisteredPatient


def registrable(patient: Patient, domain: AffinityDomain) -> list[PatientIdentifier]:
    """The identifiers that the domain registers, each once, those of patient/id first."""
    identifiers = dict.fromkeys([*patient.identifiers, *patient.other_identifiers])
    return [identifier for identifier in identifiers if domain.registers(identifier)]


def check_authorities(patient: Patient, domain: AffinityDomain) -> Iterator[Finding]:
    """A Document Registry stores the ids of its own domain only (3.44.4.1.4)."""
    if not domain.assigning_authorities:
        return
    for identifier in patient.ids:
        if (usable := identifier.patient_identifier) and not domain.registers(usable):
            yield finding_at(
                rules.PATIENT_ID_AUTHORITY,
                identifier.element,
                "@root",
                received=identifier.root,
                expected=" or ".join(sorted(domain.assigning_authorities)),
            )
    if not registrable(patient, domain):
        yield finding_at(rules.PATIENT_ID_NO_AUTHORITY, patient.element, "id")


def check_known(
    patient: Patient,
    interaction: Interaction,
    known: Mapping[PatientIdentifier, RegisteredPatient],
) -> Iterator[Finding]:
    """What the known ones among its identifiers say against the message, or about it."""
    for record in known.values():
        if record.subsumed_by is not None:
            yield finding_at(
                rules.PATIENT_ID_SUBSUMED,
                patient.element,
                "id",
                received=record.identifier.cx,
                expected=f"{record.subsumed_by.cx}, into which it was merged",
            )
    first = patient.identifiers[0].cx
    if known and interaction is ADD:
        yield finding_at(rules.ADD_EXISTING, patient.element, received=first)
    if not known and interaction is REVISE:
        yield finding_at(rules.REVISE_UNKNOWN, patient.element, received=first)
    keys = {record.patient_key for record in known.values()}
    if len(keys) > 1:
        yield finding_at(
            rules.PATIENTS_LINKED, patient.element, received=f"ids of {len(keys)} patients"
        )
