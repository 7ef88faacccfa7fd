"""What a patient is found by: the traits of PDQ and XCPD queries (ITI TF-2: 3.47.4.1.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ihe_mock_async.hl7v3.datatypes import is_timestamp
from ihe_mock_async.hl7v3.description import describe
from ihe_mock_async.hl7v3.folding import fold
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.patient import Patient, Person
from ihe_mock_async.state import NO_TRAITS, PatientTraits

_FAMILY = clark("family")
_NOT_A_DIGIT = re.compile(r"\D")


def traits_of(patient: Patient) -> PatientTraits:
    """The traits of the patient's person; what is absent, a null flavor or no timestamp is empty.

    Fractions of a second and the time zone of a birthTime are left out.
    """
    description = describe(patient.element)
    if not patient.persons:
        return replace(NO_TRAITS, description=description)
    person = patient.persons[0]
    gender = person.gender
    return PatientTraits(
        family_names=tuple(dict.fromkeys(_family_names(person))),
        birth_time=birth_digits(person.birth_time or ""),
        gender=(gender.code or "") if gender else "",
        description=description,
    )


def _family_names(person: Person) -> Iterator[str]:
    for name in person.name_elements:
        for family in name.iterchildren(_FAMILY):
            folded = fold(family.text or "")
            if folded:
                yield folded


def birth_digits(timestamp: str) -> str:
    """The digits of an HL7 TS up to the second, or an empty text when it is none."""
    if not is_timestamp(timestamp):
        return ""
    return _NOT_A_DIGIT.split(timestamp, maxsplit=1)[0]
