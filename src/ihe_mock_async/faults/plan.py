"""A fault plan: which requests, when, and what happens to them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ihe_mock_async.faults.effects import Effect
from ihe_mock_async.journal.json_model import JsonModel
from ihe_mock_async.journal.pattern import Pattern

Count = Annotated[int, Field(ge=0)]


class When(JsonModel):
    """Which of the matching requests meet the fault."""

    skip: Count = 0
    """So many matching requests pass first."""
    times: Annotated[int, Field(ge=1)] | None = None
    """So many meet it; null: until the plan is deleted."""
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    seed: int | None = None
    """Makes the draws reproducible; null: the seed of the server, if it has one."""
    after_ms: Count = 0
    """The plan sleeps so long, from when it was armed."""
    for_ms: Annotated[int, Field(ge=1)] | None = None
    """How long it is awake then; null: for ever."""


class FaultPlan(JsonModel):
    """What `POST /__admin/faults` takes; exactly one of `effect` and `sequence` is given."""

    id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    """Chosen by the client, or made."""
    match: Pattern = Field(default_factory=Pattern)
    when: When = Field(default_factory=When)
    effect: Effect | None = None
    sequence: tuple[Effect, ...] = ()
    """The first matching request meets the first, and so on."""
    on_exhausted: Literal["pass", "repeatLast", "loop"] = "pass"
    """After the last of the sequence: no fault, the last again, or from the first again."""
