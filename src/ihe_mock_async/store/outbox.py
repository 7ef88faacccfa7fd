"""Messages that the server sends on its own account (ITI TF-2: V.5), in a table.

A unit of work puts them in together with what it changes; whoever posts them works on the table
as a whole, in transactions of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import compress, product
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.engine.interfaces import DBAPICursor

from ihe_mock_async.soap.version import SoapVersion
from ihe_mock_async.state import Attachment
from ihe_mock_async.store.delivery import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    OutgoingMessage,
)
from ihe_mock_async.store.schema import (
    DELIVERIES,
    NAMESPACES,
    equal,
    parameter,
    sql,
    timestamp,
)

KEPT = 1000
"""Finished deliveries that are remembered, the newest ones."""
_ALL = 2**63 - 1

_D, _N = DELIVERIES.c, NAMESPACES.c
_BESIDE_THE_ENVELOPE = [column for column in _D if column not in (_D.envelope, _D.namespace)]
_NAMES = ("namespace", *(column.name for column in _BESIDE_THE_ENVELOPE), "size")
_SELECTED = select(
    _N.name, *_BESIDE_THE_ENVELOPE, func.length(_D.envelope).label("size")
).join_from(DELIVERIES, NAMESPACES, _D.namespace == _N.key)
_COUNTED = select(func.count()).join_from(DELIVERIES, NAMESPACES, _D.namespace == _N.key)

_PUT = sql(insert(DELIVERIES))
_FIND = sql(_SELECTED.where(*equal(_D.id)))
_ENVELOPE = sql(select(_D.envelope).where(*equal(_D.id)))
_PENDING = sql(
    select(_D.id, _D.next_attempt, _D.to)
    .where(*equal(_D.state), _D.id > parameter())
    .order_by(_D.id)
)
_COUNTS = sql(select(_D.state, func.count()).group_by(_D.state))
_RECORD = sql(
    update(DELIVERIES)
    .where(*equal(_D.id, _D.state))
    .values(
        {
            column: parameter()
            for column in (
                _D.state,
                _D.attempts,
                _D.next_attempt,
                _D.last_error,
                _D.last_status,
                _D.finished,
            )
        }
    )
)
_REMOVE = sql(delete(DELIVERIES).where(*equal(_D.id)))
_FORGET = sql(
    delete(DELIVERIES).where(
        _D.id.in_(
            select(_D.id)
            .where(_D.finished.is_not(None))
            .order_by(_D.finished.desc(), _D.id.desc())
            .limit(parameter())
            .offset(parameter())
        )
    )
)


_Chosen = tuple[bool, ...]
"""What narrows a statement: a state, a namespace."""
_CONDITIONS = (_D.state, _N.name)


def _narrowed(base: Select[Any]) -> Mapping[_Chosen, Select[Any]]:
    return {
        chosen: base.where(*equal(*compress(_CONDITIONS, chosen)))
        for chosen in product((False, True), repeat=len(_CONDITIONS))
    }


_LISTED = {
    chosen: sql(statement.order_by(_D.id.desc()).limit(parameter()).offset(parameter()))
    for chosen, statement in _narrowed(_SELECTED).items()
}
_NUMBER = {chosen: sql(statement) for chosen, statement in _narrowed(_COUNTED).items()}


class NamespaceOutbox:
    """Where a unit of work of one namespace puts what is to be sent."""

    __slots__ = ("_cursor", "_enqueued", "_namespace")

    def __init__(self, cursor: DBAPICursor, namespace: int, enqueued: list[int]) -> None:
        self._cursor = cursor
        self._namespace = namespace
        self._enqueued = enqueued

    def put(self, message: OutgoingMessage, now: datetime) -> int:
        """Store a message that is to be sent as soon as the unit is committed; its id."""
        created = timestamp(now)
        row = {
            "id": None,  # the database counts on
            "namespace": self._namespace,
            "created": created,
            "kind": message.kind.value,
            "transaction": message.transaction,
            "to": message.to,
            "action": message.action,
            "message_id": message.message_id,
            "relates_to": message.relates_to,
            "version": message.version.name,
            "mtom": int(message.mtom),
            "attachments": json.dumps([asdict(each) for each in message.attachments]),
            "envelope": message.envelope,
            "state": DeliveryState.PENDING.value,
            "attempts": 0,
            "next_attempt": created,
            "last_error": "",
            "last_status": None,
            "finished": None,
        }
        self._cursor.execute(_PUT, tuple(row[column.name] for column in _D))
        key = int(self._cursor.lastrowid)
        self._enqueued.append(key)
        return key


class Outbox:
    """The deliveries of all namespaces, on a cursor that is in a transaction."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: DBAPICursor) -> None:
        self._cursor = cursor

    def pending(self, after: int = 0) -> list[tuple[int, datetime, str]]:
        """Id, next attempt and address of the pending ones with an id above `after`, by id."""
        self._cursor.execute(_PENDING, (DeliveryState.PENDING.value, after))
        rows = self._cursor.fetchall()
        return [(key, datetime.fromisoformat(due), to) for key, due, to in rows]

    def find(self, delivery: int) -> Delivery | None:
        """One of them, or None when there is none of this id."""
        self._cursor.execute(_FIND, (delivery,))
        row = self._cursor.fetchone()
        return None if row is None else _delivery(row)

    def envelope(self, delivery: int) -> bytes:
        """The envelope of one of them; empty when there is none of this id."""
        self._cursor.execute(_ENVELOPE, (delivery,))
        row = self._cursor.fetchone()
        return b"" if row is None else bytes(row[0])

    def listed(
        self, *, state: DeliveryState | None = None, namespace: str | None = None, limit: int
    ) -> list[Delivery]:
        """The newest ones first; None does not narrow."""
        key, values = _chosen(state, namespace)
        self._cursor.execute(_LISTED[key], (*values, limit, 0))
        return [_delivery(row) for row in self._cursor.fetchall()]

    def count(self, *, state: DeliveryState | None = None, namespace: str | None = None) -> int:
        """How many there are; None does not narrow."""
        key, values = _chosen(state, namespace)
        self._cursor.execute(_NUMBER[key], values)
        row = self._cursor.fetchone()
        assert row is not None  # noqa: S101 - a count always has a row
        return int(row[0])

    def counts(self) -> dict[DeliveryState, int]:
        """How many there are in each state."""
        self._cursor.execute(_COUNTS)
        found = {DeliveryState(state): number for state, number in self._cursor.fetchall()}
        return {state: found.get(state, 0) for state in DeliveryState}

    def delivered(self, delivery: int, attempts: int, now: datetime, status: int) -> bool:
        """Record that a pending one was taken by its receiver; False when it is not pending."""
        return self._record(
            delivery, DeliveryState.DELIVERED, attempts, status=status, finished=now
        )

    def retry(
        self,
        delivery: int,
        attempts: int,
        next_attempt: datetime,
        *,
        error: str,
        status: int | None,
    ) -> bool:
        """Record a failure of a pending one that will be attempted again."""
        return self._record(
            delivery,
            DeliveryState.PENDING,
            attempts,
            next_attempt=next_attempt,
            error=error,
            status=status,
        )

    def give_up(
        self, delivery: int, attempts: int, now: datetime, *, error: str, status: int | None
    ) -> bool:
        """Record the failure of a pending one that will not be attempted again."""
        return self._record(
            delivery, DeliveryState.DEAD, attempts, error=error, status=status, finished=now
        )

    def redeliver(self, delivery: int, now: datetime) -> bool:
        """Make a finished one pending again, as if it were new; False when it is not finished."""
        return any(
            self._record(delivery, DeliveryState.PENDING, 0, was=state, next_attempt=now)
            for state in (DeliveryState.DEAD, DeliveryState.DELIVERED)
        )

    def remove(self, delivery: int) -> bool:
        """Delete one of them, whatever its state; False when there is none of this id."""
        self._cursor.execute(_REMOVE, (delivery,))
        return self._cursor.rowcount > 0

    def _record(  # noqa: PLR0913 - the columns of an outcome, by name
        self,
        delivery: int,
        state: DeliveryState,
        attempts: int,
        *,
        was: DeliveryState = DeliveryState.PENDING,
        next_attempt: datetime | None = None,
        error: str = "",
        status: int | None = None,
        finished: datetime | None = None,
    ) -> bool:
        values = (
            state.value,
            attempts,
            next_attempt and timestamp(next_attempt),
            error,
            status,
            finished and timestamp(finished),
        )
        self._cursor.execute(_RECORD, (*values, delivery, was.value))
        changed = self._cursor.rowcount > 0
        if changed and finished is not None:
            self._cursor.execute(_FORGET, (_ALL, KEPT))
        return changed


def _chosen(state: DeliveryState | None, namespace: str | None) -> tuple[_Chosen, tuple[str, ...]]:
    values = (state and state.value, namespace)
    chosen = tuple(value is not None for value in values)
    return chosen, tuple(value for value in values if value is not None)


def _delivery(row: Sequence[Any]) -> Delivery:
    values = dict(zip(_NAMES, row, strict=True))
    return Delivery(
        **{
            **values,
            "kind": DeliveryKind(values["kind"]),
            "version": SoapVersion[values["version"]],
            "mtom": bool(values["mtom"]),
            "attachments": tuple(Attachment(**each) for each in json.loads(values["attachments"])),
            "state": DeliveryState(values["state"]),
            "created": datetime.fromisoformat(values["created"]),
            "next_attempt": _moment(values["next_attempt"]),
            "finished": _moment(values["finished"]),
        }
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
