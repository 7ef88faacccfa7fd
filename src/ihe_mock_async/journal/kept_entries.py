"""The entries of one namespace, and how many octets they take."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.weight import octets_in_flight, octets_of


@dataclass(slots=True)
class _Kept:
    """An entry, what it takes, and whether its message has been understood."""

    entry: Entry
    octets: int
    is_understood: bool = False


class KeptEntries:
    """Entries by sequence; taking one in, again or away does not look at the others."""

    def __init__(self) -> None:
        self.octets = 0
        """Of all of them together."""
        # A dict would look for its first key longer and longer while they are taken away.
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._kept)

    def __contains__(self, sequence: int) -> bool:
        """Whether the entry of that number is there."""
        return sequence in self._kept

    def all(self) -> list[Entry]:
        """The entries, the oldest first."""
        return [kept.entry for kept in self._kept.values()]

    def understood(self) -> list[Entry]:
        """Those that were looked at again, the oldest first."""
        return [kept.entry for kept in self._kept.values() if kept.is_understood]

    def find(self, sequence: int) -> Entry | None:
        """The one of that number."""
        kept = self._kept.get(sequence)
        return kept.entry if kept is not None else None

    def oldest(self) -> Entry:
        """The first one; there must be one."""
        return next(iter(self._kept.values())).entry

    def add(self, entry: Entry) -> int:
        """Take a new one; how many octets more there are."""
        octets = octets_in_flight(entry)
        self._kept[entry.sequence] = _Kept(entry, octets)
        self.octets += octets
        return octets

    def look_again(self, entry: Entry) -> int:
        """Count one that has changed; how many octets more there are."""
        kept = self._kept[entry.sequence]
        kept.is_understood = True
        weigh = octets_of if entry.completed else octets_in_flight
        more = weigh(entry) - kept.octets
        kept.octets += more
        self.octets += more
        return more

    def take(self, sequence: int) -> int:
        """Take one away, which must be there; how many octets fewer there are."""
        octets = self._kept.pop(sequence).octets
        self.octets -= octets
        return octets
