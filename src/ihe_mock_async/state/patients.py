"""The patients of an affinity domain, and how they are found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ihe_mock_async.identifiers import PatientIdentifier


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
