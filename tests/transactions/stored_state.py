"""The state of an empty namespace as handlers see it in production: tables, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ihe_mock_async.store.database import Database
from ihe_mock_async.store.unit_of_work import NamespaceState, Transaction


@contextmanager
def stored_state() -> Iterator[NamespaceState]:
    """A state within one transaction, forgotten at the end."""
    database = Database.open("sqlite://", Path())
    connection = database.connect()
    cursor = connection.cursor()
    database.begin_writing(cursor)
    try:
        yield Transaction(cursor).writable("")
    finally:
        cursor.close()
        connection.rollback()
        connection.close()
        database.close()
