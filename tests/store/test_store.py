"""Units of work: groups, isolation of the one that fails, failures of the disk, namespaces."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ihe_mock_async.errors import StoreError
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import Attachment, State
from ihe_mock_async.store import StagedContent, Store
from ihe_mock_async.store.database import DEFAULT_FILE, Database
from ihe_mock_async.store.file_content import StagedFile
from ihe_mock_async.store.writer import MAX_GROUP, Writer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def patient(number: int) -> PatientIdentifier:
    return PatientIdentifier("1.2.276.0.76.3.1", f"C-{number}")


def adding(number: int) -> Callable[[State], int]:
    return lambda state: state.patients.add([patient(number)], b"<patient/>", NOW)


async def known(store: Store, numbers: Iterable[int], namespace: str = "") -> set[int]:
    wanted = {patient(number): number for number in numbers}
    found = await store.read(namespace, lambda state: state.patients.find(wanted))
    return {wanted[identifier] for identifier in found}


def stage(store: Store) -> tuple[Attachment, StagedContent]:
    content = store.content.begin()
    content.write(b"Arztbrief")
    size, sha1, sha256 = content.finish()
    return Attachment("1@example.org", "text/plain", size, sha1, sha256), content


def storing(document: Attachment) -> Callable[[State], None]:
    return lambda state: state.documents.store("2.25.1", document, NOW)


class Gate:
    """A unit of work that holds the writer until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, _: State) -> None:
        self.reached.set()
        assert self.opened.wait(30)


async def together(store: Store, *works: Callable[[State], object]) -> list[object]:
    """Run units in one group: all are queued while the writer is busy."""
    gate = Gate()
    held = asyncio.ensure_future(store.write("", gate))
    await asyncio.to_thread(gate.reached.wait, 30)
    tasks = [asyncio.ensure_future(store.write("", work)) for work in works]
    await asyncio.sleep(0)  # each task has queued its unit
    gate.opened.set()
    await held
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_units_that_wait_share_a_commit(any_store: Store) -> None:
    await together(any_store, *map(adding, range(50)))

    assert any_store.commits == 2  # the gate's, and that of the fifty
    assert await known(any_store, range(60)) == set(range(50))


async def test_a_group_has_a_limit(store: Store) -> None:
    await together(store, *map(adding, range(MAX_GROUP + 1)))

    assert store.commits == 3
    assert len(await known(store, range(MAX_GROUP + 1))) == MAX_GROUP + 1


async def test_a_unit_that_raises_does_not_hurt_its_neighbours(any_store: Store) -> None:
    def add_and_raise(state: State) -> None:
        adding(100)(state)
        raise LookupError("this unit is wrong")

    results = await together(any_store, adding(1), add_and_raise, adding(2))

    assert [type(result) for result in results] == [int, LookupError, int]
    assert str(results[1]) == "this unit is wrong"
    assert await known(any_store, (1, 2, 100)) == {1, 2}


async def test_units_see_what_those_before_them_have_written(store: Store) -> None:
    def count_known(state: State) -> int:
        return len(state.patients.find([patient(1), patient(2)]))

    results = await together(store, count_known, adding(1), count_known, adding(2), count_known)

    assert results[::2] == [0, 1, 2]


async def test_a_rolled_back_namespace_is_made_again(store: Store) -> None:
    def fail(_: State) -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        await store.write("new", fail)
    assert await store.namespaces() == []
    await store.write("new", adding(1))

    assert await store.namespaces() == ["new"]
    assert await known(store, [1], "new") == {1}


async def test_a_unit_is_carried_out_though_its_caller_is_gone(store: Store) -> None:
    gate = Gate()
    held = asyncio.ensure_future(store.write("", gate))
    await asyncio.to_thread(gate.reached.wait, 30)
    task = asyncio.ensure_future(store.write("", adding(1)))
    await asyncio.sleep(0)
    task.cancel()
    gate.opened.set()
    await held
    with pytest.raises(asyncio.CancelledError):
        await task
    await store.write("", adding(2))

    assert await known(store, (1, 2)) == {1, 2}


async def test_a_cancelled_caller_does_not_take_staged_content_away(any_store: Store) -> None:
    gate = Gate()
    held = asyncio.ensure_future(any_store.write("", gate))
    await asyncio.to_thread(gate.reached.wait, 30)
    document, content = stage(any_store)

    async def submit() -> None:
        try:
            await any_store.write("", storing(document), {document.sha256: content})
        finally:
            content.discard()

    task = asyncio.ensure_future(submit())
    for _ in range(3):  # as often as an impatient server does it
        await asyncio.sleep(0)
        task.cancel()
    gate.opened.set()
    await held
    with pytest.raises(asyncio.CancelledError):
        await task

    assert b"".join(any_store.content.iterate(document.sha256)) == b"Arztbrief"
    assert await any_store.read("", lambda s: s.documents.stored(["2.25.1"])) != {}


def test_a_loop_that_has_ended_stops_nobody(store: Store) -> None:
    gate = Gate()

    async def leave_without_waiting() -> None:
        task = asyncio.ensure_future(store.write("", gate))
        await asyncio.to_thread(gate.reached.wait, 30)
        task.cancel()

    asyncio.run(leave_without_waiting())
    gate.opened.set()

    assert asyncio.run(store.write("", adding(1))) > 0


async def test_namespaces_do_not_see_each_other(any_store: Store) -> None:
    await any_store.write("", adding(1))
    await any_store.write("test-a", adding(1))
    await any_store.write("test-a", adding(2))

    assert await known(any_store, (1, 2)) == {1}
    assert await known(any_store, (1, 2), "test-a") == {1, 2}
    assert await known(any_store, (1, 2), "test-b") == set()
    assert await any_store.namespaces() == ["", "test-a"]


async def test_a_deleted_namespace_is_empty_and_may_be_used_again(any_store: Store) -> None:
    await any_store.write("a", adding(1))
    await any_store.write("b", adding(1))
    await any_store.delete_namespace("a")
    await any_store.delete_namespace("unknown")

    assert await any_store.namespaces() == ["b"]
    assert await known(any_store, [1], "a") == set()
    assert await known(any_store, [1], "b") == {1}
    await any_store.write("a", adding(1))
    assert await known(any_store, [1], "a") == {1}


async def test_reading_does_not_write(store: Store) -> None:
    with pytest.raises(StoreError, match="readonly"):
        await store.read("", adding(1))

    assert await store.namespaces() == []


async def test_reading_goes_on_while_the_writer_is_busy(store: Store) -> None:
    await store.write("", adding(1))
    gate = Gate()
    held = asyncio.ensure_future(store.write("", gate))
    await asyncio.to_thread(gate.reached.wait, 30)

    assert await known(store, [1]) == {1}
    gate.opened.set()
    await held


async def test_what_was_written_is_there_after_reopening(data_dir: Path) -> None:
    with Store.open("", data_dir) as store:
        await store.write("", adding(1))
    with Store.open("", data_dir) as store:
        await store.write("", adding(2))

        assert await known(store, (1, 2)) == {1, 2}


async def test_closing_carries_out_what_is_queued(data_dir: Path) -> None:
    store = Store.open("", data_dir)
    gate = Gate()
    held = asyncio.ensure_future(store.write("", gate))
    await asyncio.to_thread(gate.reached.wait, 30)
    tasks = [asyncio.ensure_future(store.write("", adding(n))) for n in range(5)]
    await asyncio.sleep(0)
    gate.opened.set()
    await asyncio.to_thread(store.close)
    store.close()

    assert len(set(await asyncio.gather(*tasks))) == 5
    await held
    with pytest.raises(StoreError, match="The store is closed"):
        await store.write("", adding(9))
    with pytest.raises(StoreError, match="The store is closed"):
        await known(store, [1])


class FailingCommits:
    """Stands before the writer's connection, and lets a number of commits fail."""

    def __init__(self, writer: Writer, failures: int) -> None:
        self._connection = writer._connection
        self.failures = failures

    def commit(self) -> None:
        if self.failures:
            self.failures -= 1
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        self._connection.commit()

    def rollback(self) -> None:
        self._connection.rollback()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def failing(store: Store, monkeypatch: pytest.MonkeyPatch) -> FailingCommits:
    failing = FailingCommits(store._writer, 0)
    monkeypatch.setattr(store._writer, "_connection", failing)
    return failing


async def test_a_failing_commit_is_told_to_the_whole_group(
    store: Store, failing: FailingCommits
) -> None:
    gate = Gate()
    held = asyncio.ensure_future(store.write("", gate))
    await asyncio.to_thread(gate.reached.wait, 30)
    tasks = [asyncio.ensure_future(store.write("", adding(n))) for n in (1, 2)]
    await asyncio.sleep(0)
    failing.failures = 2  # of the gate's group, and of the next
    gate.opened.set()
    results = await asyncio.gather(held, *tasks, return_exceptions=True)

    assert [type(result) for result in results] == [StoreError] * 3
    assert "Free space on the volume of the database" in str(results[2])
    assert results[1] is not results[2]
    await store.write("", adding(3))
    assert await known(store, (1, 2, 3)) == {3}


async def test_a_failing_commit_leaves_no_content(store: Store, failing: FailingCommits) -> None:
    document, content = stage(store)
    failing.failures = 1
    with pytest.raises(StoreError):
        await store.write("", storing(document), {document.sha256: content})

    assert document.sha256 not in store.content
    assert await store.read("", lambda s: s.documents.stored(["2.25.1"])) == {}


async def test_content_that_cannot_be_kept_fails_its_unit_only(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, content = stage(store)

    def refuse(_: object) -> list[str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.content, "keep", refuse)
    results = await asyncio.gather(
        store.write("", adding(1)),
        store.write("", storing(document), {document.sha256: content}),
        store.write("", adding(2)),
        return_exceptions=True,
    )
    content.discard()

    assert isinstance(results[1], StoreError)
    assert "No space left on device" in str(results[1])
    assert await known(store, (1, 2)) == {1, 2}
    assert await store.read("", lambda s: s.documents.stored(["2.25.1"])) == {}


def staged_files(data_dir: Path) -> list[Path]:
    return list(data_dir.glob("content/staging/*"))


async def test_content_that_was_made_and_cannot_be_kept_leaves_no_file(
    store: Store, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_halfway(contents: Iterable[StagedFile]) -> list[str]:
        for content in contents:
            content.materialise()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.content, "keep", stop_halfway)
    with pytest.raises(StoreError, match="No space left on device"):
        await store.write(
            "", lambda s: s.documents.store_made("2.25.1", b"made", "text/plain", NOW)
        )

    assert staged_files(data_dir) == []
    assert await store.read("", lambda s: s.documents.stored(["2.25.1"])) == {}


async def test_an_error_that_nobody_foresaw_does_not_end_the_writer(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise RuntimeError("never seen before")

    with monkeypatch.context() as patched:
        patched.setattr(Database, "begin_writing", stumble)
        with pytest.raises(RuntimeError, match="never seen before"):
            await store.write("", adding(1))
    await store.write("", adding(2))

    assert await known(store, (1, 2)) == {2}


async def test_a_failure_after_a_commit_is_not_told_as_one_of_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, content = stage(store)
    await store.write("a", storing(document), {document.sha256: content})

    def refuse(_: str) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(store.content, "remove", refuse)
    await store.delete_namespace("a")

    assert await store.namespaces() == []


async def test_a_transaction_that_was_left_open_is_ended(store: Store) -> None:
    store._writer._cursor.execute("BEGIN")
    with pytest.raises(StoreError, match="within a transaction"):
        await store.write("", adding(1))
    await store.write("", adding(2))

    assert await known(store, (1, 2)) == {2}


async def test_a_store_that_can_write_is_ready(any_store: Store) -> None:
    await any_store.ready()


async def test_a_store_whose_database_is_gone_is_not_ready(store: Store, data_dir: Path) -> None:
    (data_dir / DEFAULT_FILE).unlink()
    with pytest.raises(StoreError, match="No such file") as failure:
        await store.ready()
    with pytest.raises(StoreError):
        await store.write("", adding(1))

    assert str(data_dir) not in str(failure.value)


async def test_a_store_whose_database_was_replaced_is_not_ready(
    store: Store, data_dir: Path
) -> None:
    database = data_dir / DEFAULT_FILE
    database.rename(data_dir / "old")
    database.touch()
    with pytest.raises(StoreError, match="has been replaced, start the server again"):
        await store.ready()


async def test_a_store_that_takes_no_content_is_not_ready(store: Store, data_dir: Path) -> None:
    (data_dir / "content" / "staging").rmdir()
    with pytest.raises(StoreError, match=r"Check the volume and the rights of data_dir"):
        await store.ready()


async def test_a_database_that_cannot_be_written_is_not_ready(
    store: Store, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(data_dir / DEFAULT_FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store._writer._cursor.execute("PRAGMA busy_timeout=10")
    with pytest.raises(StoreError, match="Another process holds the database"):
        await store.ready()
    other.close()
    await store.ready()
