"""Whether two JSON values are equal, as WireMock's `equalToJson` compares them.

Numbers are equal by value (`1` and `1.0`), but `true` is no number, as it is in Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MAX_COMPARISONS = 200_000
"""Items in any order are compared each with each: this ends it."""


class TooLargeError(ValueError):
    """The values are too large, or nested too deeply, to compare them."""


@dataclass(slots=True)
class Comparison:
    """One comparison, with WireMock's options."""

    ignore_array_order: bool = False
    ignore_extra_elements: bool = False
    """Of objects and arrays of the received value."""
    made: int = 0
    """How many values were compared so far."""

    def equal(self, expected: Any, received: Any) -> bool:  # noqa: ANN401 - any JSON value
        """Whether the received value is as expected; raises `TooLargeError`."""
        try:
            return self._equal(expected, received)
        except RecursionError as error:
            raise TooLargeError("the JSON is nested too deeply") from error

    def _equal(self, expected: Any, received: Any) -> bool:  # noqa: ANN401 - any JSON value
        self.made += 1
        if self.made > _MAX_COMPARISONS:
            raise TooLargeError("the JSON is too large to compare")
        if isinstance(expected, Mapping):
            return isinstance(received, Mapping) and self._objects(expected, received)
        if isinstance(expected, Sequence) and not isinstance(expected, str):
            return isinstance(received, list) and self._arrays(expected, received)
        if isinstance(expected, bool) or isinstance(received, bool):
            return expected is received
        return bool(expected == received)

    def _objects(self, expected: Mapping[str, Any], received: Mapping[str, Any]) -> bool:
        if not self.ignore_extra_elements and len(expected) != len(received):
            return False
        return all(
            key in received and self._equal(value, received[key])
            for key, value in expected.items()
        )

    def _arrays(self, expected: Sequence[Any], received: Sequence[Any]) -> bool:
        if len(expected) > len(received):
            return False
        if not self.ignore_extra_elements and len(expected) != len(received):
            return False
        if self.ignore_array_order:
            return self._in_any_order(expected, received)
        return all(map(self._equal, expected, received))

    def _in_any_order(self, expected: Sequence[Any], received: Sequence[Any]) -> bool:
        """Whether each expected item has a received one of its own (a bipartite matching)."""
        taken: dict[int, int] = {}  # received item to the expected one that has it
        fitting = [
            [there for there, each in enumerate(received) if self._equal(item, each)]
            for item in expected
        ]
        return all(_place(item, fitting, taken, set()) for item in range(len(expected)))


def _place(item: int, fitting: list[list[int]], taken: dict[int, int], seen: set[int]) -> bool:
    """Give the item a received one, moving others that have a choice (Kuhn's algorithm)."""
    free = next((there for there in fitting[item] if there not in taken), None)
    if free is not None:
        taken[free] = item
        return True
    for there in fitting[item]:
        if there in seen:
            continue
        seen.add(there)
        if _place(taken[there], fitting, taken, seen):
            taken[there] = item
            return True
    return False
