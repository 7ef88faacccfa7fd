"""A registry, a repository and patients in memory, as transactions of XDS see them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lxml import etree

from ihe_mock_async.findings import Finding
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.ihe import Exchange
from ihe_mock_async.state import (
    NO_TRAITS,
    AffinityDomain,
    Attachment,
    FoundPatient,
    ObjectSearch,
    PatientRecord,
    PatientSearch,
    PatientTraits,
    QuerySessions,
    RegisteredPatient,
    RegistryObject,
    State,
)

NOW = datetime(2024, 5, 17, 8, 30, 15, tzinfo=UTC)


@dataclass
class FakePatients:
    """Patients by identifier; only what XDS asks is real."""

    known: dict[PatientIdentifier, RegisteredPatient] = field(default_factory=dict)

    def feed(self, cx: str, *, subsumed_by: str | None = None) -> None:
        identifier = _identifier(cx)
        survivor = _identifier(subsumed_by) if subsumed_by else None
        self.known[identifier] = RegisteredPatient(identifier, len(self.known) + 1, survivor)

    def find(
        self, identifiers: Collection[PatientIdentifier]
    ) -> Mapping[PatientIdentifier, RegisteredPatient]:
        return {i: self.known[i] for i in identifiers if i in self.known}

    def add(
        self,
        identifiers: Sequence[PatientIdentifier],
        demographics: bytes,
        now: datetime,
        traits: PatientTraits = NO_TRAITS,
    ) -> int:
        raise NotImplementedError

    def revise(
        self,
        patient_key: int,
        new_identifiers: Sequence[PatientIdentifier],
        demographics: bytes,
        now: datetime,
        traits: PatientTraits = NO_TRAITS,
    ) -> None:
        raise NotImplementedError

    def link(self, patient_key: int, other_key: int, now: datetime) -> None:
        raise NotImplementedError

    def subsume(
        self, subsumed: PatientIdentifier, surviving: PatientIdentifier, now: datetime
    ) -> None:
        raise NotImplementedError

    def records(self, keys: Collection[int]) -> Sequence[PatientRecord]:
        raise NotImplementedError

    def search(self, search: PatientSearch) -> Sequence[FoundPatient]:
        raise NotImplementedError

    def known_authorities(self, roots: Collection[str]) -> frozenset[str]:
        raise NotImplementedError


@dataclass
class FakeDocuments:
    """Registered objects by entryUUID, and stored documents by uniqueId."""

    objects: dict[str, RegistryObject] = field(default_factory=dict)
    contents: dict[str, Attachment] = field(default_factory=dict)

    def by_id(self, ids: Collection[str]) -> Mapping[str, RegistryObject]:
        return {i: self.objects[i] for i in ids if i in self.objects}

    def by_unique_id(self, unique_ids: Collection[str]) -> Sequence[RegistryObject]:
        return [o for o in self.objects.values() if o.unique_id in unique_ids]

    def associations(
        self,
        *,
        sources: Collection[str] = (),
        targets: Collection[str] = (),
        types: Collection[str] = (),
    ) -> Sequence[RegistryObject]:
        return [
            o
            for o in self.objects.values()
            if (o.source in sources or o.target in targets)
            and (not types or o.association_type in types)
        ]

    def register(self, objects: Iterable[RegistryObject], now: datetime) -> None:
        for obj in objects:
            assert obj.id not in self.objects
            self.objects[obj.id] = obj

    def replace(self, changed: RegistryObject) -> None:
        assert changed.id in self.objects
        self.objects[changed.id] = changed

    def stored(self, unique_ids: Collection[str]) -> Mapping[str, Attachment]:
        return {i: self.contents[i] for i in unique_ids if i in self.contents}

    def store(self, unique_id: str, document: Attachment, now: datetime) -> None:
        self.contents[unique_id] = document

    def store_made(
        self, unique_id: str, octets: bytes, media_type: str, now: datetime
    ) -> Attachment:
        raise NotImplementedError

    def search(self, search: ObjectSearch) -> Sequence[RegistryObject]:
        raise NotImplementedError

    def versions(self, logical_ids: Collection[str]) -> Sequence[RegistryObject]:
        found = [o for o in self.objects.values() if o.logical_id in logical_ids]
        return sorted(found, key=lambda each: each.version)

    def remove(self, ids: Collection[str]) -> None:
        for identifier in ids:
            self.objects.pop(identifier, None)

    def discard(self, unique_ids: Collection[str]) -> None:
        raise NotImplementedError

    def of_kind(self, kind: str) -> list[RegistryObject]:
        """In the order of registration."""
        return [o for o in self.objects.values() if o.kind == kind]


@dataclass
class FakeState:
    """One namespace."""

    patients: FakePatients = field(default_factory=FakePatients)
    documents: FakeDocuments = field(default_factory=FakeDocuments)

    @property
    def query_sessions(self) -> QuerySessions:
        raise AssertionError("XDS must not touch query sessions")


def attachment(content: bytes, content_id: str = "document@example.org") -> Attachment:
    """A staged MIME part."""
    return Attachment(
        content_id,
        "text/plain",
        len(content),
        hashlib.sha1(content).hexdigest(),  # noqa: S324 - XDS demands SHA-1
        hashlib.sha256(content).hexdigest(),
    )


def numbered_uuids() -> Callable[[], str]:
    """A source of UUIDs that are the same in every run."""
    numbers = iter(range(1, 1_000_000))
    return lambda: str(uuid.UUID(int=next(numbers)))


def exchange(  # noqa: PLR0913 - an exchange has this many parts
    body: etree._Element,
    state: State,
    *,
    attachments: Mapping[str, Attachment] | None = None,
    domain: AffinityDomain | None = None,
    findings: Sequence[Finding] = (),
    new_uuid: Callable[[], str] | None = None,
) -> Exchange:
    """One request as a handler sees it."""
    return Exchange(
        body,
        "",
        attachments or {},
        domain or AffinityDomain(),
        NOW,
        new_uuid or (lambda: str(uuid.uuid4())),
        state,
        findings,
    )


def _identifier(cx: str) -> PatientIdentifier:
    identifier = PatientIdentifier.from_cx(cx)
    assert identifier is not None
    return identifier
