"""`/__admin/requests/unmatched`: requests that nobody was there for, and what would have been."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quart import Response, jsonify

from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal import near_miss
from ihe_mock_async.journal.body import BodyNotKeptError
from ihe_mock_async.journal.documents import Document, EntryDocument
from ihe_mock_async.journal.entry import text_of
from ihe_mock_async.services.request import ServiceRequest
from ihe_mock_async.web.admin import query
from ihe_mock_async.web.admin.api import Operation, Reply
from ihe_mock_async.web.admin.requests import LIMIT, OFF
from ihe_mock_async.web.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.web.admin.journaled import Journaled
    from ihe_mock_async.web.companions import Companions
    from ihe_mock_async.web.endpoints import Endpoints


class NearestDocument(Document):
    """What would have taken a request, were it a little different."""

    name: str
    """Path of an endpoint, or name of a companion service's mapping."""
    differences: list[str]
    """What is different, in words; empty with `redact`."""


class UnmatchedRequest(Document):
    """A request that nobody was there for."""

    request: EntryDocument
    """Its findings say what is wrong with it, when its endpoint exists."""
    nearest: list[NearestDocument]


class UnmatchedMeta(Document):
    """About the list."""

    total: int


class UnmatchedList(Document):
    """Requests that nobody was there for, the newest first."""

    unmatched: list[UnmatchedRequest]
    meta: UnmatchedMeta


class UnmatchedRoutes:
    """The route of requests that were not recognised."""

    def __init__(self, journaled: Journaled, endpoints: Endpoints, companions: Companions) -> None:
        self._journaled = journaled
        self._endpoints = endpoints
        self._companions = companions

    def operations(self) -> Iterator[Operation]:
        """The one that there is."""
        yield Operation(
            "GET",
            "/requests/unmatched",
            self.unmatched,
            "List requests that nobody was there for, and what would have matched",
            {200: Reply("The newest ones.", UnmatchedList), 409: OFF},
            parameters=(LIMIT,),
        )

    async def unmatched(self, namespace: str) -> Response:
        """The newest of them."""
        found = [
            entry
            for entry in reversed(self._journaled.entries(namespace))
            if entry.decided_outcome and _is_unmatched(entry)
        ]
        newest = found[: query.value(LIMIT)]
        listed = await in_thread(lambda: list(map(self._told, newest)))
        return jsonify({"unmatched": listed, "meta": {"total": len(found)}})

    def _told(self, entry: Entry) -> dict[str, object]:
        nearest = self._mappings(entry) if entry.service else self._paths(entry)
        if self._journaled.redact:
            nearest = [(name, []) for name, _ in nearest]
        return {
            "request": self._journaled.tell(entry),
            "nearest": [
                {"name": name, "differences": list(differences)} for name, differences in nearest
            ],
        }

    def _paths(self, entry: Entry) -> list[tuple[str, Sequence[str]]]:
        """Endpoints with a similar path; none when the path was right."""
        if self._endpoints.find(entry.path) is not None:
            return []
        prefix = f"/ns/{entry.namespace}" if entry.namespace else ""
        known = [f"{prefix}{endpoint.path}" for endpoint in self._endpoints]
        return [
            (path, [f'the path is "{entry.path}", not "{path}"'])
            for path in near_miss.paths(entry.path, known)
        ]

    def _mappings(self, entry: Entry) -> list[tuple[str, Sequence[str]]]:
        service = self._companions.find(entry.service)
        if service is None:
            return []
        return [(miss.mapping, miss.differences) for miss in service.near_misses(_asked(entry))]


def _is_unmatched(entry: Entry) -> bool:
    """Also when it was a SOAP fault that said so: its endpoint serves no such message."""
    is_nobodys = not entry.transaction and not entry.service
    return entry.outcome is Outcome.UNMATCHED or (entry.outcome is Outcome.FAULT and is_nobodys)


def _asked(entry: Entry) -> ServiceRequest:
    """The request as the companion service has seen it."""
    path = entry.path.removeprefix(f"/ns/{entry.namespace}" if entry.namespace else "")
    try:
        body = entry.request_body.whole()
    except BodyNotKeptError:
        body = b""
    return ServiceRequest(
        method=entry.method,
        path=path.removeprefix(f"/services/{entry.service}") or "/",
        query=entry.target.partition("?")[2],
        headers=[(text_of(name), text_of(value)) for name, value in entry.headers],
        body=body,
    )
