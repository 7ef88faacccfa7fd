"""Registry objects and repository documents of one namespace (`state.Documents`), in tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine.interfaces import DBAPICursor

from ihe_mock_async.state import (
    Attachment,
    AvailabilityStatus,
    ObjectKind,
    ObjectSearch,
    RegistryObject,
)
from ihe_mock_async.store.content import Digester
from ihe_mock_async.store.object_search import OBJECT_COLUMNS, SELECTED, statement
from ihe_mock_async.store.schema import (
    OBJECT_ATTRIBUTES,
    OBJECTS,
    REPOSITORY_DOCUMENTS,
    equal,
    parameter,
    sql,
    timestamp,
)
from ihe_mock_async.store.sequences import Sequences

_O, _A, _D = OBJECTS.c, OBJECT_ATTRIBUTES.c, REPOSITORY_DOCUMENTS.c
_VALUES = attrgetter(*(column.name for column in OBJECT_COLUMNS))

_BY_ID = sql(SELECTED.where(*equal(_O.namespace, _O.id)))
_BY_UNIQUE_ID = sql(SELECTED.where(*equal(_O.namespace, _O.unique_id)).order_by(_O.sequence))
_BY_LOGICAL_ID = sql(
    SELECTED.where(*equal(_O.namespace, _O.logical_id)).order_by(_O.version, _O.sequence)
)
_BY_SOURCE = sql(SELECTED.where(*equal(_O.namespace, _O.source)))
_BY_TARGET = sql(SELECTED.where(*equal(_O.namespace, _O.target)))
_REGISTER = sql(insert(OBJECTS))
_REPLACE = sql(
    update(OBJECTS)
    .where(*equal(_O.namespace, _O.id))
    .values({column: parameter() for column in OBJECT_COLUMNS})
)
_REMOVE = sql(delete(OBJECTS).where(*equal(_O.sequence)))
_SEQUENCE = sql(select(_O.sequence).where(*equal(_O.namespace, _O.id)))
_ADD_ATTRIBUTE = sql(insert(OBJECT_ATTRIBUTES))
_REMOVE_ATTRIBUTES = sql(delete(OBJECT_ATTRIBUTES).where(*equal(_A.object)))
_STORED = sql(
    select(_D.media_type, _D.size, _D.sha1, _D.sha256).where(*equal(_D.namespace, _D.unique_id))
)
_STORE = sql(insert(REPOSITORY_DOCUMENTS))
_DISCARD = sql(delete(REPOSITORY_DOCUMENTS).where(*equal(_D.namespace, _D.unique_id)))


class DocumentTables:
    """The documents of one namespace, on a cursor that is in a transaction.

    Registering an id twice, or storing other content under a uniqueId, raises the driver's
    IntegrityError: looking first is the transaction's business.
    """

    __slots__ = (
        "_abandoned",
        "_cursor",
        "_namespace",
        "_sequences",
        "made_contents",
        "stored_contents",
    )

    made_contents: dict[str, bytes]
    """Octets by SHA-256 of each content that `store_made` was called with."""
    stored_contents: dict[str, str]
    """SHA-256 of each content that `store` was called with, and the document's uniqueId."""

    def __init__(
        self, cursor: DBAPICursor, namespace: int, sequences: Sequences, abandoned: set[str]
    ) -> None:
        """`abandoned` takes the SHA-256 of each content that `discard` was called with."""
        self._cursor = cursor
        self._namespace = namespace
        self._sequences = sequences
        self._abandoned = abandoned
        self.made_contents = {}
        self.stored_contents = {}

    def by_id(self, ids: Collection[str]) -> Mapping[str, RegistryObject]:
        """Registered objects by entryUUID; unknown ones are absent."""
        objects = (_read_object(row) for row in self._rows(_BY_ID, ids))
        return {found.id: found for found in objects}

    def by_unique_id(self, unique_ids: Collection[str]) -> Sequence[RegistryObject]:
        """All objects of any kind that have one of the uniqueIds, oldest first for each."""
        return [_read_object(row) for row in self._rows(_BY_UNIQUE_ID, dict.fromkeys(unique_ids))]

    def associations(
        self,
        *,
        sources: Collection[str] = (),
        targets: Collection[str] = (),
        types: Collection[str] = (),
    ) -> Sequence[RegistryObject]:
        """Approved and deprecated associations whose source or target is among the given ones.

        Both given: either may match. `types` (full URNs) narrows the result when not empty.
        In the order of registration.
        """
        rows = {row[0]: row for row in self._rows(_BY_SOURCE, sources)}
        rows.update((row[0], row) for row in self._rows(_BY_TARGET, targets))
        found = (_read_object(rows[sequence]) for sequence in sorted(rows))
        return [each for each in found if not types or each.association_type in types]

    def search(self, search: ObjectSearch) -> Sequence[RegistryObject]:
        """The objects that the search describes, in the order of registration."""
        self._cursor.execute(*statement(search, self._namespace))
        return [_read_object(row) for row in self._cursor.fetchall()]

    def versions(self, logical_ids: Collection[str]) -> Sequence[RegistryObject]:
        """All versions of the objects that have one of the logicalIDs, the oldest first."""
        return [
            _read_object(row) for row in self._rows(_BY_LOGICAL_ID, dict.fromkeys(logical_ids))
        ]

    def register(self, objects: Iterable[RegistryObject], now: datetime) -> None:
        """Store new objects."""
        moment = timestamp(now)
        numbered = [(self._sequences.next_object(), new) for new in objects]
        self._cursor.executemany(
            _REGISTER,
            [(number, self._namespace, moment, *_VALUES(new)) for number, new in numbered],
        )
        for number, new in numbered:
            self._add_attributes(number, new)

    def replace(self, changed: RegistryObject) -> None:
        """Store another status or text of a registered object (by its id).

        Its attributes stay as they are when it comes without. Raises LookupError when no object
        has this id.
        """
        self._cursor.execute(_REPLACE, (*_VALUES(changed), self._namespace, changed.id))
        if self._cursor.rowcount != 1:
            raise LookupError(f"no registered object has the id {changed.id}")
        if changed.attributes is not None:
            ((number,),) = self._rows(_SEQUENCE, (changed.id,))
            self._cursor.execute(_REMOVE_ATTRIBUTES, (number,))
            self._add_attributes(number, changed)

    def remove(self, ids: Collection[str]) -> None:
        """Delete registered objects by entryUUID; unknown ones are ignored."""
        numbers = list(self._rows(_SEQUENCE, ids))
        self._cursor.executemany(_REMOVE_ATTRIBUTES, numbers)
        self._cursor.executemany(_REMOVE, numbers)

    def stored(self, unique_ids: Collection[str]) -> Mapping[str, Attachment]:
        """Documents of the repository by uniqueId; `content_id` is the uniqueId."""
        found = {}
        for unique_id in unique_ids:
            self._cursor.execute(_STORED, (self._namespace, unique_id))
            row = self._cursor.fetchone()
            if row is not None:
                found[unique_id] = Attachment(unique_id, *row)
        return found

    def store(self, unique_id: str, document: Attachment, now: datetime) -> None:
        """Keep a staged document; its content becomes durable with the unit of work.

        A document that is stored already with the same content stays as it is.
        """
        present = self.stored((unique_id,)).get(unique_id)
        if present is not None and present.sha256 == document.sha256:
            return
        self._cursor.execute(
            _STORE,
            (
                self._namespace,
                unique_id,
                document.sha256,
                document.sha1,
                document.size,
                document.media_type,
                timestamp(now),
            ),
        )
        self.stored_contents[document.sha256] = unique_id

    def store_made(
        self, unique_id: str, octets: bytes, media_type: str, now: datetime
    ) -> Attachment:
        """Keep a document that the unit of work has made; its content becomes durable with it.

        Returns the document as `stored` finds it from now on.
        """
        digester = Digester()
        digester.update(octets)
        document = Attachment(unique_id, media_type, *digester.digest())
        self.made_contents[document.sha256] = octets
        self.store(unique_id, document, now)
        return document

    def discard(self, unique_ids: Collection[str]) -> None:
        """Remove documents from the repository; unknown ones are ignored.

        Content that no document of any namespace has any more is deleted after the commit.
        """
        self._abandoned.update(found.sha256 for found in self.stored(unique_ids).values())
        self._cursor.executemany(_DISCARD, [(self._namespace, each) for each in unique_ids])

    def _add_attributes(self, number: int, obj: RegistryObject) -> None:
        if obj.attributes:
            # A value that an object has twice (a code, an author) is one row.
            self._cursor.executemany(
                _ADD_ATTRIBUTE,
                [
                    (number, name, value, self._namespace)
                    for name, value in dict.fromkeys(obj.attributes)
                ],
            )

    def _rows(self, statement: str, values: Iterable[str]) -> Iterable[Sequence[Any]]:
        cursor = self._cursor
        for value in values:
            cursor.execute(statement, (self._namespace, value))
            yield from cursor.fetchall()


def _read_object(row: Sequence[Any]) -> RegistryObject:
    _, id_, kind, logical_id, version, status, xml, *optional = row
    return RegistryObject(
        ObjectKind(kind),
        id_,
        logical_id,
        version,
        AvailabilityStatus(status),
        xml,
        *optional,
    )
