"""Transactions are found by the names of their files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_mock_async import transactions
from ihe_mock_async.transactions import iti44_patient_identity_feed_hl7v3, served


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is searched instead of the package's own."""
    monkeypatch.setattr(transactions, "__path__", [str(tmp_path)])
    served.cache_clear()
    yield tmp_path
    served.cache_clear()


def test_every_module_is_served_in_the_order_of_its_number() -> None:
    numbers = [int(transaction.number.removeprefix("ITI-")) for transaction in served()]

    assert iti44_patient_identity_feed_hl7v3.TRANSACTION in served()
    assert numbers == sorted(set(numbers))


def test_modules_of_other_names_are_left_alone(folder: Path) -> None:
    (folder / "notes.py").write_text("raise AssertionError")

    assert served() == ()


def test_a_module_without_transaction_is_named(folder: Path) -> None:
    (folder / "iti99_unfinished.py").write_text("")

    with pytest.raises(TypeError, match=r"transactions\.iti99_unfinished has no TRANSACTION"):
        served()
