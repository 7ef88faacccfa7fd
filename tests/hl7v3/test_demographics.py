"""What patients are found by."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_mock_async.elements import parse
from ihe_mock_async.hl7v3 import patient
from ihe_mock_async.hl7v3.demographics import traits_of
from ihe_mock_async.hl7v3.folding import fold
from ihe_mock_async.state import PatientTraits


def traits(person: str) -> PatientTraits:
    xml = f'<patient xmlns="urn:hl7-org:v3">{person}</patient>'
    return traits_of(patient.read(parse(xml.encode())))


def test_a_person_is_found_by_each_family_name_birth_time_and_gender() -> None:
    found = traits(
        "<patientPerson>"
        "<name><given>Ada</given><family>Müster</family><family> de\n Vries </family></name>"
        '<name use="A"><family>MUSTER</family><family/></name>'
        '<administrativeGenderCode code="F"/><birthTime value="195802141230+0100"/>'
        "</patientPerson>"
    )

    assert found.family_names == ("muster", "de vries")
    assert (found.birth_time, found.gender) == ("195802141230", "F")


@pytest.mark.parametrize(
    "person",
    [
        "",
        "<patientPerson/>",
        '<patientPerson><name nullFlavor="UNK"/><administrativeGenderCode nullFlavor="UNK"/>'
        '<birthTime value="14.2.1958"/></patientPerson>',
    ],
)
def test_who_is_not_described_has_no_traits(person: str) -> None:
    assert traits(person) == PatientTraits()


@pytest.mark.parametrize(
    ("text", "folded"),
    [("MÜLLER", "muller"), ("Groß", "gross"), ("Núñez", "nunez"), ("O'Neil", "o'neil")],
)
def test_names_are_compared_without_case_and_diacritics(text: str, folded: str) -> None:
    assert fold(text) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded


@given(st.text())
def test_folding_is_done_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
