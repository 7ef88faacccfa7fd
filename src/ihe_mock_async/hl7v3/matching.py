"""Whether a patient is one that a query describes, and how well (ITI TF-2: 3.47.4.1.2.1).

A criterion is one value of one parameter. What a patient lacks cannot be met: a patient without
birthTime is not found by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Protocol

from lxml import etree

from ihe_mock_async.hl7v3.datatypes import read_name
from ihe_mock_async.hl7v3.demographics import birth_digits
from ihe_mock_async.hl7v3.matching_text import Closeness, Patterns, match_names
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.tree import first
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import PatientSearch

_PERSON = clark("patientPerson")
_GENDER = clark("administrativeGenderCode")
_BIRTH_TIME = clark("birthTime")
_NAME = clark("name")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient who may be meant; only what a criterion asks for is read."""

    patient: etree._Element
    """hl7:patient."""
    identifiers: frozenset[PatientIdentifier]
    """Registered ones, those included that a merge has made obsolete."""

    def each(self, name: str) -> Iterator[etree._Element]:
        """The children of this Clark name of the person, then of the patient."""
        person = first(self.patient, _PERSON)
        if person is not None:
            yield from person.iterchildren(name)
        yield from self.patient.iterchildren(name)

    def attribute(self, name: str, attribute: str) -> str:
        """An attribute of the first child of this Clark name of the person, or an empty text."""
        element = first(self.patient, _PERSON, name)
        return "" if element is None else element.get(attribute) or ""


class Criterion(Protocol):
    """One condition on a patient."""

    def match(self, candidate: Candidate) -> Closeness:
        """How well the candidate meets it."""
        ...

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """The search with what the state can know of the condition: it must not be stricter."""
        ...


# ---------------------------------------------------------------- gender, birth, identity


@dataclass(frozen=True, slots=True)
class Gender:
    """administrativeGenderCode is this code."""

    code: str

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        known = candidate.attribute(_GENDER, "code")
        return Closeness.EXACT if known == self.code else Closeness.NONE

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
        known = _birth_digits(candidate)
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
        known = _birth_digits(candidate)
        if not known:
            return Closeness.NONE
        low, high = self.low[: len(known)], self.high[: len(known)]
        after = known[: len(low)] >= low if self.includes_low else known[: len(low)] > low
        before = known[: len(high)] <= high if self.includes_high else known[: len(high)] < high
        inside = (after or not low) and (before or not high)
        return Closeness.PARTIAL if inside else Closeness.NONE

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """See `Criterion`."""
        return replace(search, birth_prefix=_common_beginning(self.low, self.high))


def _common_beginning(low: str, high: str) -> str:
    alike = list(takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False)))
    return low[: len(alike)]


def _birth_digits(candidate: Candidate) -> str:
    return birth_digits(candidate.attribute(_BIRTH_TIME, "value"))


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
        names = [read_name(name) for name in candidate.each(_NAME)]
        return match_names(self.patterns, names)

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """See `Criterion`."""
        family = dict(self.patterns).get("family")
        # The first word only: it begins the family name however that is divided into parts.
        beginning = family[0].text.partition(" ")[0] if family else ""
        if not beginning:
            return search
        return replace(search, family_prefixes=(*search.family_prefixes, beginning))
