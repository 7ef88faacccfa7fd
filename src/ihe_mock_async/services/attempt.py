"""One request that a mapping answers: begun, answered, and committed or abandoned.

What the service remembers changes at `commit` only: an answer that is not sent leaves no trace,
if the fault plan says so.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ihe_mock_async.journal.content import UnreadableError
from ihe_mock_async.services import refusals
from ihe_mock_async.services.answer import Answer, with_etag
from ihe_mock_async.services.companion import Mapping
from ihe_mock_async.services.request import ServiceRequest
from ihe_mock_async.services.state import KeptAnswer, Record, ServiceState
from ihe_mock_async.services.templates import Values

REPLAYED = "Idempotency-Replayed"
_READING = frozenset({"GET", "HEAD"})


@dataclass(slots=True)
class Attempt:
    """A request that is being carried out; `commit` or `abandon` must follow."""

    mapping: Mapping
    request: ServiceRequest
    state: ServiceState
    key: str = ""
    kept: KeptAnswer | None = None
    numbers: Counter[str] = field(default_factory=Counter)
    """By name of a sequence, the number that this answer has taken."""

    def answer(self, now: datetime, new_uuid: Callable[[], str]) -> Answer:
        """The answer as it stands now; nothing is remembered yet."""
        values = Values(self.request, now, new_uuid, self._number)
        made = self.mapping.respond(values)
        if self.mapping.declaration.etag == "auto" and self.request.method in _READING:
            return with_etag(made, self.request.header("if-none-match"))
        return made

    def _number(self, name: str) -> int:
        self.numbers[name] = self.state.numbers[name] + 1
        return self.numbers[name]

    def commit(self, answer: Answer, number: int, received: datetime) -> None:
        """Remember it; `number` is the one of its journal entry."""
        declared = self.mapping.declaration
        if declared.reset:
            self.state.clear()
            return
        self.state.numbers |= self.numbers  # the higher one of each
        if declared.record is not None:
            record = _record(self.request, self.mapping.title, answer.status, number, received)
            self.state.add_record(declared.record, record)
        if self.kept is not None:
            self.state.keep(self.key, self.kept, answer)

    def abandon(self) -> None:
        """It is not carried out; harmless after `commit`."""
        if self.kept is not None:
            self.state.abandon(self.key, self.kept)


def begin(mapping: Mapping, request: ServiceRequest, state: ServiceState) -> Attempt | Answer:
    """Start, or give the answer that its idempotency key has already."""
    declared = mapping.declaration.idempotency
    key = ", ".join(request.header(declared.header)).strip() if declared else ""
    if declared is None or not key:
        return Attempt(mapping, request, state)
    fingerprint = _fingerprint(request)
    kept = state.kept_answer(key)
    if kept is None:
        return Attempt(mapping, request, state, key, state.begin(key, fingerprint))
    if kept.fingerprint != fingerprint:
        return refusals.other_request(declared.header)
    if kept.answer is None:
        return refusals.in_flight(declared.header)
    return kept.answer.with_header(REPLAYED, "true")


def _fingerprint(request: ServiceRequest) -> bytes:
    digest = hashlib.sha256(request.body)
    digest.update(f"\0{request.method} {request.path}?{request.query}".encode())
    return digest.digest()


def _record(
    request: ServiceRequest, mapping: str, status: int, number: int, received: datetime
) -> Record:
    try:
        document = request.content.json
    except UnreadableError:
        document = None
    return Record(
        number=number,
        received=received,
        method=request.method,
        path=request.path,
        query=request.query,
        headers=tuple(request.headers),
        body=request.body,
        json=document,
        form=request.form,
        mapping=mapping,
        status=status,
    )
