"""Aligned columns of plain text."""

from __future__ import annotations

from ihe_mock_async.cli.table import aligned


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned([("a", "bb", "c"), ("aaa", "b", "")], indent=" ") == " a    bb  c\n aaa  b"


def test_no_rows_are_no_text() -> None:
    assert aligned([]) == ""
