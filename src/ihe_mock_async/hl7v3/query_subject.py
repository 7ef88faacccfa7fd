"""A match of a demographics query as hl7:subject (ITI TF-2: 3.47.4.2.2, PRPA_MT201310UV02).

The person is told as the identity feed told it, without what the profile leaves out of the model;
the identifiers are those that are registered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
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
# birthPlace, guarantorRole, asPatientOfOtherProvider, asStudent, asMember) is not here.
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
    "languageCommunication",
)
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


def subject(
    record: PatientRecord, degree: int, custodian: Custodian, domains: Sequence[str] = ()
) -> str:
    """The match as XML; `domains`: OIDs of those of which identifiers are told, empty: all.

    A domain in which the patient has no identifier is named with a null one (3.47.4.2.3, case 2).
    """
    fed = parse(record.demographics)
    wanted = [i for i in record.identifiers if not domains or i.root in domains]
    # Table 3.47.4.2.2.2-1: at least one identifier is in Patient.id.
    told = wanted or record.identifiers[:1]
    return _SUBJECT.format(
        # As text: lxml would drop prefixes that only values (xsi:type) use.
        patient=etree.tostring(_patient(fed, record, told, domains, degree), encoding="unicode"),
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


def _patient(
    fed: etree._Element,
    record: PatientRecord,
    told: Sequence[PatientIdentifier],
    domains: Sequence[str],
    degree: int,
) -> etree._Element:
    patient = etree.Element(
        clark("patient"),
        {"classCode": "PAT"},
        nsmap={**fed.nsmap, None: NAMESPACE},
    )
    patient.extend(_ids(told))
    patient.extend(_copies(fed, _BEFORE_STATUS))
    patient.append(_V3.statusCode(code="active"))
    patient.extend(_copies(fed, _AFTER_STATUS))
    patient.append(_person(first(fed, _PERSON), record, told, domains))
    patient.append(_provider(first(fed, _PROVIDER), record))
    patient.append(_match_observation(degree))
    return patient


def _ids(identifiers: Sequence[PatientIdentifier]) -> list[etree._Element]:
    ids = [_V3.id(root=each.root, extension=each.extension) for each in identifiers]
    return ids or [_V3.id(nullFlavor="NI")]  # one is mandatory


# ---------------------------------------------------------------- patientPerson


def _person(
    fed: etree._Element | None,
    record: PatientRecord,
    told: Sequence[PatientIdentifier],
    domains: Sequence[str],
) -> etree._Element:
    person = _V3.patientPerson(classCode="PSN", determinerCode="INSTANCE")
    parts = [] if fed is None else list(_copies(fed, _PERSON_PARTS))
    others = [part for part in parts if part.tag == _OTHER_IDS]
    missing = [_no_id(domain) for domain in domains if domain not in {i.root for i in told}]
    person.extend(part for part in parts if part.tag != _OTHER_IDS)
    if first(person, _NAME) is None:  # a name is mandatory, after the ids
        person.insert(len(list(person.iterchildren(_ID))), _V3.name(nullFlavor="NI"))
    place = _place_of_other_ids(person)
    kept = [other for other in others if _keep_unregistered(other, record, domains)]
    for other in reversed([*kept, *missing]):
        person.insert(place, other)
    return person


def _place_of_other_ids(person: etree._Element) -> int:
    later = {"personalRelationship", "languageCommunication"}
    return sum(local_name(part) not in later for part in person)


def _keep_unregistered(
    other_ids: etree._Element, record: PatientRecord, domains: Collection[str]
) -> bool:
    """Take out ids that are told as patient/id, or not asked for; whether any is left."""
    registered = set(record.identifiers)
    for element in list(other_ids.iterchildren(_ID)):
        identifier = read_identifier(element)
        wanted = not domains or identifier.root in domains
        if not wanted or identifier.patient_identifier in registered:
            other_ids.remove(element)
    return first(other_ids, _ID) is not None


def _no_id(domain: str) -> etree._Element:
    return _V3.asOtherIDs(
        _V3.id(nullFlavor="NI"),
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
