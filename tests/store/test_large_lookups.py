"""Look-ups of more values than SQLite takes parameters in one statement: 32 766."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import AvailabilityStatus, ObjectKind, RegistryObject, State
from tests.transactions.stored_state import stored_state

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MANY = [f"2.999.{number}" for number in range(40_000)]
LINK = RegistryObject(
    ObjectKind.ASSOCIATION,
    "2.999.7",
    "2.999.7",
    1,
    AvailabilityStatus.APPROVED,
    b"<x/>",
    unique_id="2.999.7",
    source="2.999.8",
    target="2.999.9",
)


@pytest.fixture
def state() -> Iterator[State]:
    with stored_state() as opened:
        opened.documents.register([LINK], NOW)
        yield opened


def test_objects_are_found_by_any_of_many_ids(state: State) -> None:
    documents = state.documents

    assert list(documents.by_id(MANY)) == [LINK.id]
    assert [found.id for found in documents.by_unique_id(MANY)] == [LINK.id]
    assert [found.id for found in documents.versions(MANY)] == [LINK.id]
    assert [found.id for found in documents.associations(sources=MANY, targets=MANY)] == [LINK.id]
    assert documents.stored(MANY) == {}


def test_many_objects_are_removed_at_once(state: State) -> None:
    state.documents.remove(MANY)
    state.documents.discard(MANY)

    assert state.documents.by_id([LINK.id]) == {}


def test_patients_are_found_by_any_of_many_identifiers(state: State) -> None:
    identifiers = [PatientIdentifier("1.2.3", number) for number in MANY]
    key = state.patients.add(identifiers[-1:], b"<a/>", NOW)

    assert [found.patient_key for found in state.patients.find(identifiers).values()] == [key]
    assert [record.key for record in state.patients.records(range(40_000))] == [key]
    assert state.patients.known_authorities([*MANY, "1.2.3"]) == {"1.2.3"}
