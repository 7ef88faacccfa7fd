"""What is told when requests are not as a test expects: what was expected, what came instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.near_miss import NearMiss, nearest
from ihe_mock_async.journal.pattern import Pattern
from ihe_mock_async.journal.verification import Expectation, Verification, in_order, verify

_MOST_LISTED = 10


def unmet(expectation: Expectation, entries: Sequence[Entry], evicted: int) -> str:
    """Why an expectation is not met; empty when it is.

    Raises `EvictedError` when that depends on entries that were forgotten.
    """
    found = verify(expectation, entries, evicted)
    return "" if found.passed else "\n".join(_told(expectation.match, found, len(entries)))


def unmet_wait(
    pattern: Pattern, count: int, found: Sequence[Entry], others: Sequence[Entry]
) -> str:
    """What came instead of `count` requests that were waited for."""
    missed = Verification(
        False, len(found), f"at least {count}", found, nearest(pattern, others), 0
    )
    return "\n".join(_told(pattern, missed, len(others)))


def unmet_sequence(
    patterns: Sequence[Pattern], entries: Sequence[Entry], evicted: int, *, exact: bool
) -> str:
    """Why requests are not in the expected order; empty when they are.

    Raises `EvictedError` when that depends on entries that were forgotten.
    """
    order = in_order(patterns, entries, evicted)
    if order.missing is not None:
        lines = [
            f"Expected request {order.missing + 1} of {len(patterns)} to be one with "
            f"{in_words(patterns[order.missing])}, but none came"
            f"{' after the ones before' if order.missing else ''}.",
        ]
        if order.too_early:
            lines.append(f"One came too early: {one_line(order.too_early)}")
        return "\n".join([*lines, *told_misses(order.near_misses), *_came(entries)])
    if exact and len(entries) != len(patterns):
        unexpected = [each for each in entries if each not in order.found]
        return "\n".join(
            [f"Expected these {len(patterns)} requests and no other, but more came:"]
            + [f"  {line}" for line in _listed(unexpected)]
        )
    return ""


def _told(pattern: Pattern, found: Verification, came: int) -> Iterator[str]:
    number = "no" if found.expected == "none" else found.expected
    others = f" ({came} in all)" if came != found.count else ""
    yield (
        f"Expected {number} request{'' if number.endswith(' 1') else 's'} with "
        f"{in_words(pattern)}, but {found.count or 'none'} came{others}."
    )
    if found.near_misses:
        yield from told_misses(found.near_misses)
    elif found.matching:
        yield "They were:"
        yield from (f"  {line}" for line in _listed(found.matching))


def told_misses(misses: Sequence[NearMiss]) -> Iterator[str]:
    """The entries that come nearest, and why each does not match."""
    if misses:
        yield "Nearest:"
    for miss in misses:
        yield f"  {one_line(miss.entry)}"
        for each in miss.mismatches:
            yield f"      {each.key}: expected {each.expected}, received {each.received}"


def _came(entries: Sequence[Entry]) -> Iterator[str]:
    if entries:
        yield "What came:"
        yield from (f"  {line}" for line in _listed(entries))


def _listed(entries: Sequence[Entry]) -> Iterator[str]:
    if len(entries) > _MOST_LISTED:
        yield f"({len(entries) - _MOST_LISTED} earlier ones)"
    yield from map(one_line, entries[-_MOST_LISTED:])


def one_line(entry: Entry) -> str:
    """Number, transaction, path, patients and outcome of an exchange."""
    words: Iterable[str] = (
        f"#{entry.sequence}",
        entry.transaction or entry.service,
        entry.method,
        entry.path,
        ", ".join(entry.patient_ids),
        f"-> {entry.outcome.value} {entry.status or 'without an answer'}"
        if entry.decided_outcome
        else "-> in flight",
        f"(fault: {entry.fault.effect})" if entry.fault else "",
    )
    return " ".join(word for word in words if word)


def in_words(pattern: Pattern) -> str:
    """The conditions of a pattern: `transaction "ITI-41", patientId "P1"`."""
    conditions = [f"{each.key} {each.expected}" for each in pattern.conditions]
    return ", ".join(conditions) or "anything in it"
