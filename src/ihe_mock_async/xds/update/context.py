"""What the ids in an update lead to: new versions take the place of those that they succeed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ihe_mock_async.state import RegistryObject
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.update.operations import NewVersion, Operations, folded
from ihe_mock_async.xds.update.stock import Stock


@dataclass(frozen=True, slots=True)
class Context:
    """The objects of a request beside those of the registry."""

    submission: Submission
    operations: Operations
    stock: Stock
    own: frozenset[str]
    """The ids of everything in the request."""
    by_submitted: Mapping[str, NewVersion]
    """By the id that the request gives the new version."""
    by_previous: Mapping[str, NewVersion]
    """By the entryUUID of the registered version that it succeeds."""

    def renewal(self, identifier: str) -> NewVersion | None:
        """The new version of the object that an id leads to."""
        return self.by_submitted.get(identifier) or self.by_previous.get(identifier)

    def registered(self, identifier: str) -> RegistryObject | None:
        """The registered object of an id; that of a new version is the previous one."""
        version = self.by_submitted.get(identifier)
        if version is not None:
            return self.stock.latest[version.logical_id]
        return self.stock.registered.get(identifier)


def context_of(submission: Submission, operations: Operations, stock: Stock) -> Context:
    """Relate a request to the registered objects that it names."""
    pairs = [
        (version, latest)
        for version in operations.versions
        if (latest := stock.previous(version)) is not None
    ]
    return Context(
        submission,
        operations,
        stock,
        frozenset(folded(obj.id) for obj in submission.objects()),
        {folded(version.obj.id): version for version, _ in pairs},
        {previous.id: version for version, previous in pairs},
    )
