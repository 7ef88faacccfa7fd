"""What the report of a failed test says of the servers that it had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ihe_mock_async.errors import IheMockError
from ihe_mock_async.faults.picker import ArmedPlan
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.near_miss import nearest
from ihe_mock_async.testing.assertions import in_words, one_line, told_misses
from ihe_mock_async.testing.world import Evidence, WorldControl, evidence_of

_MOST_EXCHANGES = 20
_MOST_FINDINGS = 5
_LONGEST_LINE = 500
_NOTHING = "No request has come."


def sections(fixtures: Mapping[str, object]) -> list[tuple[str, str]]:
    """Title and text for each world among the values of a test's fixtures, once each."""
    worlds = {id(v): (name, v) for name, v in fixtures.items() if isinstance(v, WorldControl)}
    told = [(f"{name} exchanges", _told(world)) for name, world in worlds.values()]
    # The server behind a world is a fixture, too, and mostly has no requests of its own.
    return [each for each in told if each[1] != _NOTHING] or told[:1]


def _told(world: WorldControl) -> str:
    try:
        evidence = evidence_of(world)
    except (IheMockError, RuntimeError) as error:  # the journal is off, it was never started
        return str(error)
    return "\n".join(line[:_LONGEST_LINE] for line in _lines(evidence))


def _lines(evidence: Evidence) -> Iterator[str]:
    entries = evidence.entries
    earlier = evidence.evicted + max(0, len(entries) - _MOST_EXCHANGES)
    if earlier:
        yield f"({earlier} earlier exchanges)"
    if not entries:
        yield _NOTHING
    for entry in entries[-_MOST_EXCHANGES:]:
        yield from _exchange(entry)
    yield from _idle_plans(evidence.plans, entries)


def _exchange(entry: Entry) -> Iterator[str]:
    yield one_line(entry)
    if entry.decided_outcome in (None, Outcome.SERVED):
        return
    if entry.summary:
        yield f"    {entry.summary}"
    for finding in entry.findings[:_MOST_FINDINGS]:
        yield f"    {finding.severity.value}: {finding.describe()}"
    if len(entry.findings) > _MOST_FINDINGS:
        yield f"    ({len(entry.findings) - _MOST_FINDINGS} more findings)"


def _idle_plans(plans: Sequence[ArmedPlan], entries: Sequence[Entry]) -> Iterator[str]:
    """Faults that were armed and have met no request, and the requests that came nearest."""
    for plan in plans:
        if plan.hits == 0:
            yield f"Fault {plan.id} has met no request with {in_words(plan.plan.match)}."
            yield from told_misses(nearest(plan.plan.match, entries))
