"""Answers that are fetched in parts (`state.QuerySessions`), in a table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.engine.interfaces import DBAPICursor

from ihe_mock_async.state import QuerySession
from ihe_mock_async.store.schema import QUERY_SESSIONS, equal, parameter, sql, timestamp

KEPT = 1000
"""Sessions of one namespace; older ones give way."""

_S = QUERY_SESSIONS.c
_SESSION = (_S.namespace, _S.query_id)

_FIND = sql(
    select(_S.query, _S.matches, _S.delivered, _S.response_id, _S.expires, _S.quantity).where(
        *equal(*_SESSION)
    )
)
_ADD = sql(insert(QUERY_SESSIONS))
_REMOVE = sql(delete(QUERY_SESSIONS).where(*equal(*_SESSION)))
_REMOVE_EXPIRED = sql(
    delete(QUERY_SESSIONS).where(*equal(_S.namespace), _S.expires <= parameter())
)
_newest = select(_S.query_id).where(*equal(_S.namespace)).order_by(_S.expires.desc(), _S.query_id)
_REMOVE_OLDEST = sql(
    delete(QUERY_SESSIONS).where(
        *equal(_S.namespace), _S.query_id.in_(_newest.limit(parameter()).offset(parameter()))
    )
)
_NO_LIMIT = -1


class QuerySessionTable:
    """The sessions of one namespace, on a cursor that is in a transaction."""

    __slots__ = ("_cursor", "_namespace")

    def __init__(self, cursor: DBAPICursor, namespace: int) -> None:
        self._cursor = cursor
        self._namespace = namespace

    def find(self, query_id: str, now: datetime) -> QuerySession | None:
        """The session of a query, unless it has expired."""
        self._cursor.execute(_FIND, (self._namespace, query_id))
        row = self._cursor.fetchone()
        if row is None:
            return None
        query, matches, delivered, response_id, expires, quantity = row
        if expires <= timestamp(now):
            return None
        return QuerySession(
            query_id,
            query,
            _read_matches(matches),
            delivered,
            response_id,
            datetime.fromisoformat(expires),
            quantity,
        )

    def keep(self, session: QuerySession, now: datetime) -> None:
        """Store a session in place of an earlier one of the query; forget what is over."""
        self.end(session.query_id)
        self._cursor.execute(
            _ADD,
            (
                self._namespace,
                session.query_id,
                session.query,
                _write_matches(session.matches),
                session.delivered,
                session.response_id,
                timestamp(session.expires),
                session.quantity,
            ),
        )
        self._cursor.execute(_REMOVE_EXPIRED, (self._namespace, timestamp(now)))
        namespace = self._namespace
        self._cursor.execute(_REMOVE_OLDEST, (namespace, namespace, _NO_LIMIT, KEPT))

    def end(self, query_id: str) -> None:
        """Forget a session; an unknown one is not an error."""
        self._cursor.execute(_REMOVE, (self._namespace, query_id))


def _write_matches(matches: tuple[tuple[int, int], ...]) -> str:
    return " ".join(f"{key}:{degree}" for key, degree in matches)


def _read_matches(text: str) -> tuple[tuple[int, int], ...]:
    pairs = (match.split(":") for match in text.split())
    return tuple([(int(key), int(degree)) for key, degree in pairs])
