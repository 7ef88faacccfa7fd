"""Append-only evidence files, written in batches by one thread of their own.

A request pays for one append to a list; formatting, opening, writing and rotating happen in
the thread, about every 50 ms, one `write` per file and batch. Nothing here raises on a full
disk or an unwritable folder: a server must go on answering, so what is lost is counted.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Octets = bytes | Callable[[], bytes]
"""What to write, or a function that makes it; the writer's thread calls it once."""


@dataclass(frozen=True, slots=True)
class FilePolicy:
    """How one appended file is kept."""

    max_bytes: int = 0
    """Before it grows beyond this it becomes `name.1`, `name.1` `name.2` ...; 0 = never."""
    backups: int = 5
    """How many of those are kept."""
    dropped_notice: Callable[[int], bytes] | None = None
    """Makes the line that tells readers how many entries are missing at this place."""
    sink: Callable[[bytes], object] | None = None
    """Takes each batch instead of the file; may block, which delays this writer only."""


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    data: Octets
    whole: bool
    """Whether it is all of the file (`write_file`) or one more piece of it (`append`)."""
    gone: bool = False
    """Whether the file is removed instead (`remove`)."""


class BatchWriter:
    """Writes files in the background, bounded in memory and silent about a full disk.

    All methods may be called from any thread. Folders are made with mode 0700 and files with
    0600, because they hold patient-like data.
    """

    def __init__(
        self, *, interval: float = 0.05, max_entries: int = 20_000, max_bytes: int = 32 << 20
    ) -> None:
        """Bound the queue; `interval` is the longest that an entry waits, in seconds."""
        self.dropped = 0
        """Entries refused because the queue was full or the writer closed."""
        self.errors = 0
        """Entries lost because they could not be made or written."""
        self._interval = interval
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._policies: dict[Path, FilePolicy] = {}
        self._missing: dict[Path, int] = {}
        self._queue: list[_Entry] = []
        self._queued_bytes = 0
        self._accepted = 0
        self._done = 0
        self._closed = False
        self._hurry = threading.Event()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def keep(self, path: Path, policy: FilePolicy) -> None:
        """Say how the file at this path is rotated; without it, it just grows."""
        self._policies[path] = policy

    def append(self, path: Path, data: Octets) -> bool:
        """Add to the end of a file, in the order of the calls; False when it was dropped.

        A function is called later, in the thread: what it reads must not change until then.
        """
        return self._put(_Entry(path, data, whole=False))

    def write_file(self, path: Path, data: Octets) -> bool:
        """Make a file of its own, visible only when it is complete; False when dropped."""
        return self._put(_Entry(path, data, whole=True))

    def remove(self, path: Path) -> bool:
        """Remove a file after all that was accepted before; a missing one is no error."""
        return self._put(_Entry(path, b"", whole=True, gone=True))

    def hurry(self) -> None:
        """Have the queue written now rather than in 50 ms, without waiting for it."""
        self._hurry.set()

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until everything accepted so far is written; False when that takes longer."""
        with self._changed:
            target = self._accepted
            self._hurry.set()
            return self._changed.wait_for(lambda: self._done >= target, timeout)

    def close(self, timeout: float = 5.0) -> bool:
        """Write what is queued and end the thread; later entries count as dropped."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify_all()
        self._hurry.set()
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    def _put(self, entry: _Entry) -> bool:
        size = len(entry.data) if isinstance(entry.data, bytes) else 0
        with self._changed:
            full = (
                len(self._queue) >= self._max_entries
                or self._queued_bytes + size > self._max_bytes
            )
            if full or self._closed:
                self.dropped += 1
                self._missing[entry.path] = self._missing.get(entry.path, 0) + 1
                return False
            self._queue.append(entry)
            self._queued_bytes += size
            self._accepted += 1
            if len(self._queue) == 1:
                self._wake()
        return True

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="batch-writer", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closed)
                if not self._queue:
                    return
            self._hurry.wait(self._interval)
            self._hurry.clear()
            with self._changed:
                batch, self._queue, self._queued_bytes = self._queue, [], 0
                missing, self._missing = self._missing, {}
            self._write(batch, missing)
            with self._changed:
                self._done += len(batch)
                self._changed.notify_all()

    def _write(self, batch: list[_Entry], missing: dict[Path, int]) -> None:
        pieces: dict[Path, list[bytes]] = {}
        for entry in batch:
            data = self._made(entry)
            if data is None:
                continue
            if entry.gone:
                self._attempt(1, _unlink, entry.path)
            elif entry.whole:
                self._attempt(1, _replace, entry.path, data)
            else:
                pieces.setdefault(entry.path, []).append(data)
        for path, data_list in pieces.items():
            policy = self._policies.get(path, _FOREVER)
            if policy.dropped_notice is not None and path in missing:
                data_list.append(policy.dropped_notice(missing[path]))
            self._attempt(len(data_list), _append, path, b"".join(data_list), policy)

    def _made(self, entry: _Entry) -> bytes | None:
        if isinstance(entry.data, bytes):
            return entry.data
        try:
            return entry.data()
        except Exception:  # noqa: BLE001 - a bad entry must not end the thread that serves all
            self.errors += 1
            return None

    def _attempt(self, entries: int, write: Callable[..., None], *args: object) -> None:
        try:
            write(*args)
        except OSError:
            self.errors += entries


_FOREVER = FilePolicy()


def _append(path: Path, data: bytes, policy: FilePolicy) -> None:
    if policy.sink is not None:
        policy.sink(data)
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if policy.max_bytes and _size(path) and _size(path) + len(data) > policy.max_bytes:
        _rotate(path, policy.backups)
    _write_all(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), data)


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{time.monotonic_ns()}.part")
    try:
        _write_all(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), data)
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _rotate(path: Path, backups: int) -> None:
    for number in range(backups - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    if backups:
        path.replace(path.with_name(f"{path.name}.1"))
    else:
        path.unlink()
