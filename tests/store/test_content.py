"""Octets of documents: staging, names, duplicates, leftovers."""

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_mock_async.errors import StoreError
from ihe_mock_async.store.content import CHUNK, ContentStore
from ihe_mock_async.store.file_content import IN_MEMORY, FileContentStore, StagedFile
from ihe_mock_async.store.memory_content import MemoryContentStore

LARGE = bytes(range(256)) * 4 * 1024 * 3
"""3 MB: in a staging file, and several chunks."""


@pytest.fixture
def files(tmp_path: Path) -> Iterator[FileContentStore]:
    store = FileContentStore(tmp_path / "content")
    yield store
    store.close()


@pytest.fixture(params=["files", "memory"])
def contents(request: pytest.FixtureRequest) -> ContentStore:
    if request.param == "memory":
        return MemoryContentStore()
    store: FileContentStore = request.getfixturevalue("files")
    return store


def keep(store: ContentStore, *documents: bytes) -> list[str]:
    staged = []
    for octets in documents:
        content = store.begin()
        content.write(octets)
        staged.append(content)
    new = store.keep(staged)
    for content in staged:
        content.discard()
    return new


def read(store: ContentStore, name: str) -> bytes:
    with store.open(name) as stream:
        return stream.read()


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and path.name != "lock"}


@pytest.mark.parametrize("octets", [b"", b"Arztbrief", LARGE], ids=["empty", "small", "large"])
def test_content_is_kept_under_its_sha256(contents: ContentStore, octets: bytes) -> None:
    staged = contents.begin()
    for start in range(0, len(octets), 100_000):
        staged.write(octets[start : start + 100_000])
    size, sha1, sha256 = staged.finish()
    new = contents.keep([staged])

    assert (size, sha1) == (len(octets), hashlib.sha1(octets).hexdigest())  # noqa: S324 - XDS hash
    assert new == [sha256] == [hashlib.sha256(octets).hexdigest()]
    assert sha256 in contents
    assert b"".join(contents.iterate(sha256)) == octets


def test_content_is_read_in_chunks(contents: ContentStore) -> None:
    (name,) = keep(contents, LARGE)

    assert [len(chunk) for chunk in contents.iterate(name)] == [CHUNK, CHUNK, CHUNK]


@pytest.mark.parametrize("octets", [b"Arztbrief", LARGE], ids=["small", "large"])
def test_the_same_octets_are_kept_once(
    files: FileContentStore, tmp_path: Path, octets: bytes
) -> None:
    first = keep(files, octets, octets)
    second = keep(files, octets)

    assert (len(first), second) == (1, [])
    assert files_below(tmp_path) == {files.path(first[0])}


def test_memory_keeps_the_same_octets_once() -> None:
    store = MemoryContentStore()

    assert len(keep(store, b"a", b"a")) == 1
    assert keep(store, b"a") == []


def test_a_discarded_content_leaves_no_trace(files: FileContentStore, tmp_path: Path) -> None:
    staged = files.begin()
    staged.write(LARGE)
    assert len(files_below(tmp_path)) == 1
    staged.discard()
    staged.discard()

    assert files_below(tmp_path) == set()
    with pytest.raises(ValueError, match="discarded or kept before"):
        files.keep([staged])


def test_writing_after_discarding_leaves_no_trace(contents: ContentStore, tmp_path: Path) -> None:
    staged = contents.begin()
    staged.write(b"Arztbrief")
    staged.discard()
    with pytest.raises(ValueError, match="discarded"):
        staged.write(LARGE)

    assert files_below(tmp_path) == set()


def test_discarding_waits_for_a_thread_that_writes(
    files: FileContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged, opening, discarding = files.begin(), threading.Event(), threading.Event()
    really_open = os.open

    def open_slowly(path: Path, flags: int, mode: int) -> int:
        opening.set()
        discarding.wait(0.1)  # the other thread has called by then, and is to wait
        return really_open(path, flags, mode)

    monkeypatch.setattr(os, "open", open_slowly)
    writing = threading.Thread(target=staged.write, args=(LARGE,))
    writing.start()
    assert opening.wait(30)
    staged.discard()
    discarding.set()
    writing.join()

    assert files_below(tmp_path) == set()


@pytest.mark.parametrize("before", [b"", LARGE], ids=["first", "later"])
def test_a_write_that_fails_discards_everything(
    files: FileContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bytes
) -> None:
    staged = files.begin()
    staged.write(before)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", _refuse)
        with pytest.raises(OSError, match="No space"):
            staged.write(LARGE)

    assert files_below(tmp_path) == set()
    with pytest.raises(ValueError, match="discarded"):
        files.keep([staged])


def test_half_a_file_is_not_kept_when_keeping_is_tried_again(
    files: FileContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = files.begin()
    staged.write(b"Arztbrief")
    really_write = os.write

    def write_half(descriptor: int, octets: bytes) -> int:
        really_write(descriptor, octets[: len(octets) // 2])
        return _refuse(descriptor, octets)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write_half)
        with pytest.raises(OSError, match="No space"):
            files.keep([staged])
    assert files_below(tmp_path) == set()
    (name,) = files.keep([staged])

    assert read(files, name) == b"Arztbrief"


def test_memory_does_not_keep_what_was_discarded() -> None:
    store = MemoryContentStore()
    staged = store.begin()
    staged.write(b"Arztbrief")
    staged.discard()
    with pytest.raises(ValueError, match="has been discarded"):
        store.keep([staged])


def test_small_content_is_staged_without_a_file(files: FileContentStore, tmp_path: Path) -> None:
    staged = files.begin()
    staged.write(b"x" * IN_MEMORY)

    assert files_below(tmp_path) == set()


def test_discarding_after_keeping_harms_nothing(contents: ContentStore) -> None:
    staged = contents.begin()
    staged.write(LARGE)
    (name,) = contents.keep([staged])
    staged.discard()

    assert read(contents, name) == LARGE


def test_finishing_twice_gives_the_same(contents: ContentStore) -> None:
    staged = contents.begin()
    staged.write(LARGE)

    assert staged.finish() == staged.finish()


def test_removed_content_is_gone(contents: ContentStore) -> None:
    (name,) = keep(contents, b"Arztbrief")
    contents.remove(name)
    contents.remove(name)

    assert name not in contents
    with pytest.raises(FileNotFoundError):
        contents.open(name)
    with pytest.raises(FileNotFoundError):
        contents.iterate(name)


def test_names_are_nothing_but_hashes(contents: ContentStore) -> None:
    with pytest.raises(ValueError, match="is not a SHA-256"):
        contents.open("../../etc/passwd")


def test_everything_is_for_the_owner_alone(files: FileContentStore, tmp_path: Path) -> None:
    keep(files, b"Arztbrief", LARGE)
    pending = files.begin()
    pending.write(LARGE)

    modes = {path: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    pending.discard()


def test_what_a_killed_process_has_staged_is_removed(tmp_path: Path) -> None:
    before = FileContentStore(tmp_path)
    (name,) = keep(before, b"Arztbrief")
    before.begin().write(LARGE)  # and never finished
    before.close()
    before.close()
    after = FileContentStore(tmp_path)
    after.close()

    assert files_below(tmp_path) == {after.path(name)}


def test_a_file_cut_short_by_a_loss_of_power_is_replaced(files: FileContentStore) -> None:
    (name,) = keep(files, LARGE)
    os.truncate(files.path(name), 10)
    keep(files, LARGE)

    assert read(files, name) == LARGE


def test_a_folder_in_use_is_refused(files: FileContentStore, tmp_path: Path) -> None:
    staged = files.begin()
    staged.write(LARGE)
    with pytest.raises(StoreError, match=r"Another server has .* in use"):
        FileContentStore(tmp_path / "content")

    assert len(files.keep([staged])) == 1


def test_keeping_can_be_tried_again(
    files: FileContentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = [files.begin() for _ in range(3)]
    for content, octets in zip(staged, (b"a", b"a", b"b"), strict=True):
        content.write(octets)
    with monkeypatch.context() as patched:
        patched.setattr(StagedFile, "synchronise", _refuse)
        with pytest.raises(OSError, match="No space"):
            files.keep(staged)
    names = [name for content in staged for name in files.keep([content])]

    assert [read(files, name) for name in names] == [b"a", b"b"]


def _refuse(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_a_folder_that_takes_no_content_is_found_out(
    files: FileContentStore, tmp_path: Path
) -> None:
    files.check()
    assert files_below(tmp_path) == set()
    (tmp_path / "content" / "staging").rmdir()
    with pytest.raises(FileNotFoundError):
        files.check()
