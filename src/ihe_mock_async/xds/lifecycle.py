"""What a submission does to the registry (ITI TF-2: 3.42.4.1.3.3; ITI TF-3: 4.2.2.2).

Deciding and writing are apart: `plan` says what is to be written, `carry_out` writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict, Unpack

from ihe_mock_async.state import (
    Attachment,
    AvailabilityStatus,
    Documents,
    ObjectKind,
    RegistryObject,
)
from ihe_mock_async.xds import searchable, stored_form
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import UUID_URN, is_uuid_urn
from ihe_mock_async.xds.metadata import (
    Association,
    DocumentEntry,
    IdentifiedObject,
    Submission,
)
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


def timestamp(now: datetime) -> str:
    """A DTM of 14 digits of an aware UTC time."""
    return now.strftime("%Y%m%d%H%M%S")


def assign_ids(submission: Submission, new_uuid: Callable[[], str]) -> stored_form.Naming:
    """A UUID for every symbolic id; UUIDs stay, in lower case."""
    assigned = {
        obj.id: obj.id.lower() if is_uuid_urn(obj.id) else UUID_URN + new_uuid()
        for obj in submission.objects()
        if obj.id
    }
    return stored_form.Naming(assigned, new_uuid)


class _Attributes(TypedDict, total=False):
    """What only some kinds of objects have."""

    unique_id: str | None
    patient_id: str | None
    submission_set_id: str | None
    hash: str | None
    size: int | None
    repository_unique_id: str | None
    attributes: searchable.Attributes
    association_type: str
    source: str
    target: str


def _approved(
    kind: ObjectKind, identifier: str, xml: bytes, **attributes: Unpack[_Attributes]
) -> RegistryObject:
    """A new object: its first version, whose id is the logicalID (ITI TF-3: 4.2.3.2.17)."""
    return RegistryObject(
        kind=kind,
        id=identifier,
        logical_id=identifier,
        version=1,
        status=AvailabilityStatus.APPROVED,
        xml=xml,
        **attributes,
    )


@dataclass(frozen=True, slots=True)
class Clerk:
    """Turns submitted objects into registrations."""

    naming: stored_form.Naming
    submission_set_id: str
    now: datetime

    def associate(self, source: str, target: str) -> RegistryObject:
        """A HasMember association that the registry makes itself."""
        identifier = self.naming.new_id()
        xml = stored_form.has_member(identifier, source, target)
        return self._registration(identifier, v.HAS_MEMBER, source, target, xml)

    def association(self, association: Association) -> RegistryObject:
        """An association of the submission."""
        source = self.naming.resolve(association.source)
        target = self.naming.resolve(association.target)
        identifier = self.naming.resolve(association.id)
        attributes = {
            "associationType": association.type,
            "sourceObject": source,
            "targetObject": target,
        }
        xml = stored_form.serialise(association, identifier, self.naming, attributes=attributes)
        return self._registration(identifier, association.type, source, target, xml)

    def _registration(
        self, identifier: str, kind: str, source: str, target: str, xml: bytes
    ) -> RegistryObject:
        return _approved(
            ObjectKind.ASSOCIATION,
            identifier,
            xml,
            submission_set_id=self.submission_set_id,
            association_type=kind,
            source=source,
            target=target,
        )

    def identified(
        self, obj: IdentifiedObject, previous: RegistryObject | None = None
    ) -> RegistryObject:
        """An object of the submission; `previous` is the version that it succeeds."""
        identifier = self.naming.resolve(obj.id)
        version = 1 if previous is None else previous.version + 1
        logical_id = identifier if previous is None else previous.logical_id
        entry = obj if isinstance(obj, DocumentEntry) else None
        size = entry.size if entry is not None else None
        slots = self._slots(obj)
        xml = stored_form.serialise(
            obj,
            identifier,
            self.naming,
            slots=slots,
            attributes={"lid": logical_id},
            version=version,
        )
        registration = _approved(
            ObjectKind(obj.kind),
            identifier,
            xml,
            unique_id=obj.unique_id,
            patient_id=obj.patient_id,
            submission_set_id=None if obj.model is v.SUBMISSION_SET else self.submission_set_id,
            hash=entry.hash if entry is not None else None,
            size=int(size) if size is not None and size.isdecimal() else None,
            repository_unique_id=entry.repository_unique_id if entry is not None else None,
            attributes=searchable.attributes_of(obj.rim, obj.model, slots),
        )
        if previous is None:
            return registration
        return replace(registration, logical_id=logical_id, version=version)

    def _slots(self, obj: IdentifiedObject) -> Mapping[str, str | None]:
        """Slots that the repository or the registry writes."""
        if isinstance(obj, DocumentEntry):
            return {
                "hash": obj.hash,
                "size": obj.size,
                "repositoryUniqueId": obj.repository_unique_id,
            }
        return {v.LAST_UPDATE_TIME: timestamp(self.now)} if obj.model is v.FOLDER else {}


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
