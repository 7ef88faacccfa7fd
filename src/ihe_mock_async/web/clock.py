"""Where time and ids come from: the machine, or `--clock` and `--seed` for reproducible answers."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections import Counter
from collections.abc import Callable
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


def _random_uuid() -> str:
    return str(uuid.uuid4())


class IdSource:
    """New UUIDs: random ones, or ones that the same requests get again under the same seed.

    With a seed the ids of an exchange derive from the seed, the namespace, the request's octets
    and how often these octets came before, so that they do not depend on the order of requests.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._seen: Counter[tuple[str, bytes]] = Counter()
        self._lock = threading.Lock()

    def for_exchange(self, namespace: str, message: bytes) -> Callable[[], str]:
        """The source of one exchange's ids; `message` is the SOAP envelope as received."""
        if self._seed is None:
            return _random_uuid
        digest = hashlib.sha256(message).digest()
        with self._lock:
            occurrence = self._seen[namespace, digest]
            self._seen[namespace, digest] += 1
        return _Derived(f"{self._seed}/{namespace}/{digest.hex()}/{occurrence}")


class _Derived:
    """Counts through the ids of one exchange."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._count = 0

    def __call__(self) -> str:
        self._count += 1
        digest = hashlib.sha256(f"{self._origin}/{self._count}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))
