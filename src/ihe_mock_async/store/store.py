"""`Store`: the state of all namespaces and the content of their documents, opened and closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from ihe_mock_async.errors import StoreError
from ihe_mock_async.store.content import ContentStore, StagedContent
from ihe_mock_async.store.database import Database, explain
from ihe_mock_async.store.file_content import FileContentStore
from ihe_mock_async.store.memory_content import MemoryContentStore
from ihe_mock_async.store.outbox import Outbox
from ihe_mock_async.store.readers import Readers
from ihe_mock_async.store.unit_of_work import NamespaceCounts, NamespaceState, Transaction
from ihe_mock_async.store.writer import Writer

T = TypeVar("T")

_NO_CONTENTS: Mapping[str, StagedContent] = {}


class Store:
    """Patients and documents by namespace; the default world is the namespace ''.

    Usable from any event loop, and closed with `close` or at the end of a `with` block.
    """

    def __init__(self, database: Database, content: ContentStore) -> None:
        self._database = database
        self.content = content
        self._writer = Writer(database, content)
        # A database in memory has one connection, which is the writer's.
        self._readers = None if database.in_memory else Readers(database)

    @classmethod
    def open(cls, database_url: str, data_dir: Path) -> Self:
        """Open the database and the content folder below `data_dir`, made when missing.

        `database_url` is `sqlite:///FILE`, empty for a file in `data_dir`, or `sqlite://` to
        have everything in memory (`data_dir` is not touched then). Blocks. Raises StoreError
        saying what to do; an existing file that is refused is unchanged.
        """
        database = Database.open(database_url, data_dir)
        try:
            content = _open_content(database, data_dir)
        except StoreError:
            database.close()
            raise
        return cls(database, content)

    async def write(
        self,
        namespace: str,
        work: Callable[[NamespaceState], T],
        staged: Mapping[str, StagedContent] = _NO_CONTENTS,
    ) -> T:
        """Run a unit of work in the writer's thread; returns its result after the commit.

        The work may be run twice. What it raises is raised here, and nothing of it is stored.
        `staged` has the contents by SHA-256 that the work may store; those it has stored are
        kept, the caller discards the others. Raises StoreError when the store cannot be used.
        Once called, the work is carried out even if the awaiting task is cancelled; with staged
        contents the cancellation takes effect when the writer has let go of them.
        """
        future = self._writer.submit(lambda t: work(t.writable(namespace)), staged)
        return await (_to_the_end(future) if staged else future)

    async def read(self, namespace: str, work: Callable[[NamespaceState], T]) -> T:
        """Run a unit of work that changes nothing, beside the writer, on a committed state."""
        return await self._read(lambda transaction: work(transaction.readable(namespace)))

    async def write_outbox(self, work: Callable[[Outbox], T]) -> T:
        """Run a unit of work on the messages of all namespaces; as `write`."""
        return await self._writer.submit(lambda transaction: work(transaction.outbox))

    async def read_outbox(self, work: Callable[[Outbox], T]) -> T:
        """Look at the messages of all namespaces; as `read`."""
        return await self._read(lambda transaction: work(transaction.outbox))

    def on_enqueued(self, tell: Callable[[], None] | None) -> None:
        """Call `tell` after each commit that has put messages into the outbox; None: nobody.

        It is called in the writer's thread, whether or not somebody still awaits the unit.
        """
        self._writer.on_enqueued = tell

    async def namespaces(self) -> list[str]:
        """The namespaces that something was written to, sorted."""
        return await self._read(Transaction.names)

    async def delete_namespace(self, name: str) -> None:
        """Delete all patients and documents of a namespace, and content that only it has."""
        await self._writer.submit(lambda transaction: transaction.remove(name))

    async def counts(self, name: str) -> NamespaceCounts:
        """How much there is in a namespace; all zero when there is no such namespace."""
        return await self._read(lambda transaction: transaction.counts(name))

    async def ready(self) -> None:
        """Raise StoreError, saying what to do, unless a write would succeed now."""
        await self._writer.submit(Transaction.check)
        try:
            await asyncio.to_thread(self.content.check)
        except OSError as error:
            raise explain(error) from error

    @property
    def commits(self) -> int:
        """How many transactions have written since the store was opened."""
        return self._writer.commits

    def close(self) -> None:
        """Carry out what is queued, then let go of everything; blocks. May be called again."""
        self._writer.close()
        if self._readers is not None:
            self._readers.close()
        self._database.close()
        self.content.close()

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    async def _read(self, work: Callable[[Transaction], T]) -> T:
        if self._readers is None:
            return await self._writer.submit(work)
        return await self._readers.read(work)


async def _to_the_end(future: asyncio.Future[T]) -> T:
    # Who is cancelled discards what is staged, and that is the writer's until the unit has ended.
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([future])
        raise


def _open_content(database: Database, data_dir: Path) -> ContentStore:
    if database.in_memory:
        return MemoryContentStore()
    try:
        return FileContentStore(data_dir / "content")
    except OSError as error:
        raise StoreError(
            f"The data folder {data_dir} cannot be used ({error.strerror}). Let the server's "
            "user write it, or set another data_dir."
        ) from error
