"""Opening: what is made, what is refused, and that a refused file is untouched."""

import sqlite3
from pathlib import Path

import pytest

from ihe_mock_async.errors import StoreError
from ihe_mock_async.store import Store
from ihe_mock_async.store.database import DEFAULT_FILE, WRITER_CACHE, Database
from ihe_mock_async.store.schema import VERSION


def test_the_default_is_a_file_in_the_data_folder(data_dir: Path) -> None:
    Store.open("", data_dir).close()

    assert (data_dir / DEFAULT_FILE).is_file()


def test_everything_is_for_the_owner_alone(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/a/b/store.db", tmp_path / "data"):
        modes = {path: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}

    assert {"store.db", "store.db-wal"} <= {path.name for path in modes}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_a_store_in_memory_touches_no_folder(data_dir: Path) -> None:
    Store.open("sqlite://", data_dir).close()

    assert not data_dir.exists()


def schema_of(database: Database) -> list[tuple[object, ...]]:
    """Tables and indexes, the marks of the database, and what is in `readiness`."""
    connection = database.connect()
    cursor = connection.cursor()
    found: list[tuple[object, ...]] = []
    for query in (
        "SELECT type, name, sql FROM sqlite_master ORDER BY name",
        "PRAGMA application_id",
        "PRAGMA user_version",
        "SELECT * FROM readiness",
    ):
        cursor.execute(query)
        found += cursor.fetchall()
    cursor.close()
    connection.close()
    return found


@pytest.mark.parametrize("can_serialize", [True, False])
def test_a_database_in_memory_is_made_as_a_file_is(
    monkeypatch: pytest.MonkeyPatch, data_dir: Path, can_serialize: bool
) -> None:
    monkeypatch.setattr("ihe_mock_async.store.database._CAN_SERIALIZE", can_serialize)
    in_memory, in_file = Database.open("sqlite://", data_dir), Database.open("", data_dir)

    schemas = schema_of(in_memory), schema_of(in_file)
    in_memory.close()
    in_file.close()

    assert schemas[0] == schemas[1]
    assert len(schemas[0]) > 3


def test_the_tables_of_databases_in_memory_are_made_once(
    monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    Database.open("sqlite://", data_dir).close()
    monkeypatch.delattr("ihe_mock_async.store.database.ddl")

    with Store.open("sqlite://", data_dir) as first, Store.open("sqlite://", data_dir) as second:
        assert first is not second


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://scott:tiger@db/mock", "'postgresql'.* supports SQLite only"),
        ("sqlite+aiosqlite:///x.db", "'sqlite\\+aiosqlite'.* supports SQLite only"),
        ("mocks/data/x.db", "is not a URL; expected sqlite:///FILE"),
        ("sqlite:///x.db?mode=ro", "options behind '\\?'"),
    ],
)
def test_other_databases_are_refused(data_dir: Path, url: str, expected: str) -> None:
    with pytest.raises(StoreError, match=expected) as refusal:
        Store.open(url, data_dir)

    assert "tiger" not in str(refusal.value)
    assert not data_dir.exists()


def make_foreign_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE invoices (number INTEGER)")
    connection.commit()
    connection.close()


def make_newer_database(path: Path) -> None:
    Store.open(f"sqlite:///{path}", path.parent / "other").close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA user_version=999")
    connection.close()


def make_text_file(path: Path) -> None:
    path.write_bytes(b"Dear diary, today I was not a database at all. " * 200)


def make_truncated_database(path: Path) -> None:
    make_foreign_database(path)
    path.write_bytes(path.read_bytes()[:4096])


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (make_foreign_database, "is a database of another program. Set database_url"),
        (make_newer_database, f"has schema version 999, this release reads version {VERSION}"),
        (make_text_file, "is not a SQLite database. Move it away"),
        (make_truncated_database, "The database is damaged"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_untouched(
    tmp_path: Path, make: object, expected: str
) -> None:
    path = tmp_path / "store.db"
    assert callable(make)
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=expected):
        Store.open(f"sqlite:///{path}", tmp_path / "data")

    assert path.read_bytes() == before
    assert not list(tmp_path.glob("store.db-*"))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/data.* cannot be used \(Not a directory\)"):
        Store.open("", tmp_path / "file" / "data")
    with pytest.raises(StoreError, match=r"data folder .* cannot be used"):
        Store.open(f"sqlite:///{tmp_path}/store.db", tmp_path / "file" / "data")


def test_a_data_folder_has_one_server(data_dir: Path) -> None:
    with Store.open("", data_dir), pytest.raises(StoreError, match="Stop it, or set another"):
        Store.open("", data_dir)
    Store.open("", data_dir).close()


def test_a_database_that_another_process_holds_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ihe_mock_async.store.database.BUSY_SECONDS", 0.01)
    path = tmp_path / "store.db"
    Store.open(f"sqlite:///{path}", tmp_path / "data").close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="Another process holds the database"):
        Store.open(f"sqlite:///{path}", tmp_path / "data")
    other.close()


def test_the_writer_keeps_more_pages_than_a_reader(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/store.db", tmp_path)
    kept = []
    for read_only in (False, True):
        connection = database.connect(read_only=read_only)
        cursor = connection.cursor()
        cursor.execute("PRAGMA cache_size")
        kept.append(cursor.fetchall())
        cursor.close()
        connection.close()
    database.close()

    writer, reader = kept
    assert writer == [(-WRITER_CACHE,)] != reader
