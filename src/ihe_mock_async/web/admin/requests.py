"""`/__admin/requests`: what clients have sent to the mocked endpoints of a world."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from quart import Response, jsonify

from ihe_mock_async.errors import WrongJsonError
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal import json_model
from ihe_mock_async.journal.documents import Document, EntryDocument, EntrySummary
from ihe_mock_async.journal.pattern import Pattern
from ihe_mock_async.web.admin import query
from ihe_mock_async.web.admin.api import Operation, Parameter, Reply
from ihe_mock_async.web.admin.documents import nothing
from ihe_mock_async.web.admin.journaled import IN_PATH, ONE, Journaled
from ihe_mock_async.web.admin.problems import PROBLEM, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ihe_mock_async.journal.entry import Entry

_FILTERS = (
    Parameter("transaction", "Only those of this transaction: `ITI-41`."),
    Parameter("outcome", "Only those that ended so.", {"enum": [each.value for each in Outcome]}),
    Parameter("service", "Only those to this companion service."),
    Parameter("method", "Only those with this HTTP method."),
    Parameter("path", "Only those to this path, with or without `/ns/{namespace}`."),
)
_SINCE = Parameter(
    "since", "Only those received at or after this time (ISO 8601), or after the one of this id."
)
LIMIT = Parameter(
    "limit",
    "How many are listed at most.",
    {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
)
_CURSOR = Parameter("cursor", "What `meta.next` of the page before says.")
_CURSOR_TEXT = re.compile(r"before (?P<sequence>[0-9]{1,19})")
_SEQUENCE = re.compile(r"[0-9]{1,19}")
OFF = Reply("The journal is off.", media_type=PROBLEM)
ABSENT = Reply("There is no such request.", media_type=PROBLEM)
GONE = Reply("It was forgotten because of the bounds of the journal.", media_type=PROBLEM)


class ListMeta(Document):
    """About a list of requests."""

    total: int
    """How many there are of what was asked for, on whatever page."""
    evicted: int
    """How many requests of this world were forgotten because of the journal's bounds."""
    next: str | None
    """The cursor of the next page; null: this is the last one."""


class RequestList(Document):
    """Requests, the newest first."""

    requests: list[EntrySummary]
    meta: ListMeta


class RequestRoutes:
    """The routes of requests: list, show, forget."""

    def __init__(self, journaled: Journaled) -> None:
        self._journaled = journaled

    def operations(self) -> Iterator[Operation]:
        """What can be done with the requests of a world."""
        yield Operation(
            "GET",
            "/requests",
            self.listing,
            "List requests, the newest first",
            {200: Reply("A page of them.", RequestList), 409: OFF},
            parameters=(*_FILTERS, _SINCE, LIMIT, _CURSOR),
            description="Pages stay as they are while new requests come.",
        )
        yield Operation(
            "GET",
            ONE,
            self.one,
            "Show a request and its response",
            {200: Reply("All but the bodies.", EntryDocument), 404: ABSENT, 409: OFF, 410: GONE},
            path_parameters=IN_PATH,
        )
        yield Operation(
            "DELETE",
            "/requests",
            self.clear,
            "Forget all requests",
            {204: Reply("There are none any more.", media_type="")},
        )
        yield Operation(
            "DELETE",
            ONE,
            self.forget,
            "Forget a request",
            {204: Reply("It is gone.", media_type=""), 404: ABSENT, 409: OFF, 410: GONE},
            path_parameters=IN_PATH,
        )

    async def listing(self, namespace: str) -> Response:
        """A page of those that the query asks for."""
        pattern = _pattern()
        is_since = _since(query.value(_SINCE))
        below = _below(query.value(_CURSOR))
        limit = query.value(LIMIT)
        matching = await self._journaled.matching(namespace, pattern)
        found = [entry for entry in reversed(matching) if is_since(entry)]
        rest = [entry for entry in found if below is None or entry.sequence < below]
        page = rest[:limit]
        meta = ListMeta(
            total=len(found),
            evicted=self._journaled.journal.evicted(namespace),
            next=_cursor(page[-1]) if len(rest) > limit else None,
        )
        listed = list(map(self._journaled.tell_briefly, page))
        return jsonify({"requests": listed, "meta": meta.json_ready()})

    async def one(self, number: int, namespace: str) -> Response:
        """One of them."""
        return jsonify(self._journaled.tell(self._journaled.one(namespace, number)))

    async def clear(self, namespace: str) -> Response:
        """Forget all."""
        self._journaled.journal.clear(namespace)
        return nothing()

    async def forget(self, number: int, namespace: str) -> Response:
        """Forget one."""
        self._journaled.one(namespace, number)
        self._journaled.journal.remove(namespace, number)
        return nothing()


def _pattern() -> Pattern:
    """The query's filters as a pattern."""
    given = {parameter.name: query.value(parameter) for parameter in _FILTERS}
    wanted: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    try:
        return json_model.read(Pattern, wanted)
    except WrongJsonError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"A query parameter is wrong. {error}.") from error


def _since(text: str | None) -> Callable[[Entry], bool]:
    """Whether an entry is as new as the query wants it."""
    if text is None:
        return lambda _: True
    if _SEQUENCE.fullmatch(text):
        sequence = int(text)
        return lambda entry: entry.sequence > sequence
    moment = _moment(text)
    return lambda entry: entry.received >= moment


def _moment(text: str) -> datetime:
    try:
        # A plus sign that was not encoded has become a blank.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError as error:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            f'The query parameter since is "{text}"; allowed: a time such as '
            "2026-01-31T12:00:00Z, or the id of a request.",
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _cursor(entry: Entry) -> str:
    return base64.urlsafe_b64encode(f"before {entry.sequence}".encode()).decode("ascii")


def _below(cursor: str | None) -> int | None:
    """The id below which the next page begins; None: the first page."""
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    match = _CURSOR_TEXT.fullmatch(text)
    if match is None:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            f'The query parameter cursor is "{cursor}"; allowed: what meta.next of a list says.',
        )
    return int(match["sequence"])
