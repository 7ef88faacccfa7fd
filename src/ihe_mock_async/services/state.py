"""What one companion service remembers in one world: records, numbers and idempotency keys."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ihe_mock_async.services.answer import Answer

MAX_RECORDS = 1000
"""Records under one name; the oldest go first."""
MAX_RECORDED_OCTETS = 16 << 20
"""Octets of the bodies of the records under one name."""
MAX_KEYS = 1000
MAX_REPLAYED_OCTETS = 16 << 20
"""Octets of the answers that are kept for keys."""


@dataclass(frozen=True, slots=True)
class Record:
    """A request that was answered."""

    number: int
    """Of its journal entry."""
    received: datetime
    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    json: Any
    """The body, when it is JSON; else None."""
    form: Mapping[str, Sequence[str]]
    mapping: str
    status: int


@dataclass(slots=True)
class _Records:
    kept: deque[Record] = field(default_factory=deque)
    octets: int = 0
    dropped: int = 0

    def add(self, record: Record) -> None:
        self.kept.append(record)
        self.octets += len(record.body)
        while len(self.kept) > MAX_RECORDS or (
            self.octets > MAX_RECORDED_OCTETS and len(self.kept) > 1
        ):
            self.octets -= len(self.kept.popleft().body)
            self.dropped += 1


@dataclass(slots=True)
class KeptAnswer:
    """What a key stands for."""

    fingerprint: bytes
    """Of the request that came with it."""
    answer: Answer | None = None
    """None: it is being carried out."""


class ServiceState:
    """The memory of a service in a world; used in the event loop's thread only."""

    def __init__(self) -> None:
        self.numbers: Counter[str] = Counter()
        self._records: dict[str, _Records] = {}
        self._keys: OrderedDict[str, KeptAnswer] = OrderedDict()
        self._octets = 0

    def clear(self) -> None:
        """Forget all."""
        self.numbers.clear()
        self._records.clear()
        self._keys.clear()
        self._octets = 0

    # ------------------------------------------------------------ records

    def add_record(self, name: str, record: Record) -> None:
        """Keep a request under a name."""
        self._records.setdefault(name, _Records()).add(record)

    def records(self, name: str) -> Sequence[Record]:
        """Those of a name, the oldest first."""
        found = self._records.get(name)
        return tuple(found.kept) if found else ()

    def dropped_records(self, name: str) -> int:
        """How many of a name were forgotten for the bounds."""
        found = self._records.get(name)
        return found.dropped if found else 0

    def remove_records(self, name: str) -> None:
        """Forget those of a name."""
        self._records.pop(name, None)

    # ------------------------------------------------------------ idempotency keys

    def kept_answer(self, key: str) -> KeptAnswer | None:
        """What a key stands for."""
        return self._keys.get(key)

    def begin(self, key: str, fingerprint: bytes) -> KeptAnswer:
        """A request with a new key is being carried out."""
        kept = self._keys[key] = KeptAnswer(fingerprint)
        return kept

    def abandon(self, key: str, kept: KeptAnswer) -> None:
        """It was not carried out: the next one with its key is."""
        if kept.answer is None and self._keys.get(key) is kept:
            del self._keys[key]

    def keep(self, key: str, kept: KeptAnswer, answer: Answer) -> None:
        """It was carried out."""
        if self._keys.get(key) is not kept:
            return  # forgotten by a reset meanwhile
        kept.answer = answer
        self._octets += len(answer.body)
        if self._has_too_many_keys:
            self._forget_oldest_keys()

    @property
    def _has_too_many_keys(self) -> bool:
        return len(self._keys) > MAX_KEYS or self._octets > MAX_REPLAYED_OCTETS

    def _forget_oldest_keys(self) -> None:
        """Down to the bounds; those of requests in flight stay."""
        answered = [(key, each.answer) for key, each in self._keys.items() if each.answer]
        for key, answer in answered:
            if not self._has_too_many_keys:
                return
            del self._keys[key]
            self._octets -= len(answer.body)
