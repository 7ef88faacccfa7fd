"""OIDs, UUIDs and patient ids, as they are and as they are not."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_mock_async.identifiers import PatientIdentifier, is_oid, is_uuid

DOMAIN = "1.3.6.1.4.1.21367.13.20.1000"
OIDS = st.builds(
    lambda first, rest: ".".join(map(str, (first, *rest))),
    st.integers(0, 2),
    st.lists(st.integers(0, 99_999), min_size=1, max_size=8),
)


@given(OIDS)
def test_numbers_with_dots_are_an_oid(oid: str) -> None:
    assert is_oid(oid)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "3.1",
        "1.",
        ".1",
        "1..2",
        "1.02",
        "01.2",
        "1.2 ",
        "1.2\n",
        "1.²",
        "1.٣",
        "urn:oid:1.2",
        "a.b",
    ],
)
def test_other_texts_are_no_oid(text: str) -> None:
    assert not is_oid(text)


def test_an_oid_has_at_most_64_characters() -> None:
    assert is_oid("1." + "2" * 62)
    assert not is_oid("1." + "2" * 63)


@given(st.uuids())
def test_a_uuid_may_be_in_either_case(value: uuid.UUID) -> None:
    assert is_uuid(str(value))
    assert is_uuid(str(value).upper())


@pytest.mark.parametrize("form", ["urn:uuid:{}", "{{{}}}", "{}\n", " {}", "{}0"])
def test_a_uuid_with_something_around_it_is_none(form: str) -> None:
    value = str(uuid.uuid4())

    assert not is_uuid(form.format(value))
    assert not is_uuid(value.replace("-", ""))
    assert not is_uuid("")


@given(
    OIDS, st.text(st.characters(exclude_characters="^&|~", exclude_categories=["Cs"]), min_size=1)
)
def test_a_patient_id_survives_the_way_to_cx_and_back(root: str, extension: str) -> None:
    identifier = PatientIdentifier(root, extension)

    assert PatientIdentifier.from_cx(identifier.cx) == identifier


def test_cx_is_the_form_of_xds() -> None:
    assert PatientIdentifier(DOMAIN, "123").cx == f"123^^^&{DOMAIN}&ISO"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "123",
        f"^^^&{DOMAIN}&ISO",
        f"123^^^{DOMAIN}&ISO",
        f"123^^^Hospital&{DOMAIN}&ISO",
        f"123^^^&{DOMAIN}&ISO^PI",
        f"123^^^&{DOMAIN}",
        f"123^^&{DOMAIN}&ISO",
        "123^^^&1.02&ISO",
        f"123^^^&{DOMAIN}&iso",
        f" 123^^^&{DOMAIN}&ISO\n",
        f"123^^^&amp;{DOMAIN}&amp;ISO",
    ],
)
def test_other_texts_are_no_patient_id(text: str) -> None:
    assert PatientIdentifier.from_cx(text) is None


def test_patient_ids_have_an_order_and_can_be_keys() -> None:
    first, second = PatientIdentifier("1.2", "1"), PatientIdentifier("1.2", "2")

    assert sorted([second, first]) == [first, second]
    assert {first: "x"}[PatientIdentifier("1.2", "1")] == "x"
