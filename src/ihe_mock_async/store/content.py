"""Octets of documents, named by their SHA-256: the interface, and what both kinds share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple, Protocol

CHUNK = 1024 * 1024
"""Octets that are read at once."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ContentDigest(NamedTuple):
    """What the octets of a document come to."""

    size: int
    sha1: str
    """Hex, lower case: what XDS calls hash."""
    sha256: str
    """Hex, lower case: the name in the content store."""


class StagedContent(Protocol):
    """Octets that have arrived but belong to no document yet.

    Discarding is allowed in any thread at any time; writing afterwards raises ValueError.
    """

    def write(self, data: bytes) -> None:
        """Append octets; may block on the disk. An OSError (it is full) discards them all."""
        ...

    def finish(self) -> ContentDigest:
        """End writing; more calls give the same again."""
        ...

    def discard(self) -> None:
        """Forget the octets; nothing happens when they are kept or discarded already."""
        ...


class ContentStore(Protocol):
    """Content that is kept, by SHA-256 (hex, lower case); the same octets are kept once."""

    def begin(self) -> StagedContent:
        """Make a place for the octets of one document."""
        ...

    def keep(self, contents: Iterable[StagedContent]) -> list[str]:
        """Make finished contents durable under their names; the names that are new.

        Only contents that this store began. Raises OSError when the disk refuses; those kept
        until then stay, and it may be called with the same contents again.
        """
        ...

    def remove(self, sha256: str) -> None:
        """Forget a kept content; an unknown one is not an error."""
        ...

    def open(self, sha256: str) -> BinaryIO:
        """Read a kept content; raises FileNotFoundError when there is none."""
        ...

    def iterate(self, sha256: str) -> Iterator[bytes]:
        """The octets of a kept content in chunks of 1 MB; raises like `open`, at once."""
        ...

    def check(self) -> None:
        """Raise OSError unless new content can be written now."""
        ...

    def close(self) -> None:
        """Leave the place to another store; what is kept can still be read."""
        ...

    def __contains__(self, sha256: str) -> bool:
        """Whether a content of this name is kept."""
        ...


class Digester:
    """Hashes and counts octets as they pass."""

    __slots__ = ("_sha1", "_sha256", "_size")

    def __init__(self) -> None:
        # XDS identifies a document by SHA-1 (ITI TF-3: 4.2.3.2.10); security hangs on SHA-256.
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self._size = 0

    def update(self, data: bytes) -> None:
        """Take the next octets."""
        self._sha1.update(data)
        self._sha256.update(data)
        self._size += len(data)

    def digest(self) -> ContentDigest:
        """Hashes and size of the octets so far."""
        return ContentDigest(self._size, self._sha1.hexdigest(), self._sha256.hexdigest())


def check_name(sha256: str) -> str:
    """The name itself; raises ValueError when it is not 64 lower-case hex digits."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is not a SHA-256 in lower-case hex")
    return sha256


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The octets of a stream in chunks of 1 MB; closes it at the end."""
    with stream:
        while chunk := stream.read(CHUNK):
            yield chunk
