"""Checks a patient against the rules of the identity feed (ITI TF-2: 3.44.4.1.2)."""

from __future__ import annotations

from collections.abc import Iterator

from ihe_mock_async.findings import Finding
from ihe_mock_async.hl7v3 import patient_rules as rules
from ihe_mock_async.hl7v3.datatypes import InstanceIdentifier, is_known_oid, is_timestamp
from ihe_mock_async.hl7v3.patient import Organization, OtherIds, Patient, Person
from ihe_mock_async.hl7v3.tree import finding_at


def check(patient: Patient, *, merged: bool = False) -> Iterator[Finding]:
    """Every breach of a rule by the patient; `merged`: it is the survivor of a merge."""
    element = patient.element
    if patient.class_code != "PAT":
        yield finding_at(
            rules.PATIENT_CLASS, element, "@classCode", received=patient.class_code, expected="PAT"
        )
    if patient.status != "active":
        yield finding_at(
            rules.PATIENT_STATUS,
            element,
            "statusCode/@code",
            received=patient.status,
            expected="active",
        )
    yield from _check_ids(patient)
    if len(patient.persons) != 1:
        yield finding_at(
            rules.PERSON, element, "patientPerson", received=f"{len(patient.persons)} of them"
        )
    for person in patient.persons:
        yield from _check_person(person)
    yield from _check_provider_organizations(patient, merged=merged)


# ---------------------------------------------------------------- patient/id


def _check_ids(patient: Patient) -> Iterator[Finding]:
    if len(patient.identifiers) != len(patient.ids):
        for identifier in patient.ids:
            if identifier.patient_identifier is None:
                yield from explain_unusable(identifier)
    if not patient.identifiers:
        yield finding_at(rules.PATIENT_ID, patient.element, "id")


def explain_unusable(identifier: InstanceIdentifier) -> Iterator[Finding]:
    """Why an id cannot be a patient's id; a null flavor needs no explanation."""
    element, root, extension = identifier.element, identifier.root, identifier.extension
    if identifier.null_flavor:
        return
    if not root:
        yield finding_at(
            rules.PATIENT_ID_ROOT, element, "@root", received=element.get("assigningAuthorityName")
        )
    elif not is_known_oid(root):
        bare = root.removeprefix("urn:oid:")
        expected = (
            f"{bare}, without urn:oid:" if is_known_oid(bare) else "an OID like 1.2.840.114350.1"
        )
        yield finding_at(rules.PATIENT_ID_OID, element, "@root", received=root, expected=expected)
    if not (extension or "").strip():
        yield finding_at(rules.PATIENT_ID_EXTENSION, element, "@extension", received=root)
    elif extension and any(character in extension for character in "^&|~"):
        yield finding_at(rules.PATIENT_ID_CHARACTERS, element, "@extension", received=extension)


# ---------------------------------------------------------------- patientPerson

_GENDERS = frozenset({"M", "F", "UN"})


def _check_person(person: Person) -> Iterator[Finding]:
    element = person.element
    if person.class_code != "PSN" or person.determiner_code != "INSTANCE":
        yield finding_at(
            rules.PERSON_CLASS,
            element,
            received=f"{person.class_code or 'nothing'}, {person.determiner_code or 'nothing'}",
        )
    if not person.is_named and all(
        name.get("nullFlavor") is None for name in person.name_elements
    ):
        yield finding_at(rules.PERSON_NAME, element, "name")
    gender = person.gender
    if gender is not None and gender.code not in _GENDERS and not gender.null_flavor:
        yield finding_at(
            rules.GENDER,
            element,
            "administrativeGenderCode/@code",
            received=gender.code,
            expected="M, F or UN",
        )
    if person.birth_time is not None and not is_timestamp(person.birth_time):
        yield finding_at(
            rules.BIRTH_TIME,
            element,
            "birthTime/@value",
            received=person.birth_time,
            expected="YYYY[MM[DD[HHMM[SS]]]]",
        )
    for other_ids in person.other_ids:
        yield from _check_other_ids(other_ids)


def _check_other_ids(other_ids: OtherIds) -> Iterator[Finding]:
    if other_ids.class_code in {"CIT", "EMP"}:
        yield finding_at(
            rules.OTHER_IDS_CLASS, other_ids.element, "@classCode", received=other_ids.class_code
        )
    scopes = {identifier.root for identifier in other_ids.scoping_organization_ids}
    for identifier in other_ids.ids:
        if identifier.root is not None and identifier.root not in scopes:
            yield finding_at(
                rules.OTHER_IDS_SCOPE,
                other_ids.element,
                "scopingOrganization/id/@root",
                received=", ".join(sorted(scope for scope in scopes if scope)),
                expected=identifier.root,
            )
    for scope in other_ids.scoping_organization_ids:
        if scope.extension is not None:
            yield finding_at(
                rules.SCOPING_ORGANIZATION_EXTENSION,
                scope.element,
                "@extension",
                received=scope.extension,
            )


# ---------------------------------------------------------------- providerOrganization


def _check_provider_organizations(patient: Patient, *, merged: bool) -> Iterator[Finding]:
    organizations = patient.provider_organizations
    if len(organizations) > 1 or not (organizations or merged):
        yield finding_at(
            rules.PROVIDER_ORGANIZATION,
            patient.element,
            "providerOrganization",
            received=f"{len(organizations)} of them",
        )
    for organization in organizations:
        yield from _check_organization(organization)
        if merged:
            yield from _check_scope(organization, patient)


def _check_scope(organization: Organization, patient: Patient) -> Iterator[Finding]:
    roots = {identifier.root for identifier in organization.ids if identifier.root}
    authorities = {identifier.root for identifier in patient.identifiers}
    if roots and authorities and not roots & authorities:
        yield finding_at(
            rules.PROVIDER_ORGANIZATION_ROOT,
            organization.element,
            "id/@root",
            received=", ".join(sorted(roots)),
            expected=" or ".join(sorted(authorities)),
        )


def _check_organization(organization: Organization) -> Iterator[Finding]:
    element = organization.element
    if not organization.ids:
        yield finding_at(rules.PROVIDER_ORGANIZATION_ID, element, "id/@root")
    for identifier in organization.ids:
        if identifier.root is None or not is_known_oid(identifier.root):
            yield finding_at(
                rules.PROVIDER_ORGANIZATION_ID, element, "id/@root", received=identifier.root
            )
        if identifier.extension is not None:
            yield finding_at(
                rules.PROVIDER_ORGANIZATION_ID_EXTENSION,
                element,
                "id/@extension",
                received=identifier.extension,
            )
    if not organization.is_contactable:
        yield finding_at(rules.PROVIDER_ORGANIZATION_CONTACT, element, "contactParty")
