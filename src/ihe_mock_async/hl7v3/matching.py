"""Whether a patient is one that a query describes, and how well (ITI TF-2: 3.47.4.1.2.1).

A criterion is one value of one parameter. What a patient lacks cannot be met: a patient without
birthTime is not found by one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Protocol

from ihe_mock_async.hl7v3 import description
from ihe_mock_async.hl7v3.description import Description
from ihe_mock_async.hl7v3.matching_text import Closeness, Patterns, fragment_of, match_names
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import FoundPatient, PatientSearch

_YEAR = 4
"""Digits that every TS has."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient who may be meant."""

    patient: FoundPatient
    identifiers: Collection[PatientIdentifier]
    """Those of the patient's that are asked for, those included that a merge made obsolete."""

    @property
    def description(self) -> Description:
        """What is known beside gender and birth time; read when a criterion asks for it."""
        return description.read(self.patient.description)


class Criterion(Protocol):
    """One condition on a patient."""

    def match(self, candidate: Candidate) -> Closeness:
        """How well the candidate meets it."""
        ...

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """The search with what the state can know of the condition: it must not be stricter."""
        ...


def with_fragment(search: PatientSearch, fragment: str) -> PatientSearch:
    """The search, for descriptions that contain the fragment; an empty one changes nothing."""
    if not fragment:
        return search
    return replace(search, fragments=(*search.fragments, fragment))


# ---------------------------------------------------------------- gender, birth, identity


@dataclass(frozen=True, slots=True)
class Gender:
    """administrativeGenderCode is this code."""

    code: str

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        return Closeness.EXACT if candidate.patient.gender == self.code else Closeness.NONE

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """See `Criterion`."""
        return replace(search, gender=self.code)


@dataclass(frozen=True, slots=True)
class BirthTime:
    """birthTime is this time; where one of both is less precise, as far as it goes.

    Time zones are not compared.
    """

    digits: str

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        known = candidate.patient.birth_time
        if known.startswith(self.digits):
            return Closeness.EXACT
        return Closeness.PARTIAL if known and self.digits.startswith(known) else Closeness.NONE

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """See `Criterion`."""
        return replace(search, birth_prefix=self.digits)


@dataclass(frozen=True, slots=True)
class BirthInterval:
    """birthTime is not before `low` and not after `high`; an empty bound is open.

    Compared as precisely as both are known: 1958 is in the interval that begins in 195803.
    """

    low: str
    high: str
    includes_low: bool = True
    includes_high: bool = True

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        known = candidate.patient.birth_time
        if not known:
            return Closeness.NONE
        low, high = self.low[: len(known)], self.high[: len(known)]
        # Who is known to be born in 1980 may be born after the first of January.
        low_counts = self.includes_low or len(known) < len(self.low)
        high_counts = self.includes_high or len(known) < len(self.high)
        after = known[: len(low)] > low or (low_counts and known.startswith(low))
        before = known[: len(high)] < high or (high_counts and known.startswith(high))
        inside = (after or not low) and (before or not high)
        return Closeness.PARTIAL if inside else Closeness.NONE

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """See `Criterion`."""
        common = _common_beginning(self.low, self.high)
        if len(common) >= _YEAR:
            return replace(search, birth_prefix=common)
        return replace(search, birth_years=(self.low[:_YEAR], self.high[:_YEAR]))


def _common_beginning(low: str, high: str) -> str:
    alike = list(takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False)))
    return low[: len(alike)]


@dataclass(frozen=True, slots=True)
class Identifier:
    """The patient is registered with this identifier, or it was merged into the patient's."""

    identifier: PatientIdentifier

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        return Closeness.EXACT if self.identifier in candidate.identifiers else Closeness.NONE

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """See `Criterion`."""
        return replace(search, identifiers=(*search.identifiers, self.identifier))


# ---------------------------------------------------------------- names


@dataclass(frozen=True, slots=True)
class Name:
    """One of the person's names has all of these parts."""

    patterns: Patterns

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        return match_names(self.patterns, candidate.description.get("names", ()))

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """See `Criterion`."""
        family = dict(self.patterns).get("family")
        # The first word only: it begins the family name however that is divided into parts.
        beginning = family[0].text.partition(" ")[0] if family else ""
        if not beginning:
            return with_fragment(search, fragment_of(self.patterns))
        return replace(search, family_prefixes=(*search.family_prefixes, beginning))
