"""The next keys of patients and registry objects, counted by the writer.

A key is needed before the row is inserted, and asking the database for each costs a statement.
The numbers are read once in a transaction (which excludes other writers), then counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from sqlalchemy import func, select
from sqlalchemy.engine.interfaces import DBAPICursor

from ihe_mock_async.store.schema import OBJECTS, PATIENTS, sql

_LAST_PATIENT = sql(select(func.max(PATIENTS.c.key)))
_LAST_OBJECT = sql(select(func.max(OBJECTS.c.sequence)))


class Sequences:
    """Counters that are valid within one transaction."""

    __slots__ = ("_cursor", "_objects", "_patients")

    def __init__(self, cursor: DBAPICursor) -> None:
        self._cursor = cursor
        self._patients: Iterator[int] | None = None
        self._objects: Iterator[int] | None = None

    def next_patient(self) -> int:
        """A key that no patient has."""
        if self._patients is None:
            self._patients = self._count_on(_LAST_PATIENT)
        return next(self._patients)

    def next_object(self) -> int:
        """A number above those of all registered objects."""
        if self._objects is None:
            self._objects = self._count_on(_LAST_OBJECT)
        return next(self._objects)

    def _count_on(self, last: str) -> Iterator[int]:
        self._cursor.execute(last)
        row = self._cursor.fetchone()
        return count(((row and row[0]) or 0) + 1)
