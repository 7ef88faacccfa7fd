"""Plans and requests that the tests of faults share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from ihe_mock_async.faults.picker import Faults
from ihe_mock_async.faults.plan import FaultPlan
from ihe_mock_async.journal.entry import Entry

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BUSY = {"http": {"status": 503}}
PASS = {"pass": True}
_numbers = count(1)


def later(**units: float) -> datetime:
    """So long after noon."""
    return NOON + timedelta(**units)


def plan(**document: object) -> FaultPlan:
    """A plan as its JSON would have it; without an effect, HTTP 503."""
    if "effect" not in document and "sequence" not in document:
        document["effect"] = BUSY
    return FaultPlan.model_validate(document)


def armed(*plans: FaultPlan, seed: int | None = None) -> Faults:
    """The plans, armed at noon in the default namespace."""
    faults = Faults(seed)
    for each in plans:
        faults.add("", each, NOON)
    return faults


def request(transaction: str = "ITI-41", **fields: Any) -> Entry:  # noqa: ANN401 - an entry's
    """A request, as it is known when a fault is picked."""
    return Entry(next(_numbers), NOON, "/any", transaction=transaction, **fields)


def picked(faults: Faults, *, at: datetime = NOON, **fields: Any) -> str:  # noqa: ANN401 - as above
    """The name of the fault that one more request meets, or an empty text."""
    entry = request(**fields)
    found = faults.pick(entry, at)
    assert (entry.fault.effect if entry.fault else "") == (found.effect.name if found else "")
    return found.effect.name if found else ""
