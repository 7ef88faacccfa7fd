"""The journal: what was received and answered, by namespace, bounded, and waited on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ihe_mock_async.journal.entry import Entry


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is remembered."""

    entries: int = 1000
    """Entries of each namespace; 0: the journal is off."""
    octets: int = 64 << 20
    """Octets in memory, of all namespaces together."""
    spilled_octets: int = 1 << 30
    """Octets in files, of all namespaces together."""


class Journal:
    """Entries of all namespaces; used in the event loop's thread only, except where it says so."""

    def __init__(self, bounds: Bounds, folder: Path | None = None) -> None:
        """`folder` is where large bodies go; None: a temporary one, made when it is needed."""
        raise NotImplementedError

    @property
    def is_on(self) -> bool:
        """Whether anything is remembered."""
        raise NotImplementedError

    def begin(self, entry: Entry) -> None:
        """Remember a request from its receipt on."""
        raise NotImplementedError

    def understood(self, entry: Entry) -> None:
        """More is known of the request: who waits for one like it is told."""
        raise NotImplementedError

    def complete(self, entry: Entry) -> None:
        """The exchange is over: sets `completed`, counts its octets, tells who waits."""
        raise NotImplementedError

    def entries(self, namespace: str) -> Sequence[Entry]:
        """The entries of a namespace, the oldest first."""
        raise NotImplementedError

    def find(self, namespace: str, sequence: int) -> Entry | None:
        """The entry of that number."""
        raise NotImplementedError

    def evicted(self, namespace: str) -> int:
        """How many entries of a namespace were forgotten for the bounds since it was cleared."""
        raise NotImplementedError

    async def wait(
        self,
        namespace: str,
        fits: Callable[[Entry], bool],
        *,
        count: int = 1,
        seconds: float,
    ) -> Sequence[Entry]:
        """Those that fit, as soon as there are `count`, else after so many seconds."""
        raise NotImplementedError

    def clear(self, namespace: str) -> None:
        """Forget the entries of a namespace."""
        raise NotImplementedError

    def namespaces(self) -> Sequence[str]:
        """Those that have entries."""
        raise NotImplementedError

    def drop(self, namespace: str) -> None:
        """Forget the namespace, the number of its evicted entries, too."""
        raise NotImplementedError

    def close(self) -> None:
        """Remove the files of bodies; may be called again, in any thread."""
        raise NotImplementedError
