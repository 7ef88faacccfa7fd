"""`/__admin/faults`: the fault plans of a world, how often each has struck, and new ones."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from quart import Response, request

from ihe_mock_async.faults.armed_plan import PlanState
from ihe_mock_async.faults.plan import FaultPlan, When
from ihe_mock_async.journal.json_model import JsonModel
from ihe_mock_async.web.admin import json_body
from ihe_mock_async.web.admin.api import Operation, Reply
from ihe_mock_async.web.admin.documents import Moment, answer, nothing
from ihe_mock_async.web.admin.problems import PROBLEM, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ihe_mock_async.faults.effects import Effect
    from ihe_mock_async.faults.picker import ArmedPlan, Faults
    from ihe_mock_async.web.clock import Clock

_ONE = "/faults/<plan>"
_EXAMPLES = {
    "the next three submissions get HTTP 503": {
        "match": {"transaction": "ITI-41"},
        "when": {"times": 3},
        "effect": {"http": {"status": 503, "headers": {"Retry-After": "5"}}},
    },
    "stored, but the acknowledgement is lost": {
        "match": {"transaction": "ITI-44"},
        "when": {"times": 1},
        "effect": {"fault": "CONNECTION_RESET_BY_PEER", "commit": "before"},
    },
    "busy, then slow, then as ever": {
        "match": {"transaction": "ITI-42"},
        "sequence": [
            {"registry": {"errors": [{"errorCode": "XDSRegistryBusy"}]}},
            {"pass": True, "delay": {"fixed": 2000}},
        ],
    },
}


class ArmedPlanDocument(JsonModel):
    """A fault plan at work."""

    id: str
    match: Mapping[str, Any]
    """The pattern, as it was sent."""
    when: When
    effect: Mapping[str, Any] | None
    """What happens; null: there is a sequence."""
    sequence: tuple[Mapping[str, Any], ...]
    on_exhausted: Literal["pass", "repeatLast", "loop"]
    effects: tuple[str, ...]
    """The names of its effects, as journal entries have them."""
    armed: Moment
    matched: int
    """Requests that the pattern has matched."""
    hits: int
    """Requests that have met the fault."""
    remaining: int | None
    """How many more will meet it; null: no end."""
    state: PlanState
    """`sleeping` until `afterMs` has passed, then `armed` until it is `exhausted` or `over`."""


class FaultList(JsonModel):
    """The fault plans of a world, the oldest first: the first that strikes, counts."""

    faults: list[ArmedPlanDocument]


class DeletedFaults(JsonModel):
    """How many fault plans were deleted."""

    deleted: int


class FaultRoutes:
    """The routes of fault plans."""

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock

    def operations(self) -> Iterator[Operation]:
        """What can be done with the plans of a world."""
        yield from self._operations_of_all()
        yield from self._operations_of_one()

    def _operations_of_all(self) -> Iterator[Operation]:
        yield Operation(
            "GET",
            "/faults",
            self.listing,
            "List the fault plans, the oldest first",
            {200: Reply("All of them.", FaultList)},
        )
        yield Operation(
            "POST",
            "/faults",
            self.add,
            "Arm a fault plan",
            {
                201: Reply("The plan; Location says where it is.", ArmedPlanDocument),
                200: Reply("The plan, in the place of the one of the same id.", ArmedPlanDocument),
                422: Reply("It is no plan; `errors` has the keys.", media_type=PROBLEM),
            },
            body=FaultPlan,
            description="A plan with the id of another one replaces it where it stands, and "
            "counts from 0.",
            examples=_EXAMPLES,
        )
        yield Operation(
            "DELETE",
            "/faults",
            self.clear,
            "Delete all fault plans",
            {200: Reply("How many there were.", DeletedFaults)},
        )
        yield Operation(
            "POST",
            "/faults/rearm",
            self.rearm_all,
            "Start all fault plans from the beginning",
            {200: Reply("All of them, their counts 0.", FaultList)},
        )

    def _operations_of_one(self) -> Iterator[Operation]:
        in_path = {"plan": "Id of the plan."}
        unknown = Reply("There is no such plan.", media_type=PROBLEM)
        yield Operation(
            "GET",
            _ONE,
            self.one,
            "Show a fault plan",
            {200: Reply("The plan.", ArmedPlanDocument), 404: unknown},
            path_parameters=in_path,
        )
        yield Operation(
            "DELETE",
            _ONE,
            self.delete,
            "Delete a fault plan",
            {204: Reply("It is gone.", media_type=""), 404: unknown},
            path_parameters=in_path,
        )
        yield Operation(
            "POST",
            f"{_ONE}/rearm",
            self.rearm,
            "Start a fault plan from the beginning",
            {
                200: Reply("The plan; counts, windows and draws begin again.", ArmedPlanDocument),
                404: unknown,
            },
            path_parameters=in_path,
        )

    async def listing(self, namespace: str) -> Response:
        """All plans."""
        return self._listed(namespace)

    async def add(self, namespace: str) -> Response:
        """Arm a plan, in the place of the one with its id if there is one."""
        plan = await json_body.read(FaultPlan)
        is_new = plan.id is None or self._faults.find(namespace, plan.id) is None
        armed = self._faults.add(namespace, plan, self._clock.now())
        response = answer(self._document(armed), HTTPStatus.CREATED if is_new else HTTPStatus.OK)
        response.headers["Location"] = f"{request.path}/{quote(armed.id, safe='')}"
        return response

    async def clear(self, namespace: str) -> Response:
        """Delete all plans."""
        return answer(DeletedFaults(deleted=self._faults.clear(namespace)))

    async def rearm_all(self, namespace: str) -> Response:
        """Start all plans from the beginning."""
        now = self._clock.now()
        for armed in self._faults.plans(namespace):
            self._faults.rearm(namespace, armed.id, now)
        return self._listed(namespace)

    async def one(self, plan: str, namespace: str) -> Response:
        """One plan."""
        armed = self._faults.find(namespace, plan)
        if armed is None:
            raise _unknown(plan)
        return answer(self._document(armed))

    async def delete(self, plan: str, namespace: str) -> Response:
        """Delete one plan."""
        if not self._faults.remove(namespace, plan):
            raise _unknown(plan)
        return nothing()

    async def rearm(self, plan: str, namespace: str) -> Response:
        """Start one plan from the beginning."""
        armed = self._faults.rearm(namespace, plan, self._clock.now())
        if armed is None:
            raise _unknown(plan)
        return answer(self._document(armed))

    def _listed(self, namespace: str) -> Response:
        return answer(FaultList(faults=list(map(self._document, self._faults.plans(namespace)))))

    def _document(self, armed: ArmedPlan) -> ArmedPlanDocument:
        return document(armed, self._clock.now())


def document(armed: ArmedPlan, now: datetime) -> ArmedPlanDocument:
    """A plan at work as JSON; what was left out of its pattern and effects is left out."""
    plan = armed.plan
    return ArmedPlanDocument(
        id=armed.id,
        match=plan.match.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        when=plan.when,
        effect=_dumped(plan.effect) if plan.effect is not None else None,
        sequence=tuple(map(_dumped, plan.sequence)),
        on_exhausted=plan.on_exhausted,
        effects=tuple(effect.name for effect in plan.steps),
        armed=armed.armed,
        matched=armed.matched,
        hits=armed.hits,
        remaining=armed.remaining,
        state=armed.state(now),
    )


def _dumped(effect: Effect) -> Mapping[str, Any]:
    return effect.model_dump(mode="json", by_alias=True, exclude_none=True)


def _unknown(plan: str) -> Problem:
    return Problem(
        HTTPStatus.NOT_FOUND,
        f'There is no fault plan "{plan}" in this namespace: GET /__admin/faults lists them.',
    )
