"""Effects of faults as a test names them, and all that they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ihe_mock_async.errors import WrongJsonError
from ihe_mock_async.faults.delay import Delay, Dribble, Lognormal, Uniform
from ihe_mock_async.faults.effect_names import by_name
from ihe_mock_async.faults.effects import (
    Commit,
    ConnectionFault,
    Corruption,
    Effect,
    Hl7,
    Http,
    Quota,
    Registry,
    RegistryErrorDetail,
    SoapFault,
)
from ihe_mock_async.faults.plan import FaultPlan, When
from ihe_mock_async.journal.json_model import read

__all__ = [
    "Commit",
    "ConnectionFault",
    "Corruption",
    "Delay",
    "Dribble",
    "Effect",
    "EffectLike",
    "FaultPlan",
    "Hl7",
    "Http",
    "Lognormal",
    "PlanLike",
    "Quota",
    "Registry",
    "RegistryErrorDetail",
    "SoapFault",
    "Uniform",
    "When",
    "effect",
    "read_plan",
]

EffectLike = Effect | Mapping[str, Any] | str | int
"""An effect, its JSON form, its name (`HANG`, `http 503`, `hl7 AE`), or an HTTP status."""


PlanLike = FaultPlan | Mapping[str, Any]
"""A fault plan, or its JSON form."""


def read_plan(meant: PlanLike) -> FaultPlan:
    """The plan that is meant; raises `ValueError` saying what is wrong with it."""
    if isinstance(meant, FaultPlan):
        return meant
    try:
        return read(FaultPlan, dict(meant))
    except WrongJsonError as error:
        raise ValueError(f"This is no fault plan: {error}") from None


def effect(meant: EffectLike) -> Effect:
    """The effect that is meant; raises `ValueError` saying which there are."""
    if isinstance(meant, Effect):
        return meant
    if isinstance(meant, str):
        return by_name(meant)
    document = {"http": {"status": meant}} if isinstance(meant, int) else meant
    try:
        return read(Effect, dict(document))
    except WrongJsonError as error:
        raise ValueError(f"This is no effect: {error}") from None
