"""Stored contents on their way out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ihe_mock_async.soap import SoapFault
from ihe_mock_async.soap.fault import FaultCode
from ihe_mock_async.state import Attachment
from ihe_mock_async.store import ContentStore
from ihe_mock_async.store.file_content import FileContentStore
from ihe_mock_async.store.memory_content import MemoryContentStore
from ihe_mock_async.web import outgoing
from ihe_mock_async.web.outgoing import OpenContents, Outgoing

LARGE = outgoing.SMALL + 1


@pytest.fixture(params=["files", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ContentStore]:
    made: ContentStore = (
        FileContentStore(tmp_path) if request.param == "files" else MemoryContentStore()
    )
    yield made
    made.close()


@pytest.fixture
def files(tmp_path: Path) -> Iterator[FileContentStore]:
    made = FileContentStore(tmp_path)
    yield made
    made.close()


def keep(store: ContentStore, octets: bytes) -> Attachment:
    staged = store.begin()
    staged.write(octets)
    size, sha1, sha256 = staged.finish()
    store.keep([staged])
    return Attachment("", "text/plain", size, sha1, sha256)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def read(opened: OpenContents, content: Attachment) -> bytes:
    return b"".join([chunk async for chunk in opened.read(content)])


@pytest.mark.parametrize("size", [0, 1, outgoing.SMALL, LARGE, 2 * outgoing.CHUNK + 5])
async def test_contents_are_read_octet_by_octet_as_often_as_wanted(
    store: ContentStore, size: int
) -> None:
    octets = os.urandom(size)
    content = keep(store, octets)

    opened = await Outgoing(store).open([content])

    assert await read(opened, content) == octets
    assert await read(opened, content) == octets
    opened.close()


async def test_large_contents_come_in_chunks_that_base64_can_join(store: ContentStore) -> None:
    content = keep(store, os.urandom(2 * outgoing.CHUNK + 5))

    opened = await Outgoing(store).open([content])

    assert [len(chunk) async for chunk in opened.read(content)] == [outgoing.CHUNK] * 2 + [5]
    assert outgoing.CHUNK % 3 == 0
    opened.close()


@pytest.mark.parametrize("size", [10, LARGE])
async def test_what_is_open_survives_removal(files: FileContentStore, size: int) -> None:
    octets = os.urandom(size)
    content = keep(files, octets)
    opened = await Outgoing(files).open([content])

    files.remove(content.sha256)

    assert await read(opened, content) == octets
    opened.close()


@pytest.mark.parametrize("size", [10, LARGE])
async def test_what_is_gone_is_a_fault_of_ours_and_leaves_nothing_open(
    files: FileContentStore, size: int
) -> None:
    there, gone = keep(files, os.urandom(LARGE)), keep(files, os.urandom(size))
    files.remove(gone.sha256)
    sender = Outgoing(files, max_files=2)
    before = descriptors()

    for _ in range(3):
        with pytest.raises(SoapFault, match="was removed") as caught:
            await sender.open([there, gone])

    assert caught.value.code is FaultCode.RECEIVER
    assert descriptors() == before


async def test_a_file_cut_short_is_found_before_the_answer_begins(
    files: FileContentStore,
) -> None:
    content = keep(files, os.urandom(LARGE))
    os.truncate(files.path(content.sha256), 100)

    with pytest.raises(SoapFault, match="not the length") as caught:
        await Outgoing(files).open([content])

    assert caught.value.code is FaultCode.RECEIVER


async def test_small_contents_hold_no_descriptor_and_the_same_content_is_open_once(
    files: FileContentStore,
) -> None:
    small = [keep(files, bytes([n])) for n in range(100)]
    large = keep(files, os.urandom(LARGE))
    before = descriptors()

    opened = await Outgoing(files).open([*small, large, large, large])

    assert descriptors() == before + 1
    opened.close()
    opened.close()
    assert descriptors() == before


async def test_small_contents_beyond_the_memory_of_an_answer_stay_files(
    files: FileContentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "IN_MEMORY", 25)
    contents = [keep(files, bytes([n]) * 10) for n in range(4)]
    before = descriptors()

    opened = await Outgoing(files).open(contents)

    assert descriptors() == before + 2
    assert [await read(opened, content) for content in contents] == [
        bytes([n]) * 10 for n in range(4)
    ]
    opened.close()


async def test_one_answer_has_a_bounded_number_of_files(
    files: FileContentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "MAX_FILES", 2)
    contents = [keep(files, bytes([n]) * LARGE) for n in range(3)]

    with pytest.raises(SoapFault, match=r"3 large documents.* 2 at most"):
        await Outgoing(files).open(contents)


async def test_all_answers_have_a_bounded_number_of_files(files: FileContentStore) -> None:
    contents = [keep(files, bytes([n]) * LARGE) for n in range(3)]
    sender = Outgoing(files, max_files=4)
    first = await sender.open(contents)

    with pytest.raises(SoapFault, match="again later") as caught:
        await sender.open(contents)
    first.close()
    second = await sender.open(contents)

    assert caught.value.http_status == 503
    second.close()


async def test_the_hash_of_what_is_read_is_the_name_it_has(store: ContentStore) -> None:
    content = keep(store, os.urandom(3 * LARGE))
    opened = await Outgoing(store).open([content])

    assert hashlib.sha256(await read(opened, content)).hexdigest() == content.sha256
    opened.close()
