"""Large bodies go to files, within bounds, and never at the cost of a request."""

from __future__ import annotations

import errno
import fcntl
import gc
import logging
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_mock_async.journal.body import BodyNotKeptError, RecordedBody
from ihe_mock_async.journal.spill import BATCH, IN_MEMORY, BodyRecorder
from ihe_mock_async.journal.spill_folder import SpillFolder

PLENTY = 1 << 30


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[SpillFolder]:
    folder = SpillFolder(tmp_path / "data" / "journal", PLENTY)
    yield folder
    folder.close()


def record(folder: SpillFolder, *chunks: bytes, most: int = PLENTY) -> RecordedBody:
    """Record a body as a server does."""
    recorder = BodyRecorder(folder, most)
    for chunk in chunks:
        if recorder.feed(chunk):
            recorder.flush()
    return recorder.finish()


def full_disk(monkeypatch: pytest.MonkeyPatch, *, takes: int) -> None:
    """A disk that takes so many octets, and then none."""
    write, room = os.write, takes

    def limited(descriptor: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = write(descriptor, data[:room])
        room -= written
        return written

    monkeypatch.setattr(os, "write", limited)


def files_in(path: Path) -> list[Path]:
    return sorted(path.glob("*.body"))


def test_a_small_body_stays_in_memory_and_is_the_very_object(
    folder: SpillFolder, tmp_path: Path
) -> None:
    message = b"x" * IN_MEMORY

    body = record(folder, message, b"")

    assert body.data is message
    assert (body.file, body.kept, body.size) == (None, IN_MEMORY, IN_MEMORY)
    assert list(tmp_path.iterdir()) == []


def test_chunks_of_a_small_body_are_put_together(folder: SpillFolder) -> None:
    assert record(folder, b"ab", b"cd").whole() == b"abcd"
    assert record(folder) == RecordedBody()


def test_a_large_body_is_a_file_for_nobody_else(folder: SpillFolder, tmp_path: Path) -> None:
    chunks = [bytes([number]) * 100_000 for number in range(30)]

    body = record(folder, *chunks)

    (file,) = files_in(tmp_path / "data" / "journal")
    assert body.file == file
    assert body.data == b""
    assert body.is_complete
    assert body.whole() == b"".join(chunks)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.parent.parent.stat().st_mode) == 0o700
    assert folder.octets == 3_000_000


def test_octets_are_written_in_batches_only(folder: SpillFolder, tmp_path: Path) -> None:
    recorder = BodyRecorder(folder, PLENTY)

    assert not recorder.feed(b"x" * (BATCH - 1))
    assert recorder.is_large
    assert list(tmp_path.iterdir()) == []
    assert recorder.feed(b"x")
    recorder.flush()

    assert files_in(tmp_path / "data" / "journal")[0].stat().st_size == BATCH
    assert not recorder.feed(b"x")


def test_a_body_is_kept_up_to_its_bound_and_counted_to_its_end(folder: SpillFolder) -> None:
    large = record(folder, *[b"x" * 100_000] * 20, most=150_000)
    small = record(folder, b"abc", b"def", b"ghi", most=4)

    assert (large.kept, large.size, large.is_complete) == (150_000, 2_000_000, False)
    assert len(large.read()) == 150_000
    assert (small.data, small.kept, small.size) == (b"abcd", 4, 9)
    with pytest.raises(BodyNotKeptError, match=r"Of the 9 octets .* keeps 4: .* room on the disk"):
        small.whole()


def test_a_full_disk_costs_the_journal_its_copy_and_nothing_else(
    folder: SpillFolder,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    full_disk(monkeypatch, takes=BATCH + 1000)

    with caplog.at_level(logging.WARNING, "ihe_mock_async"):
        body = record(folder, *[b"x" * BATCH] * 4)

    assert (body.kept, body.size) == (BATCH + 1000, 4 * BATCH)
    assert len(body.read()) == body.kept
    assert folder.octets == body.kept
    (record_,) = caplog.records
    assert record_.getMessage() == (
        "the journal does not keep all of a body: No space left on device"
    )


def test_the_beginning_stays_in_memory_when_the_disk_takes_nothing(
    folder: SpillFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    full_disk(monkeypatch, takes=0)

    body = record(folder, b"a" * 100_000, b"b" * BATCH, b"c" * BATCH)

    assert body.data == b"a" * IN_MEMORY
    assert (body.file, body.kept, body.size) == (None, IN_MEMORY, 2 * BATCH + 100_000)
    assert folder.octets == 0
    assert files_in(tmp_path / "data" / "journal") == []


def test_a_folder_that_cannot_be_made_costs_only_the_copy(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")

    body = record(SpillFolder(tmp_path / "data" / "journal", PLENTY), b"x" * 100_000)

    assert (body.kept, body.size) == (IN_MEMORY, 100_000)


def test_the_oldest_files_make_room_for_new_ones(tmp_path: Path) -> None:
    folder = SpillFolder(tmp_path, 250_000)

    first, second, third = (record(folder, b"x" * 100_000) for _ in range(3))

    assert (first.kept, first.size, first.is_complete) == (0, 100_000, False)
    with pytest.raises(BodyNotKeptError):
        first.whole()
    assert second.is_complete
    assert third.is_complete
    assert files_in(tmp_path) == sorted(body.file for body in (second, third) if body.file)
    assert folder.octets == 200_000


def test_a_body_above_the_bound_of_the_folder_is_cut(tmp_path: Path) -> None:
    folder = SpillFolder(tmp_path, BATCH + 10)

    body = record(folder, b"x" * BATCH, b"x" * BATCH)

    assert (body.kept, body.size) == (BATCH, 2 * BATCH)
    assert folder.octets == BATCH


def test_a_body_that_is_discarded_leaves_no_file(folder: SpillFolder, tmp_path: Path) -> None:
    recorder = BodyRecorder(folder, PLENTY)
    recorder.feed(b"x" * BATCH)
    recorder.flush()

    recorder.discard()

    assert files_in(tmp_path / "data" / "journal") == []
    assert folder.octets == 0


def test_closing_removes_all_files_of_unfinished_bodies_too(
    folder: SpillFolder, tmp_path: Path
) -> None:
    finished, recorder = record(folder, b"x" * 100_000), BodyRecorder(folder, PLENTY)
    recorder.feed(b"x" * BATCH)
    recorder.flush()

    folder.close()
    folder.close()
    recorder.feed(b"x" * BATCH)
    recorder.flush()
    late = recorder.finish()

    assert files_in(tmp_path / "data" / "journal") == []
    assert folder.octets == 0
    assert (finished.kept, late.kept, late.size) == (0, 0, 2 * BATCH)


def test_without_a_folder_files_are_in_a_temporary_one_that_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = SpillFolder(None, PLENTY)
    assert list(tmp_path.iterdir()) == []

    body = record(folder, b"x" * 100_000)

    assert body.is_complete
    (made,) = tmp_path.iterdir()
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    folder.close()
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_folder_goes_with_a_journal_that_nobody_has_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    record(SpillFolder(None, PLENTY), b"x" * 100_000)
    gc.collect()

    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- other servers, earlier runs


def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / f"{'0a' * 16}.body").write_bytes(b"left over")
    (tmp_path / "notes.body").write_bytes(b"somebody's")
    (tmp_path / "README").write_bytes(b"somebody's")

    SpillFolder(tmp_path, PLENTY).close()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["README", "notes.body"]


def test_a_start_makes_nothing_on_the_disk(tmp_path: Path) -> None:
    SpillFolder(tmp_path / "data" / "journal", PLENTY).close()

    assert list(tmp_path.iterdir()) == []


def test_two_servers_do_not_touch_each_others_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, temporary = tmp_path / "journal", tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    ours = SpillFolder(shared, PLENTY)
    our_body = record(ours, b"x" * 100_000)

    theirs = SpillFolder(shared, PLENTY)
    their_body = record(theirs, b"y" * 100_000)
    assert their_body.file is not None
    assert their_body.file.is_relative_to(temporary)
    theirs.close()

    assert our_body.whole() == b"x" * 100_000
    ours.close()


def test_a_folder_is_free_again_after_its_server(tmp_path: Path) -> None:
    SpillFolder(tmp_path, PLENTY).close()

    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises when somebody has it
    os.close(descriptor)
