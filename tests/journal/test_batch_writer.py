"""Evidence files are complete, in order, private, bounded, and never in the way."""

import os
import threading
from pathlib import Path
from unittest import mock

import pytest

from ihe_mock_async.journal.batch_writer import BatchWriter, FilePolicy


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "pix-add.log"


def test_entries_are_appended_in_order_and_private(log: Path) -> None:
    writer = BatchWriter()
    for number in range(1000):
        writer.append(log, b"%d\n" % number)
    assert writer.flush()
    writer.append(log, lambda: b"made later\n")
    assert writer.close()

    assert log.read_bytes() == b"".join(b"%d\n" % n for n in range(1000)) + b"made later\n"
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.parent.stat().st_mode & 0o777 == 0o700
    assert (writer.dropped, writer.errors) == (0, 0)


def test_entries_are_written_without_being_asked_for(log: Path) -> None:
    writer = BatchWriter(interval=0.01)
    written = threading.Event()
    writer.append(log, lambda: written.set() or b"x")  # type: ignore[func-returns-value]

    assert written.wait(5)
    writer.close()


def test_a_hurried_entry_does_not_wait_for_its_interval(log: Path) -> None:
    writer = BatchWriter(interval=600)
    written = threading.Event()
    writer.append(log, lambda: written.set() or b"x")  # type: ignore[func-returns-value]
    writer.hurry()

    assert written.wait(5)
    writer.close()


def test_many_threads_lose_nothing(log: Path) -> None:
    writer = BatchWriter(interval=0.001)

    def work() -> None:
        for _ in range(500):
            writer.append(log, b"x")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()

    assert log.read_bytes() == b"x" * 4000


def test_a_batch_is_one_write_per_file(log: Path) -> None:
    writer = BatchWriter(interval=600)
    with mock.patch("os.write", wraps=os.write) as write:
        for _ in range(100):
            writer.append(log, b"abc")
        writer.close()

    assert [bytes(call.args[1]) for call in write.call_args_list] == [b"abc" * 100]


def test_a_file_of_its_own_replaces_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "submissions" / "1.xml"
    writer = BatchWriter()
    writer.write_file(path, b"first")
    writer.write_file(path, lambda: b"second")
    writer.close()

    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["1.xml"]


def test_a_full_file_is_rotated(log: Path) -> None:
    writer = BatchWriter()
    writer.keep(log, FilePolicy(max_bytes=10, backups=2))
    for number in range(5):
        writer.append(log, b"entry %d\n" % number)
        assert writer.flush()
    writer.close()

    kept = {path.name: path.read_bytes() for path in log.parent.iterdir()}
    assert kept == {
        "pix-add.log": b"entry 4\n",
        "pix-add.log.1": b"entry 3\n",
        "pix-add.log.2": b"entry 2\n",
    }


def test_without_backups_a_full_file_starts_again(log: Path) -> None:
    writer = BatchWriter()
    writer.keep(log, FilePolicy(max_bytes=10, backups=0))
    for number in range(2):
        writer.append(log, b"entry %d\n" % number)
        assert writer.flush()
    writer.close()

    assert [path.read_bytes() for path in log.parent.iterdir()] == [b"entry 1\n"]


@pytest.mark.parametrize("bounds", [{"max_entries": 3}, {"max_bytes": 3}])
def test_what_comes_too_fast_is_dropped_counted_and_said(
    log: Path, bounds: dict[str, int]
) -> None:
    writer = BatchWriter(interval=600, **bounds)
    writer.keep(log, FilePolicy(dropped_notice=lambda count: b"[%d missing]" % count))
    accepted = [writer.append(log, b"x") for _ in range(10)]
    writer.close()

    assert accepted == [True] * 3 + [False] * 7
    assert writer.dropped == 7
    assert log.read_bytes() == b"xxx[7 missing]"


def test_after_the_close_entries_are_dropped(log: Path) -> None:
    writer = BatchWriter()
    assert writer.close()

    assert not writer.append(log, b"x")
    assert writer.flush()
    assert writer.dropped == 1
    assert not log.exists()


def test_an_unwritable_place_is_counted_and_nothing_else_suffers(
    tmp_path: Path, log: Path
) -> None:
    (tmp_path / "file").write_text("")
    writer = BatchWriter()
    writer.append(tmp_path / "file" / "a.log", b"lost")
    writer.write_file(tmp_path / "file" / "b.xml", b"lost")
    writer.append(log, b"kept")
    writer.close()

    assert writer.errors == 2
    assert log.read_bytes() == b"kept"


def test_a_full_disk_is_counted_and_leaves_no_half_file(tmp_path: Path) -> None:
    writer = BatchWriter()
    with mock.patch("os.write", side_effect=OSError(28, "No space left on device")):
        writer.append(tmp_path / "a.log", b"one")
        writer.append(tmp_path / "a.log", b"two")
        writer.write_file(tmp_path / "b.xml", b"three")
        writer.close()

    assert writer.errors == 3
    assert [path.name for path in tmp_path.iterdir()] == ["a.log"]


def test_an_entry_that_cannot_be_made_does_not_end_the_writer(log: Path) -> None:
    def fail() -> bytes:
        raise ValueError

    writer = BatchWriter()
    writer.append(log, fail)
    writer.append(log, b"kept")
    writer.close()

    assert writer.errors == 1
    assert log.read_bytes() == b"kept"


def test_a_flush_that_takes_too_long_says_so(log: Path) -> None:
    go_on = threading.Event()
    writer = BatchWriter(interval=0)
    writer.append(log, lambda: b"x" if go_on.wait(5) else b"")

    assert not writer.flush(0.01)
    assert not writer.close(0.01)
    go_on.set()
    assert writer.flush()
