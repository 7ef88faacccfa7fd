"""Patients as they are found and told: traits, searches, records, authorities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import FoundPatient, PatientRecord, PatientSearch, PatientTraits, State
from ihe_mock_async.store.database import Database
from ihe_mock_async.store.patient_search import search_statement
from tests.transactions.stored_state import stored_state

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLINIC = PatientIdentifier("1.2.276.0.76.3.1", "C-17")
HOSPITAL = PatientIdentifier("1.2.276.0.76.3.2", "H-42")
PRACTICE = PatientIdentifier("1.2.276.0.76.3.3", "P-5")
WARD = PatientIdentifier("1.2.276.0.76.3.1", "C-18")
JOHANNA = PatientTraits(("muster", "beispiel"), "19580214", "F", '{"telecoms":["+4930"]}')
JONAS = PatientTraits(("mustermann",), "1958", "M", '{"birth_places":["st. \\"a\\" 100%"]}')


@pytest.fixture
def state() -> Iterator[State]:
    with stored_state() as opened:
        opened.patients.add([HOSPITAL, CLINIC], b"<johanna/>", NOW, JOHANNA)
        opened.patients.add([WARD], b"<jonas/>", NOW, JONAS)
        yield opened


def found(state: State, **conditions: object) -> list[int]:
    search = PatientSearch(**conditions)  # type: ignore[arg-type]
    return [record.key for record in state.patients.search(search)]


# ---------------------------------------------------------------- searches


@pytest.mark.parametrize(
    ("conditions", "keys"),
    [
        ({}, [1, 2]),
        ({"identifiers": (CLINIC,)}, [1]),
        ({"identifiers": (CLINIC, HOSPITAL)}, [1]),
        ({"identifiers": (CLINIC, WARD)}, []),
        ({"identifiers": (PRACTICE,)}, []),
        ({"family_prefixes": ("must",)}, [1, 2]),
        ({"family_prefixes": ("mustermann",)}, [2]),
        ({"family_prefixes": ("must", "beispiel")}, [1]),
        ({"family_prefixes": ("us",)}, []),
        ({"gender": "M"}, [2]),
        ({"gender": "F", "family_prefixes": ("must",)}, [1]),
        ({"identifiers": (CLINIC,), "gender": "M"}, []),
        ({"birth_prefix": "1958"}, [1, 2]),
        ({"birth_prefix": "19580214"}, [1, 2]),
        ({"birth_prefix": "195802141030"}, [1, 2]),
        ({"birth_prefix": "19580215"}, [2]),
        ({"birth_prefix": "1959"}, []),
        ({"birth_prefix": "195", "family_prefixes": ("b",), "gender": "F"}, [1]),
        ({"birth_years": ("1958", "1958")}, [1, 2]),
        ({"birth_years": ("", "1957")}, []),
        ({"birth_years": ("1959", "")}, []),
        ({"birth_years": ("1958", ""), "gender": "F"}, [1]),
        ({"birth_years": ("1900", "2000"), "birth_prefix": "1960"}, []),
        ({"fragments": ('"+4930"',)}, [1]),
        ({"fragments": ('"+4930"', "telecoms")}, [1]),
        ({"fragments": ("telecoms", "st.")}, []),
        ({"fragments": ('"st. \\"a\\" 100%"',)}, [2]),
        ({"fragments": ("TELECOMS",)}, []),
        ({"fragments": ("st_",), "identifiers": (WARD,)}, []),
        ({"fragments": ("birth", "places"), "identifiers": (WARD,), "gender": "M"}, [2]),
        ({"family_prefixes": ("must", "nobody")}, []),
        ({"identifiers": (WARD, PRACTICE)}, []),
        ({"identifiers": (CLINIC, CLINIC)}, [1]),
    ],
)
def test_every_condition_of_a_search_holds(
    state: State, conditions: dict[str, object], keys: list[int]
) -> None:
    assert found(state, **conditions) == keys


def test_who_has_no_birth_time_is_not_found_by_one(state: State) -> None:
    state.patients.add([PRACTICE], b"<somebody/>", NOW)

    assert found(state, birth_prefix="1") == [1, 2]
    assert found(state, birth_years=("", "2026")) == [1, 2]
    assert found(state) == [1, 2, 3]


def test_a_revision_replaces_the_traits(state: State) -> None:
    state.patients.revise(1, [], b"<johanna/>", NOW, PatientTraits(("neu",), "1960", "UN"))

    assert found(state, family_prefixes=("muster",)) == [2]
    assert found(state, family_prefixes=("neu",), birth_prefix="1960", gender="UN") == [1]


def test_linked_patients_are_found_by_the_traits_that_their_record_shows(state: State) -> None:
    state.patients.link(1, 2, NOW)

    assert found(state, family_prefixes=("mustermann",)) == []
    assert found(state, identifiers=(WARD,), birth_prefix="19580214") == [1]


@given(
    born=st.sampled_from(["1958", "195802", "19580214", "195802142359", "2001"]),
    asked=st.text("0123456789", min_size=1, max_size=14),
)
def test_a_birth_time_is_found_by_what_does_not_contradict_it(born: str, asked: str) -> None:
    with stored_state() as empty:
        empty.patients.add([CLINIC], b"<a/>", NOW, PatientTraits(birth_time=born))
        hit = bool(empty.patients.search(PatientSearch(birth_prefix=asked)))

    assert hit == (born.startswith(asked) or asked.startswith(born))


def test_namespaces_do_not_see_each_other(state: State) -> None:
    with stored_state() as other:
        assert other.patients.search(PatientSearch()) == []


# ---------------------------------------------------------------- statements


@pytest.mark.parametrize(
    "search",
    [
        PatientSearch(identifiers=(CLINIC,)),
        PatientSearch(family_prefixes=("m",), gender="F"),
        PatientSearch(birth_prefix="195802"),
        PatientSearch((CLINIC, HOSPITAL), ("a", "b"), "19580214", ("1950", ""), "F", ("x", "y")),
        PatientSearch(fragments=("x", "y")),
        PatientSearch(birth_years=("1950", "1960")),
        PatientSearch(gender="F"),
        PatientSearch(),
    ],
)
def test_no_search_reads_a_whole_table(search: PatientSearch) -> None:
    database = Database.open("sqlite://", Path())
    connection = database.connect()
    cursor = connection.cursor()
    text, values = search_statement(search, 1, 2 if search.identifiers else None)
    cursor.execute(f"EXPLAIN QUERY PLAN {text}", values)
    plan = [row[-1] for row in cursor.fetchall()]
    cursor.close()
    connection.close()
    database.close()

    assert plan
    # Only the values of a parameter are read from first to last.
    assert not [s for s in plan if s.startswith("SCAN") and "VIRTUAL TABLE" not in s]


@pytest.mark.parametrize(
    "search",
    [
        PatientSearch(identifiers=(CLINIC,) * 5_000),
        PatientSearch(family_prefixes=("must",) * 5_000),
        PatientSearch(fragments=("telecoms",) * 5_000, family_prefixes=("must", "b")),
    ],
)
def test_thousands_of_conditions_are_no_problem(state: State, search: PatientSearch) -> None:
    assert 1 in [patient.key for patient in state.patients.search(search)]


def test_conditions_are_never_part_of_the_statement() -> None:
    hostile = "x'); DROP TABLE patients; --"
    search = PatientSearch((), (hostile,), hostile, (hostile, ""), hostile, (hostile, hostile))

    text, values = search_statement(search, 1)

    assert "DROP" not in text
    assert len(values) == text.count("?")


# ---------------------------------------------------------------- records and authorities


def test_records_come_in_the_order_of_the_keys(state: State) -> None:
    assert state.patients.records([2, 99, 1]) == [
        PatientRecord(2, (WARD,), b"<jonas/>"),
        PatientRecord(1, (HOSPITAL, CLINIC), b"<johanna/>"),
    ]


def test_identifiers_keep_the_order_of_their_registration(state: State) -> None:
    state.patients.revise(2, [PRACTICE], b"<jonas/>", NOW)
    state.patients.link(2, 1, NOW)

    (record,) = state.patients.records([2])
    assert record.identifiers == (WARD, PRACTICE, HOSPITAL, CLINIC)


def test_a_record_shows_no_subsumed_identifier(state: State) -> None:
    state.patients.subsume(WARD, CLINIC, NOW)
    state.patients.link(1, 2, NOW)

    (found_patient,) = state.patients.search(PatientSearch(identifiers=(WARD,)))
    (record,) = state.patients.records([found_patient.key])
    assert record == PatientRecord(1, (HOSPITAL, CLINIC), b"<johanna/>")


def test_who_has_no_active_identifier_left_is_not_found(state: State) -> None:
    state.patients.subsume(WARD, CLINIC, NOW)

    assert found(state) == [1]
    assert found(state, identifiers=(WARD,)) == []


def test_a_found_patient_is_told_with_its_traits(state: State) -> None:
    assert state.patients.search(PatientSearch(gender="F")) == [
        FoundPatient(1, "19580214", "F", JOHANNA.description)
    ]


def test_an_authority_is_known_by_the_identifiers_that_it_gave(state: State) -> None:
    known = state.patients.known_authorities([CLINIC.root, "1.2.3", HOSPITAL.root])

    assert known == {CLINIC.root, HOSPITAL.root}
