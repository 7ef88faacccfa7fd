"""Whether as many entries match a pattern as a test expects, and in the order it expects.

The answer is never guessed: when entries were forgotten for the bounds of the journal, and they
could have made the difference, there is an error instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ihe_mock_async.errors import EvictedError
from ihe_mock_async.journal import near_miss
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.json_model import JsonModel, wrong
from ihe_mock_async.journal.near_miss import NearMiss
from ihe_mock_async.journal.pattern import Pattern

Count = Annotated[int, Field(strict=True, ge=0)]


class Expectation(JsonModel):
    """How many entries are expected to match: at least one, unless it says otherwise."""

    match: Pattern = Field(
        default_factory=Pattern, description="Which entries are counted; without it, all."
    )
    times: Count | None = Field(default=None, description="Exactly so many.")
    at_least: Count | None = Field(default=None, description="So many or more.")
    at_most: Count | None = Field(default=None, description="So many or fewer.")
    never: Literal[True] | None = Field(default=None, description="None at all.")

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        given = {
            key: value
            for key, value in (
                ("times", self.times),
                ("never", self.never),
                ("atLeast", self.at_least),
                ("atMost", self.at_most),
            )
            if value is not None
        }
        if len(given) > 1 and set(given) != {"atLeast", "atMost"}:
            wrong(
                f"has {' and '.join(given)}",
                "times alone, never alone, or atLeast and atMost, alone or together",
            )
        least, most = self.bounds
        if most is not None and least > most:
            wrong(f"is {self.at_most}, less than atLeast", f"{least} or more", "atMost")
        return self

    @property
    def bounds(self) -> tuple[int, int | None]:
        """The least and the most; None: there is no most."""
        if self.never:
            return 0, 0
        if self.times is not None:
            return self.times, self.times
        least = self.at_least
        if least is None:
            least = 1 if self.at_most is None else 0
        return least, self.at_most

    @property
    def expected(self) -> str:
        """In words: `at least 1`, `exactly 2`, `none`, `2 to 4`."""
        least, most = self.bounds
        if most is None:
            return f"at least {least}"
        if most == 0:
            return "none"
        if least == most:
            return f"exactly {least}"
        return f"{least} to {most}" if least else f"at most {most}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of an expectation."""

    passed: bool
    count: int
    """How many entries match."""
    expected: str
    """How many should, in words."""
    matching: Sequence[Entry]
    """Those that match, the oldest first."""
    near_misses: Sequence[NearMiss]
    """When there are too few: those that come nearest."""
    evicted: int
    """How many entries were forgotten; they make no difference to `passed`."""


def verify(expectation: Expectation, entries: Sequence[Entry], evicted: int = 0) -> Verification:
    """Count the entries that match; `evicted` more were there once.

    Raises `EvictedError` when it depends on the evicted ones whether the expectation is met.
    """
    matching: list[Entry] = []
    others: list[Entry] = []
    for entry in entries:
        (matching if expectation.match.matches(entry) else others).append(entry)
    count = len(matching)
    least, most = expectation.bounds
    highest = count + evicted  # if all that were forgotten had matched
    passed = count >= least and (most is None or highest <= most)
    failed = highest < least or (most is not None and count > most)
    if not passed and not failed:
        raise EvictedError(
            f"{count} of the remembered requests match, expected is {expectation.expected}; "
            f"{_forgotten(evicted)}"
        )
    too_few = near_miss.nearest(expectation.match, others) if count < least else []
    return Verification(passed, count, expectation.expected, matching, too_few, evicted)


def _forgotten(evicted: int) -> str:
    return (
        f"but {evicted} requests were forgotten because of the journal's bounds, and they could "
        "make the difference. Raise journal_max_entries or journal_max_bytes, forget all requests "
        "before each test (DELETE /__admin/requests), or use a namespace per test."
    )


# ---------------------------------------------------------------- in order


@dataclass(frozen=True, slots=True)
class Order:
    """Entries that match patterns one after the other, as far as there are any."""

    found: Sequence[Entry]
    """For each pattern, from the first on, the entry that matches it."""
    missing: int | None
    """Index of the first pattern that no later entry matches; None: all are there in order."""
    too_early: Entry | None = None
    """An entry that matches the missing pattern, but came before the last one found."""
    near_misses: Sequence[NearMiss] = ()
    """Entries after the last one found that come nearest to the missing pattern."""

    @property
    def passed(self) -> bool:
        """Whether all patterns are matched in order."""
        return self.missing is None


def in_order(patterns: Sequence[Pattern], entries: Sequence[Entry], evicted: int = 0) -> Order:
    """Find for each pattern an entry after that of the pattern before; others may be between.

    Raises `EvictedError` when one is missing that may have been forgotten.
    """
    found: list[Entry] = []
    start = 0
    for number, pattern in enumerate(patterns):
        place = _first(pattern, entries, start)
        if place is None:
            if evicted:
                raise EvictedError(
                    f"Request {number + 1} of {len(patterns)} is not among those remembered, "
                    f"{_forgotten(evicted)}"
                )
            return _broken(pattern, entries, found, start)
        found.append(entries[place])
        start = place + 1
    return Order(found, None)


def _broken(
    pattern: Pattern, entries: Sequence[Entry], found: Sequence[Entry], start: int
) -> Order:
    early = _first(pattern, entries[:start], 0)
    return Order(
        found,
        len(found),
        None if early is None else entries[early],
        near_miss.nearest(pattern, entries[start:]),
    )


def _first(pattern: Pattern, entries: Sequence[Entry], start: int) -> int | None:
    places = range(start, len(entries))
    return next((place for place in places if pattern.matches(entries[place])), None)
