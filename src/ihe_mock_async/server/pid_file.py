"""The PID file: which server runs, held by a lock for as long as it lives.

The lock (`flock`) is the truth, and the content only tells where to knock: when the process
dies, however it dies, the kernel drops the lock. So two starts never both win, and a process
that got the number of a dead server is never taken for it.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import psutil

from ihe_mock_async.errors import DaemonError, OperatorError
from ihe_mock_async.server.listener import url_host

# The kernel counts the start of a process in ticks since boot, and boot moves with the clock.
_SAME_START_SECONDS = 2.0
# How long a lock may be held without a live server's record: by one that is just starting, or
# by a command that just looks.
_SETTLING_SECONDS = 2.0
_POLL_SECONDS = 0.01
_LARGEST_RECORD = 65536


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs, as its PID file tells."""

    pid: int
    port: int
    """0 until an ephemeral port is known."""
    protocol: str
    """`http` or `https`."""
    host: str
    """What it listens on, like 0.0.0.0."""
    start_time: str
    """When its process began: ISO 8601, UTC, with microseconds."""
    config_file: str | None

    @classmethod
    def this_process(
        cls, *, protocol: str, host: str, port: int, config_file: Path | None
    ) -> Self:
        """The record of the calling process."""
        process = psutil.Process()
        started = datetime.fromtimestamp(process.create_time(), UTC)
        return cls(
            pid=process.pid,
            port=port,
            protocol=protocol,
            host=host,
            start_time=started.isoformat(timespec="microseconds"),
            config_file=str(config_file.absolute()) if config_file else None,
        )

    @property
    def url(self) -> str:
        """Where a client on this machine finds it, without trailing slash."""
        return f"{self.protocol}://{url_host(self.host)}:{self.port}"

    @property
    def started(self) -> datetime:
        """When its process began."""
        return datetime.fromisoformat(self.start_time)

    def process(self) -> psutil.Process | None:
        """Its process, or None when that is gone or the number now belongs to another one."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started.timestamp()) < _SAME_START_SECONDS
        except psutil.Error:
            return None
        return process if same else None


class PidFile:
    """A PID file that this process owns; `close` it at the end."""

    def __init__(self, path: Path, descriptor: int, record: Running) -> None:
        self.path = path
        self.record = record
        self._descriptor = descriptor
        self._write()

    @classmethod
    def acquire(cls, path: Path, record: Running) -> Self:
        """Own the file for the life of this process.

        Raises `DaemonError` naming pid and URL when another server runs, and `OperatorError`
        when the file cannot be written. What a dead server left is overwritten.
        """
        deadline = time.monotonic() + _SETTLING_SECONDS
        while (descriptor := _lock(path, create=True)) is None:
            other = _alive(path)
            if other is not None and other.port:
                raise DaemonError(
                    f"Already running (pid {other.pid}) at {other.url}; stop it with "
                    "`ihe-mock-async stop`, or give this one its own pid_path."
                )
            if time.monotonic() > deadline:
                raise DaemonError(
                    f"Another server is starting on {path}; `ihe-mock-async status` will show it."
                )
            time.sleep(_POLL_SECONDS)
        return cls(path, descriptor, record)

    def listening(self, port: int) -> None:
        """Record the port that the server really has."""
        self.record = replace(self.record, port=port)
        self._write()

    def close(self) -> None:
        """Remove the file and let go of it; a file that is not this one any more stays."""
        if _is_at(self._descriptor, self.path):
            self.path.unlink()
        os.close(self._descriptor)

    def _write(self) -> None:
        content = json.dumps(asdict(self.record), indent=2).encode() + b"\n"
        os.pwrite(self._descriptor, content, 0)
        os.ftruncate(self._descriptor, len(content))


def find(path: Path) -> Running | None:
    """The server that holds the PID file, or None when there is none (a stale file may be).

    Raises `DaemonError` when it is held by a process that cannot be seen from here.
    """
    deadline = time.monotonic() + _SETTLING_SECONDS
    while True:
        descriptor = _lock(path, create=False)
        if descriptor is not None:
            os.close(descriptor)
            return None
        running = _alive(path)
        if running is not None or not path.exists():
            return running
        if time.monotonic() > deadline:
            raise DaemonError(
                f"{path} is held by a process that cannot be seen from here: "
                "is the server in a container? Then ask from there."
            )
        time.sleep(_POLL_SECONDS)


def remove_stale(path: Path) -> bool:
    """Remove what a dead server left, and say whether there was something."""
    descriptor = _lock(path, create=False)
    if descriptor is None:
        return False
    path.unlink()
    os.close(descriptor)
    return True


def _lock(path: Path, *, create: bool) -> int | None:
    """Descriptor of the locked file, or None when another process holds it or it is not there.

    The one who locked it may have locked a file that its owner has just unlinked; then the name
    belongs to another file, or to none, and the next attempt is made on that.
    """
    flags = os.O_RDWR | (os.O_CREAT if create else 0)
    while True:
        try:
            if create:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, flags, 0o600)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OperatorError(
                f"Cannot use the PID file {path}: {error.strerror}; choose another pid_path."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _alive(path: Path) -> Running | None:
    """The record, when it is whole and its process lives."""
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_LARGEST_RECORD))
        record = _record(content)
    except (OSError, ValueError, TypeError):
        return None
    return record if record.process() else None


def _record(content: Mapping[str, object]) -> Running:
    """The record in the file; ValueError or TypeError when it is not one of ours."""
    record = Running(**content)  # type: ignore[arg-type]  # checked by the next lines
    if not isinstance(record.pid, int) or not isinstance(record.port, int) or record.pid < 1:
        raise ValueError(content)
    record.started  # noqa: B018 - raises when it is not a time
    return record
