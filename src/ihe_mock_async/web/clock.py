"""Where time and ids come from: the machine, or `--clock` and `--seed` (reproducible)."""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


class Clock:
    """The time of the affinity domain: the machine's, or one that stands still."""

    def __init__(self, fixed: datetime | None = None) -> None:
        if fixed is not None and fixed.tzinfo is None:
            fixed = fixed.replace(tzinfo=UTC)
        self._fixed = fixed.astimezone(UTC) if fixed is not None else None

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return self._fixed or datetime.now(UTC)


class IdSource:
    """New UUIDs: random ones, or ones that the same requests get again under the same seed.

    With a seed the ids of an exchange derive from the seed, the namespace, the request's octets
    and how often these octets came before, so that they do not depend on the order of requests.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._seen: Counter[bytes] = Counter()
        self._lock = threading.Lock()

    def for_exchange(self, namespace: str, message: bytes) -> ExchangeIds:
        """The ids of one exchange; `message` is the SOAP envelope as received."""
        if self._seed is None:
            return _RANDOM
        origin = f"{self._seed}/{namespace}/".encode() + hashlib.sha256(message).digest()
        digest = hashlib.sha256(origin).digest()
        with self._lock:
            self._seen[digest] += 1
            occurrence = self._seen[digest]
        return ExchangeIds(f"{digest.hex()}/{occurrence}")


@dataclass(frozen=True, slots=True)
class ExchangeIds:
    """The ids of one exchange; without an origin they are random."""

    origin: str = ""

    def start(self, purpose: str) -> Callable[[], str]:
        """Bare lower-case UUIDs from the first on, one at each call.

        Each purpose has its own. A unit of work that is run again gets the same ones again.
        """
        return _Derived(f"{self.origin}/{purpose}") if self.origin else _random_uuid


_RANDOM = ExchangeIds()


class _RandomUuids:
    """Version 4 UUIDs from one block of the system's randomness after the other.

    `uuid.uuid4` asks the system each time, and lets go of the interpreter for it.
    """

    _BLOCK = 256

    def __init__(self) -> None:
        self._unused: list[str] = []

    def __call__(self) -> str:
        while True:
            try:
                return self._unused.pop()  # atomic: the writer's thread asks, too
            except IndexError:
                digits = os.urandom(16 * self._BLOCK).hex()
                self._unused += [
                    _version_4(digits[start : start + 32]) for start in range(0, len(digits), 32)
                ]


def _version_4(digits: str) -> str:
    """32 random hex digits as a UUID of version 4 and variant 1 (RFC 9562, 5.4)."""
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


_random_uuid = _RandomUuids()


class _Derived:
    """Counts through the ids of one purpose."""

    __slots__ = ("_count", "_origin")

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._count = 0

    def __call__(self) -> str:
        self._count += 1
        digest = hashlib.sha256(f"{self._origin}/{self._count}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))
