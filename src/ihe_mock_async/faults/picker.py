"""Which request meets which fault: plans by namespace, and how often each has struck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ihe_mock_async.faults.effects import Effect
from ihe_mock_async.faults.plan import FaultPlan
from ihe_mock_async.journal.entry import Entry


@dataclass(frozen=True, slots=True)
class Picked:
    """The fault that a request meets."""

    effect: Effect
    plan: str
    """Id of the plan; empty: the header `X-Mock-Fault`."""
    delay: float = 0.0
    """Seconds, drawn from the effect's delay; the dribble is not in it."""
    retry_after: int = 0
    """Seconds until a quota's window ends, at least 1."""


class ArmedPlan:
    """A plan at work."""

    id: str
    plan: FaultPlan
    armed: datetime
    matched: int
    """Requests that its pattern has matched."""
    hits: int
    """Requests that have met its fault."""

    @property
    def remaining(self) -> int | None:
        """How many more requests will meet the fault; None: no end."""
        raise NotImplementedError


class Faults:
    """The plans of all namespaces, the oldest first: the first that strikes, counts.

    Used in the event loop's thread only. `pick` awaits nothing, so that picking and counting
    are one step.
    """

    def __init__(self, seed: int | None = None) -> None:
        raise NotImplementedError

    def add(self, namespace: str, plan: FaultPlan, now: datetime) -> ArmedPlan:
        """Arm a plan; one with the same id is replaced in its place."""
        raise NotImplementedError

    def plans(self, namespace: str) -> Sequence[ArmedPlan]:
        """Those of a namespace, the oldest first."""
        raise NotImplementedError

    def find(self, namespace: str, plan_id: str) -> ArmedPlan | None:
        """The plan of that id."""
        raise NotImplementedError

    def remove(self, namespace: str, plan_id: str) -> bool:
        """Disarm one; False when there is none."""
        raise NotImplementedError

    def clear(self, namespace: str) -> int:
        """Disarm all; how many there were."""
        raise NotImplementedError

    def rearm(self, namespace: str, plan_id: str, now: datetime) -> ArmedPlan | None:
        """Start one from the beginning: its counts, its window, its draws."""
        raise NotImplementedError

    def pick(self, entry: Entry, now: datetime) -> Picked | None:
        """The fault that a request meets; counts it, and sets `entry.fault`."""
        raise NotImplementedError

    def namespaces(self) -> Sequence[str]:
        """Those that have plans."""
        raise NotImplementedError
