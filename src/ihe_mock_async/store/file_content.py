"""Content in files: `<folder>/<first two digits>/<sha256>`, never named by what a client sent.

Octets arrive in memory, above 64 kB in a file of random name below `staging`. Keeping a content
is a rename, before the transaction that mentions it commits. So after `kill -9` every
acknowledged document is there; a file that no document mentions may remain, and is adopted when
the same octets come again. Against loss of power the octets are fsynced before the rename: of
large ones in the thread that received them, of small ones together, once per group of writes.
The rename itself is not: a journaling file system orders it before the commit's own records.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ihe_mock_async.errors import StoreError
from ihe_mock_async.store.content import (
    ContentDigest,
    Digester,
    StagedContent,
    check_name,
    chunks,
)

IN_MEMORY = 64 * 1024
"""Octets of one content that are staged without a file."""


class StagedFile:
    """Octets that have not been kept: in memory while they are few, else in a staging file.

    Discarding is allowed in any thread at any time: the thread that writes for a request goes on
    for a moment when the request is cancelled. It gets a ValueError then, and leaves no file.
    """

    __slots__ = (
        "_buffer",
        "_descriptor",
        "_digest",
        "_digester",
        "_folder",
        "_gone",
        "_lock",
        "_path",
    )

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._digester = Digester()
        self._buffer = bytearray()
        self._descriptor: int | None = None
        self._digest: ContentDigest | None = None
        self._path: Path | None = None
        self._gone = False

    def write(self, data: bytes) -> None:
        """Append octets; may block on the disk. An OSError (it is full) discards them all."""
        with self._lock:
            self._check_present()
            self._digester.update(data)
            try:
                self._append(data)
            except OSError:
                self._forget()
                raise

    def finish(self) -> ContentDigest:
        """End writing; a staging file is durable then."""
        with self._lock:
            if self._digest is None:
                self._digest = self._digester.digest()
                self._synchronise()
            return self._digest

    def discard(self) -> None:
        """Forget the octets; nothing happens when they are kept or discarded already."""
        with self._lock:
            self._forget()

    def materialise(self) -> None:
        """Have all octets in the staging file; raises ValueError when they are forgotten."""
        with self._lock:
            self._check_present()
            if self._path is None:
                self._make_file()

    def synchronise(self) -> None:
        """Make the staging file durable; nothing is left to do for one that is finished."""
        with self._lock:
            self._synchronise()

    def move_to(self, target: Path) -> None:
        """Give the staging file its name, atomically; raises ValueError when it is forgotten."""
        with self._lock:
            self._check_present()
            assert self._path is not None  # noqa: S101 - narrows: materialised
            self._path.replace(target)
            self._path = None
            self._gone = True

    def _check_present(self) -> None:
        if self._gone:
            raise ValueError("the staged content has been discarded or kept before")

    def _append(self, data: bytes) -> None:
        if self._descriptor is not None:
            _write_all(self._descriptor, data)
        elif len(self._buffer) + len(data) <= IN_MEMORY:
            self._buffer += data
        else:
            _write_all(self._make_file(), data)

    def _make_file(self) -> int:
        self._path = self._folder / secrets.token_hex(16)
        self._descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            _write_all(self._descriptor, self._buffer)
        except OSError:  # half a file must not pass for the whole when keeping is tried again
            self._remove_file()
            raise
        self._buffer.clear()
        return self._descriptor

    def _forget(self) -> None:
        self._gone = True
        self._buffer.clear()
        self._remove_file()

    def _remove_file(self) -> None:
        self._close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None

    def _synchronise(self) -> None:
        if self._descriptor is not None:
            os.fsync(self._descriptor)
            self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _write_all(descriptor: int, data: bytes | bytearray) -> None:
    with memoryview(data) as octets:
        written = 0
        while written < len(octets):
            written += os.write(descriptor, octets[written:])


class FileContentStore:
    """Kept content in a folder, which is made (0700) when it is not there.

    Staging files that a killed process has left are removed, so the folder is of one store at
    a time: raises StoreError while another process has it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._staging = folder / "staging"
        make_folder(self._staging)
        self._lock: int | None = _lock(folder)
        for leftover in self._staging.iterdir():
            leftover.unlink()

    def begin(self) -> StagedFile:
        """Make a place for the octets of one document."""
        return StagedFile(self._staging)

    def keep(self, contents: Iterable[StagedContent]) -> list[str]:
        """Make finished contents durable under their names; the names that are new."""
        staged = [content for content in contents if isinstance(content, StagedFile)]
        digests = ((content.finish(), content) for content in staged)
        new = {digest.sha256: content for digest, content in digests if not self._is_kept(digest)}
        # All are written before the first fsync: the file system commits their metadata at once.
        for content in new.values():
            content.materialise()
        for content in new.values():
            content.synchronise()
        for name, content in new.items():
            target = self.path(name)
            make_folder(target.parent)
            content.move_to(target)
        # Only now: until a rename has worked, each of two that are alike may be the one needed.
        for content in staged:
            content.discard()
        return list(new)

    def _is_kept(self, digest: ContentDigest) -> bool:
        # A file cut short by a loss of power has the right name, but not the size.
        try:
            return self.path(digest.sha256).stat().st_size == digest.size
        except FileNotFoundError:
            return False

    def remove(self, sha256: str) -> None:
        """Forget a kept content; an unknown one is not an error."""
        self.path(sha256).unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Where a content is or would be; raises ValueError when it is no SHA-256."""
        return self._folder / check_name(sha256)[:2] / sha256

    def open(self, sha256: str) -> BinaryIO:
        """Read a kept content; raises FileNotFoundError when there is none."""
        return self.path(sha256).open("rb")

    def iterate(self, sha256: str) -> Iterator[bytes]:
        """The octets of a kept content in chunks of 1 MB; raises like `open`, at once."""
        return chunks(self.open(sha256))

    def check(self) -> None:
        """Raise OSError unless new content can be written now."""
        probe = self.begin()
        try:
            probe.write(b"\0" * 4096)
            probe.materialise()
        finally:
            probe.discard()

    def close(self) -> None:
        """Leave the folder to another store; what is kept can still be read."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __contains__(self, sha256: str) -> bool:
        """Whether a content of this name is kept."""
        return self.path(sha256).exists()


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, for the owner alone (0700)."""
    if not folder.is_dir():
        if not folder.parent.exists():
            make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _lock(folder: Path) -> int:
    descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        # The kernel lets go of it when the process ends, however that happens.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreError(
            f"Another server has {folder} in use. Stop it, or set another data_dir."
        ) from None
    return descriptor
