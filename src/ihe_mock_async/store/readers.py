"""Reading beside the writer: a few threads, each with a connection that cannot write."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy.pool import PoolProxiedConnection

from ihe_mock_async.errors import StoreError
from ihe_mock_async.store.database import FAILURES, Database, explain
from ihe_mock_async.store.unit_of_work import Transaction
from ihe_mock_async.store.writer import CLOSED

T = TypeVar("T")

THREADS = 4


class Readers:
    """Carries out readings, each on one committed state of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._local = threading.local()
        self._connections: list[PoolProxiedConnection] = []
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="ihe-mock-async-reader")
        self._closed = False

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """The result of the work; raises StoreError when the database cannot be read."""
        if self._closed:
            raise StoreError(CLOSED)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work)

    def _read(self, work: Callable[[Transaction], T]) -> T:
        try:
            connection = self._connection()
            cursor = connection.cursor()
            try:
                self._database.begin_reading(cursor)
                return work(Transaction(cursor))
            finally:
                cursor.close()
                connection.rollback()
        except FAILURES as error:
            raise explain(error) from error

    def _connection(self) -> PoolProxiedConnection:
        connection: PoolProxiedConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._database.connect(read_only=True)
            self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Finish what is being read, then close the connections; blocks until then."""
        self._closed = True
        self._pool.shutdown()
        while self._connections:
            self._connections.pop().close()
