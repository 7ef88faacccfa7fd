"""Bodies as they pass by: small ones are kept in memory, large ones go to a file in batches.

A body never fails for the journal's sake: what the disk does not take, or a bound does not allow,
is not kept, and `RecordedBody.kept` says so.
"""

from __future__ import annotations

import logging
from pathlib import Path

from ihe_mock_async.journal.body import RecordedBody
from ihe_mock_async.journal.spill_folder import SpillFolder

logger = logging.getLogger("ihe_mock_async.journal")

IN_MEMORY = 64 * 1024
"""Octets of a body that stay in memory."""
BATCH = 1024 * 1024
"""Octets that are gathered before they are written."""


class BodyRecorder:
    """Keeps a body while it passes by: `feed` each chunk, `flush` when it says so, `finish`.

    `flush` blocks on the disk, and so does `finish` when `is_large`: run them in a thread, one
    after the other. None of them raises when the disk refuses.
    """

    def __init__(self, folder: SpillFolder, most: int) -> None:
        self._folder = folder
        self._most = most
        self._chunks: list[bytes] = []
        self._gathered = 0
        self._written = 0
        self._path: Path | None = None
        self._is_cut = False
        self.size = 0
        """Octets that have passed by."""

    @property
    def is_large(self) -> bool:
        """Whether the body goes to a file."""
        return self._path is not None or self._gathered > IN_MEMORY

    def feed(self, data: bytes) -> bool:
        """Take the next octets; True when a batch is due to be written by `flush`."""
        self.size += len(data)
        room = 0 if self._is_cut else self._most - self._written - self._gathered
        if room > 0 and data:
            self._chunks.append(data[:room])
            self._gathered += min(room, len(data))
        return self._gathered >= BATCH

    def flush(self) -> None:
        """Write what has gathered; blocks."""
        data = b"".join(self._chunks)
        self._chunks, self._gathered = [], 0
        try:
            self._write(data)
        except OSError as error:
            logger.warning("the journal does not keep all of a body: %s", error.strerror)
            self._is_cut = True
            if not self._written:  # no file has the beginning: it stays in memory
                self.discard()
                self._chunks, self._gathered = [data[:IN_MEMORY]], min(len(data), IN_MEMORY)

    def finish(self) -> RecordedBody:
        """The body as far as it is kept; blocks when it `is_large`."""
        if self.is_large and self._gathered:
            self.flush()
        if self._path is not None:
            body = RecordedBody(b"", self._path, self._written, self.size)
            self._folder.keep(body)
            return body
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        return RecordedBody(data, None, len(data), self.size)

    def discard(self) -> None:
        """Forget the octets of a body that is not to be finished; blocks when it `is_large`."""
        if self._path is not None:
            self._folder.discard(self._path)
        self._chunks, self._gathered, self._path = [], 0, None

    def _write(self, data: bytes) -> None:
        if self._path is None:
            self._path = self._folder.new_file()
        with memoryview(data) as octets:
            start = 0
            while start < len(octets):
                written = self._folder.append(self._path, octets[start:])
                self._written += written
                start += written
