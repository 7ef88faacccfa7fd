"""Which request meets which fault: plans by namespace, and how often each has struck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random, getrandbits

from ihe_mock_async.faults import applicability
from ihe_mock_async.faults.armed_plan import ArmedPlan, Picked, PlanState
from ihe_mock_async.faults.effect_names import UnknownEffectError, by_name
from ihe_mock_async.faults.plan import FaultPlan
from ihe_mock_async.journal.entry import AppliedFault, Entry

__all__ = ["HEADER", "ArmedPlan", "Faults", "Picked", "PlanState"]

HEADER = "x-mock-fault"
"""The request header that names an effect, lower-case."""


@dataclass(slots=True)
class _World:
    """What a namespace has."""

    plans: dict[str, ArmedPlan] = field(default_factory=dict)
    made_ids: int = 0

    def new_id(self) -> str:
        """The next one that no plan has: never that of a plan that is gone."""
        while True:
            self.made_ids += 1
            if (plan_id := f"plan-{self.made_ids}") not in self.plans:
                return plan_id


class Faults:
    """The plans of all namespaces, the oldest first: the first that strikes, counts.

    Used in the event loop's thread only. `pick` awaits nothing, so that picking and counting
    are one step.
    """

    def __init__(self, seed: int | None = None) -> None:
        """`seed` makes the draws reproducible of plans that have no seed of their own."""
        self._seed = seed
        self._worlds: dict[str, _World] = {}

    def add(self, namespace: str, plan: FaultPlan, now: datetime) -> ArmedPlan:
        """Arm a plan; one with the same id is replaced in its place."""
        world = self._worlds.setdefault(namespace, _World())
        plan_id = plan.id or world.new_id()
        armed = ArmedPlan(plan_id, plan, now, self._seed_of(namespace, plan_id, plan))
        world.plans[plan_id] = armed
        return armed

    def _seed_of(self, namespace: str, plan_id: str, plan: FaultPlan) -> str:
        if plan.when.seed is not None:
            return str(plan.when.seed)
        if self._seed is not None:
            return f"{self._seed} {namespace} {plan_id}"
        return str(getrandbits(64))

    def plans(self, namespace: str) -> Sequence[ArmedPlan]:
        """Those of a namespace, the oldest first."""
        world = self._worlds.get(namespace)
        return tuple(world.plans.values()) if world else ()

    def find(self, namespace: str, plan_id: str) -> ArmedPlan | None:
        """The plan of that id."""
        world = self._worlds.get(namespace)
        return world.plans.get(plan_id) if world else None

    def remove(self, namespace: str, plan_id: str) -> bool:
        """Disarm one; False when there is none."""
        world = self._worlds.get(namespace)
        return world is not None and world.plans.pop(plan_id, None) is not None

    def clear(self, namespace: str) -> int:
        """Disarm all; how many there were. Ids are made from the first again."""
        world = self._worlds.pop(namespace, None)
        return len(world.plans) if world else 0

    def rearm(self, namespace: str, plan_id: str, now: datetime) -> ArmedPlan | None:
        """Start one from the beginning: its counts, its window, its draws."""
        armed = self.find(namespace, plan_id)
        if armed is None:
            return None
        return self.add(namespace, armed.plan.model_copy(update={"id": plan_id}), now)

    def pick(self, entry: Entry, now: datetime, *, refused: bool = False) -> Picked | None:
        """The fault that a request meets; counts it, and sets `entry.fault`.

        `refused`: no application will get the request.
        """
        world = self._worlds.get(entry.namespace)
        if world is None:
            return None
        for armed in world.plans.values():
            if picked := armed.strike(entry, now, refused=refused):
                entry.fault = AppliedFault(picked.plan, picked.effect.name)
                return picked
        return None

    def requested(self, name: str, entry: Entry) -> Picked:
        """The fault that a request asks for in `HEADER`; sets `entry.fault`.

        Raises `UnknownEffectError` when no effect has that name, or one that cannot be applied
        to this request. No plan is asked, and nothing is counted.
        """
        effect = by_name(name)
        applicable = applicability.of(effect)
        if not applicable.covers(entry):
            seen = entry.transaction or entry.service or "this message"
            refusal = applicable.refusal(effect.name, seen)
            raise UnknownEffectError(f"The effect {refusal}.")
        entry.fault = AppliedFault("", effect.name)
        delay = effect.delay.seconds(self._draws(entry)) if effect.delay else 0.0
        return Picked(effect, "", delay)

    def _draws(self, entry: Entry) -> Random:
        seed = None if self._seed is None else f"{self._seed} {entry.sequence}"
        return Random(seed)  # noqa: S311 - no secret

    def namespaces(self) -> Sequence[str]:
        """Those that have plans."""
        return tuple(name for name, world in self._worlds.items() if world.plans)
