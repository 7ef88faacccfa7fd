"""Reading the log back, record by record, for `ihe-mock-async logs`."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from ihe_mock_async.errors import OperatorError
from ihe_mock_async.server.logs import BACKUPS

_HEAD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - \S+ - ([A-Z]+) - ")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class _Filter:
    """Which records are wanted."""

    level: int
    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, level: str | None, grep: str | None) -> Self:
        if level is not None and level.upper() not in _LEVELS:
            raise OperatorError(f"Unknown level {level!r}: give one of {', '.join(_LEVELS)}.")
        number = logging.getLevelNamesMapping()[level.upper()] if level else logging.NOTSET
        try:
            return cls(number, re.compile(grep) if grep else None)
        except re.error as error:
            raise OperatorError(
                f"{grep!r} is not a regular expression: {error}. "
                "Escape special characters with \\."
            ) from error

    def wants(self, record: str) -> bool:
        if self.pattern is not None and not self.pattern.search(record):
            return False
        head = _HEAD.match(record)
        if head is None:  # the rest of a record whose head is gone with an older file
            return self.level == logging.NOTSET
        return logging.getLevelNamesMapping().get(head[1], logging.CRITICAL) >= self.level


def tail(path: Path, n: int, level: str | None = None, grep: str | None = None) -> list[str]:
    """The last `n` records that are wanted, oldest first, also from rotated files.

    A record is its line and all lines until the next record (tracebacks, messages over several
    lines), without the final line break. `level` means that level and above; `grep` is searched
    in the whole record. Raises `OperatorError` for a bad level or regular expression. No log
    file is no records.
    """
    wanted = _Filter.of(level, grep)
    found: list[str] = []
    for file in (path, *(path.with_name(f"{path.name}.{i}") for i in range(1, BACKUPS + 1))):
        if len(found) >= n or not file.is_file():
            break
        text = file.read_bytes().decode("utf-8", "replace")
        found = [r for r in _records(text.splitlines()) if wanted.wants(r)] + found
    return found[-n:] if n > 0 else []


def follow(
    path: Path,
    level: str | None = None,
    grep: str | None = None,
    *,
    pause: Callable[[], object] = lambda: time.sleep(0.2),
) -> Iterator[str]:
    """Records written from now on, for ever; survives rotation, truncation and a missing file.

    `pause` is called whenever there is nothing new; it may raise to end the iteration. Raises
    `OperatorError` at once for a bad level or regular expression.
    """
    wanted = _Filter.of(level, grep)
    return _wanted(_follow(_Followed(path), pause), wanted)


def _wanted(records: Iterable[str], wanted: _Filter) -> Iterator[str]:
    shown = False
    for record in records:
        # Lines that come after their record was handed out belong to it.
        late = _HEAD.match(record) is None and shown
        shown = late or wanted.wants(record)
        if shown:
            yield record


def _follow(followed: _Followed, pause: Callable[[], object]) -> Iterator[str]:
    try:
        while True:
            lines = followed.new_lines()
            if not lines:
                pause()
            # One batch is one write, so that a record and its continuation come together.
            yield from _records(lines)
    finally:
        followed.close()


class _Followed:
    """A file that is appended to, renamed away, or cut to nothing by somebody else."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rest = b""
        self._file = _opened(path)
        if self._file is not None:
            self._file.seek(0, os.SEEK_END)

    def new_lines(self) -> list[str]:
        """Complete lines since the last call; when the file was replaced, the old one's first."""
        data = self._read()
        if not data and self._replaced():
            self.close()
            self._file = _opened(self._path)
            data = self._read()
        whole, newline, rest = (self._rest + data).rpartition(b"\n")
        self._rest = rest
        return (whole + newline).decode("utf-8", "replace").splitlines()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _read(self) -> bytes:
        if self._file is None:
            return b""
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._file.seek(0)
            self._rest = b""
        return self._file.read(_PIECE)

    def _replaced(self) -> bool:
        try:
            now = self._path.stat()
        except OSError:
            return False  # between two files; the old one may still be written to
        return self._file is None or not os.path.samestat(now, os.fstat(self._file.fileno()))


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb", buffering=0)
    except OSError:
        return None


def _records(lines: Iterable[str]) -> Iterator[str]:
    """Lines put together: each record with its continuation lines."""
    record: list[str] = []
    for line in lines:
        if record and _HEAD.match(line):
            yield "\n".join(record)
            record = []
        record.append(line)
    if record:
        yield "\n".join(record)
