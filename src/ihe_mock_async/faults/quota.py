"""Counting requests in fixed windows of time, for each who shares a quota."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from ihe_mock_async.faults.effects import Quota
from ihe_mock_async.journal import patients
from ihe_mock_async.journal.entry import Entry

_NO_TIME = timedelta()
_MANY = 10_000
"""Windows that are remembered before those that are over are looked for the first time."""


@dataclass(slots=True)
class _Window:
    begins: datetime
    length: timedelta
    requests: int = 0

    def left(self, now: datetime) -> timedelta:
        """How long it lasts; nothing, when it is over or (the clock was put back) not begun."""
        passed = now - self.begins
        return self.length - passed if _NO_TIME <= passed < self.length else _NO_TIME


class QuotaCount:
    """The requests that were counted for one quota."""

    def __init__(self, quota: Quota) -> None:
        self._limit = quota.limit
        self._length = timedelta(milliseconds=quota.window_ms)
        self._key_of = key_reader(quota.key)
        self._windows: dict[str, _Window] = {}
        self._many = _MANY

    def take(self, entry: Entry, now: datetime) -> int:
        """Count a request; whole seconds until it may come again, 0: it is within the quota."""
        window = self._window(self._key_of(entry), now)
        window.requests += 1
        if window.requests <= self._limit:
            return 0
        return max(1, ceil(window.left(now).total_seconds()))

    def _window(self, key: str, now: datetime) -> _Window:
        window = self._windows.get(key)
        if window is None or not window.left(now):
            if len(self._windows) >= self._many:
                self._forget(now)
            window = self._windows[key] = _Window(now, self._length)
        return window

    def _forget(self, now: datetime) -> None:
        """Let go of windows that are over.

        It is looked for them again when there are twice as many as were left, so that a request
        costs the same however many share the quota.
        """
        self._windows = {k: each for k, each in self._windows.items() if each.left(now)}
        self._many = max(_MANY, 2 * len(self._windows))


def key_reader(key: str) -> Callable[[Entry], str]:
    """Reads from an entry who shares a quota; `key` is `Quota.key`."""
    kind, _, name = key.partition(":")
    if kind == "header":
        wanted = name.lower().encode()
        return lambda entry: _header(entry, wanted)
    return _READERS[kind]


def _header(entry: Entry, wanted: bytes) -> str:
    values = (value for name, value in entry.headers if name.lower() == wanted)
    return b", ".join(values).decode("latin-1")


_READERS: dict[str, Callable[[Entry], str]] = {
    "namespace": lambda _: "",  # plans are of one namespace
    "client": lambda entry: entry.client.rpartition(":")[0],
    "transaction": lambda entry: entry.transaction,
    "patientId": lambda entry: next(iter(patients.of(entry)), ""),
}
