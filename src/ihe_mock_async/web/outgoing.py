"""Stored contents on their way out: opened before an answer begins, so that it cannot break.

An open file can be read to its end whoever removes the document meanwhile. Descriptors are
few, so their number is bounded, for one answer and for all.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

from ihe_mock_async.soap import fault
from ihe_mock_async.web.threads import in_thread

if TYPE_CHECKING:
    from ihe_mock_async.state import Attachment
    from ihe_mock_async.store import ContentStore

CHUNK = 3 * 256 * 1024
"""Octets that are read at once; a multiple of 3, so that pieces of base64 fit together."""
SMALL = 64 * 1024
"""Octets that are read where they are needed: a thread would cost more."""
IN_MEMORY = 16 * 1024 * 1024
"""Octets of small contents that one answer keeps in memory; the others stay open files."""
MAX_FILES = 64
"""Files that are open for one answer."""
MAX_ALL_FILES = 256
"""Files that are open for all answers; a process may have 1024, sockets included."""


class OpenContents:
    """Contents that can be read, however often, until they are closed."""

    def __init__(self, released: Callable[[], None]) -> None:
        self._released = released
        self._streams: dict[str, BinaryIO] = {}
        self._closed = False

    def add(self, sha256: str, stream: BinaryIO) -> None:
        """Own one more content."""
        self._streams[sha256] = stream

    async def read(self, content: Attachment) -> AsyncIterator[bytes]:
        """The octets of one content in chunks of `CHUNK`, the last one shorter."""
        stream = self._streams[content.sha256]
        stream.seek(0)
        if content.size <= SMALL:
            yield stream.read()
            return
        while chunk := await in_thread(partial(stream.read, CHUNK)):
            yield chunk

    def close(self) -> None:
        """Close them all; may be called again."""
        if self._closed:
            return
        self._closed = True
        for stream in self._streams.values():
            stream.close()
        self._released()


class Outgoing:
    """Opens stored contents for answers, and counts what is open."""

    def __init__(self, store: ContentStore, max_files: int = MAX_ALL_FILES) -> None:
        self._store = store
        self._max_files = max_files
        self._files = 0

    async def open(self, contents: Iterable[Attachment]) -> OpenContents:
        """Open contents for one answer, which closes them.

        Raises `SoapFault` (Receiver) when one is gone or damaged, and when they are too many.
        """
        sizes = {content.sha256: content.size for content in contents}
        files = _stay_open(sizes)
        self._reserve(len(files))
        opened = OpenContents(partial(self._release, len(files)))
        work = partial(self._open, sizes, files, opened)
        try:
            if sum(sizes.values()) <= SMALL:
                work()
            else:
                await in_thread(work)
        except BaseException:
            opened.close()
            raise
        return opened

    def _open(self, sizes: Mapping[str, int], files: frozenset[str], opened: OpenContents) -> None:
        for sha256, size in sizes.items():
            try:
                stream = self._store.open(sha256)
            except FileNotFoundError as error:
                raise _gone() from error
            if sha256 not in files:
                with stream:
                    stream = io.BytesIO(stream.read())
            opened.add(sha256, stream)
            if stream.seek(0, io.SEEK_END) != size:
                raise _damaged()

    def _reserve(self, files: int) -> None:
        if files > MAX_FILES:
            raise _too_many(files)
        if self._files + files > self._max_files:
            raise _busy()
        self._files += files

    def _release(self, files: int) -> None:
        self._files -= files


def _stay_open(sizes: Mapping[str, int]) -> frozenset[str]:
    """Those of the contents that are not worth being read into memory at once."""
    free = IN_MEMORY
    files = []
    for sha256, size in sizes.items():
        if size <= SMALL and size <= free:
            free -= size
        else:
            files.append(sha256)
    return frozenset(files)


def _gone() -> fault.SoapFault:
    return fault.receiver(
        "A document was removed while the answer was made. Send the message again: the answer "
        "will say which one."
    )


def _damaged() -> fault.SoapFault:
    return fault.receiver(
        "The stored content of a document has not the length that was acknowledged; the server's "
        "disk has lost some of it. Submit the document again under another uniqueId."
    )


def _too_many(files: int) -> fault.SoapFault:
    return fault.receiver(
        f"The answer has {files} large documents; this server sends {MAX_FILES} at most in one "
        "answer. Ask for fewer documents in each request."
    )


def _busy() -> fault.SoapFault:
    return fault.receiver(
        "The server is sending too many documents at the moment. Send the message again later.",
        http_status=HTTPStatus.SERVICE_UNAVAILABLE,
    )
