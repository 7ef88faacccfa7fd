"""Fault plans of one world, armed by a test in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ihe_mock_async.testing.effects import EffectLike, read_plan
from ihe_mock_async.testing.effects import effect as read_effect

if TYPE_CHECKING:
    from ihe_mock_async.faults.plan import FaultPlan
    from ihe_mock_async.journal.pattern import Pattern
    from ihe_mock_async.web.services import Services


def plan_of(pattern: Pattern, effect: EffectLike, times: int | None) -> FaultPlan:
    """An effect for so many matching requests, None: for all.

    Raises `ValueError` saying what is wrong with it.
    """
    return read_plan({"match": pattern, "when": {"times": times}, "effect": read_effect(effect)})


class FaultControl:
    """Arms and disarms; used in the server's event loop."""

    def __init__(self, services: Services, namespace: str) -> None:
        self._faults = services.faults
        self._clock = services.clock
        self._namespace = namespace

    def arm(self, pattern: Pattern, effect: EffectLike, times: int | None) -> str:
        """Arm an effect for so many matching requests, None: for all; the id of the plan."""
        return self.add(plan_of(pattern, effect, times))

    def add(self, plan: FaultPlan) -> str:
        """Arm a plan; its id."""
        return self._faults.add(self._namespace, plan, self._clock.now()).id

    def disarm(self, pattern: Pattern | None) -> int:
        """Remove the plans of a pattern, None: all; how many there were."""
        if pattern is None:
            return self._faults.clear(self._namespace)
        plans = [
            each for each in self._faults.plans(self._namespace) if each.plan.match == pattern
        ]
        for each in plans:
            self._faults.remove(self._namespace, each.id)
        return len(plans)
