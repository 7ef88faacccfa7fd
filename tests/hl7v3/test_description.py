"""What is kept of a patient, to be compared with queries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.builder import ElementMaker

from ihe_mock_async.elements import parse
from ihe_mock_async.hl7v3 import description
from ihe_mock_async.hl7v3.folding import fold

V3 = ElementMaker(namespace="urn:hl7-org:v3", nsmap={None: "urn:hl7-org:v3"})


def described(person: str, patient: str = "") -> description.Description:
    content = f"{patient}<patientPerson>{person}</patientPerson>"
    xml = f'<patient xmlns="urn:hl7-org:v3">{content}</patient>'
    return description.read(description.describe(parse(xml.encode())))


def test_names_are_kept_by_kind_folded_and_in_a_row() -> None:
    known = described(
        "<name><given>Ada</given><given>Zoë</given><family>Müster</family></name>"
        "<name> Ada  Lang </name><name nullFlavor='UNK'/>"
    )

    assert known == {
        "names": [
            {"family": ["muster"], "given": ["ada", "zoe", "ada zoe"]},
            {"text": ["ada lang"]},
        ]
    }


def test_what_the_patient_has_itself_follows_what_its_person_has() -> None:
    known = described(
        "<telecom value='tel:+49 (30) 5'/><addr><city>A</city></addr>",
        "<addr><city>B</city><county> </county></addr><telecom value='mailto:B@example.org'/>",
    )

    assert known == {
        "telecoms": ["+49305", "b@example.org"],
        "addresses": [{"city": ["a"]}, {"city": ["b"]}],
    }


def test_mother_birth_place_and_providers_are_kept() -> None:
    known = described(
        '<personalRelationship><code code="MTH"/><relationshipHolder1><name>'
        "<family>Früher</family></name></relationshipHolder1></personalRelationship>"
        '<personalRelationship><code code="FTH"/><relationshipHolder1><name>'
        "<family>Vater</family></name></relationshipHolder1></personalRelationship>"
        "<birthPlace><addr><city>C</city></addr><birthplace><name>St. <b/>D</name></birthplace>"
        "</birthPlace><asPatientOfOtherProvider><subjectOf><careProvision><performer>"
        '<assignedProvider><id root="1.2" extension="GP"/><id root="1.3"/></assignedProvider>'
        "</performer></careProvision></subjectOf></asPatientOfOtherProvider>"
    )

    assert known == {
        "mothers": [{"family": ["fruher"]}],
        "birth_places": ["st. d"],
        "birth_place_addresses": [{"city": ["c"]}],
        "providers": [["1.2", "GP"], ["1.3", None]],
    }


@pytest.mark.parametrize("person", ["", "<name/>", "<addr/>", '<birthTime value="1958"/>'])
def test_who_says_nothing_has_an_empty_description(person: str) -> None:
    xml = f'<patient xmlns="urn:hl7-org:v3"><patientPerson>{person}</patientPerson></patient>'

    assert description.describe(parse(xml.encode())) == ""
    assert description.read("") == {}


@given(
    cities=st.lists(
        st.text(st.characters(exclude_categories=["C"]), min_size=1).filter(str.strip),
        min_size=1,
        max_size=3,
    ),
    length=st.integers(0, 20),
)
def test_a_description_contains_the_fragments_of_its_texts(cities: list[str], length: int) -> None:
    patient = V3.patient(V3.patientPerson(V3.addr(*[V3.city(city) for city in cities])))
    written = description.describe(patient)

    for text in (*map(fold, cities), " ".join(map(fold, cities))):
        assert description.fragment(text, whole=True) in written
        assert description.fragment(text[:length]) in written
        assert description.fragment_of_word(text) in written
