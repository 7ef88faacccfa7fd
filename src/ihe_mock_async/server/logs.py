"""The log: a console handler, and a rotated file that a thread writes in batches.

What a request pays for a log line is one `LogRecord` and one append to a list. The text is
made later, in the writer's thread, so arguments of log calls must not change afterwards.
"""

from __future__ import annotations

import logging
import sys
import time
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from ihe_mock_async.journal.batch_writer import BatchWriter, FilePolicy

LOGGER = "ihe_mock_async"
FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
MAX_BYTES = 10 * 1024 * 1024
BACKUPS = 5

_CONSOLE = Path("stderr")
"""Names the console among the batches of its writer."""
_ALSO_HEARD = "asyncio"
"""What the event loop has to complain about belongs into the same log."""


class LogWriter:
    """The configured log; close it (or leave its `with`) to write what is still queued."""

    def __init__(
        self, path: Path, writers: list[BatchWriter], handlers: list[logging.Handler]
    ) -> None:
        self.path = path
        self.writer = writers[0]
        """Also for other evidence files, so that one thread serves all."""
        self._writers = writers
        self._handlers = handlers

    @property
    def dropped(self) -> int:
        """Entries that came faster than they could be written."""
        return self.writer.dropped

    @property
    def errors(self) -> int:
        """Entries lost to a full disk or an unwritable folder."""
        return self.writer.errors

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until every line logged so far is in the file; False when it takes longer."""
        written = [writer.flush(timeout) for writer in self._writers]
        return all(written)

    def close(self) -> None:
        """Detach from the loggers and write what is queued."""
        for handler in self._handlers:
            for name in (LOGGER, _ALSO_HEARD):
                logging.getLogger(name).removeHandler(handler)
            handler.close()
        for writer in self._writers:
            writer.close()

    def __enter__(self) -> Self:
        """Nothing more to do: `configure` opened it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


def configure(level: str, path: Path, *, console: bool) -> LogWriter:
    """Send the package's log to a file at DEBUG and, if wanted, to stderr at `level`.

    `level` is one of DEBUG, INFO, WARNING, ERROR, CRITICAL. A log that cannot be written never
    raises or prints; see `LogWriter.errors`.
    """
    logging.raiseExceptions = False  # a full disk would print tracebacks by the megabyte
    # What our format does not show is not looked up (Logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
    writer = BatchWriter()
    writer.keep(path, FilePolicy(MAX_BYTES, BACKUPS, _dropped_notice))
    file_handler = _BatchHandler(writer, path)
    file_handler.setLevel(logging.DEBUG)
    handlers: list[logging.Handler] = [file_handler]
    writers = [writer]
    if console:
        # A writer of its own: a terminal or pipe that nobody reads must hold up nothing else.
        writers.append(BatchWriter())
        writers[-1].keep(_CONSOLE, FilePolicy(dropped_notice=_dropped_notice, sink=_to_stderr))
        console_handler = _BatchHandler(writers[-1], _CONSOLE)
        console_handler.setLevel(level)
        handlers.append(console_handler)
    formatter = _Formatter(FORMAT)
    for handler in handlers:
        handler.setFormatter(formatter)
        for name in (LOGGER, _ALSO_HEARD):
            logging.getLogger(name).addHandler(handler)
    logging.getLogger(LOGGER).setLevel(logging.DEBUG)
    return LogWriter(path, writers, handlers)


def _to_stderr(lines: bytes) -> None:
    sys.stderr.write(lines.decode("utf-8", "replace"))
    sys.stderr.flush()


class _Formatter(logging.Formatter):
    """The usual text; the second that many records share is formatted once."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._shown = (-1, "")  # one value, for the threads of two writers

    def formatTime(  # noqa: N802 - logging's name
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        if datefmt is not None:
            return super().formatTime(record, datefmt)
        shown, stamp = self._shown
        second = int(record.created)
        if second != shown:
            stamp = time.strftime(self.default_time_format, self.converter(record.created))
            self._shown = (second, stamp)
        return f"{stamp},{int(record.msecs):03d}"


class _BatchHandler(logging.Handler):
    """Queues records; an ERROR does not wait for the batch to be due."""

    def __init__(self, writer: BatchWriter, path: Path) -> None:
        super().__init__()
        self._writer = writer
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        self._writer.append(self._path, partial(self._line, record))
        if record.levelno >= logging.ERROR:
            self._writer.hurry()

    def flush(self) -> None:
        self._writer.flush()

    def _line(self, record: logging.LogRecord) -> bytes:
        return f"{self.format(record)}\n".encode("utf-8", "backslashreplace")


def _dropped_notice(count: int) -> bytes:
    record = logging.LogRecord(
        LOGGER,
        logging.WARNING,
        __file__,
        0,
        "%d log entries are missing here: they came faster than the disk took them",
        (count,),
        None,
    )
    record.created = time.time()
    return f"{logging.Formatter(FORMAT).format(record)}\n".encode()
