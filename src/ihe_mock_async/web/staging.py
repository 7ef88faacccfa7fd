"""The attachments of one exchange on their way to the content store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ihe_mock_async.state import Attachment
from ihe_mock_async.web.threads import in_thread

if TYPE_CHECKING:
    from types import TracebackType

    from ihe_mock_async.store import ContentDigest, ContentStore, StagedContent

BATCH = 1024 * 1024
"""Octets that are gathered before a thread hashes and writes them."""
SMALL = 64 * 1024
"""A part of up to this size is hashed where it arrives: a thread would cost more."""


class Staging:
    """Receives parts one after the other; whatever no unit of work kept is discarded at exit.

    Its methods raise OSError when the disk refuses.
    """

    def __init__(self, store: ContentStore) -> None:
        self._store = store
        self._all: list[StagedContent] = []
        self._current: StagedContent | None = None
        self._batch: list[bytes] = []
        self._batched = 0
        self._flushed = False
        self.attachments: dict[str, Attachment] = {}
        """By content id."""
        self.unnamed: list[Attachment] = []
        """Those without a content id: nothing can refer to them."""
        self.by_sha256: dict[str, StagedContent] = {}

    @property
    def all(self) -> tuple[Attachment, ...]:
        """Every attachment, those without a content id last."""
        return (*self.attachments.values(), *self.unnamed)

    def __enter__(self) -> Staging:
        """Nothing is staged yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Throw away what was not kept."""
        for staged in self._all:
            staged.discard()

    def begin(self) -> None:
        """Start the next part."""
        self._current = self._store.begin()
        self._all.append(self._current)
        self._batch, self._batched, self._flushed = [], 0, False

    async def write(self, data: bytes) -> None:
        """Take octets of the current part; a batch of 1 MiB at a time goes to a thread."""
        self._batch.append(data)
        self._batched += len(data)
        if self._batched >= BATCH:
            await in_thread(self._flush)

    async def end(self, content_id: str, media_type: str) -> Attachment:
        """Finish the current part, and remember it as an attachment."""
        assert self._current is not None  # noqa: S101 - begin() came first, or the caller is wrong
        if self._batched <= SMALL and not self._flushed:
            size, sha1, sha256 = self._finish()
        else:
            size, sha1, sha256 = await in_thread(self._finish)
        attachment = Attachment(content_id, media_type, size, sha1, sha256)
        if content_id:
            self.attachments[content_id] = attachment
        else:
            self.unnamed.append(attachment)
        self.by_sha256.setdefault(sha256, self._current)
        return attachment

    def new_content_id(self) -> str:
        """A content id for an inline document, one that no part has."""
        number = len(self._all)
        while (content_id := f"inline-{number}@ihe-mock-async.localhost") in self.attachments:
            number += 1
        return content_id

    def _flush(self) -> None:
        assert self._current is not None  # noqa: S101 - as above
        self._current.write(b"".join(self._batch))
        self._batch, self._batched, self._flushed = [], 0, True

    def _finish(self) -> ContentDigest:
        assert self._current is not None  # noqa: S101 - as above
        self._flush()
        return self._current.finish()
