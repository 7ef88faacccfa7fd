"""hl7:patient, read into values."""

from __future__ import annotations

from pathlib import Path

from ihe_mock_async.elements import parse
from ihe_mock_async.hl7v3 import feed, patient, transmission
from ihe_mock_async.identifiers import PatientIdentifier

MESSAGES = Path(__file__).parents[1] / "fixtures" / "iti44"


def registered(name: str) -> patient.Patient:
    message = transmission.read(parse((MESSAGES / name).read_bytes()))
    assert message.control_act is not None
    read = feed.read(message.control_act).patient
    assert read is not None
    return read


def test_a_patient_is_read_with_names_and_demographics() -> None:
    read = registered("add.xml")

    (person,) = read.persons
    (name,) = person.names
    assert (name.given, name.family) == (("Ada", "Grete"), ("Müster-Beispiel",))
    assert person.gender is not None
    assert (person.gender.code, person.birth_time) == ("F", "19580214")
    assert read.provider_organizations[0].is_contactable


def test_other_ids_of_a_patient_role_are_identifiers_too() -> None:
    read = registered("add.xml")

    assert read.identifiers == (PatientIdentifier("1.3.6.1.4.1.21367.13.20.1000", "P-1001"),)
    assert read.other_identifiers == [PatientIdentifier("1.3.6.1.4.1.21367.13.20.2000", "N-77")]


def test_a_serialised_patient_stands_alone() -> None:
    again = patient.read(parse(patient.serialise(registered("add.xml"))))

    assert again.identifiers == registered("add.xml").identifiers
    assert again.persons[0].names == registered("add.xml").persons[0].names
