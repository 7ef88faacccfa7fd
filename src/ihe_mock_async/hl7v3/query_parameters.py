"""The parameters of a demographics query, read into values (PRPA_MT201306UV02)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from lxml import etree

from ihe_mock_async.elements import local_name
from ihe_mock_async.hl7v3.datatypes import InstanceIdentifier, read_identifier
from ihe_mock_async.hl7v3.demographics import birth_digits
from ihe_mock_async.hl7v3.description import all_text, telecom_text
from ihe_mock_async.hl7v3.matching import (
    BirthInterval,
    BirthTime,
    Candidate,
    Criterion,
    Gender,
    Identifier,
    Name,
)
from ihe_mock_async.hl7v3.matching_details import (
    Address,
    BirthPlaceAddress,
    BirthPlaceName,
    CareProvider,
    MothersMaidenName,
    Telecom,
)
from ihe_mock_async.hl7v3.matching_text import (
    Closeness,
    Patterns,
    read_address_patterns,
    read_name_patterns,
    read_pattern,
)
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.transmission import Interaction
from ihe_mock_async.hl7v3.tree import first
from ihe_mock_async.state import PatientSearch

QUERY = Interaction(
    "PRPA_IN201305UV02",
    "PRPA_TE201305UV02",
    # The interaction's own name, and the trigger event of the answer.
    frozenset({"PRPA_IN201305UV02", "PRPA_TE201306UV02"}),
    # HL7 says RQO, the schema EVN.
    moods=frozenset({"EVN", "RQO"}),
)
"""Patient Registry Find Candidates Query."""
RESPONSE = Interaction("PRPA_IN201306UV02", "PRPA_TE201306UV02", accept_ack_code="NE")
"""Patient Registry Find Candidates Query Response."""

_VALUE = clark("value")
_LOW, _HIGH = clark("low"), clark("high")
_CENTER, _WIDTH = clark("center"), clark("width")

GENDER = "livingSubjectAdministrativeGender"
BIRTH_TIME = "livingSubjectBirthTime"
IDENTIFIER = "livingSubjectId"
NAME = "livingSubjectName"
ADDRESS = "patientAddress"
TELECOM = "patientTelecom"
MOTHERS_MAIDEN_NAME = "mothersMaidenName"
CARE_PROVIDER = "principalCareProviderId"
BIRTH_PLACE_NAME = "livingSubjectBirthPlaceName"
BIRTH_PLACE_ADDRESS = "livingSubjectBirthPlaceAddress"
SCOPING_ORGANIZATION = "otherIDsScopingOrganization"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One child of parameterList that describes a patient."""

    name: str
    """Local name of the element."""
    element: etree._Element
    values: tuple[etree._Element, ...]
    criteria: tuple[Criterion, ...]
    """What its usable values say; one that is met is enough."""

    def match(self, candidate: Candidate) -> Closeness:
        """How well the candidate fits the closest of its values."""
        return max([c.match(candidate) for c in self.criteria], default=Closeness.NONE)


@dataclass(frozen=True, slots=True)
class Domain:
    """otherIDsScopingOrganization: a domain of which the identifiers are wanted."""

    element: etree._Element
    values: tuple[InstanceIdentifier, ...]


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a demographics query asks for."""

    element: etree._Element
    """parameterList."""
    described: tuple[Parameter, ...]
    """Those that describe the patient, in the order of the message."""
    domains: tuple[Domain, ...]
    others: tuple[etree._Element, ...]
    """Elements that no criterion is made of."""

    @property
    def roots(self) -> tuple[str, ...]:
        """OIDs of the domains of which identifiers are wanted, each once; empty: of all."""
        values = [value.root for domain in self.domains for value in domain.values]
        return tuple(dict.fromkeys(root for root in values if root))

    @property
    def usable(self) -> tuple[Parameter, ...]:
        """The parameters that have a criterion."""
        return tuple([parameter for parameter in self.described if parameter.criteria])

    def named(self, name: str) -> list[Parameter]:
        """The usable parameters of this name."""
        return [parameter for parameter in self.usable if parameter.name == name]


def narrow(parameters: Sequence[Parameter]) -> PatientSearch:
    """The search of the state that leaves out nobody who fits all of the parameters."""
    # Of alternatives no one need hold.
    criteria = [p.criteria[0] for p in parameters if len(p.criteria) == 1]
    return reduce(lambda search, each: each.narrow(search), criteria, PatientSearch())


# ---------------------------------------------------------------- reading


def read(parameter_list: etree._Element) -> Parameters:
    """Read a parameterList, as much of it as there is."""
    described: list[Parameter] = []
    domains: list[Domain] = []
    others: list[etree._Element] = []
    for element in parameter_list:
        name = local_name(element) if element.tag == clark(local_name(element)) else ""
        if name == SCOPING_ORGANIZATION:
            values = element.iterchildren(_VALUE)
            domains.append(Domain(element, tuple([read_identifier(value) for value in values])))
        elif name in _READERS:
            described.append(_parameter(name, element))
        else:
            others.append(element)
    return Parameters(parameter_list, tuple(described), tuple(domains), tuple(others))


def _parameter(name: str, element: etree._Element) -> Parameter:
    values = tuple(element.iterchildren(_VALUE))
    criteria = [_READERS[name](value) for value in values]
    return Parameter(name, element, values, tuple([c for c in criteria if c is not None]))


def read_value(name: str, value: etree._Element) -> Criterion | None:
    """The criterion that a value of the named parameter is; None: it cannot be used."""
    return _READERS[name](value)


def _gender(value: etree._Element) -> Criterion | None:
    code = value.get("code")
    return Gender(code) if code else None


def _birth_time(value: etree._Element) -> Criterion | None:
    digits = birth_digits(value.get("value") or "") or _bound(first(value, _CENTER))
    if digits:
        return BirthTime(digits)
    low, high = first(value, _LOW), first(value, _HIGH)
    # Half an interval would find more than was asked for.
    if first(value, _WIDTH) is not None or _is_unreadable(low) or _is_unreadable(high):
        return None
    interval = BirthInterval(_bound(low), _bound(high), _is_inclusive(low), _is_inclusive(high))
    return interval if interval.low or interval.high else None


def _bound(element: etree._Element | None) -> str:
    return "" if element is None else birth_digits(element.get("value") or "")


def _is_unreadable(bound: etree._Element | None) -> bool:
    return bound is not None and bool(bound.get("value")) and not _bound(bound)


def _is_inclusive(element: etree._Element | None) -> bool:
    return element is None or element.get("inclusive") not in {"false", "0"}


def _identifier(value: etree._Element) -> Criterion | None:
    identifier = read_identifier(value).patient_identifier
    return Identifier(identifier) if identifier else None


def _care_provider(value: etree._Element) -> Criterion | None:
    identifier = read_identifier(value)
    return CareProvider(identifier.root, identifier.extension) if identifier.root else None


def _telecom(value: etree._Element) -> Criterion | None:
    text = telecom_text(value.get("value") or "")
    return Telecom(read_pattern(text)) if text else None


def _birth_place_name(value: etree._Element) -> Criterion | None:
    text = all_text(value)
    return BirthPlaceName(read_pattern(text)) if text else None


def _of_parts(
    read_patterns: Callable[[etree._Element], Patterns], criterion: Callable[[Patterns], Criterion]
) -> Callable[[etree._Element], Criterion | None]:
    def read_parts(value: etree._Element) -> Criterion | None:
        patterns = read_patterns(value)
        return criterion(patterns) if patterns else None

    return read_parts


_READERS: Mapping[str, Callable[[etree._Element], Criterion | None]] = {
    GENDER: _gender,
    BIRTH_TIME: _birth_time,
    IDENTIFIER: _identifier,
    NAME: _of_parts(read_name_patterns, Name),
    ADDRESS: _of_parts(read_address_patterns, Address),
    TELECOM: _telecom,
    MOTHERS_MAIDEN_NAME: _of_parts(read_name_patterns, MothersMaidenName),
    CARE_PROVIDER: _care_provider,
    BIRTH_PLACE_NAME: _birth_place_name,
    BIRTH_PLACE_ADDRESS: _of_parts(read_address_patterns, BirthPlaceAddress),
}
