"""Which documents a summary lists."""

from __future__ import annotations

import pytest

from ihe_mock_async.xds.on_demand import summary
from tests.transactions.on_demand import promise, register
from tests.transactions.retrievals import OTHER_PATIENT, PATIENT
from tests.transactions.stored_state import stored_state


def test_approved_stable_documents_of_the_patient_are_listed_the_newest_first() -> None:
    with stored_state() as state:
        promise(state)
        old = register(state, "2.999.6.1", "Old")
        register(state, "2.999.6.2", "  Two\n lines ")
        register(state, "2.999.6.3", "New", replaced=old.id)
        register(state, "2.999.6.4", "Of somebody else", patient=OTHER_PATIENT)

        found = summary.documents_of(PATIENT, state.documents)

    assert found.count == 2
    assert found.newest == (
        summary.ListedDocument("New", "Discharge summary", "20240516"),
        summary.ListedDocument("Two lines", "Discharge summary", "20240516"),
    )


def test_of_many_documents_the_newest_are_listed_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(summary, "MAX_LISTED", 2)
    with stored_state() as state:
        for number in range(1, 6):
            register(state, f"2.999.6.{number}", f"Letter {number}")

        found = summary.documents_of(PATIENT, state.documents)

    assert found.count == 5
    assert [each.title for each in found.newest] == ["Letter 5", "Letter 4"]
