"""The files of large bodies: 0600, in a folder (0700) of this process alone, and bounded."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ihe_mock_async.journal.body import RecordedBody
from ihe_mock_async.store.file_content import make_folder

_NAME = re.compile(r"[0-9a-f]{32}\.body")


class SpillFolder:
    """The files of large bodies, bounded: the oldest go when room is needed for new ones.

    Its methods may be called in any thread. On the disk nothing is made until there is something
    to write. A folder that another process uses is left alone: files go to a temporary one.
    """

    def __init__(self, folder: Path | None, bound: int) -> None:
        """Remove what a killed process has left in `folder`; None: a temporary one is made."""
        self._wanted = folder
        self._bound = bound
        self._guard = threading.Lock()
        self._folder: Path | None = None
        self._lock: int | None = None
        self._temporary: weakref.finalize[..., SpillFolder] | None = None
        self._octets = 0
        self._bodies: OrderedDict[Path, RecordedBody] = OrderedDict()
        self._unfinished: dict[Path, int] = {}
        """Octets by file."""
        self._remover: ThreadPoolExecutor | None = None
        self._is_closed = False
        if folder is not None and folder.is_dir():
            self._folder = self._claim(folder)

    @property
    def octets(self) -> int:
        """Octets in files, of unfinished bodies, too."""
        return self._octets

    def new_file(self) -> Path:
        """Make an empty file; raises OSError when there can be none."""
        with self._guard:
            if self._is_closed:
                raise OSError(errno.ESHUTDOWN, "The journal is closed")
            if self._folder is None:
                self._folder = self._make()
            path = self._folder / f"{secrets.token_hex(16)}.body"
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            self._unfinished[path] = 0
            return path

    def append(self, path: Path, data: bytes | memoryview) -> int:
        """Write to an unfinished file; how many octets it took.

        Raises OSError when it takes none at all, or there is no room for all of them.
        """
        self._reserve(path, len(data))
        written = 0
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
            try:
                written = os.write(descriptor, data)
            finally:
                os.close(descriptor)
        finally:
            self._give_back(path, len(data) - written)
        return written

    def discard(self, path: Path) -> None:
        """Remove an unfinished file."""
        with self._guard:
            self._octets -= self._unfinished.pop(path, 0)
            _unlink(path)

    def _reserve(self, path: Path, octets: int) -> None:
        with self._guard:
            while self._octets + octets > self._bound and self._bodies:
                self._remove(self._bodies.popitem(last=False)[1])
            if self._is_closed or self._octets + octets > self._bound:
                raise OSError(errno.EDQUOT, "The bound of the journal's files is reached")
            self._octets += octets
            self._unfinished[path] += octets

    def _give_back(self, path: Path, octets: int) -> None:
        with self._guard:
            if path in self._unfinished:
                self._octets -= octets
                self._unfinished[path] -= octets

    def keep(self, body: RecordedBody) -> None:
        """Take a finished file, until it is removed or room is needed for another."""
        with self._guard:
            assert body.file is not None  # noqa: S101 - only such bodies come here
            if self._unfinished.pop(body.file, None) is None:  # closed in between
                body.lose()
            else:
                self._bodies[body.file] = body

    def remove(self, body: RecordedBody) -> None:
        """Forget a body; its file is removed soon, in another thread."""
        with self._guard:
            if body.file is None or body.file not in self._bodies:
                return
            if self._remover is None:
                self._remover = ThreadPoolExecutor(1, "journal-removal")
            self._remover.submit(self._remove_in_thread, body)

    def close(self) -> None:
        """Remove all files; nothing can be kept any more. May be called again."""
        with self._guard:
            self._is_closed = True
            remover, self._remover = self._remover, None
        if remover is not None:
            remover.shutdown()
        with self._guard:
            while self._bodies:
                self._remove(self._bodies.popitem()[1])
            while self._unfinished:
                _unlink(self._unfinished.popitem()[0])
            self._octets = 0
            self._leave()

    def _remove_in_thread(self, body: RecordedBody) -> None:
        with self._guard:
            if body.file is not None and self._bodies.pop(body.file, None) is not None:
                self._remove(body)

    def _remove(self, body: RecordedBody) -> None:
        """Remove the file of a body; whoever reads it at the moment reads on."""
        assert body.file is not None  # noqa: S101 - only such bodies come here
        self._octets -= body.kept
        body.lose()
        _unlink(body.file)

    # ------------------------------------------------ the folder

    def _make(self) -> Path:
        if self._wanted is not None:
            make_folder(self._wanted)
            if (folder := self._claim(self._wanted)) is not None:
                return folder
        folder = Path(tempfile.mkdtemp(prefix="ihe-mock-journal-"))
        # It goes with this object, too, and at the end of the process, when nobody has closed it.
        self._temporary = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _claim(self, folder: Path) -> Path | None:
        """The folder, locked and without what others have left; None when somebody uses it."""
        try:
            self._lock = _lock(folder)
            for path in folder.iterdir():
                if _NAME.fullmatch(path.name):
                    path.unlink(missing_ok=True)
        except OSError:
            return None
        return folder

    def _leave(self) -> None:
        self._folder = None
        if self._temporary is not None:
            self._temporary()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock(folder: Path) -> int:
    """Raises OSError when another process has the folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # The kernel lets go of it when the process ends, however that happens.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
