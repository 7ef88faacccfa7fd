"""Patients in memory: what a handler's test sees of the state (the Protocol of `ihe`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import (
    NO_TRAITS,
    Documents,
    PatientRecord,
    PatientSearch,
    PatientTraits,
    RegisteredPatient,
)


@dataclass
class MemoryPatients:
    """Patients by identifier, with a log of the changes that were asked for."""

    registered: dict[PatientIdentifier, RegisteredPatient] = field(default_factory=dict)
    demographics: dict[int, bytes] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    _keys: count[int] = field(default_factory=lambda: count(1))

    def find(
        self, identifiers: Collection[PatientIdentifier]
    ) -> Mapping[PatientIdentifier, RegisteredPatient]:
        return {i: self.registered[i] for i in identifiers if i in self.registered}

    def add(
        self,
        identifiers: Sequence[PatientIdentifier],
        demographics: bytes,
        now: datetime,
        traits: PatientTraits = NO_TRAITS,
    ) -> int:
        self.changes.append("add")
        key = next(self._keys)
        self._register(identifiers, key, demographics)
        return key

    def revise(
        self,
        patient_key: int,
        new_identifiers: Sequence[PatientIdentifier],
        demographics: bytes,
        now: datetime,
        traits: PatientTraits = NO_TRAITS,
    ) -> None:
        self.changes.append("revise")
        self._register(new_identifiers, patient_key, demographics)

    def _register(
        self, identifiers: Sequence[PatientIdentifier], key: int, demographics: bytes
    ) -> None:
        for identifier in identifiers:
            assert identifier not in self.registered
            self.registered[identifier] = RegisteredPatient(identifier, key)
        self.demographics[key] = demographics

    def link(self, patient_key: int, other_key: int, now: datetime) -> None:
        self.changes.append("link")
        for identifier, record in self.registered.items():
            if record.patient_key == other_key:
                self.registered[identifier] = replace(record, patient_key=patient_key)

    def subsume(
        self, subsumed: PatientIdentifier, surviving: PatientIdentifier, now: datetime
    ) -> None:
        self.changes.append("subsume")
        for identifier, record in self.registered.items():
            if subsumed in {identifier, record.subsumed_by}:
                self.registered[identifier] = replace(record, subsumed_by=surviving)

    def records(self, keys: Collection[int]) -> Sequence[PatientRecord]:
        raise NotImplementedError

    def search(self, search: PatientSearch) -> Sequence[PatientRecord]:
        raise NotImplementedError

    def known_authorities(self, roots: Collection[str]) -> frozenset[str]:
        raise NotImplementedError

    def keys(self, *numbers: str, root: str = "1.3.6.1.4.1.21367.13.20.1000") -> list[int]:
        """The patient keys of registered numbers of one authority."""
        return [self.registered[PatientIdentifier(root, n)].patient_key for n in numbers]


@dataclass
class MemoryState:
    """The state of one unit of work; ITI-44 has no business with documents."""

    patients: MemoryPatients = field(default_factory=MemoryPatients)

    @property
    def documents(self) -> Documents:
        raise AssertionError("the identity feed must not touch documents")
