"""Content in memory, beside a database in memory: for tests, gone with the process."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ihe_mock_async.store.content import (
    ContentDigest,
    Digester,
    StagedContent,
    check_name,
    chunks,
)


class StagedMemory:
    """Octets in memory that have not been kept."""

    __slots__ = ("_digest", "_digester", "_gone", "_octets")

    def __init__(self) -> None:
        self._digester = Digester()
        self._octets = bytearray()
        self._gone = False
        self._digest: ContentDigest | None = None

    def write(self, data: bytes) -> None:
        """Append octets; raises ValueError when they are forgotten."""
        self._check_present()
        self._digester.update(data)
        self._octets += data

    def finish(self) -> ContentDigest:
        """End writing; more calls give the same again."""
        if self._digest is None:
            self._digest = self._digester.digest()
        return self._digest

    def discard(self) -> None:
        """Forget the octets."""
        self._gone = True
        self._octets = bytearray()

    def octets(self) -> bytes:
        """What was written; raises ValueError when it is forgotten."""
        self._check_present()
        return bytes(self._octets)

    def _check_present(self) -> None:
        if self._gone:
            raise ValueError("the staged content has been discarded")


class MemoryContentStore:
    """Kept content, as a dictionary; safe to read in any thread, kept by the writer's."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def begin(self) -> StagedMemory:
        """Make a place for the octets of one document."""
        return StagedMemory()

    def keep(self, contents: Iterable[StagedContent]) -> list[str]:
        """Keep finished contents under their names; the names that are new."""
        staged = {
            content.finish().sha256: content
            for content in contents
            if isinstance(content, StagedMemory)
        }
        new = {name: each.octets() for name, each in staged.items() if name not in self._kept}
        self._kept.update(new)
        return list(new)

    def remove(self, sha256: str) -> None:
        """Forget a kept content; an unknown one is not an error."""
        self._kept.pop(sha256, None)

    def open(self, sha256: str) -> BinaryIO:
        """Read a kept content; raises FileNotFoundError when there is none."""
        try:
            return io.BytesIO(self._kept[check_name(sha256)])
        except KeyError:
            raise FileNotFoundError(f"no content {sha256} is kept") from None

    def iterate(self, sha256: str) -> Iterator[bytes]:
        """The octets of a kept content in chunks of 1 MB; raises like `open`, at once."""
        return chunks(self.open(sha256))

    def check(self) -> None:
        """Memory can always be written."""

    def close(self) -> None:
        """Nothing is held."""

    def __contains__(self, sha256: str) -> bool:
        """Whether a content of this name is kept."""
        return sha256 in self._kept
