"""What an update does to the registry (ITI TF-2: 3.57.4.1.3.3; 3.92.4.1.3).

UpdateAvailabilityStatus and SubmitAssociation say what is to be done, and are not registered
themselves; the submission set and its HasMember associations are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from ihe_mock_async.state import AvailabilityStatus, Documents, RegistryObject
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.clerk import Clerk, assign_ids
from ihe_mock_async.xds.lifecycle import (
    Plan,
    carry_over,
    deprecate,
    touch,
    with_dependents,
)
from ihe_mock_async.xds.update.context import Context
from ihe_mock_async.xds.update.propagation import propagate


@dataclass(slots=True)
class _Draft:
    """New and changed objects, by entryUUID, while the plan is made."""

    new: dict[str, RegistryObject] = field(default_factory=dict)
    changed: dict[str, RegistryObject] = field(default_factory=dict)

    def register(self, objects: Iterable[RegistryObject]) -> None:
        self.new.update((obj.id, obj) for obj in objects)

    def change(
        self, objects: Iterable[RegistryObject], how: Callable[[RegistryObject], RegistryObject]
    ) -> None:
        """Change objects, whatever was changed of them before."""
        for obj in objects:
            group = self.new if obj.id in self.new else self.changed
            group[obj.id] = how(group.get(obj.id, obj))


def plan(
    context: Context, registry: Documents, *, now: datetime, new_uuid: Callable[[], str]
) -> Plan:
    """Decide what an update without essential findings changes."""
    submission = context.submission
    naming = assign_ids(submission, new_uuid)
    clerk = Clerk(naming, naming.resolve(submission.submission_sets[0].id), now)
    draft = _Draft()
    draft.register(map(clerk.identified, submission.submission_sets))
    renewed = _renew(context, clerk, draft)
    _submit(context, registry, clerk, draft)
    propagating = {
        previous: new
        for previous, new in renewed.items()
        if context.by_previous[previous].propagates
    }
    propagation = propagate(propagating, registry, clerk)
    draft.register(propagation.registrations)
    draft.change(propagation.folders, lambda folder: touch(folder, now))
    _change_status(context, renewed, draft)
    return Plan(tuple(draft.new.values()), tuple(draft.changed.values()))


def _renew(context: Context, clerk: Clerk, draft: _Draft) -> dict[str, RegistryObject]:
    """Register the new versions; returns them by the entryUUID of the previous ones."""
    renewed = {}
    for previous_id, version in context.by_previous.items():
        previous = context.stock.latest[version.logical_id]
        # A restricted update leaves the status, an update has approved ones only.
        new = replace(clerk.identified(version.obj, previous), status=previous.status)
        renewed[previous_id] = new
        draft.register([new])
        draft.change([previous], deprecate)
    links = (version.link for version in context.operations.versions)
    draft.register(clerk.association(link) for link in links if link is not None)
    return renewed


def _submit(context: Context, registry: Documents, clerk: Clerk, draft: _Draft) -> None:
    """Register new associations; replacements have the same effects as in ITI-42."""
    associations = (each.association for each in context.operations.submitted)
    registrations = [clerk.association(each) for each in associations if each is not None]
    draft.register(registrations)
    known = {**context.stock.registered, **draft.new}
    replaced = {
        obj.target: known[obj.target]
        for obj in registrations
        if obj.association_type in v.REPLACEMENTS and obj.target in known
    }
    draft.change(with_dependents(replaced.values(), registry), deprecate)
    carried, folders = carry_over(registrations, replaced, registry, clerk)
    draft.register(carried)
    enlarged = (*folders, *_enlarged(registrations, known))
    draft.change(enlarged, lambda folder: touch(folder, clerk.now))


def _enlarged(
    registrations: Iterable[RegistryObject], known: Mapping[str, RegistryObject]
) -> Iterator[RegistryObject]:
    """The folders that get a member."""
    for obj in registrations:
        folder = known.get(obj.source or "")
        if obj.association_type == v.HAS_MEMBER and folder is not None:
            yield folder


def _change_status(context: Context, renewed: Mapping[str, RegistryObject], draft: _Draft) -> None:
    """Change the status of registered objects; that of a renewed one is the new version's."""
    for change in context.operations.status_changes:
        obj = context.registered(change.target)
        if obj is not None:
            status = AvailabilityStatus(change.new_status or "")
            draft.change([renewed.get(obj.id, obj)], partial(replace, status=status))
