"""A companion service made ready to answer: which mapping, and if none, how near they came.

The mapping with the lowest priority number is asked first; among equals the one that stands
first in the file (WireMock asks the one added last; a file has no such order).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ihe_mock_async.services.conditions import Condition
from ihe_mock_async.services.declaration import MappingDeclaration
from ihe_mock_async.services.request import ServiceRequest
from ihe_mock_async.services.responses import Respond

NEAREST = 3


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A mapping that does not answer a request, and why."""

    mapping: str
    differences: Sequence[str]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A kind of request and its answer."""

    declaration: MappingDeclaration
    conditions: Sequence[Condition]
    path: Condition | None
    """The condition on the path; None: any."""
    respond: Respond

    @property
    def title(self) -> str:
        """Its name, or method and path."""
        return self.declaration.title

    def fits(self, request: ServiceRequest) -> bool:
        """Whether a request fulfils all conditions."""
        return all(condition.unmet(request) is None for condition in self.conditions)

    def compare(self, request: ServiceRequest) -> NearMiss:
        """All conditions that a request does not fulfil."""
        found = (condition.difference(request) for condition in self.conditions)
        return NearMiss(self.title, [each for each in found if each is not None])


class Companion:
    """One service; immutable."""

    def __init__(
        self,
        name: str,
        description: str,
        listen: tuple[str, int] | None,
        mappings: Sequence[Mapping],
    ) -> None:
        self.name = name
        self.description = description
        self.listen = listen
        """Host and port of its own listener."""
        self.mappings = tuple(sorted(mappings, key=lambda each: each.declaration.priority))
        """In the order in which they are asked."""

    def choose(self, request: ServiceRequest) -> Mapping | None:
        """The mapping that answers a request."""
        return next((each for each in self.mappings if each.fits(request)), None)

    def near_misses(self, request: ServiceRequest) -> list[NearMiss]:
        """The mappings that miss a request least, the nearest first."""
        compared = [mapping.compare(request) for mapping in self.mappings]
        return sorted(compared, key=lambda miss: len(miss.differences))[:NEAREST]

    def has_path(self, request: ServiceRequest) -> bool:
        """Whether some mapping is for the request's path, whatever else it demands."""
        return any(
            mapping.path is None or mapping.path.unmet(request) is None
            for mapping in self.mappings
        )
