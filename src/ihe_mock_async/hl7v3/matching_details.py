"""Criteria on what only a patient's demographics tell: mother, places, numbers, providers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.hl7v3.datatypes import InstanceIdentifier, read_identifier, read_name
from ihe_mock_async.hl7v3.demographics import fold
from ihe_mock_async.hl7v3.matching import Candidate
from ihe_mock_async.hl7v3.matching_text import (
    Closeness,
    Pattern,
    Patterns,
    match_addresses,
    match_names,
    telecom_text,
)
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.state import PatientSearch

_ADDR = clark("addr")
_TELECOM = clark("telecom")
_NAME = clark("name")
_ID = clark("id")
_CODE = clark("code")
_PERSONAL_RELATIONSHIP = clark("personalRelationship")
_RELATIONSHIP_HOLDER = clark("relationshipHolder1")
_OTHER_PROVIDER = clark("asPatientOfOtherProvider")
_PERFORMER = clark("performer")
_BIRTH_PLACE = clark("birthPlace")
_PLACE = clark("birthplace")
_MOTHER = "MTH"
"""PersonalRelationshipRoleType."""


@dataclass(frozen=True, slots=True)
class Unindexed:
    """A condition that the state knows nothing of."""

    def narrow(self, search: PatientSearch) -> PatientSearch:
        """See `Criterion`."""
        return search


@dataclass(frozen=True, slots=True)
class MothersMaidenName(Unindexed):
    """A name of the person's mother has all of these parts."""

    patterns: Patterns

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        names = [
            read_name(name)
            for relationship in candidate.each(_PERSONAL_RELATIONSHIP)
            if any(code.get("code") == _MOTHER for code in relationship.iterchildren(_CODE))
            for holder in relationship.iterchildren(_RELATIONSHIP_HOLDER)
            for name in holder.iterchildren(_NAME)
        ]
        return match_names(self.patterns, names)


@dataclass(frozen=True, slots=True)
class Address(Unindexed):
    """One of the person's or the patient's addresses has all of these parts."""

    patterns: Patterns

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        return match_addresses(self.patterns, candidate.each(_ADDR))


@dataclass(frozen=True, slots=True)
class Telecom(Unindexed):
    """One of the person's or the patient's numbers or mail addresses is this one."""

    pattern: Pattern

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        values = [telecom_text(telecom.get("value") or "") for telecom in candidate.each(_TELECOM)]
        return self.pattern.match(values)


@dataclass(frozen=True, slots=True)
class BirthPlaceAddress(Unindexed):
    """The address of the birth place has all of these parts."""

    patterns: Patterns

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        return match_addresses(self.patterns, _below(candidate.each(_BIRTH_PLACE), _ADDR))


@dataclass(frozen=True, slots=True)
class BirthPlaceName(Unindexed):
    """The birth place, a hospital for instance, has this name."""

    pattern: Pattern

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        names = _below(candidate.each(_BIRTH_PLACE), _PLACE, _NAME)
        return self.pattern.match([fold(all_text(name)) for name in names])


@dataclass(frozen=True, slots=True)
class CareProvider(Unindexed):
    """A provider of this id cares for the patient, by asPatientOfOtherProvider of the feed."""

    root: str
    extension: str | None

    def match(self, candidate: Candidate) -> Closeness:
        """See `Criterion`."""
        cares = any(self._is(identifier) for identifier in _providers(candidate))
        return Closeness.EXACT if cares else Closeness.NONE

    def _is(self, identifier: InstanceIdentifier) -> bool:
        same_extension = self.extension is None or identifier.extension == self.extension
        return identifier.root == self.root and same_extension


def _providers(candidate: Candidate) -> Iterator[InstanceIdentifier]:
    for other in candidate.each(_OTHER_PROVIDER):
        for performer in other.iter(_PERFORMER):
            for identifier in performer.iter(_ID):
                yield read_identifier(identifier)


def _below(elements: Iterable[etree._Element], *names: str) -> Iterator[etree._Element]:
    """The descendants at the end of a path of Clark names."""
    for name in names:
        elements = [child for element in elements for child in element.iterchildren(name)]
    yield from elements


def all_text(element: etree._Element) -> str:
    """The text of an element and everything in it, blanks collapsed."""
    return " ".join("".join(map(str, element.itertext())).split())
