"""Attachments on their way: hashed, counted, and gone when nobody kept them."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from pathlib import Path

import pytest

from ihe_mock_async.state import Attachment
from ihe_mock_async.store.content import ContentDigest
from ihe_mock_async.store.file_content import FileContentStore
from ihe_mock_async.store.memory_content import MemoryContentStore, StagedMemory
from ihe_mock_async.web.staging import BATCH, SMALL, Staging


class Watched(StagedMemory):
    """Notes in which thread it is written, and when it is discarded."""

    __slots__ = ("journal",)

    def __init__(self, journal: list[str]) -> None:
        super().__init__()
        self.journal = journal

    def _note(self, what: str) -> None:
        inline = threading.current_thread() is threading.main_thread()
        self.journal.append(f"{what} {'inline' if inline else 'in a thread'}")

    def write(self, data: bytes) -> None:
        self._note(f"write {len(data)}")
        super().write(data)

    def finish(self) -> ContentDigest:
        self._note("finish")
        return super().finish()

    def discard(self) -> None:
        self._note("discard")
        super().discard()


class WatchedStore(MemoryContentStore):
    def __init__(self) -> None:
        super().__init__()
        self.journal: list[str] = []

    def begin(self) -> Watched:
        return Watched(self.journal)


async def stage(staging: Staging, *pieces: bytes, content_id: str = "a@x") -> Attachment:
    staging.begin()
    for piece in pieces:
        await staging.write(piece)
    return await staging.end(content_id, "text/plain")


async def test_an_attachment_is_hashed_and_counted() -> None:
    staging = Staging(MemoryContentStore())

    staged = await stage(staging, b"Hello ", b"World")

    assert staged == Attachment(
        "a@x",
        "text/plain",
        11,
        hashlib.sha1(b"Hello World", usedforsecurity=False).hexdigest(),
        hashlib.sha256(b"Hello World").hexdigest(),
    )
    assert staging.attachments == {"a@x": staged}
    assert list(staging.by_sha256) == [staged.sha256]


async def test_a_small_part_costs_no_thread() -> None:
    store = WatchedStore()

    await stage(Staging(store), b"x" * SMALL)

    assert store.journal == [f"write {SMALL} inline", "finish inline"]


async def test_a_larger_part_is_hashed_in_a_thread() -> None:
    store = WatchedStore()

    await stage(Staging(store), b"x" * SMALL, b"x")

    assert store.journal == [f"write {SMALL + 1} in a thread", "finish in a thread"]


async def test_a_large_part_goes_to_the_disk_in_batches() -> None:
    store = WatchedStore()
    half = b"x" * (BATCH // 2)

    staged = await stage(Staging(store), half, half, b"y")

    assert staged.size == BATCH + 1
    assert store.journal == [
        f"write {BATCH} in a thread",
        "write 1 in a thread",
        "finish in a thread",
    ]


async def test_an_empty_part_is_an_attachment_of_no_octets() -> None:
    staged = await stage(Staging(MemoryContentStore()))

    assert staged.size == 0
    assert staged.sha256 == hashlib.sha256(b"").hexdigest()


async def test_what_was_not_kept_is_discarded_at_the_end(tmp_path: Path) -> None:
    store = FileContentStore(tmp_path)
    kept, lost = b"k" * (SMALL + 1), b"l" * (SMALL + 1)

    with Staging(store) as staging:
        first = await stage(staging, kept, content_id="kept@x")
        second = await stage(staging, lost, content_id="lost@x")
        store.keep([staging.by_sha256[first.sha256]])

    assert first.sha256 in store
    assert second.sha256 not in store
    assert list((tmp_path / "staging").iterdir()) == []
    store.close()


async def test_a_part_that_never_ended_is_discarded_too() -> None:
    store = WatchedStore()

    with Staging(store) as staging:
        staging.begin()
        await staging.write(b"x")

    assert store.journal == ["discard inline"]


async def test_the_same_octets_twice_are_one_content_of_two_attachments() -> None:
    staging = Staging(MemoryContentStore())

    await stage(staging, b"same", content_id="a@x")
    await stage(staging, b"same", content_id="b@x")

    assert len(staging.attachments) == 2
    assert len(staging.by_sha256) == 1


async def test_parts_without_content_id_are_kept_apart() -> None:
    staging = Staging(MemoryContentStore())
    await stage(staging, b"one", content_id="")
    await stage(staging, b"three", content_id="")
    named = await stage(staging, b"two", content_id="a@x")

    assert [a.size for a in staging.unnamed] == [3, 5]
    assert staging.all[0] == named
    assert len(staging.all) == 3


async def test_a_new_content_id_is_of_no_part() -> None:
    staging = Staging(MemoryContentStore())
    taken = staging.new_content_id().replace("inline-0", "inline-1")
    await stage(staging, b"x", content_id=taken)

    assert staging.new_content_id() not in (taken, "")


async def test_a_cancelled_upload_is_discarded_only_when_its_thread_has_let_go() -> None:
    entered, leave = threading.Event(), threading.Event()
    store = WatchedStore()

    class Slow(Watched):
        __slots__ = ()

        def write(self, data: bytes) -> None:
            entered.set()
            leave.wait(10)
            super().write(data)

    store.begin = lambda: Slow(store.journal)  # type: ignore[method-assign]

    async def upload() -> None:
        with Staging(store) as staging:
            staging.begin()
            await staging.write(b"x" * BATCH)

    task = asyncio.create_task(upload())
    await asyncio.to_thread(entered.wait, 10)
    task.cancel()
    asyncio.get_running_loop().call_later(0.05, leave.set)
    with pytest.raises(asyncio.CancelledError):
        await task

    assert store.journal == [f"write {BATCH} in a thread", "discard inline"]
