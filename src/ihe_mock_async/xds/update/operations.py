"""The operations in an Update Document Set request (ITI TF-2: 3.57.4.1.3.1).

Each is recognised by its trigger: a document entry or folder with a logicalID of its own, or an
association UpdateAvailabilityStatus or SubmitAssociation. Reading never fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.metadata import Association, IdentifiedObject, Submission

PREVIOUS_VERSION = "PreviousVersion"
ASSOCIATION_PROPAGATION = "AssociationPropagation"
ORIGINAL_STATUS = "OriginalStatus"
NEW_STATUS = "NewStatus"


@dataclass(frozen=True, slots=True)
class NewVersion:
    """Update DocumentEntry Metadata, Update Folder Metadata."""

    obj: IdentifiedObject
    """A document entry or folder."""
    link: Association | None
    """HasMember from the submission set, which holds the slots of the operation."""

    @property
    def logical_id(self) -> str:
        """The attribute lid in lower case; empty when absent."""
        return self.obj.rim.element.get("lid", "").strip().lower()

    @property
    def previous_version(self) -> str | None:
        """As received; None when absent."""
        return self.link.rim.value(PREVIOUS_VERSION) if self.link is not None else None

    @property
    def propagates(self) -> bool:
        """Whether the new version gets the associations of the previous one."""
        value = self.link.rim.value(ASSOCIATION_PROPAGATION) if self.link is not None else None
        return value != "no"


@dataclass(frozen=True, slots=True)
class StatusChange:
    """Update DocumentEntry, Folder or Association availabilityStatus."""

    trigger: Association

    @property
    def target(self) -> str:
        """The id of the object, in lower case when it is a UUID."""
        return folded(self.trigger.target)

    @property
    def original_status(self) -> str | None:
        """A URN; None when absent."""
        return self.trigger.rim.value(ORIGINAL_STATUS)

    @property
    def new_status(self) -> str | None:
        """A URN; None when absent."""
        return self.trigger.rim.value(NEW_STATUS)


@dataclass(frozen=True, slots=True)
class SubmittedAssociation:
    """Submit Association."""

    trigger: Association
    association: Association | None
    """The new association; None when the trigger's target is none."""

    @property
    def source(self) -> str:
        """The id of the new association's source, in lower case when it is a UUID."""
        return folded(self.association.source) if self.association is not None else ""

    @property
    def target(self) -> str:
        """The id of the new association's target, in lower case when it is a UUID."""
        return folded(self.association.target) if self.association is not None else ""


@dataclass(frozen=True, slots=True)
class Operations:
    """All that a request asks for."""

    versions: tuple[NewVersion, ...]
    status_changes: tuple[StatusChange, ...]
    submitted: tuple[SubmittedAssociation, ...]
    others: tuple[Association, ...]
    """Associations that belong to no operation."""

    def triggers(self) -> Iterator[Association]:
        """The associations UpdateAvailabilityStatus and SubmitAssociation."""
        yield from (change.trigger for change in self.status_changes)
        yield from (submitted.trigger for submitted in self.submitted)


def read_operations(submission: Submission) -> Operations:
    """Tell the operations of a request apart."""
    associations = submission.associations
    sets = {submission_set.id for submission_set in submission.submission_sets}
    by_id = {association.id: association for association in associations if association.id}
    links = {a.target: a for a in associations if a.type == v.HAS_MEMBER and a.source in sets}
    versions = tuple(
        NewVersion(obj, links.get(obj.id))
        for obj in (*submission.document_entries, *submission.folders)
    )
    changes = tuple(
        StatusChange(a) for a in associations if a.type == v.UPDATE_AVAILABILITY_STATUS
    )
    submitted = tuple(
        SubmittedAssociation(a, by_id.get(a.target))
        for a in associations
        if a.type == v.SUBMIT_ASSOCIATION
    )
    known = Operations(versions, changes, submitted, ())
    parts = {id(association) for association in _parts(known)}
    others = tuple(a for a in associations if id(a) not in parts)
    return Operations(versions, changes, submitted, others)


def _parts(operations: Operations) -> Iterator[Association]:
    yield from operations.triggers()
    yield from (each.link for each in operations.versions if each.link is not None)
    yield from (each.association for each in operations.submitted if each.association is not None)


def folded(identifier: str) -> str:
    """The id, in lower case when it is a UUID."""
    return identifier.lower() if identifier.lower().startswith("urn:uuid:") else identifier
