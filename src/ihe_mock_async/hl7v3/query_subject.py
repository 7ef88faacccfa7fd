"""A match of a demographics query as hl7:subject (ITI TF-2: 3.47.4.2.2 and 3.55.4.2.2).

The person is told as the identity feed told it, without what the profile leaves out of the model;
the identifiers are those that are registered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.elements import local_name, parse
from ihe_mock_async.hl7v3.datatypes import read_identifier
from ihe_mock_async.hl7v3.namespaces import NAMESPACE, clark
from ihe_mock_async.hl7v3.retelling import mend
from ihe_mock_async.hl7v3.tree import first
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import PatientRecord

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_V3 = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE, "xsi": _XSI})

_PERSON = clark("patientPerson")
_PROVIDER = clark("providerOrganization")
_OTHER_IDS = clark("asOtherIDs")
_ID = clark("id")
_NAME = clark("name")
_CONTACT_PARTY = clark("contactParty")

# In the order of the schema. What 3.47.4.2.2.2 leaves out (contactParty, guardian, careGiver,
# guarantorRole, asPatientOfOtherProvider, asStudent, asMember) is not here.
_PERSON_PARTS = (
    "id",
    "name",
    "telecom",
    "administrativeGenderCode",
    "birthTime",
    "deceasedInd",
    "deceasedTime",
    "multipleBirthInd",
    "multipleBirthOrderNumber",
    "addr",
    "maritalStatusCode",
    "religiousAffiliationCode",
    "raceCode",
    "ethnicGroupCode",
    "asEmployee",
    "asCitizen",
    "asOtherIDs",
    "personalRelationship",
    "birthPlace",
    "languageCommunication",
)
_DISCOVERED_ONLY = frozenset({"birthPlace"})
"""What 3.55.4.2.2.2 leaves in the model, but 3.47.4.2.2.2 does not."""
_AFTER_OTHER_IDS = frozenset({"personalRelationship", "birthPlace", "languageCommunication"})
_SINGLE_PARTS = frozenset(
    {
        "administrativeGenderCode",
        "birthTime",
        "deceasedInd",
        "deceasedTime",
        "multipleBirthInd",
        "multipleBirthOrderNumber",
        "maritalStatusCode",
        "religiousAffiliationCode",
        "birthPlace",
    }
)
_BEFORE_STATUS = ("addr", "telecom")
_AFTER_STATUS = ("confidentialityCode", "veryImportantPersonCode")
_ORGANIZATION_PARTS = ("id", "code", "name", "contactParty")


@dataclass(frozen=True, slots=True)
class Custodian:
    """Who keeps the registration."""

    root: str
    """OID of the supplier, or of the community."""
    code: str = ""
    code_system: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of a patient."""

    record: PatientRecord
    domains: Sequence[str]
    """OIDs of those of which identifiers are told; empty: of all."""
    patient_ids: Sequence[PatientIdentifier]
    other_ids: Sequence[PatientIdentifier]
    discovered: bool
    """To another community (ITI-55)."""

    @property
    def missing(self) -> list[str]:
        """The domains that are asked for in vain."""
        known = {identifier.root for identifier in self.patient_ids}
        return [domain for domain in self.domains if domain not in known]


def subject(
    record: PatientRecord, degree: int, custodian: Custodian, domains: Sequence[str] = ()
) -> str:
    """The match as XML; `domains`: OIDs of those of which identifiers are told, empty: all.

    A domain in which the patient has no identifier is named with a null one (3.47.4.2.3, case 2).
    """
    wanted = [i for i in record.identifiers if not domains or i.root in domains]
    # Table 3.47.4.2.2.2-1: at least one identifier is in Patient.id.
    told = _Told(record, domains, wanted or record.identifiers[:1], (), discovered=False)
    return _subject(told, degree, custodian)


def discovered(
    record: PatientRecord, degree: int, custodian: Custodian, patient_id: PatientIdentifier
) -> str:
    """The match as XML for another community, which is to use `patient_id` in queries.

    All other identifiers are in asOtherIDs (Table 3.55.4.2.2.2-1).
    """
    others = [i for i in record.identifiers if i != patient_id]
    return _subject(_Told(record, (), [patient_id], others, discovered=True), degree, custodian)


def _subject(told: _Told, degree: int, custodian: Custodian) -> str:
    patient = _patient(parse(told.record.demographics), told, degree)
    return _SUBJECT.format(
        # As text: lxml would drop prefixes that only values (xsi:type) use.
        patient=etree.tostring(patient, encoding="unicode"),
        custodian=_custodian(custodian),
    )


_SUBJECT = etree.tostring(
    _V3.subject(
        _V3.registrationEvent(
            _V3.id(nullFlavor="NA"),
            _V3.statusCode(code="active"),
            _V3.subject1("{patient}", typeCode="SBJ"),
            "{custodian}",
            classCode="REG",
            moodCode="EVN",
        ),
        typeCode="SUBJ",
        contextConductionInd="false",
    ),
    encoding="unicode",
)


def _patient(fed: etree._Element, told: _Told, degree: int) -> etree._Element:
    patient = etree.Element(
        clark("patient"),
        {"classCode": "PAT"},
        nsmap={**fed.nsmap, None: NAMESPACE},
    )
    patient.extend(_ids(told.patient_ids))
    patient.extend(_copies(fed, _BEFORE_STATUS))
    patient.append(_V3.statusCode(code="active"))
    patient.extend(_copies(fed, _AFTER_STATUS))
    patient.append(_person(first(fed, _PERSON), told))
    patient.append(_provider(first(fed, _PROVIDER), told.record))
    patient.append(_match_observation(degree))
    return patient


def _ids(identifiers: Sequence[PatientIdentifier]) -> list[etree._Element]:
    ids = [_V3.id(root=each.root, extension=each.extension) for each in identifiers]
    return ids or [_V3.id(nullFlavor="NI")]  # one is mandatory


# ---------------------------------------------------------------- patientPerson


def _person(fed: etree._Element | None, told: _Told) -> etree._Element:
    person = _V3.patientPerson(classCode="PSN", determinerCode="INSTANCE")
    names = [name for name in _PERSON_PARTS if told.discovered or name not in _DISCOVERED_ONLY]
    parts = [] if fed is None else list(_copies(fed, names))
    others = [part for part in parts if part.tag == _OTHER_IDS]
    person.extend(part for part in parts if part.tag != _OTHER_IDS)
    if first(person, _NAME) is None:  # a name is mandatory, after the ids
        person.insert(len(list(person.iterchildren(_ID))), _V3.name(nullFlavor="NI"))
    place = _place_of_other_ids(person)
    kept = [other for other in others if _keep_unregistered(other, told)]
    for other in reversed([*_registered_others(told), *kept, *map(_other_ids, told.missing)]):
        person.insert(place, other)
    return person


def _place_of_other_ids(person: etree._Element) -> int:
    return sum(local_name(part) not in _AFTER_OTHER_IDS for part in person)


def _keep_unregistered(other_ids: etree._Element, told: _Told) -> bool:
    """Take out ids that are registered, or not asked for; whether any is left."""
    registered, domains = set(told.record.identifiers), told.domains
    for element in list(other_ids.iterchildren(_ID)):
        identifier = read_identifier(element)
        wanted = not domains or identifier.root in domains
        if not wanted or identifier.patient_identifier in registered:
            other_ids.remove(element)
    return first(other_ids, _ID) is not None


def _registered_others(told: _Told) -> list[etree._Element]:
    """One asOtherIDs for each domain."""
    by_domain: dict[str, list[PatientIdentifier]] = {}
    for identifier in told.other_ids:
        by_domain.setdefault(identifier.root, []).append(identifier)
    return [_other_ids(domain, identifiers) for domain, identifiers in by_domain.items()]


def _other_ids(domain: str, identifiers: Sequence[PatientIdentifier] = ()) -> etree._Element:
    return _V3.asOtherIDs(
        *_ids(identifiers),
        _V3.scopingOrganization(_V3.id(root=domain), classCode="ORG", determinerCode="INSTANCE"),
        classCode="PAT",
    )


# ---------------------------------------------------------------- around the person


def _provider(fed: etree._Element | None, record: PatientRecord) -> etree._Element:
    organization = _V3.providerOrganization(classCode="ORG", determinerCode="INSTANCE")
    if fed is not None:
        organization.extend(_copies(fed, _ORGANIZATION_PARTS))
    if first(organization, _ID) is None:
        organization.insert(0, _V3.id(root=record.identifiers[0].root))
    if first(organization, _CONTACT_PARTY) is None:
        organization.append(_V3.contactParty(classCode="CON", nullFlavor="NI"))
    return organization


def _match_observation(degree: int) -> etree._Element:
    return _V3.subjectOf1(
        _V3.queryMatchObservation(
            _V3.code(code="IHE_PDQ"),
            _V3.value({f"{{{_XSI}}}type": "INT"}, value=str(degree)),
            classCode="COND",
            moodCode="EVN",
        )
    )


@lru_cache(maxsize=16)
def _custodian(custodian: Custodian) -> str:
    entity = _V3.assignedEntity(_V3.id(root=custodian.root), classCode="ASSIGNED")
    if custodian.code:
        entity.append(_V3.code(code=custodian.code, codeSystem=custodian.code_system))
    return etree.tostring(_V3.custodian(entity, typeCode="CST"), encoding="unicode")


def _copies(element: etree._Element, parts: Sequence[str]) -> Iterator[etree._Element]:
    """Copies of the children of these names that can be told, in the order of the names."""
    for part in parts:
        copies = [deepcopy(child) for child in element.iterchildren(clark(part))]
        copies = [copy for copy in copies if mend(copy)]
        for copy in copies:
            copy.tail = None
        yield from copies[:1] if part in _SINGLE_PARTS else copies
