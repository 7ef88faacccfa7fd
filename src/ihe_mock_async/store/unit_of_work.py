"""What units of work run on: one transaction, and a namespace's state in it (`state.State`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import delete, func, insert, literal_column, select, update
from sqlalchemy.engine.interfaces import DBAPICursor

from ihe_mock_async.store.documents import DocumentTables
from ihe_mock_async.store.outbox import NamespaceOutbox, Outbox
from ihe_mock_async.store.patients import PatientTables
from ihe_mock_async.store.query_sessions import QuerySessionTable
from ihe_mock_async.store.schema import (
    DELIVERIES,
    NAMESPACED,
    NAMESPACES,
    PATIENTS,
    READINESS,
    REPOSITORY_DOCUMENTS,
    equal,
    sql,
)
from ihe_mock_async.store.sequences import Sequences

_N = NAMESPACES.c
_FIND_NAMESPACE = sql(select(_N.key).where(*equal(_N.name)))
_LAST_NAMESPACE = sql(select(func.max(_N.key)))
_ADD_NAMESPACE = sql(insert(NAMESPACES))
_REMOVE_NAMESPACE = sql(delete(NAMESPACES).where(*equal(_N.key)))
_NAMES = sql(select(_N.name).order_by(_N.name))
_REMOVE_ROWS = tuple(sql(delete(table).where(*equal(table.c.namespace))) for table in NAMESPACED)
_CONTENTS = sql(
    select(REPOSITORY_DOCUMENTS.c.sha256)
    .where(*equal(REPOSITORY_DOCUMENTS.c.namespace))
    .distinct()
)
_USES = sql(
    select(func.count())
    .select_from(REPOSITORY_DOCUMENTS)
    .where(*equal(REPOSITORY_DOCUMENTS.c.sha256))
)
_CHECK = sql(update(READINESS).values(checked=READINESS.c.checked + literal_column("1")))

_COUNTS = tuple(
    sql(select(func.count()).select_from(table).where(*equal(table.c.namespace)))
    for table in (PATIENTS, REPOSITORY_DOCUMENTS, DELIVERIES)
)

NO_NAMESPACE = 0
"""The key that stands for a namespace without rows; keys start at 1."""


class NamespaceCounts(NamedTuple):
    """How much there is in a namespace."""

    patients: int
    documents: int
    """Those with content in the repository."""
    deliveries: int


class NamespaceState:
    """One namespace as a unit of work sees and changes it."""

    __slots__ = ("documents", "outbox", "patients", "query_sessions")

    documents: DocumentTables
    outbox: NamespaceOutbox
    patients: PatientTables
    query_sessions: QuerySessionTable

    def __init__(
        self,
        cursor: DBAPICursor,
        namespace: int,
        sequences: Sequences,
        abandoned: set[str],
        enqueued: list[int],
    ) -> None:
        self.documents = DocumentTables(cursor, namespace, sequences, abandoned)
        self.outbox = NamespaceOutbox(cursor, namespace, enqueued)
        self.patients = PatientTables(cursor, namespace, sequences)
        self.query_sessions = QuerySessionTable(cursor, namespace)


class Transaction:
    """A transaction that has begun on the cursor; what it remembers ends with it."""

    __slots__ = ("_cursor", "_namespaces", "_sequences", "abandoned", "enqueued", "state")

    abandoned: set[str]
    """SHA-256 of contents that may have lost their last document."""
    enqueued: list[int]
    """Ids of messages that were put into the outbox."""
    state: NamespaceState | None
    """The state that the latest unit of work has got."""

    def __init__(self, cursor: DBAPICursor) -> None:
        self._cursor = cursor
        self._namespaces: dict[str, int] = {}
        self._sequences = Sequences(cursor)
        self.abandoned = set()
        self.enqueued = []
        self.state = None

    def writable(self, name: str) -> NamespaceState:
        """The state of a namespace, which exists from now on."""
        key = self._namespaces.get(name) or self._find(name) or self._add(name)
        self._namespaces[name] = key
        self.state = self._state_of(key)
        return self.state

    def readable(self, name: str) -> NamespaceState:
        """The state of a namespace, an empty one if it does not exist."""
        return self._state_of(self._find(name))

    @property
    def outbox(self) -> Outbox:
        """The messages on their way, of all namespaces."""
        return Outbox(self._cursor)

    def names(self) -> list[str]:
        """The namespaces that something was written to, sorted."""
        self._cursor.execute(_NAMES)
        return [name for (name,) in self._cursor.fetchall()]

    def counts(self, name: str) -> NamespaceCounts:
        """How much there is in a namespace."""
        key = (self._find(name),)
        return NamespaceCounts(*(self._count(statement, key) for statement in _COUNTS))

    def remove(self, name: str) -> None:
        """Delete a namespace and all that is in it; an unknown one is not an error."""
        key = (self._find(name),)
        self._cursor.execute(_CONTENTS, key)
        self.abandoned.update(sha256 for (sha256,) in self._cursor.fetchall())
        for statement in (*_REMOVE_ROWS, _REMOVE_NAMESPACE):
            self._cursor.execute(statement, key)
        self._namespaces.pop(name, None)

    def unused(self, contents: Iterable[str]) -> list[str]:
        """Those of the contents that no document of any namespace has."""
        return [sha256 for sha256 in contents if not self._uses(sha256)]

    def check(self) -> None:
        """Change a row of no meaning: whether that can be done is what readiness asks."""
        self._cursor.execute(_CHECK)

    def _state_of(self, key: int) -> NamespaceState:
        return NamespaceState(self._cursor, key, self._sequences, self.abandoned, self.enqueued)

    def _find(self, name: str) -> int:
        return self._number(_FIND_NAMESPACE, name)

    def _add(self, name: str) -> int:
        key = self._number(_LAST_NAMESPACE) + 1
        self._cursor.execute(_ADD_NAMESPACE, (key, name))
        return key

    def _uses(self, sha256: str) -> int:
        return self._number(_USES, sha256)

    def _count(self, statement: str, key: tuple[int]) -> int:
        self._cursor.execute(statement, key)
        row = self._cursor.fetchone()
        return int(row[0]) if row else 0

    def _number(self, statement: str, *values: str) -> int:
        self._cursor.execute(statement, values)
        row = self._cursor.fetchone()
        return NO_NAMESPACE if row is None or row[0] is None else int(row[0])
