"""Where time and ids come from: the machine, or `--clock` and `--seed` (reproducible).

The time can be set, moved and stopped while the server runs.
"""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


class Clock:
    """The time of the affinity domain: the machine's, an offset to it, or one that stands still.

    Times without a zone are UTC. What would leave the years 1 to 9999 raises OverflowError, and
    nothing is changed.
    """

    def __init__(self, fixed: datetime | None = None) -> None:
        """Stand still at `fixed`; None: run with the machine."""
        self._fixed = _utc(fixed) if fixed is not None else None
        self._offset = timedelta()

    @property
    def is_frozen(self) -> bool:
        """Whether it stands still."""
        return self._fixed is not None

    @property
    def offset(self) -> timedelta:
        """How far it is ahead of the machine's time at the moment; negative: behind."""
        return self._offset if self._fixed is None else self._fixed - datetime.now(UTC)

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        if self._fixed is not None:
            return self._fixed
        # Most clocks are the machine's.
        return datetime.now(UTC) + self._offset if self._offset else datetime.now(UTC)

    def http_date(self) -> bytes:
        """The present moment as the value of a Date field (RFC 9110, 5.6.7)."""
        return format_datetime(self.now(), usegmt=True).encode("ascii")

    def set(self, now: datetime) -> None:
        """Make it another time; whether it runs or stands still stays as it was."""
        if self._fixed is not None:
            self._fixed = _utc(now)
        else:
            self._offset = _utc(now) - datetime.now(UTC)

    def advance(self, by: timedelta) -> None:
        """Move it, forward or (negative) back."""
        self.set(self.now() + by)

    def freeze(self, at: datetime | None = None) -> None:
        """Let it stand still, now or at another time."""
        self._fixed = _utc(at) if at is not None else self.now()

    def run(self) -> None:
        """Let it run on from the time that it shows."""
        if self._fixed is not None:
            self._offset, self._fixed = self._fixed - datetime.now(UTC), None

    def reset(self) -> None:
        """Show the machine's time."""
        self._fixed, self._offset = None, timedelta()


def _utc(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


class IdSource:
    """New UUIDs: random ones, or ones that the same requests get again under the same seed.

    With a seed the ids of an exchange derive from the seed, the namespace, the request's octets
    and how often these octets came before, so that they do not depend on the order of requests.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._seen: dict[str, Counter[bytes]] = {}
        self._lock = threading.Lock()

    @property
    def is_seeded(self) -> bool:
        """Whether ids can be had again."""
        return self._seed is not None

    def for_exchange(self, namespace: str, message: bytes) -> ExchangeIds:
        """The ids of one exchange; `message` is the SOAP envelope as received."""
        if self._seed is None:
            return _RANDOM
        origin = f"{self._seed}/{namespace}/".encode() + hashlib.sha256(message).digest()
        digest = hashlib.sha256(origin).digest()
        with self._lock:
            seen = self._seen.setdefault(namespace, Counter())
            seen[digest] += 1
            occurrence = seen[digest]
        return ExchangeIds(f"{digest.hex()}/{occurrence}")

    def forget(self, namespace: str) -> None:
        """Give the same ids again to requests of a namespace that begins anew."""
        with self._lock:
            self._seen.pop(namespace, None)


@dataclass(frozen=True, slots=True)
class ExchangeIds:
    """The ids of one exchange; without an origin they are random."""

    origin: str = ""

    def start(self, purpose: str) -> Callable[[], str]:
        """Bare lower-case UUIDs from the first on, one at each call.

        Each purpose has its own. A unit of work that is run again gets the same ones again.
        """
        return _Derived(f"{self.origin}/{purpose}") if self.origin else _random_uuid

    def octets(self, purpose: str, count: int) -> bytes:
        """Octets without a meaning."""
        if not self.origin:
            return os.urandom(count)
        return hashlib.shake_256(f"{self.origin}/{purpose}".encode()).digest(count)


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
