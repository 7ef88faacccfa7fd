"""What `state.ObjectSearch` finds, and that it never reads a whole table."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine.interfaces import DBAPICursor

from ihe_mock_async.state import (
    AvailabilityStatus,
    Condition,
    ObjectKind,
    ObjectSearch,
    RegistryObject,
)
from ihe_mock_async.store.database import Database
from ihe_mock_async.store.documents import DocumentTables
from ihe_mock_async.store.object_search import statement
from ihe_mock_async.store.schema import wildcards
from ihe_mock_async.store.sequences import Sequences

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
APPROVED, DEPRECATED = AvailabilityStatus.APPROVED, AvailabilityStatus.DEPRECATED
ENTRY, FOLDER = ObjectKind.DOCUMENT_ENTRY, ObjectKind.FOLDER
ANNA, BELA = "A-1^^^&2.999.1&ISO", "B-2^^^&2.999.1&ISO"


def obj(
    name: str,
    patient_id: str,
    *attributes: tuple[str, str],
    kind: ObjectKind = ENTRY,
    status: AvailabilityStatus = APPROVED,
) -> RegistryObject:
    return RegistryObject(
        kind, name, name, 1, status, b"<x/>", patient_id=patient_id, attributes=attributes
    )


OBJECTS = (
    obj("z", ANNA, ("classCode", "34133-9^^LOINC"), ("creationTime", "20240101000000")),
    obj("y", ANNA, ("classCode", "34133-9^^LOINC"), status=DEPRECATED),
    obj(
        "x",
        ANNA,
        ("classCode", "11488-4^^LOINC"),
        ("creationTime", "20240301000000"),
        ("authorPerson", "^Smitty^Gerald"),
        ("authorPerson", "^Dopplemeyer^Sherry"),
        ("authorPerson", "^Dopplemeyer^Sherry"),
    ),
    obj("w", ANNA, ("codeList", "34133-9^^LOINC"), kind=FOLDER),
    obj("v", BELA, ("classCode", "34133-9^^LOINC"), ("title", "100% [sic] *?")),
)


@pytest.fixture(scope="module")
def cursor() -> Iterator[DBAPICursor]:
    """In a transaction on empty tables."""
    database = Database.open("sqlite://", Path())
    connection = database.connect()
    cursor = connection.cursor()
    database.begin_writing(cursor)
    yield cursor
    cursor.close()
    connection.rollback()
    connection.close()
    database.close()


@pytest.fixture(scope="module")
def documents(cursor: DBAPICursor) -> DocumentTables:
    """The objects in namespace 1; namespace 2 has the like."""
    numbers = Sequences(cursor)
    tables = DocumentTables(cursor, 1, numbers, set())
    tables.register(OBJECTS, NOW)
    DocumentTables(cursor, 2, numbers, set()).register(OBJECTS, NOW)
    return tables


def like(attribute: str, *patterns: str) -> Condition:
    return Condition(attribute, like=patterns)


LOINC = Condition("classCode", ("34133-9^^LOINC", "x^^y"))


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (ObjectSearch(ENTRY), "zyxv"),
        (ObjectSearch(FOLDER), "w"),
        (ObjectSearch(ENTRY, (ANNA,)), "zyx"),
        (ObjectSearch(ENTRY, (BELA, ANNA)), "zyxv"),
        (ObjectSearch(ENTRY, ("C-3^^^&2.999.1&ISO",)), ""),
        (ObjectSearch(ENTRY, (ANNA,), (APPROVED,)), "zx"),
        (ObjectSearch(ENTRY, (ANNA,), (APPROVED, DEPRECATED)), "zyx"),
        (ObjectSearch(ENTRY, (ANNA,), (), (LOINC,)), "zy"),
        (ObjectSearch(ENTRY, (), (APPROVED,), (LOINC,)), "zv"),
        (ObjectSearch(ENTRY, (), (), (LOINC, like("title", "100\\%%"))), ""),
        (ObjectSearch(ENTRY, (), (), (like("title", "100%"), LOINC)), "v"),
        (ObjectSearch(ENTRY, (), (), (Condition("creationTime", at_least="202402"),)), "x"),
        (ObjectSearch(ENTRY, (), (), (LOINC, Condition("classCode", ("x^^y",)))), ""),
    ],
)
def test_a_search_finds_what_meets_all_conditions_in_the_order_of_registration(
    documents: DocumentTables, search: ObjectSearch, expected: str
) -> None:
    assert "".join(found.id for found in documents.search(search)) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition("creationTime"), "zx"),
        (Condition("creationTime", absent_passes=True), "zyx"),
        (Condition("creationTime", at_least="20240301000000"), "x"),
        (Condition("creationTime", below="20240301000000"), "z"),
        (Condition("creationTime", below="20240301000000", absent_passes=True), "zy"),
        (Condition("creationTime", at_least="20240101000000", below="20240301000001"), "zx"),
        (like("authorPerson", "%Doppl%"), "x"),
        (like("authorPerson", "^smitty%"), ""),
        (like("authorPerson", "nobody", "^Smitt_^G%"), "x"),
        (like("authorPerson", "^Smitt_^G"), ""),
    ],
)
def test_a_condition_is_met_by_one_value_of_the_attribute(
    documents: DocumentTables, condition: Condition, expected: str
) -> None:
    found = documents.search(ObjectSearch(ENTRY, (ANNA,), conditions=(condition,)))

    assert "".join(each.id for each in found) == expected


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("100% [sic] *?", True),
        ("100_ [sic] *?", True),
        ("%[sic]%", True),
        ("%*?", True),
        ("%[s]%", False),
        ("100*", False),
        ("100% [sic] ?", False),
        ("100% [SIC] *?", False),
    ],
)
def test_only_percent_and_underscore_are_wildcards(
    documents: DocumentTables, pattern: str, matches: bool
) -> None:
    found = documents.search(ObjectSearch(ENTRY, conditions=(like("title", pattern),)))

    assert bool(found) is matches


def _as_regex(pattern: str) -> str:
    meaning = {"%": ".*", "_": "."}
    return "".join(meaning.get(char) or re.escape(char) for char in pattern)


ALPHABET = "aA%_*?[]^-!"


@given(value=st.text(ALPHABET, max_size=8), pattern=st.text(ALPHABET, max_size=6))
def test_wildcards_mean_what_like_means_and_case_matters(
    cursor: DBAPICursor, value: str, pattern: str
) -> None:
    cursor.execute("SELECT ? GLOB ?", (value, wildcards(pattern)))
    ((matches,),) = cursor.fetchall()

    assert bool(matches) is (re.fullmatch(_as_regex(pattern), value, re.DOTALL) is not None)


def test_found_objects_are_whole_but_for_their_attributes(documents: DocumentTables) -> None:
    (found,) = documents.search(ObjectSearch(FOLDER))

    assert found == RegistryObject(FOLDER, "w", "w", 1, APPROVED, b"<x/>", patient_id=ANNA)


def test_thousands_of_values_are_no_problem(documents: DocumentTables) -> None:
    many = tuple(f"{number}^^LOINC" for number in range(40_000))
    condition = Condition("classCode", (*many, "11488-4^^LOINC"))

    found = documents.search(ObjectSearch(ENTRY, (*many, ANNA), conditions=(condition,)))

    assert [each.id for each in found] == ["x"]


def test_values_are_never_part_of_the_statement() -> None:
    hostile = "x'); DROP TABLE objects; --"
    search = ObjectSearch(ENTRY, (hostile,), (APPROVED,), (Condition("a", (hostile,)),))

    text, values = statement(search, 1)

    assert "DROP" not in text
    assert statement(ObjectSearch(ENTRY, ("a", "b"), (DEPRECATED,), (LOINC,)), 2)[0] is text
    assert len(values) == text.count("?")


EVERY_TEST = Condition("creationTime", ("1",), ("%",), "1", "2")
PASSES = Condition("serviceStartTime", at_least="1", absent_passes=True)


@pytest.mark.parametrize(
    ("search", "index"),
    [
        (ObjectSearch(ENTRY, (ANNA,)), "objects_of_patient"),
        (ObjectSearch(ENTRY, (ANNA,), (APPROVED,), (LOINC, EVERY_TEST)), "objects_of_patient"),
        (ObjectSearch(ENTRY, (ANNA, BELA), (APPROVED, DEPRECATED)), "objects_of_patient"),
        (ObjectSearch(ENTRY, (), (APPROVED,), (PASSES, EVERY_TEST, LOINC)), "attributes_of_value"),
        (ObjectSearch(ENTRY, (), (), (PASSES, like("title", "x"))), "attributes_of_value"),
    ],
)
def test_objects_are_found_by_an_index(
    cursor: DBAPICursor, search: ObjectSearch, index: str
) -> None:
    text, values = statement(search, 1)
    cursor.execute(f"EXPLAIN QUERY PLAN {text}", values)
    plan = [step for *_, step in cursor.fetchall()]

    assert any(f"INDEX {index} " in step for step in plan)
    # Only the values of a parameter are read from first to last.
    assert [s for s in plan if s.startswith("SCAN") and "VIRTUAL TABLE" not in s] == []
