"""When deliveries are due, and how many are in flight: a receiver that hangs holds up no other."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

AT_ONCE = 32
"""Deliveries that are in flight at the same time."""
FOR_ONE_RECEIVER = 4
"""Those of them that go to one receiver; its others wait, and keep nobody else waiting."""


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """A delivery, and when it is attempted next."""

    at: float
    """Loop time."""
    delivery: int
    receiver: str = field(compare=False)


def receiver_of(url: str) -> str:
    """Who stands behind a URL: scheme, host and port."""
    try:
        parts = urlsplit(url)
    except ValueError:  # nobody, and everybody who is named like that
        return url
    return f"{parts.scheme}://{parts.netloc}".lower()


class Schedule:
    """Each delivery once: due at some time, held back, or in flight."""

    def __init__(self, at_once: int = AT_ONCE, for_one_receiver: int = FOR_ONE_RECEIVER) -> None:
        self._at_once = at_once
        self._for_one_receiver = for_one_receiver
        self._known: set[int] = set()
        self._heap: list[Due] = []
        self._held: defaultdict[str, deque[Due]] = defaultdict(deque)
        """What is due for receivers that have enough in flight."""
        self._in_flight: Counter[str] = Counter()

    def add(self, due: Due) -> bool:
        """Have a delivery attempted; False when it is known already."""
        if due.delivery in self._known:
            return False
        self._known.add(due.delivery)
        heapq.heappush(self._heap, due)
        return True

    def take(self, now: float) -> Iterator[Due]:
        """What is to be attempted now, the longest due first; it is in flight from here on."""
        while self._has_room and self._heap and self._heap[0].at <= now:
            due = heapq.heappop(self._heap)
            if self._in_flight[due.receiver] >= self._for_one_receiver:
                self._held[due.receiver].append(due)
                continue
            self._in_flight[due.receiver] += 1
            yield due

    def landed(self, due: Due) -> None:
        """Forget a delivery that was in flight, and let go of one that waited for it."""
        self._known.discard(due.delivery)
        self._in_flight -= Counter([due.receiver])
        if due.receiver in self._held:
            held = self._held[due.receiver]
            heapq.heappush(self._heap, held.popleft())
            if not held:
                del self._held[due.receiver]

    def next_time(self) -> float | None:
        """When `take` has something; None: not before another one is added or has landed."""
        return self._heap[0].at if self._heap and self._has_room else None

    @property
    def _has_room(self) -> bool:
        return self._in_flight.total() < self._at_once
