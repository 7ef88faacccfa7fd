"""The database that a URL names: opened, checked, made when it is new, and its connections.

The one place that speaks SQLite: write-ahead log, BEGIN IMMEDIATE (a transaction that upgrades
from reading to writing fails at once when another one writes), `synchronous=NORMAL`: a commit
survives `kill -9`, only a loss of power may take the last ones, and never leaves half of one.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Self, cast

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy import exc as sqlalchemy_errors
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.pool import NullPool, PoolProxiedConnection, StaticPool

from ihe_mock_async.errors import StoreError
from ihe_mock_async.store.file_content import make_folder
from ihe_mock_async.store.schema import APPLICATION_ID, READINESS, VERSION, ddl

DEFAULT_FILE = "ihe-mock-async.sqlite3"
"""Name of the database in the data folder when no URL is set."""
BUSY_SECONDS = 5.0
"""How long a transaction waits for another process that writes."""
WRITER_CACHE = 8_000
"""KiB of pages that a writing connection keeps; SQLite's own 2 000 cost a fifth more time.

The attributes of one object go to pages all over an index.
"""

FAILURES = (sqlite3.DatabaseError, OSError)
"""What the driver and the disk raise."""
BROKEN_CONSTRAINTS = (sqlite3.IntegrityError, sqlite3.ProgrammingError)
"""Those FAILURES that are the fault of a unit of work, not of the store."""

# By primary result code (https://www.sqlite.org/rescode.html).
_ADVICE = {
    sqlite3.SQLITE_FULL: "The disk is full. Free space on the volume of the database",
    sqlite3.SQLITE_IOERR: "The disk refuses. Check the space, quota and health of its volume",
    sqlite3.SQLITE_READONLY: "The database is read-only. Let the server's user write it",
    sqlite3.SQLITE_CANTOPEN: "The database is not accessible. Check that folder and file exist "
    "and that the server's user may write both",
    sqlite3.SQLITE_BUSY: "Another process holds the database. Stop that process",
    sqlite3.SQLITE_CORRUPT: "The database is damaged. Restore a copy, or move the file away",
    sqlite3.SQLITE_NOTADB: "The file is not a SQLite database. Move it away, or set database_url "
    "to another file",
}
_OTHER_ADVICE = "Check the volume and the rights of data_dir and the database"


def explain(error: Exception) -> StoreError:
    """What a failure means and what to do, without paths: clients may read it."""
    explained = StoreError(f"The store cannot be used {_describe(error)}, then send it again.")
    explained.__cause__ = error
    return explained


def _describe(error: BaseException) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    cause = (isinstance(error, OSError) and error.strerror) or error
    return f"({cause}). {_ADVICE.get(code, _OTHER_ADVICE)}"


class Database:
    """A database of this release's schema."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self._engine = engine
        self._path = path
        self._identity = None if path is None else _identity(path)

    @classmethod
    def open(cls, database_url: str, data_dir: Path) -> Self:
        """Open what the URL names, an empty one for the default file in the data folder.

        Makes it (0600) when it does not exist. Raises StoreError saying what to do when it is
        not ours, of another version, damaged or not writable; it is unchanged then.
        """
        url = _read_url(database_url, data_dir)
        path = None if url.database in (None, "", ":memory:") else Path(url.database or "")
        engine = create_engine(
            url,
            poolclass=StaticPool if path is None else NullPool,
            # Transactions are ours to begin; each connection is used by one thread at a time.
            connect_args={
                "isolation_level": None,
                "check_same_thread": False,
                "timeout": BUSY_SECONDS,
            },
        )
        try:
            if path is not None:
                _make_file(path)
                _prepare(engine, path)
            else:
                _fill(engine)
        except (sqlalchemy_errors.DatabaseError, *FAILURES) as error:
            engine.dispose()
            cause = getattr(error, "orig", error)
            raise StoreError(f"{path} cannot be used {_describe(cause)}.") from error
        except StoreError:
            engine.dispose()
            raise
        return cls(engine, path)

    @property
    def in_memory(self) -> bool:
        """Whether it has one connection only, and ends with it."""
        return self._path is None

    def connect(self, *, read_only: bool = False) -> PoolProxiedConnection:
        """A connection of its own for one thread (in memory: the only one)."""
        connection = self._engine.raw_connection()
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=NORMAL")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        else:
            cursor.execute(f"PRAGMA cache_size=-{WRITER_CACHE}")  # negative: KiB, not pages
        cursor.close()
        return connection

    def begin_writing(self, cursor: DBAPICursor) -> None:
        """Start a transaction that excludes other writers; raises one of FAILURES."""
        if self._path is not None and _identity(self._path) != self._identity:
            # SQLite would go on writing into a file that has no name any more.
            raise OSError(None, "the database file has been replaced, start the server again")
        cursor.execute("BEGIN IMMEDIATE")

    def begin_reading(self, cursor: DBAPICursor) -> None:
        """Start a transaction that sees one state of the database throughout."""
        cursor.execute("BEGIN")

    def close(self) -> None:
        """Let go of the database; connections are closed before."""
        self._engine.dispose()


def _identity(path: Path) -> tuple[int, int]:
    status = os.stat(path)  # noqa: PTH116 - once per transaction, and Path.stat costs twice as much
    return status.st_dev, status.st_ino


def _read_url(text: str, data_dir: Path) -> URL:
    if not text:
        return URL.create("sqlite", database=str(data_dir / DEFAULT_FILE))
    try:
        url = make_url(text)
    except sqlalchemy_errors.ArgumentError as error:
        raise StoreError(
            "database_url is not a URL; expected sqlite:///FILE, or sqlite:// for a database "
            "in memory."
        ) from error
    if url.query:
        raise StoreError("database_url has options behind '?'; this release supports none.")
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise StoreError(
            f"database_url names the database {url.drivername!r}; this release supports SQLite "
            "only. Set sqlite:///FILE, or sqlite:// for a database in memory."
        )
    return url


def _make_file(path: Path) -> None:
    make_folder(path.parent)
    # SQLite gives the write-ahead log the rights of the database file.
    os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))


def _fill(engine: Engine) -> None:
    """Make the tables of a database in memory: every test may have a server of its own.

    Copying them takes a tenth of the time that running their DDL takes.
    """
    if not _CAN_SERIALIZE:
        _prepare(engine, None)
        return
    with (
        closing(sqlite3.connect(":memory:")) as template,
        closing(engine.raw_connection()) as connection,
    ):
        template.deserialize(_empty_database())
        template.backup(cast("sqlite3.Connection", connection.driver_connection))


# SQLite before 3.36 cannot, unless it was compiled to.
_CAN_SERIALIZE = hasattr(sqlite3.Connection, "serialize")


@cache
def _empty_database() -> bytes:
    """The file of a database without any content of ours."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        _prepare(engine, None)
        with closing(engine.raw_connection()) as connection:
            return cast("sqlite3.Connection", connection.driver_connection).serialize()
    finally:
        engine.dispose()


def _prepare(engine: Engine, path: Path | None) -> None:
    with engine.connect() as connection:
        # Two servers that start at once: the second waits here, and finds the tables.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        pragma = "PRAGMA {}".format
        application = connection.exec_driver_sql(pragma("application_id")).scalar_one()
        version = connection.exec_driver_sql(pragma("user_version")).scalar_one()
        tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
        if (application, version, tables) == (0, 0, 0):
            with closing(connection.connection.cursor()) as cursor:
                for statement in ddl():
                    cursor.execute(statement)
            connection.execute(READINESS.insert().values(key=1, checked=0))
            connection.exec_driver_sql(pragma(f"application_id={APPLICATION_ID}"))
            connection.exec_driver_sql(pragma(f"user_version={VERSION}"))
        else:
            _check_ours(path, application, version)
        connection.commit()
        connection.exec_driver_sql(pragma("journal_mode=WAL"))


def _check_ours(path: Path | None, application: int, version: int) -> None:
    if application != APPLICATION_ID:
        raise StoreError(
            f"{path} is a database of another program. Set database_url to another file."
        )
    if version != VERSION:
        raise StoreError(
            f"{path} has schema version {version}, this release reads version {VERSION}. Use the "
            "release that wrote it, or move the file away to start with an empty one."
        )
