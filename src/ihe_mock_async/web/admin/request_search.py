"""`/__admin/requests/find`, `count`, `verify`, `wait`: requests by pattern, and how many.

Whoever gets fewer than wanted is told which requests came near, and why they do not match.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, cast

from pydantic import Field
from quart import Response, jsonify, request

from ihe_mock_async.errors import EvictedError
from ihe_mock_async.journal import near_miss, verification
from ihe_mock_async.journal.documents import Document, EntryDocument, EntrySummary
from ihe_mock_async.journal.json_model import JsonModel
from ihe_mock_async.journal.ledger import JournalClosedError
from ihe_mock_async.journal.pattern import Pattern
from ihe_mock_async.journal.redaction import MASK
from ihe_mock_async.journal.verification import Expectation
from ihe_mock_async.web.admin import json_body, query
from ihe_mock_async.web.admin.api import Operation, Reply
from ihe_mock_async.web.admin.journaled import Journaled
from ihe_mock_async.web.admin.problems import PROBLEM, Problem
from ihe_mock_async.web.admin.requests import LIMIT, OFF
from ihe_mock_async.web.asgi import TRANSPORT
from ihe_mock_async.web.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ihe_mock_async.journal.entry import Entry
    from ihe_mock_async.journal.near_miss import NearMiss
    from ihe_mock_async.web.asgi import Transport

LONGEST_WAIT_MS = 600_000


class Wanted(JsonModel):
    """What is waited for."""

    match: Pattern = Field(
        default_factory=Pattern, description="Which requests count; without it, all."
    )
    count: Annotated[int, Field(strict=True, ge=1, le=10_000)] = Field(
        default=1, description="How many of them."
    )
    timeout_ms: Annotated[int, Field(strict=True, ge=0, le=LONGEST_WAIT_MS)] = Field(
        default=5000, description="How long, at most."
    )


class FoundRequests(Document):
    """Requests that a pattern matches."""

    requests: list[EntryDocument]


class RequestCount(Document):
    """How many requests a pattern matches."""

    count: int
    evicted: int
    """How many requests were forgotten, and may have matched."""


class MismatchDocument(Document):
    """A condition of a pattern that a request does not fulfil."""

    key: str
    expected: str
    received: str


class NearMissDocument(Document):
    """A request that nearly matches."""

    request: EntrySummary
    mismatches: list[MismatchDocument]
    distance: float
    """Of the conditions the share that it does not fulfil, 0 to 1."""


class VerificationDocument(Document):
    """Whether an expectation is met."""

    passed: bool
    count: int
    expected: str
    """How many there should be, in words."""
    evicted: int
    """How many requests were forgotten; they make no difference here."""
    near_misses: list[NearMissDocument]
    """When there are too few: what came nearest."""


class RequestSearchRoutes:
    """The routes that look for requests by pattern."""

    def __init__(self, journaled: Journaled) -> None:
        self._journaled = journaled

    def operations(self) -> Iterator[Operation]:
        """What can be looked for."""
        example = {"submissions of one patient": {"transaction": "ITI-41", "patientId": "P-1"}}
        yield Operation(
            "POST",
            "/requests/find",
            self.find,
            "Find requests by a pattern, the newest first",
            {200: Reply("Those that match.", FoundRequests), 409: OFF},
            parameters=(LIMIT,),
            body=Pattern,
            examples=example,
        )
        yield Operation(
            "POST",
            "/requests/count",
            self.count,
            "Count requests by a pattern",
            {200: Reply("How many match.", RequestCount), 409: OFF},
            body=Pattern,
            examples=example,
        )
        yield Operation(
            "POST",
            "/requests/verify",
            self.verify,
            "Verify that as many requests were received as expected",
            {
                200: Reply("Whether it is so; `passed` is false when not.", VerificationDocument),
                409: Reply(
                    "The journal is off, or nobody can tell: requests were forgotten because of "
                    "its bounds, and it depends on them.",
                    media_type=PROBLEM,
                ),
            },
            body=Expectation,
            description="An expectation that is not met is an answer, not an error: HTTP 200 with "
            "`passed: false`.",
            examples={"two feeds": {"match": {"transaction": "ITI-44"}, "times": 2}},
        )
        yield Operation(
            "POST",
            "/requests/wait",
            self.wait,
            "Wait for requests",
            {
                200: Reply("The requests, in the order of their coming.", FoundRequests),
                408: Reply("Too few came; `nearMisses` says what did.", media_type=PROBLEM),
                409: OFF,
            },
            body=Wanted,
            description="Requests that are there already count, also those that are not "
            "answered yet.",
            examples={
                "a submission": {"match": {"transaction": "ITI-41"}, "count": 1, "timeoutMs": 0}
            },
        )

    async def find(self, namespace: str) -> Response:
        """The newest requests that match."""
        pattern = await json_body.read(Pattern)
        matching = await self._journaled.matching(namespace, pattern)
        newest = list(reversed(matching))[: query.value(LIMIT)]
        return self._found(newest)

    async def count(self, namespace: str) -> Response:
        """How many requests match."""
        pattern = await json_body.read(Pattern)
        count = len(await self._journaled.matching(namespace, pattern))
        evicted = self._journaled.journal.evicted(namespace)
        return jsonify(RequestCount(count=count, evicted=evicted).json_ready())

    async def verify(self, namespace: str) -> Response:
        """Whether as many match as expected."""
        expectation = await json_body.read(Expectation)
        entries = self._journaled.entries(namespace)
        evicted = self._journaled.journal.evicted(namespace)
        try:
            result = await in_thread(lambda: verification.verify(expectation, entries, evicted))
        except EvictedError as error:
            raise Problem(HTTPStatus.CONFLICT, str(error)) from error
        return jsonify(
            {
                "passed": result.passed,
                "count": result.count,
                "expected": result.expected,
                "evicted": result.evicted,
                "nearMisses": self._near(result.near_misses),
            }
        )

    async def wait(self, namespace: str) -> Response:
        """The requests, as soon as they are there."""
        wanted = await json_body.read(Wanted)
        self._journaled.entries(namespace)
        try:
            found = await self._come(namespace, wanted)
        except JournalClosedError as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
        if len(found) < wanted.count:
            raise await self._too_few(namespace, wanted, found)
        return self._found(found)

    async def _come(self, namespace: str, wanted: Wanted) -> Sequence[Entry]:
        """Wait, but not longer than the server runs."""
        waiting = asyncio.ensure_future(
            self._journaled.journal.wait(
                namespace,
                wanted.match.matches,
                count=wanted.count,
                seconds=wanted.timeout_ms / 1000,
            )
        )
        transport = cast("Transport | None", request.scope.get("extensions", {}).get(TRANSPORT))
        over = [waiting, *([asyncio.ensure_future(transport.given_up())] if transport else ())]
        try:
            await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise JournalClosedError("The server stops: no request will come any more.")
            return waiting.result()
        finally:
            for each in over:
                each.cancel()

    async def _too_few(self, namespace: str, wanted: Wanted, found: Sequence[Entry]) -> Problem:
        entries = self._journaled.entries(namespace)
        misses = await in_thread(lambda: near_miss.nearest(wanted.match, entries))
        return Problem(
            HTTPStatus.REQUEST_TIMEOUT,
            f"{len(found)} of {wanted.count} requests came within {wanted.timeout_ms} ms.",
            members={
                "requests": [self._journaled.tell(entry) for entry in found],
                "nearMisses": self._near(misses),
            },
        )

    def _found(self, entries: Sequence[Entry]) -> Response:
        return jsonify({"requests": [self._journaled.tell(entry) for entry in entries]})

    def _near(self, misses: Sequence[NearMiss]) -> list[dict[str, object]]:
        return [self._told(miss) for miss in misses]

    def _told(self, miss: NearMiss) -> dict[str, object]:
        redact = self._journaled.redact
        return {
            "request": self._journaled.tell_briefly(miss.entry),
            "mismatches": [
                {
                    "key": each.key,
                    "expected": each.expected,
                    "received": MASK if redact else each.received,
                }
                for each in miss.mismatches
            ],
            "distance": miss.share,
        }
