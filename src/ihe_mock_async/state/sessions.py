"""Answers that are told in parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class QuerySession:
    """An answer to a query that is fetched in parts (ITI TF-2: 3.47.4.3)."""

    query_id: str
    """`root^extension`."""
    query: bytes
    """The queryByParameter, as it was received."""
    matches: tuple[tuple[int, int], ...]
    """Key of the patient and degree of match, in the order of the answer."""
    delivered: int
    """How many of the matches have been told already."""
    response_id: str
    """Root of the id of the latest answer, which a continuation acknowledges."""
    expires: datetime
    """Aware; from then on it is unknown."""
    quantity: int | None = None
    """How many matches a part has, as it was asked for last; None: all that are left."""


class QuerySessions(Protocol):
    """The answers of one namespace that are fetched in parts. Times are aware UTC datetimes."""

    def find(self, query_id: str, now: datetime) -> QuerySession | None:
        """The session of a query (`root^extension`), unless it has expired."""
        ...

    def keep(self, session: QuerySession, now: datetime) -> None:
        """Store a session in place of an earlier one of the same query.

        Expired sessions and the oldest of too many are forgotten.
        """
        ...

    def end(self, query_id: str) -> None:
        """Forget a session; an unknown one is not an error."""
        ...
