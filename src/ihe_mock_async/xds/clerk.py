"""Turning submitted objects into registrations (ITI TF-2: 3.42.4.1.3.3; TF-3: 4.2.3.2.17)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict, Unpack

from ihe_mock_async.state import AvailabilityStatus, ObjectKind, RegistryObject
from ihe_mock_async.xds import searchable, stored_form
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import UUID_URN, is_uuid_urn
from ihe_mock_async.xds.metadata import (
    Association,
    DocumentEntry,
    IdentifiedObject,
    Submission,
)


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
