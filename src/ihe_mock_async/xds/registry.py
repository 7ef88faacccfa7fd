"""What registration asks of the registry, the patients and the affinity domain.

The real ones stand above this package; these Protocols are the part of them that is used.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.xds.provision import Content


class RegisteredObject(Protocol):
    """A metadata object that is in the registry."""

    @property
    def kind(self) -> str:
        """`DocumentEntry`, `SubmissionSet`, `Folder` or `Association`."""
        ...

    @property
    def id(self) -> str:
        """The entryUUID."""
        ...

    @property
    def status(self) -> str:
        """availabilityStatus, the whole URN."""
        ...

    @property
    def xml(self) -> bytes:
        """The ebRIM element."""
        ...

    @property
    def unique_id(self) -> str | None:
        """The uniqueId of all kinds but associations."""
        ...

    @property
    def patient_id(self) -> str | None:
        """CX of all kinds but associations."""
        ...

    @property
    def hash(self) -> str | None:
        """SHA-1 of a document entry."""
        ...

    @property
    def size(self) -> int | None:
        """Octets of a document entry."""
        ...

    @property
    def source(self) -> str | None:
        """The entryUUID of an association's source."""
        ...

    @property
    def target(self) -> str | None:
        """The entryUUID of an association's target."""
        ...


Registered = TypeVar("Registered", bound=RegisteredObject)
_Registered_co = TypeVar("_Registered_co", bound=RegisteredObject, covariant=True)


class Registry(Protocol[_Registered_co]):
    """The registered objects of one namespace."""

    def by_id(self, ids: Collection[str]) -> Mapping[str, _Registered_co]:
        """Registered objects by entryUUID; unknown ones are absent."""
        ...

    def by_unique_id(self, unique_ids: Collection[str]) -> Sequence[_Registered_co]:
        """All objects that have one of the uniqueIds."""
        ...

    def associations(
        self,
        *,
        sources: Collection[str] = (),
        targets: Collection[str] = (),
        types: Collection[str] = (),
    ) -> Sequence[_Registered_co]:
        """Associations of these types that have one of the sources or targets."""
        ...


class KnownPatient(Protocol):
    """What is known of a patient identifier."""

    @property
    def subsumed_by(self) -> PatientIdentifier | None:
        """Set when a merge made the identifier obsolete."""
        ...


class Patients(Protocol):
    """The patients that were fed."""

    def find(
        self, identifiers: Collection[PatientIdentifier]
    ) -> Mapping[PatientIdentifier, KnownPatient]:
        """The known ones among the identifiers, subsumed ones included."""
        ...


class Domain(Protocol):
    """The agreements of the affinity domain that a submission is checked against."""

    @property
    def assigning_authorities(self) -> Collection[str]:
        """OIDs whose patient ids are registered; empty: every authority."""
        ...

    @property
    def codes(self) -> Mapping[str, Collection[str]]:
        """Attribute name to the allowed `code^^scheme`."""
        ...

    @property
    def reject_unknown_patients(self) -> bool:
        """Whether a patient id must have been fed."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings(Generic[Registered]):
    """What of registry and repository matters to a submission."""

    registered: Mapping[str, Registered]
    """By entryUUID: the objects that the submission names."""
    same_unique_id: Sequence[Registered]
    """Those that have one of its uniqueIds."""
    stored: Mapping[str, Content]
    """Documents of the repository by uniqueId."""
