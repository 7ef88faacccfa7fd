"""The one thread that writes: all units of work that wait become one transaction.

While a group commits, the next one gathers, so under load one commit serves many requests
and alone a request waits for nobody. Units run without savepoints, in the hope that none fails;
when one does, the group is rolled back and each unit runs again in a transaction of its own.
They are pure functions of the state, so that running twice is the same as running once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.pool import PoolProxiedConnection

from ihe_mock_async.errors import StoreError
from ihe_mock_async.store.content import ContentStore, StagedContent
from ihe_mock_async.store.database import BROKEN_CONSTRAINTS, FAILURES, Database, explain
from ihe_mock_async.store.documents import DocumentTables
from ihe_mock_async.store.unit_of_work import Transaction

T = TypeVar("T")

MAX_GROUP = 256
"""Units in one transaction: the first does not wait for more than these."""
CLOSED = "The store is closed: the server is shutting down. Send the message again later."
_NO_CONTENTS: Mapping[str, StagedContent] = {}


@dataclass(slots=True, eq=False)
class _Unit:
    """A unit of work on its way, and how it ended."""

    work: Callable[[Transaction], Any]
    staged: Mapping[str, StagedContent]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None
    contents: list[StagedContent] = field(default_factory=list)
    made: list[StagedContent] = field(default_factory=list)
    """Contents that the unit has made itself, each time that it was run."""
    ended: bool = False
    """Committed or failed: nothing that happens later changes that."""

    def run(self, transaction: Transaction, content: ContentStore) -> None:
        transaction.state = None
        self.result = self.work(transaction)
        if transaction.state is not None:
            documents = transaction.state.documents
            stored = documents.stored_contents
            self.contents = list(self._find_staged(documents, content)) if stored else []

    def _find_staged(
        self, documents: DocumentTables, content: ContentStore
    ) -> Iterator[StagedContent]:
        for sha256, unique_id in documents.stored_contents.items():
            if sha256 in self.staged:
                yield self.staged[sha256]
            elif sha256 in documents.made_contents:
                yield self._stage(documents.made_contents[sha256], content)
            elif sha256 not in content:
                raise ValueError(f"document {unique_id} was stored, but its content not staged")

    def _stage(self, octets: bytes, content: ContentStore) -> StagedContent:
        staged = content.begin()
        self.made.append(staged)
        staged.write(octets)
        return staged

    def forget_made(self) -> None:
        """Throw away what was made and not kept."""
        for staged in self.made:
            staged.discard()

    def settle(self) -> None:
        """Give the end to whoever awaits it; in the thread of the loop."""
        if self.future.done():  # cancelled: the unit has been carried out nevertheless
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """Carries out units of work in a thread of its own, until it is closed."""

    def __init__(self, database: Database, content: ContentStore) -> None:
        self._database = database
        self._content = content
        self._connection: PoolProxiedConnection = database.connect()
        self._cursor: DBAPICursor = self._connection.cursor()
        self._queue: SimpleQueue[_Unit | None] = SimpleQueue()
        self._closed = False
        self._gate = threading.Lock()
        self.commits = 0
        self.on_enqueued: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._serve, name="ihe-mock-async-writer")
        self._thread.start()

    def submit(
        self,
        work: Callable[[Transaction], T],
        staged: Mapping[str, StagedContent] = _NO_CONTENTS,
    ) -> asyncio.Future[T]:
        """Queue a unit of work of the running loop; the future is done after the commit.

        Cancelling the future does not cancel the unit. Raises StoreError when closed.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._gate:  # nothing is queued behind the end
            if self._closed:
                raise StoreError(CLOSED)
            self._queue.put(_Unit(work, staged, loop, future))
        return future

    def close(self) -> None:
        """Carry out what is queued, then end; blocks until then."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while group := self._next_group():
            try:
                self._carry_out(group)
            except Exception as error:  # noqa: BLE001 - the thread outlives what nobody foresaw
                _fail([unit for unit in group if not unit.ended], error)
            for unit in group:
                unit.forget_made()
            _deliver(group)
        self._cursor.close()
        self._connection.close()

    def _next_group(self) -> list[_Unit]:
        """All units that wait, at least one; none at the end."""
        group: list[_Unit] = []
        unit = self._queue.get()
        while unit is not None:
            group.append(unit)
            if len(group) == MAX_GROUP:
                return group
            try:
                unit = self._queue.get_nowait()
            except Empty:
                return group
        if group:
            self._queue.put(None)  # the end is for the next round
        return group

    def _carry_out(self, group: list[_Unit]) -> None:
        try:
            self._database.begin_writing(self._cursor)
        except FAILURES as error:
            _fail(group, error)
            self._connection.rollback()  # if an earlier failure has left a transaction open
            return
        transaction = Transaction(self._cursor)
        try:
            for unit in group:
                unit.run(transaction, self._content)
            kept = self._keep(group)
        except Exception as error:  # noqa: BLE001 - whatever a unit raises is its caller's
            self._connection.rollback()
            self._isolate(group, error)
            return
        self._commit(group, transaction, kept)

    def _keep(self, group: list[_Unit]) -> list[str]:
        contents = [content for unit in group for content in unit.contents]
        return self._content.keep(contents) if contents else []

    def _isolate(self, group: list[_Unit], error: Exception) -> None:
        if len(group) == 1:
            _fail(group, error)
            return
        for unit in group:
            self._carry_out([unit])

    def _commit(self, group: list[_Unit], transaction: Transaction, kept: list[str]) -> None:
        try:
            self._connection.commit()
        except FAILURES as error:
            _fail(group, error)
            self._connection.rollback()
            for sha256 in kept:
                self._content.remove(sha256)
            return
        self.commits += 1
        for unit in group:
            unit.ended = True
        if transaction.enqueued and self.on_enqueued is not None:
            self.on_enqueued()
        # Between two transactions: no unit can take up a content while it is being removed.
        # One that cannot be removed only takes up space; the units have done their work.
        with suppress(*FAILURES):
            for sha256 in transaction.unused(transaction.abandoned):
                self._content.remove(sha256)


def _fail(group: list[_Unit], error: Exception) -> None:
    ours = isinstance(error, FAILURES) and not isinstance(error, BROKEN_CONSTRAINTS)
    for unit in group:  # an error of its own for each: they are raised separately
        unit.error = explain(error) if ours else error
        unit.ended = True


def _deliver(group: list[_Unit]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Unit]] = {}
    for unit in group:
        by_loop.setdefault(unit.loop, []).append(unit)
    for loop, units in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, units)
        except RuntimeError:  # the loop is closed, and with it all who waited
            continue


def _settle(units: list[_Unit]) -> None:
    for unit in units:
        unit.settle()
