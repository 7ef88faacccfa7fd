"""A plan at work: what it has met, and whether it strikes now."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ihe_mock_async.faults import applicability
from ihe_mock_async.faults.effects import Effect
from ihe_mock_async.faults.plan import FaultPlan
from ihe_mock_async.faults.quota import QuotaCount
from ihe_mock_async.journal.entry import Entry

_NO_TIME = timedelta()


class PlanState(StrEnum):
    """Whether a plan can strike."""

    ARMED = "armed"
    SLEEPING = "sleeping"
    """`afterMs` has not passed yet."""
    EXHAUSTED = "exhausted"
    """It has struck as often as it was to."""
    OVER = "over"
    """`forMs` has passed."""


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
    """A plan at work; `seed` is what its draws are derived from."""

    def __init__(self, plan_id: str, plan: FaultPlan, now: datetime, seed: str) -> None:
        self.id = plan_id
        self.plan = plan
        self.armed = now
        self.matched = 0
        """Requests that its pattern has matched, unless an older plan had struck them."""
        self.hits = 0
        """Requests that have met its fault."""
        self._seed = seed
        self._candidates = 0
        self._applicable = [applicability.of(step) for step in plan.steps]
        quota = plan.steps[0].quota
        self._quota = None if quota is None else QuotaCount(quota)

    @property
    def remaining(self) -> int | None:
        """How many more requests will meet the fault; None: no end."""
        plan = self.plan
        ends = [] if plan.when.times is None else [plan.when.times]
        if plan.sequence and plan.on_exhausted == "pass":
            ends.append(len(plan.sequence))
        return min(ends) - self.hits if ends else None

    def state(self, now: datetime) -> PlanState:
        """Whether it can strike."""
        if self.remaining == 0:
            return PlanState.EXHAUSTED
        when = self.plan.when
        awake = now - self.armed - timedelta(milliseconds=when.after_ms)
        # A clock that was put back does not send a plan to sleep that was awake from the first.
        if when.after_ms and awake < _NO_TIME:
            return PlanState.SLEEPING
        if when.for_ms is not None and awake >= timedelta(milliseconds=when.for_ms):
            return PlanState.OVER
        return PlanState.ARMED

    def strike(self, entry: Entry, now: datetime, *, refused: bool = False) -> Picked | None:
        """The fault that this request meets, if it meets one; counts either way.

        `refused`: no application will get the request.
        """
        if not self.plan.match.matches(entry):
            return None
        self.matched += 1
        if self.state(now) is not PlanState.ARMED:
            return None
        step = self._step()
        if not self._applicable[step].covers(entry, refused=refused):
            return None
        self._candidates += 1
        return self._meet(self.plan.steps[step], entry, now)

    def _step(self) -> int:
        """Where in the sequence it is."""
        last = len(self.plan.steps) - 1
        if self.plan.on_exhausted == "loop":
            return self.hits % (last + 1)
        return min(self.hits, last)

    def _meet(self, effect: Effect, entry: Entry, now: datetime) -> Picked | None:
        when = self.plan.when
        if self._candidates <= when.skip:
            return None
        retry_after = 0
        if self._quota is not None:
            retry_after = self._quota.take(entry, now)
            if not retry_after:
                return None
        if when.probability < 1 and self._draws("strike").random() >= when.probability:
            return None
        delay = effect.delay.seconds(self._draws("delay")) if effect.delay else 0.0
        self.hits += 1
        return Picked(effect, self.id, delay, retry_after)

    def _draws(self, purpose: str) -> random.Random:
        """What this request draws from: the same in each run with the same seed."""
        return random.Random(f"{self._seed} {self._candidates} {purpose}")  # noqa: S311 - no secret
