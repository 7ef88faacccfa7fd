"""The journal of a world as the admin API reads it: with problems instead of errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from ihe_mock_async.journal import telling
from ihe_mock_async.journal.ledger import JournalOffError
from ihe_mock_async.web.admin.problems import Problem
from ihe_mock_async.web.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.journal.ledger import Journal
    from ihe_mock_async.journal.pattern import Pattern

ONE = "/requests/<int(min=1, max=9223372036854775807):number>"
IN_PATH = {"number": "Id of the request."}


class Journaled:
    """What the routes of requests share; `redact` masks what may be of a patient."""

    def __init__(self, journal: Journal, *, redact: bool) -> None:
        self.journal = journal
        self.redact = redact

    def entries(self, namespace: str) -> Sequence[Entry]:
        """Those of a world, the oldest first."""
        try:
            return self.journal.entries(namespace)
        except JournalOffError as error:
            raise Problem(HTTPStatus.CONFLICT, str(error)) from error

    def one(self, namespace: str, number: int) -> Entry:
        """The entry of that id, or the problem that says where it may have gone."""
        entries = self.entries(namespace)
        found = self.journal.find(namespace, number)
        if found is not None:
            return found
        evicted = self.journal.evicted(namespace)
        if evicted and (not entries or number < entries[0].sequence):
            raise Problem(
                HTTPStatus.GONE,
                f"Request {number} is not remembered any more: {evicted} of this namespace were "
                "forgotten because of journal_max_entries or journal_max_bytes.",
            )
        raise Problem(HTTPStatus.NOT_FOUND, self._absent(namespace, number))

    def _absent(self, namespace: str, number: int) -> str:
        for other in self.journal.namespaces():
            if other != namespace and self.journal.find(other, number) is not None:
                place = f"{f'/ns/{other}' if other else ''}/__admin/requests/{number}"
                return f"Request {number} is in another namespace: {place}"
        return f"There is no request {number} here: GET /__admin/requests lists them."

    async def matching(self, namespace: str, pattern: Pattern) -> Sequence[Entry]:
        """The entries that a pattern matches, the oldest first."""
        entries = self.entries(namespace)
        if not pattern.conditions:
            return entries
        # XPath and regular expressions over a thousand entries may take their time.
        return await in_thread(lambda: list(filter(pattern.matches, entries)))

    def tell(self, entry: Entry) -> dict[str, object]:
        """All of an entry as JSON."""
        return telling.tell(entry, redact=self.redact)

    def tell_briefly(self, entry: Entry) -> dict[str, object]:
        """An entry in a list."""
        return telling.tell_briefly(entry, redact=self.redact)
