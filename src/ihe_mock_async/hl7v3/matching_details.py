"""Criteria on what only a patient's description tells: mother, places, numbers, providers."""

from __future__ import annotations

from dataclasses import dataclass

from ihe_mock_async.hl7v3.description import fragment_of_provider
from ihe_mock_async.hl7v3.matching import Candidate, with_fragment
from ihe_mock_async.hl7v3.matching_text import (
    Closeness,
    Pattern,
    Patterns,
    fragment_of,
    match_names,
    match_one_of,
)
from ihe_mock_async.state import PatientSearch


@dataclass(frozen=True, slots=True)
class _OfParts:
    """A condition on the parts of a name or an address."""

    patterns: Patterns

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """See `Criterion`."""
        return with_fragment(search, fragment_of(self.patterns))


@dataclass(frozen=True, slots=True)
class _OfText:
    """A condition on a text."""

    pattern: Pattern

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """See `Criterion`."""
        return with_fragment(search, self.pattern.fragment)


@dataclass(frozen=True, slots=True)
class MothersMaidenName(_OfParts):
    """A name of the person's mother has all of these parts."""

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        return match_names(self.patterns, candidate.description.get("mothers", ()))


@dataclass(frozen=True, slots=True)
class Address(_OfParts):
    """One of the person's or the patient's addresses has all of these parts."""

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        return match_one_of(self.patterns, candidate.description.get("addresses", ()))


@dataclass(frozen=True, slots=True)
class Telecom(_OfText):
    """One of the person's or the patient's numbers or mail addresses is this one."""

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        return self.pattern.match(candidate.description.get("telecoms", ()))


@dataclass(frozen=True, slots=True)
class BirthPlaceAddress(_OfParts):
    """The address of the birth place has all of these parts."""

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        addresses = candidate.description.get("birth_place_addresses", ())
        return match_one_of(self.patterns, addresses)


@dataclass(frozen=True, slots=True)
class BirthPlaceName(_OfText):
    """The birth place, a hospital for instance, has this name."""

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        return self.pattern.match(candidate.description.get("birth_places", ()))


@dataclass(frozen=True, slots=True)
class CareProvider:
    """A provider of this id cares for the patient, by asPatientOfOtherProvider of the feed."""

    root: str
    extension: str | None

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        providers = candidate.description.get("providers", ())
        cares = any(self._is(root, extension) for root, extension in providers)
        return Closeness.EXACT if cares else Closeness.NONE

    def _is(self, root: str | None, extension: str | None) -> bool:
        return root == self.root and self.extension in (None, extension)

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """See `Criterion`."""
        return with_fragment(search, fragment_of_provider(self.root, self.extension))
