"""The state of an affinity domain: patients, metadata objects and documents, and its agreements.

Vocabulary and Protocols only: whoever decides about the state (`hl7v3`, `xds`, `transactions`)
and whoever keeps it (`store`) meet here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ihe_mock_async.findings import Validation
from ihe_mock_async.identifiers import PatientIdentifier


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


PIX_CONSUMER_DEVICE = "1.3.6.1.4.1.21367.2017.2.7.110"
"""An example OID for the system of a PIX Consumer that has not told its own."""


@dataclass(frozen=True, slots=True)
class PixConsumer:
    """A Patient Identifier Cross-reference Consumer that is told of changes (ITI TF-2: 3.46)."""

    url: str
    """The endpoint that takes PRPA_IN201302UV02."""
    domains: Collection[str] = ()
    """OIDs of the assigning authorities whose ids it is told; empty: all."""
    device_id: str = PIX_CONSUMER_DEVICE
    """OID of the receiving device."""

    def wants(self, identifier: PatientIdentifier) -> bool:
        """Whether it is told of the identifier."""
        return not self.domains or identifier.root in self.domains


@dataclass(frozen=True, slots=True)
class AffinityDomain:
    """What the members of the domain have agreed on, and how strict its server is."""

    assigning_authorities: Collection[str] = ()
    """OIDs whose patient ids are registered; empty: every authority."""
    home_community_id: str = "urn:oid:1.3.6.1.4.1.21367.2017.2.6.2"
    repository_unique_id: str = "1.3.6.1.4.1.21367.2017.2.3.49"
    codes: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Attribute name (`classCode`) to the allowed `code^^scheme`; an absent name: any code."""
    reject_unknown_patients: bool = False
    validation: Validation = Validation.ENFORCE
    ack_codes: str = "CA"
    """`CA`, or `AA` for clients that expect AA/AE/AR in the ITI-44 acknowledgement."""
    pix_consumers: tuple[PixConsumer, ...] = ()
    """Who is notified when cross-references change (ITI-46)."""
    pdq_no_match: str = "NF"
    """queryResponseCode when nobody matches an ITI-47 query: `NF` or `OK`."""
    pdq_session_seconds: float = 300
    """How long after its latest part an ITI-47 answer may be continued."""

    def registers(self, identifier: PatientIdentifier) -> bool:
        """Whether identifiers of its assigning authority are registered."""
        return not self.assigning_authorities or identifier.root in self.assigning_authorities


@dataclass(frozen=True, slots=True)
class PatientTraits:
    """What patients are searched by; texts are folded (`casefold`, without diacritics)."""

    family_names: tuple[str, ...] = ()
    birth_time: str = ""
    """Digits of an HL7 TS, as precise as it was sent; empty: unknown."""
    gender: str = ""
    """administrativeGenderCode; empty: unknown."""
    description: str = ""
    """Everything else that is known, in the form in which it is compared; empty: nothing."""


@dataclass(frozen=True, slots=True)
class PatientSearch:
    """Conditions on patients, all of which hold; an empty one does not narrow the search."""

    identifiers: tuple[PatientIdentifier, ...] = ()
    """The patient has all of them, active or subsumed."""
    family_prefixes: tuple[str, ...] = ()
    """For each of them the patient has a family name that begins with it; folded."""
    birth_prefix: str = ""
    """birthTime begins with these digits, or is a less precise form of them."""
    birth_years: tuple[str, str] = ("", "")
    """First and last year of birth; an empty one is open. Both empty: birthTime may be unknown."""
    gender: str = ""
    fragments: tuple[str, ...] = ()
    """The description contains all of them."""


@dataclass(frozen=True, slots=True)
class FoundPatient:
    """A patient whom a search has found, with the traits that it may be compared by."""

    key: int
    birth_time: str
    gender: str
    description: str


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """A patient as it is told to others."""

    key: int
    identifiers: tuple[PatientIdentifier, ...]
    """Active ones, in the order in which they were registered."""
    demographics: bytes
    """The hl7:patient element of the latest feed."""


@dataclass(frozen=True, slots=True)
class RegisteredPatient:
    """What is known of one patient identifier."""

    identifier: PatientIdentifier
    patient_key: int
    """Its patient; identifiers that share a patient are cross-referenced."""
    subsumed_by: PatientIdentifier | None = None
    """Set when a merge made the identifier obsolete (ITI TF-2: 3.44.4.2.4)."""


NO_TRAITS = PatientTraits()


class Patients(Protocol):
    """Patients of one namespace, by identifier. Times are aware UTC datetimes."""

    def find(
        self, identifiers: Collection[PatientIdentifier]
    ) -> Mapping[PatientIdentifier, RegisteredPatient]:
        """The known ones among the identifiers, subsumed ones included."""
        ...

    def add(
        self,
        identifiers: Sequence[PatientIdentifier],
        demographics: bytes,
        now: datetime,
        traits: PatientTraits = NO_TRAITS,
    ) -> int:
        """Store a new patient, and return its key; `demographics` is the hl7:patient element."""
        ...

    def revise(
        self,
        patient_key: int,
        new_identifiers: Sequence[PatientIdentifier],
        demographics: bytes,
        now: datetime,
        traits: PatientTraits = NO_TRAITS,
    ) -> None:
        """Replace the demographics and traits, and add identifiers that no patient has yet."""
        ...

    def link(self, patient_key: int, other_key: int, now: datetime) -> None:
        """Cross-reference two patients: all identifiers of `other_key` move to `patient_key`."""
        ...

    def subsume(
        self, subsumed: PatientIdentifier, surviving: PatientIdentifier, now: datetime
    ) -> None:
        """Record that the surviving identifier replaces the subsumed one, for good."""
        ...

    def records(self, keys: Collection[int]) -> Sequence[PatientRecord]:
        """Patients by key, in the order of the keys; unknown ones are absent."""
        ...

    def search(self, search: PatientSearch) -> Sequence[FoundPatient]:
        """The patients for whom every condition holds, by key.

        Those whose identifiers were all merged into other patients' are not found.
        """
        ...

    def known_authorities(self, roots: Collection[str]) -> frozenset[str]:
        """Those of the assigning authorities that have given some patient an identifier."""
        ...


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


@dataclass(frozen=True, slots=True)
class QuerySession:
    """An answer to a query that is fetched in parts (ITI TF-2: 3.47.4.3)."""

    query_id: str
    """`root^extension`."""
    query: bytes
    """The queryByParameter, as it was received."""
    matches: tuple[tuple[int, int], ...]
    """Key of the patient and degree of match, in the order of the answer."""
    delivered: int
    """How many of the matches have been told already."""
    response_id: str
    """Root of the id of the latest answer, which a continuation acknowledges."""
    expires: datetime
    """Aware; from then on it is unknown."""
    quantity: int | None = None
    """How many matches a part has, as it was asked for last; None: all that are left."""


class QuerySessions(Protocol):
    """The answers of one namespace that are fetched in parts. Times are aware UTC datetimes."""

    def find(self, query_id: str, now: datetime) -> QuerySession | None:
        """The session of a query (`root^extension`), unless it has expired."""
        ...

    def keep(self, session: QuerySession, now: datetime) -> None:
        """Store a session in place of an earlier one of the same query.

        Expired sessions and the oldest of too many are forgotten.
        """
        ...

    def end(self, query_id: str) -> None:
        """Forget a session; an unknown one is not an error."""
        ...


class State(Protocol):
    """What one unit of work sees and changes: one namespace, all or nothing."""

    @property
    def patients(self) -> Patients:
        """The patients of the namespace."""
        ...

    @property
    def documents(self) -> Documents:
        """The documents of the namespace."""
        ...

    @property
    def query_sessions(self) -> QuerySessions:
        """The answers of the namespace that are fetched in parts."""
        ...
