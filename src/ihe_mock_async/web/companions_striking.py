"""A request to a companion service that meets a fault on demand.

`commit` of the effect decides what is remembered, as with SOAP endpoints: with `delivered` it is
if the real answer is sent; with `before` it is, and then the fault happens; with `never` it is
not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ihe_mock_async.faults.effects import Commit
from ihe_mock_async.web import faulting

if TYPE_CHECKING:
    from ihe_mock_async.faults.picker import Picked
    from ihe_mock_async.web.companions_task import CompanionTask
    from ihe_mock_async.web.http import Response


async def struck(picked: Picked, task: CompanionTask) -> Response:
    """Let the fault happen; raises `ClientGoneError`."""
    effect, entry = picked.effect, task.call.entry
    settled = await task.carry_out() if effect.commit is Commit.BEFORE else None
    stored = entry.summary if settled else ""
    await faulting.hold_back(task.call.request, picked)
    replaced = faulting.replacement(picked, lambda count: task.ids.octets("garbage", count))
    if replaced is not None:
        faulting.note(effect, entry, stored=stored)
        return replaced
    real = settled or await _real(picked, task)
    if effect.fault is not None:  # truncated
        faulting.note(effect, entry, stored=stored)
    return faulting.in_manner(real, picked)


async def _real(picked: Picked, task: CompanionTask) -> Response:
    """The service's answer; remembered if it is sent as it is, and may be."""
    if picked.effect.pass_ and picked.effect.commit is Commit.DELIVERED:
        return await task.carry_out()
    return await task.try_out()
