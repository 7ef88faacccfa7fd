"""What a submission does to the registry (ITI TF-2: 3.42.4.1.3.3; ITI TF-3: 4.2.2.2).

Deciding and writing are apart: `plan` says what is to be written, `carry_out` writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ihe_mock_async.state import (
    Attachment,
    AvailabilityStatus,
    Documents,
    RegistryObject,
)
from ihe_mock_async.xds import searchable, stored_form
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.clerk import Clerk, assign_ids, timestamp
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.registry import Surroundings
from ihe_mock_async.xds.rules.references import uuids_of
from ihe_mock_async.xds.rules.unique_ids import unique_ids_of


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written, all or nothing."""

    registrations: tuple[RegistryObject, ...]
    changed: tuple[RegistryObject, ...]
    """Registered objects with another status or text, each once."""


def look_up(
    submission: Submission,
    registry: Documents,
    stored: Mapping[str, Attachment] | None = None,
) -> Surroundings:
    """Find the registered objects that a submission names; `stored` are documents to compare."""
    ids, unique_ids = uuids_of(submission), unique_ids_of(submission)
    return Surroundings(
        registry.by_id(ids) if ids else {},
        registry.by_unique_id(unique_ids) if unique_ids else (),
        stored or {},
    )


def plan(
    submission: Submission,
    surroundings: Surroundings,
    registry: Documents,
    *,
    now: datetime,
    new_uuid: Callable[[], str],
) -> Plan:
    """Decide what a submission without essential findings changes."""
    naming = assign_ids(submission, new_uuid)
    clerk = Clerk(naming, naming.resolve(submission.submission_sets[0].id), now)
    registrations = [
        *map(clerk.identified, submission.identified()),
        *map(clerk.association, submission.associations),
    ]
    replaced = _replaced(submission, surroundings.registered)
    carried, carried_folders = carry_over(registrations, replaced, registry, clerk)
    folders = {
        obj.id: obj for obj in (*_enlarged(submission, surroundings.registered), *carried_folders)
    }
    deprecated = map(deprecate, with_dependents(replaced.values(), registry))
    updated = (touch(folder, now) for folder in folders.values())
    return Plan((*registrations, *carried), (*deprecated, *updated))


def carry_out(plan: Plan, documents: Documents, now: datetime) -> None:
    """Write a plan to the registry."""
    documents.register(plan.registrations, now)
    for changed in plan.changed:
        documents.replace(changed)


def deprecate(obj: RegistryObject) -> RegistryObject:
    """The object when it is no longer approved."""
    return replace(obj, status=AvailabilityStatus.DEPRECATED)


def touch(folder: RegistryObject, now: datetime) -> RegistryObject:
    """The folder with this lastUpdateTime."""
    xml = stored_form.with_last_update_time(folder.xml, timestamp(now))
    return replace(folder, xml=xml, attributes=searchable.attributes_of_text(folder.kind, xml))


def _replaced(
    submission: Submission, registered: Mapping[str, RegistryObject]
) -> dict[str, RegistryObject]:
    """The registered targets of RPLC and XFRM_RPLC."""
    targets = [a.target.lower() for a in submission.associations if a.type in v.REPLACEMENTS]
    return {target: registered[target] for target in targets if target in registered}


def with_dependents(
    replaced: Iterable[RegistryObject], registry: Documents
) -> tuple[RegistryObject, ...]:
    """The replaced entries, and all transformations and addenda that hang on them."""
    found = {obj.id: obj for obj in replaced}
    wave = list(found)
    while wave:
        links = registry.associations(targets=wave, types=v.DEPENDENTS)
        sources = {a.source for a in links if a.source and a.status == v.APPROVED} - found.keys()
        dependents = registry.by_id(sources) if sources else {}
        found.update(dependents)
        wave = list(dependents)
    return tuple(obj for obj in found.values() if obj.status == v.APPROVED)


def carry_over(
    registrations: Sequence[RegistryObject],
    replaced: Mapping[str, RegistryObject],
    registry: Documents,
    clerk: Clerk,
) -> tuple[list[RegistryObject], list[RegistryObject]]:
    """Put each replacement into the approved folders of what it replaces."""
    if not replaced:
        return [], []
    memberships = [
        a
        for a in registry.associations(targets=tuple(replaced), types=(v.HAS_MEMBER,))
        if a.status == v.APPROVED and a.source
    ]
    sources = registry.by_id({a.source for a in memberships if a.source})
    folders = {
        obj.id: obj
        for obj in sources.values()
        if obj.kind == v.FOLDER.kind and obj.status == v.APPROVED
    }
    members = {(r.source, r.target) for r in registrations if r.association_type == v.HAS_MEMBER}
    added: list[RegistryObject] = []
    for replacement in registrations:
        if replacement.association_type in v.REPLACEMENTS and replacement.source:
            homes = {m.source for m in memberships if m.target == replacement.target}
            for folder in sorted(folders.keys() & homes):
                if (folder, replacement.source) not in members:
                    members.add((folder, replacement.source))
                    membership = clerk.associate(folder, replacement.source)
                    link = clerk.associate(clerk.submission_set_id, membership.id)
                    added += (membership, link)
    return added, [folders[r.source] for r in added if r.source in folders]


def _enlarged(
    submission: Submission, registered: Mapping[str, RegistryObject]
) -> list[RegistryObject]:
    """The registered folders that get a new member from the submission itself."""
    sources = (a.source.lower() for a in submission.associations if a.type == v.HAS_MEMBER)
    found = (registered.get(source) for source in sources)
    return [obj for obj in found if obj is not None and obj.kind == v.FOLDER.kind]
