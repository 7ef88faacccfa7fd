"""The journal: what was received and answered, by namespace, bounded, and waited on."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ihe_mock_async.errors import OperatorError
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.spill import BodyRecorder
from ihe_mock_async.journal.spill_folder import SpillFolder
from ihe_mock_async.journal.waiting import Fits, JournalClosedError, Waiter
from ihe_mock_async.journal.weight import octets_of

__all__ = ["Bounds", "Journal", "JournalClosedError", "JournalOffError"]


class JournalOffError(OperatorError):
    """The journal was asked for entries, but the settings tell it to keep none."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is remembered."""

    entries: int = 1000
    """Entries of each namespace; 0: the journal is off."""
    octets: int = 64 << 20
    """Octets in memory, of all namespaces together, and of one body; 0: the journal is off."""
    spilled_octets: int = 1 << 30
    """Octets in files, of all namespaces together."""


@dataclass(slots=True)
class _Kept:
    """An entry in the journal."""

    entry: Entry
    octets: int
    understood: bool = False


@dataclass(slots=True)
class _World:
    """The entries of one namespace, the oldest first."""

    kept: OrderedDict[int, _Kept] = field(default_factory=OrderedDict)
    octets: int = 0


class Journal:
    """Entries of all namespaces; used in the event loop's thread only, except where it says so.

    At the bound of octets the oldest entry of the namespace that holds most of them goes: one
    noisy test does not cost the others their evidence. `begin`, `understood` and `complete` take
    the same time whatever the number of entries.
    """

    def __init__(self, bounds: Bounds, folder: Path | None = None) -> None:
        """`folder` is where large bodies go; None: a temporary one, made when it is needed."""
        self._bounds = bounds
        self._spill = SpillFolder(folder, bounds.spilled_octets)
        self._worlds: dict[str, _World] = {}
        self._octets = 0
        self._evicted: Counter[str] = Counter()
        self._disowned: set[int] = set()
        """In flight when their namespace was cleared: nobody is told of them any more."""
        self._waiters: dict[str, set[Waiter]] = {}
        self._is_closed = False

    @property
    def is_on(self) -> bool:
        """Whether anything is remembered."""
        return self._bounds.entries > 0 and self._bounds.octets > 0

    @property
    def octets(self) -> int:
        """Octets in memory, of all namespaces together."""
        return self._octets

    @property
    def spilled_octets(self) -> int:
        """Octets in files, of all namespaces together."""
        return self._spill.octets

    def new_body(self) -> BodyRecorder:
        """Where the octets of a request or response body go while they pass by."""
        return BodyRecorder(self._spill, self._bounds.octets if self.is_on else 0)

    # ------------------------------------------------ one exchange

    def begin(self, entry: Entry) -> None:
        """Remember a request from its receipt on."""
        if not self.is_on or self._is_closed:
            return
        world = self._worlds.get(entry.namespace)
        if world is None:
            world = self._worlds[entry.namespace] = _World()
        kept = world.kept[entry.sequence] = _Kept(entry, 0)
        self._weigh(kept, world)
        if len(world.kept) > self._bounds.entries:
            self._evict_oldest(entry.namespace)
        self._stay_in_bounds()

    def understood(self, entry: Entry) -> None:
        """More is known of the request: who waits for one like it is told."""
        if self.is_on:
            self._changed(entry)

    def complete(self, entry: Entry) -> None:
        """The exchange is over: sets `completed`, counts its octets, tells who waits."""
        entry.completed = True
        if self.is_on:
            self._changed(entry)
            self._disowned.discard(entry.sequence)

    def _changed(self, entry: Entry) -> None:
        entry.cache.clear()
        world = self._worlds.get(entry.namespace)
        kept = world.kept.get(entry.sequence) if world is not None else None
        if world is not None and kept is not None:
            kept.understood = True
            self._weigh(kept, world)
        elif entry.completed:
            self._remove_files(entry)
        if (waiters := self._waiters.get(entry.namespace)) and not self._is_disowned(entry):
            for waiter in waiters:
                waiter.look_at(entry)
        self._stay_in_bounds()

    def _is_disowned(self, entry: Entry) -> bool:
        return entry.sequence in self._disowned

    # ------------------------------------------------ looking for entries

    def entries(self, namespace: str) -> Sequence[Entry]:
        """The entries of a namespace, the oldest first; raises `JournalOffError`."""
        self._check_on()
        world = self._worlds.get(namespace)
        return [kept.entry for kept in world.kept.values()] if world is not None else []

    def find(self, namespace: str, sequence: int) -> Entry | None:
        """The entry of that number; raises `JournalOffError`."""
        self._check_on()
        world = self._worlds.get(namespace)
        kept = world.kept.get(sequence) if world is not None else None
        return kept.entry if kept is not None else None

    def evicted(self, namespace: str) -> int:
        """How many entries of a namespace were forgotten for the bounds since it was cleared."""
        return self._evicted[namespace]

    def namespaces(self) -> Sequence[str]:
        """Those that have entries."""
        return list(self._worlds)

    async def wait(
        self,
        namespace: str,
        fits: Fits,
        *,
        count: int = 1,
        seconds: float,
    ) -> Sequence[Entry]:
        """Those that fit, as soon as there are `count`, else after so many seconds.

        Entries that are there already count; each counts once, from when its message is
        understood, also when it is evicted or cleared meanwhile. Raises `JournalOffError`,
        `JournalClosedError` when the server stops, and what `fits` raises.
        """
        self._check_on()
        waiter = Waiter(fits, count)
        waiters = self._waiters.setdefault(namespace, set())
        waiters.add(waiter)
        try:
            # Closing happens in any thread: it has either seen the waiter, or is seen here.
            if self._is_closed:
                waiter.close()
            return await waiter.result(self._understood_entries(namespace), seconds)
        finally:
            waiters.discard(waiter)
            if not waiters and self._waiters.get(namespace) is waiters:
                del self._waiters[namespace]

    def _understood_entries(self, namespace: str) -> list[Entry]:
        world = self._worlds.get(namespace, _World())
        return [kept.entry for kept in world.kept.values() if kept.understood]

    def _check_on(self) -> None:
        if not self.is_on:
            raise JournalOffError(
                "The journal is off: requests are not remembered. Set journal_max_entries and "
                "journal_max_bytes to more than 0."
            )

    # ------------------------------------------------ forgetting

    def clear(self, namespace: str) -> None:
        """Forget the entries of a namespace, those in flight, too, and how many were evicted."""
        del self._evicted[namespace]
        world = self._worlds.pop(namespace, None)
        if world is None:
            return
        self._octets -= world.octets
        for kept in world.kept.values():
            self._let_go(kept.entry)

    def remove(self, namespace: str, sequence: int) -> bool:
        """Forget one entry, which does not count as evicted; False when there is none."""
        world = self._worlds.get(namespace)
        kept = world.kept.pop(sequence, None) if world is not None else None
        if world is None or kept is None:
            return False
        world.octets -= kept.octets
        self._octets -= kept.octets
        self._let_go(kept.entry)
        return True

    def drop(self, namespace: str) -> None:
        """Forget all about a namespace."""
        self.clear(namespace)

    def close(self) -> None:
        """Remove the files of bodies, end every wait; may be called again, in any thread."""
        self._is_closed = True
        for waiters in list(self._waiters.values()):
            for waiter in list(waiters):
                waiter.close()
        self._spill.close()

    def _stay_in_bounds(self) -> None:
        while self._octets > self._bounds.octets:
            worlds = self._worlds
            self._evict_oldest(max(worlds, key=lambda name: worlds[name].octets))

    def _evict_oldest(self, namespace: str) -> None:
        world = self._worlds[namespace]
        _, kept = world.kept.popitem(last=False)
        world.octets -= kept.octets
        self._octets -= kept.octets
        self._evicted[namespace] += 1
        if not world.kept:
            del self._worlds[namespace]
        # Who is still at work on a request may need its files; they go when it is complete.
        if kept.entry.completed:
            self._remove_files(kept.entry)

    def _weigh(self, kept: _Kept, world: _World) -> None:
        octets = octets_of(kept.entry)
        world.octets += octets - kept.octets
        self._octets += octets - kept.octets
        kept.octets = octets

    def _let_go(self, entry: Entry) -> None:
        if entry.completed:
            self._remove_files(entry)
        else:
            self._disowned.add(entry.sequence)

    def _remove_files(self, entry: Entry) -> None:
        for body in (entry.request_body, entry.response_body):
            if body.file is not None:
                self._spill.remove(body)
