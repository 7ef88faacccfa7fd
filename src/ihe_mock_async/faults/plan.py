"""A fault plan: which requests, when, and what happens to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ihe_mock_async.faults import applicability
from ihe_mock_async.faults.effects import Effect
from ihe_mock_async.journal.json_forms import exactly_one
from ihe_mock_async.journal.json_model import JsonModel, wrong
from ihe_mock_async.journal.pattern import Pattern

MAX_WINDOW_MS = 31_536_000_000
"""A year."""
Count = Annotated[int, Field(ge=0)]
_RESERVED_ID = "rearm"
"""`POST /faults/rearm` is about all plans."""
_NOT_KNOWN_YET = ("outcome", "fault", "finding")


class When(JsonModel):
    """Which of the matching requests meet the fault."""

    skip: Count = Field(default=0, description="So many matching requests pass first.")
    times: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="So many meet it; null: until the plan is deleted."
    )
    probability: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        default=1.0, description="With which each of the others meets it."
    )
    seed: int | None = Field(
        default=None,
        ge=-(2**63),
        lt=2**63,
        description="Makes the draws reproducible; null: the seed of the server, if it has one.",
    )
    after_ms: Annotated[int, Field(ge=0, le=MAX_WINDOW_MS)] = Field(
        default=0, description="The plan sleeps so many milliseconds, from when it was armed."
    )
    for_ms: Annotated[int, Field(ge=1, le=MAX_WINDOW_MS)] | None = Field(
        default=None, description="How many milliseconds it is awake then; null: for ever."
    )


def _check_possible(effect: Effect, info: ValidationInfo) -> Effect:
    if "match" in info.data:  # else it is wrong itself
        applicability.check(effect, info.data["match"])
    return effect


def _check_step(effect: Effect) -> Effect:
    if effect.quota is not None:
        wrong("is a quota, which counts for itself", "a quota as `effect`, or other effects")
    return effect


_PossibleEffect = Annotated[Effect, AfterValidator(_check_possible)]
_Step = Annotated[_PossibleEffect, AfterValidator(_check_step)]


class FaultPlan(JsonModel):
    """What `POST /__admin/faults` takes; exactly one of `effect` and `sequence` is given."""

    model_config = ConfigDict(json_schema_extra=exactly_one("effect", "sequence"))

    id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="Chosen by the client, or made; not `rearm`, which is a path already.",
        json_schema_extra={"not": {"const": _RESERVED_ID}},
    )
    match: Pattern = Field(
        default_factory=Pattern,
        description="Which requests; `outcome`, `fault` and `finding` are not known yet when a "
        "fault is picked.",
    )
    when: When = Field(default_factory=When)
    effect: _PossibleEffect | None = Field(
        default=None, description="What happens to each request that meets the fault."
    )
    sequence: Annotated[tuple[_Step, ...], Field(max_length=10_000)] = Field(
        default=(),
        description="What happens to the first request that meets the fault, to the second, and "
        "so on.",
    )
    on_exhausted: Literal["pass", "repeatLast", "loop"] = Field(
        default="pass",
        description="After the last of the sequence: no fault, the last again, or from the first "
        "again.",
    )

    @property
    def steps(self) -> Sequence[Effect]:
        """The sequence, also when it is one effect."""
        return self.sequence if self.effect is None else (self.effect,)

    @field_validator("id")
    @classmethod
    def _is_free(cls, plan_id: str | None) -> str | None:
        if plan_id == _RESERVED_ID:
            wrong("is the path of another operation", "another id")
        return plan_id

    @field_validator("match")
    @classmethod
    def _is_known_early(cls, pattern: Pattern) -> Pattern:
        for name in _NOT_KNOWN_YET:
            if getattr(pattern, name) is not None:
                wrong(
                    "is not known yet when a fault is picked",
                    "conditions on the request, no outcome, fault or finding",
                    name,
                )
        number = pattern.transaction
        if number and number not in applicability.SERVED:
            served = ", ".join(applicability.by_number(applicability.SERVED))
            wrong(f"is {number}, which is not served", served, "transaction")
        return pattern

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if bool(self.sequence) == (self.effect is not None):
            seen = "effect and sequence" if self.sequence else "neither effect nor sequence"
            wrong(f"has {seen}", "exactly one of effect, sequence")
        return self
