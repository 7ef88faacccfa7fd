"""The journal: what was received and answered, by namespace, bounded, and waited on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ihe_mock_async.errors import OperatorError
from ihe_mock_async.journal.body import RecordedBody
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.kept_entries import KeptEntries
from ihe_mock_async.journal.spill import BodyRecorder
from ihe_mock_async.journal.spill_folder import SpillFolder
from ihe_mock_async.journal.waiting import Fits, JournalClosedError, Waiter

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
        self._worlds: dict[str, KeptEntries] = {}
        """None of them empty."""
        self._octets = 0
        self._evicted: Counter[str] = Counter()
        self._in_flight: dict[int, Entry] = {}
        """Begun, not complete and not forgotten on demand, but perhaps evicted."""
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
        self._in_flight[entry.sequence] = entry
        world = self._worlds.get(entry.namespace)
        if world is None:
            world = self._worlds[entry.namespace] = KeptEntries()
        self._octets += world.add(entry)
        if len(world) > self._bounds.entries:
            self._evict_oldest(entry.namespace)
        self._stay_in_bounds()

    def understood(self, entry: Entry) -> None:
        """More is known of the request: who waits for one like it is told."""
        if self.is_on:
            self._look_again(entry)

    def answered(self, entry: Entry) -> None:
        """Its outcome is decided: sets `answered`, tells who waits."""
        entry.answered = True
        if entry.sequence in self._in_flight:
            self._tell(entry)

    def complete(self, entry: Entry) -> None:
        """The exchange is over: sets `completed`, counts its octets, tells who waits."""
        entry.completed = True
        if not self.is_on:
            return
        if not self._look_again(entry):
            self._remove_files(entry)
        self._in_flight.pop(entry.sequence, None)

    def _look_again(self, entry: Entry) -> bool:
        """The entry has changed: whether it is (still) kept."""
        entry.cache.clear()
        _share_octets(entry)
        world = self._worlds.get(entry.namespace)
        is_kept = world is not None and entry.sequence in world
        if world is not None and is_kept:
            self._octets += world.look_again(entry)
        if entry.sequence in self._in_flight:
            self._tell(entry)
        self._stay_in_bounds()
        return is_kept

    def _tell(self, entry: Entry) -> None:
        for waiter in self._waiters.get(entry.namespace, ()):
            waiter.look_at(entry)

    # ------------------------------------------------ looking for entries

    def entries(self, namespace: str) -> Sequence[Entry]:
        """The entries of a namespace, the oldest first; raises `JournalOffError`."""
        self._check_on()
        world = self._worlds.get(namespace)
        return world.all() if world is not None else []

    def find(self, namespace: str, sequence: int) -> Entry | None:
        """The entry of that number; raises `JournalOffError`."""
        self._check_on()
        world = self._worlds.get(namespace)
        return world.find(sequence) if world is not None else None

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
            world = self._worlds.get(namespace)
            return await waiter.result(world.understood() if world is not None else (), seconds)
        finally:
            waiters.discard(waiter)
            if not waiters and self._waiters.get(namespace) is waiters:
                del self._waiters[namespace]

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
        for entry in list(self._in_flight.values()):
            if entry.namespace == namespace:
                del self._in_flight[entry.sequence]
        world = self._worlds.pop(namespace, None)
        if world is not None:
            self._octets -= world.octets
            for entry in world.all():
                self._let_go(entry)

    def remove(self, namespace: str, sequence: int) -> bool:
        """Forget one entry, which does not count as evicted; False when there is none."""
        entry = self.find(namespace, sequence)
        if entry is None:
            return False
        self._in_flight.pop(sequence, None)
        self._octets -= self._worlds[namespace].take(sequence)
        self._leave_if_empty(namespace)
        self._let_go(entry)
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
        entry = world.oldest()
        self._octets -= world.take(entry.sequence)
        self._evicted[namespace] += 1
        self._leave_if_empty(namespace)
        self._let_go(entry)

    def _leave_if_empty(self, namespace: str) -> None:
        if not self._worlds[namespace]:
            del self._worlds[namespace]

    def _let_go(self, entry: Entry) -> None:
        # Who is still at work on a request may need its files: they go when it is complete.
        if entry.completed:
            self._remove_files(entry)

    def _remove_files(self, entry: Entry) -> None:
        for body in (entry.request_body, entry.response_body):
            if body.file is not None:
                self._spill.remove(body)


def _share_octets(entry: Entry) -> None:
    """Keep an envelope that is the whole body once: most messages have no attachments."""
    entry.request_envelope = _shared(entry.request_envelope, entry.request_body)
    entry.response_envelope = _shared(entry.response_envelope, entry.response_body)


def _shared(envelope: bytes, body: RecordedBody) -> bytes:
    return body.data if envelope == body.data else envelope
