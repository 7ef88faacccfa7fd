"""What would have matched: the entries that come nearest to a pattern, the paths near a path."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ihe_mock_async.journal.conditions import Condition, Mismatch
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.pattern import Pattern, mismatches
from ihe_mock_async.journal.subject import Subject

MOST = 3
"""How many near misses are told."""
_READ = 20
"""How many entries have their bodies looked into: the best by all other conditions."""
_COMPARED = 200
"""Characters of two texts of which it is found out how much they are alike."""
_SIMILAR_PATHS = 0.5


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An entry that does not match, and why."""

    entry: Entry
    mismatches: Sequence[Mismatch]
    share: float
    """Of the conditions, how many it does not fulfil: 0 to 1."""


def nearest(pattern: Pattern, entries: Iterable[Entry], most: int = MOST) -> list[NearMiss]:
    """The entries that fail the fewest conditions, the nearest first; matching ones are no misses.

    Of those that fail as many, the one whose texts are more like the wanted ones is nearer, and
    then the newer one.
    """
    conditions = pattern.conditions
    cheap = [condition for condition in conditions if not condition.reads_body]
    failed = ((_failed(cheap, entry), entry) for entry in entries)
    if len(cheap) == len(conditions):  # no body can make a miss of what matches so far
        failed = (candidate for candidate in failed if candidate[0])
    candidates = heapq.nsmallest(max(_READ, most), failed, key=_cheap_rank)
    misses = (_miss(conditions, entry) for _, entry in candidates)
    return heapq.nsmallest(most, (miss for miss in misses if miss.mismatches), key=_rank)


def _failed(conditions: Sequence[Condition], entry: Entry) -> int:
    subject = Subject(entry)
    return sum(condition.unmet(subject) is not None for condition in conditions)


def _cheap_rank(candidate: tuple[int, Entry]) -> tuple[int, int]:
    failed, entry = candidate
    return failed, -entry.sequence


def _miss(conditions: Sequence[Condition], entry: Entry) -> NearMiss:
    found = mismatches(conditions, Subject(entry))
    return NearMiss(entry, found, len(found) / len(conditions) if conditions else 0.0)


def _rank(miss: NearMiss) -> tuple[float, float, int]:
    likeness = sum(_alike(each.expected, each.received) for each in miss.mismatches)
    return miss.share, -likeness, -miss.entry.sequence


def _alike(one: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, one[:_COMPARED], other[:_COMPARED], autojunk=False)
    return matcher.ratio()


def paths(path: str, known: Iterable[str], most: int = MOST) -> list[str]:
    """The known paths that are most like one that is not known, the nearest first.

    A known path that has the same last segment, or is the path in another case or with a slash
    too many, is near, however short it is.
    """
    wanted = _plain(path[:_COMPARED])
    rated = [(_path_likeness(wanted, _plain(each)), each) for each in dict.fromkeys(known)]
    near = sorted((-likeness, each) for likeness, each in rated if likeness >= _SIMILAR_PATHS)
    return [each for _, each in near[:most]]


def _plain(path: str) -> str:
    return "/".join(filter(None, path.casefold().split("/")))


def _path_likeness(one: str, other: str) -> float:
    same_end = one.rpartition("/")[2] == other.rpartition("/")[2]
    return max(_alike(one, other), _SIMILAR_PATHS if same_end and one else 0.0)
