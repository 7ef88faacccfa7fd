"""The metadata objects of a registry, the documents of a repository, and how they are found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Attachment:
    """A MIME part (or an inline base64 document) whose octets are already staged."""

    content_id: str
    """Without angle brackets, percent-decoding not applied."""
    media_type: str
    size: int
    """Octets after transfer decoding."""
    sha1: str
    """Hex, lower case: what XDS calls hash."""
    sha256: str
    """Hex, lower case: the name in the content store."""


class ObjectKind(StrEnum):
    """The four kinds of XDS metadata objects."""

    DOCUMENT_ENTRY = "DocumentEntry"
    SUBMISSION_SET = "SubmissionSet"
    FOLDER = "Folder"
    ASSOCIATION = "Association"


class AvailabilityStatus(StrEnum):
    """availabilityStatus (ITI TF-3: 4.2.3.2.2); the value is the whole URN."""

    APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
    DEPRECATED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"


@dataclass(frozen=True, slots=True)
class RegistryObject:
    """A registered metadata object: its ebRIM text, and what rules and queries ask of it."""

    kind: ObjectKind
    id: str
    """entryUUID, `urn:uuid:` with lower-case hex."""
    logical_id: str
    version: int
    status: AvailabilityStatus
    xml: bytes
    """The ebRIM element as it is returned, with assigned ids; `status` wins over its attribute."""
    unique_id: str | None = None
    patient_id: str | None = None
    """CX, of everything but an association."""
    submission_set_id: str | None = None
    """entryUUID of the submission set that it came with."""
    # of a document entry
    hash: str | None = None
    size: int | None = None
    repository_unique_id: str | None = None
    # of an association
    association_type: str | None = None
    source: str | None = None
    target: str | None = None
    # of a new or changed object
    attributes: tuple[tuple[str, str], ...] | None = None
    """Name and value of everything that stored queries can ask for (`xds.searchable`).

    None in objects that come from the registry; `Documents.replace` leaves them as they are then.
    """


@dataclass(frozen=True, slots=True)
class Condition:
    """What one searchable attribute of an object must be; one value that passes is enough."""

    attribute: str
    any_of: tuple[str, ...] = ()
    """Exact values."""
    like: tuple[str, ...] = ()
    """Patterns of SQL LIKE, with % and _; case matters."""
    at_least: str = ""
    """Inclusive; a DTM of 14 digits."""
    below: str = ""
    """Exclusive; a DTM of 14 digits."""
    absent_passes: bool = False
    """Whether an object without the attribute passes."""


@dataclass(frozen=True, slots=True)
class ObjectSearch:
    """Objects of one kind for which every condition holds; empty ones do not narrow."""

    kind: ObjectKind
    patient_ids: tuple[str, ...] = ()
    """CX forms, any of them."""
    statuses: tuple[AvailabilityStatus, ...] = ()
    conditions: tuple[Condition, ...] = ()


class Documents(Protocol):
    """The registry and repository of one namespace."""

    def by_id(self, ids: Collection[str]) -> Mapping[str, RegistryObject]:
        """Registered objects by entryUUID; unknown ones are absent."""
        ...

    def by_unique_id(self, unique_ids: Collection[str]) -> Sequence[RegistryObject]:
        """All objects of any kind that have one of the uniqueIds."""
        ...

    def associations(
        self,
        *,
        sources: Collection[str] = (),
        targets: Collection[str] = (),
        types: Collection[str] = (),
    ) -> Sequence[RegistryObject]:
        """Approved and deprecated associations whose source or target is among the given ones.

        Both given: either may match. `types` (full URNs) narrows the result when not empty.
        """
        ...

    def search(self, search: ObjectSearch) -> Sequence[RegistryObject]:
        """The objects that the search describes, in the order of registration."""
        ...

    def versions(self, logical_ids: Collection[str]) -> Sequence[RegistryObject]:
        """All versions of the objects that have one of the logicalIDs, the oldest first."""
        ...

    def register(self, objects: Iterable[RegistryObject], now: datetime) -> None:
        """Store new objects."""
        ...

    def replace(self, changed: RegistryObject) -> None:
        """Store another status or text of a registered object (by its id)."""
        ...

    def remove(self, ids: Collection[str]) -> None:
        """Delete registered objects by entryUUID; unknown ones are ignored."""
        ...

    def stored(self, unique_ids: Collection[str]) -> Mapping[str, Attachment]:
        """Documents of the repository by uniqueId; `content_id` is the uniqueId."""
        ...

    def store(self, unique_id: str, document: Attachment, now: datetime) -> None:
        """Keep a staged document; its content becomes durable with the unit of work."""
        ...

    def store_made(
        self, unique_id: str, octets: bytes, media_type: str, now: datetime
    ) -> Attachment:
        """Keep a document that the unit of work has made; its content becomes durable with it.

        Returns the document as `stored` finds it from now on.
        """
        ...

    def discard(self, unique_ids: Collection[str]) -> None:
        """Remove documents from the repository; content that no document has left is deleted."""
        ...
