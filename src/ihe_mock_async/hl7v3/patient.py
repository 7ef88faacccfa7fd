"""The hl7:patient of a registration, read into values (ITI TF-2: 3.44.4.1.2, PRPA_MT201301UV02).

The same element is what PIX and PDQ answers carry, and what the state keeps as demographics.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.hl7v3.datatypes import (
    CodedValue,
    InstanceIdentifier,
    PersonName,
    read_code,
    read_identifier,
    read_name,
)
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.tree import children_of
from ihe_mock_async.identifiers import PatientIdentifier

_ID = clark("id")
_NAME = clark("name")
_STATUS_CODE = clark("statusCode")
_PERSON = clark("patientPerson")
_PROVIDER = clark("providerOrganization")
_GENDER = clark("administrativeGenderCode")
_BIRTH_TIME = clark("birthTime")
_OTHER_IDS = clark("asOtherIDs")
_SCOPING_ORGANIZATION = clark("scopingOrganization")
_CONTACT = (clark("addr"), clark("telecom"), clark("contactParty"))


@dataclass(frozen=True, slots=True)
class OtherIds:
    """asOtherIDs: ids that another organization has given to the person."""

    element: etree._Element
    class_code: str | None
    ids: tuple[InstanceIdentifier, ...]
    scoping_organization_ids: tuple[InstanceIdentifier, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """patientPerson."""

    element: etree._Element
    class_code: str | None
    determiner_code: str | None
    name_elements: tuple[etree._Element, ...]
    gender: CodedValue | None
    birth_time: str | None
    """HL7 TS as sent; None: absent or a null flavor."""
    other_ids: tuple[OtherIds, ...]

    @property
    def names(self) -> tuple[PersonName, ...]:
        """The names, read when they are asked for: feeding a patient asks only if there is one."""
        return tuple([read_name(element) for element in self.name_elements])

    @property
    def is_named(self) -> bool:
        """Whether a name has parts or text."""
        return any(len(name) or (name.text or "").strip() for name in self.name_elements)


@dataclass(frozen=True, slots=True)
class Organization:
    """providerOrganization."""

    element: etree._Element
    ids: tuple[InstanceIdentifier, ...]
    is_contactable: bool
    """Whether it has an addr, telecom or contactParty."""


@dataclass(frozen=True, slots=True)
class Patient:
    """hl7:patient; elements that may occur once but came more often are all here."""

    element: etree._Element
    class_code: str | None
    ids: tuple[InstanceIdentifier, ...]
    status: str | None
    persons: tuple[Person, ...]
    provider_organizations: tuple[Organization, ...]
    identifiers: tuple[PatientIdentifier, ...]
    """The usable ones of its ids, in order."""

    @property
    def other_identifiers(self) -> list[PatientIdentifier]:
        """The usable ids of asOtherIDs that name the person as a patient (classCode PAT)."""
        return [
            identifier
            for person in self.persons
            for other in person.other_ids
            if other.class_code == "PAT"
            for identifier in _usable(other.ids)
        ]


def _usable(ids: tuple[InstanceIdentifier, ...]) -> list[PatientIdentifier]:
    return [usable for identifier in ids if (usable := identifier.patient_identifier)]


def read(patient: etree._Element) -> Patient:
    """Read a patient, as much of it as there is."""
    children = children_of(patient)
    status = children.get(_STATUS_CODE)
    ids = tuple([read_identifier(child) for child in children.get(_ID, ())])
    return Patient(
        element=patient,
        class_code=patient.get("classCode"),
        ids=ids,
        status=status[0].get("code") if status else None,
        persons=tuple([_person(child) for child in children.get(_PERSON, ())]),
        provider_organizations=tuple(
            [_organization(child) for child in children.get(_PROVIDER, ())]
        ),
        identifiers=tuple(_usable(ids)),
    )


def serialise(patient: Patient) -> bytes:
    """The patient as XML that stands alone: every namespace in scope is declared."""
    return etree.tostring(patient.element, encoding="UTF-8", with_tail=False)


def _person(person: etree._Element) -> Person:
    children = children_of(person)
    gender = children.get(_GENDER)
    birth_time = children.get(_BIRTH_TIME)
    return Person(
        element=person,
        class_code=person.get("classCode"),
        determiner_code=person.get("determinerCode"),
        name_elements=tuple(children.get(_NAME, ())),
        gender=read_code(gender[0]) if gender else None,
        birth_time=birth_time[0].get("value") if birth_time else None,
        other_ids=tuple([_other_ids(child) for child in children.get(_OTHER_IDS, ())]),
    )


def _other_ids(element: etree._Element) -> OtherIds:
    children = children_of(element)
    organizations = children.get(_SCOPING_ORGANIZATION, ())
    return OtherIds(
        element=element,
        class_code=element.get("classCode"),
        ids=tuple([read_identifier(child) for child in children.get(_ID, ())]),
        scoping_organization_ids=tuple(
            [read_identifier(child) for org in organizations for child in org.iterchildren(_ID)]
        ),
    )


def _organization(element: etree._Element) -> Organization:
    return Organization(
        element=element,
        ids=tuple([read_identifier(child) for child in element.iterchildren(_ID)]),
        is_contactable=next(element.iterchildren(*_CONTACT), None) is not None,
    )
