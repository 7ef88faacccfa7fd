"""People in a state, queries for them made by editing a valid one, and what is answered."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.hl7v3 import patient
from ihe_mock_async.hl7v3.demographics import traits_of
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.ihe import Answer, Exchange
from ihe_mock_async.state import AffinityDomain, State
from tests.transactions.identity_feed import NS, Edit, valid

QUERY = Path(__file__).parents[1] / "fixtures" / "iti47" / "query.xml"
NOW = datetime(2026, 3, 2, 9, 45, 12, tzinfo=UTC)
HOME, CLINIC, INSURER = (f"1.3.6.1.4.1.21367.13.20.{n}000" for n in (1, 2, 3))

ACT = "h:controlActProcess"
ASKED = f"{ACT}/h:queryByParameter"
PARAMETERS = f"{ASKED}/h:parameterList"
GENDER = f"{PARAMETERS}/h:livingSubjectAdministrativeGender"
BIRTH_TIME = f"{PARAMETERS}/h:livingSubjectBirthTime"
NAME = f"{PARAMETERS}/h:livingSubjectName"
XPATH = "/PRPA_IN201305UV02/controlActProcess/queryByParameter/parameterList"


def id_of(extension: str, root: str = HOME) -> PatientIdentifier:
    return PatientIdentifier(root, extension)


def person(
    given: str = "Ada", family: str = "Müster-Beispiel", birth: str = "19580214", more: str = ""
) -> str:
    """A hl7:patient as an identity feed has left it."""
    return (
        '<patient xmlns="urn:hl7-org:v3" classCode="PAT"><id root="1.2.3" extension="fed"/>'
        '<statusCode code="active"/><patientPerson classCode="PSN" determinerCode="INSTANCE">'
        f"<name><given>{given}</given><family>{family}</family></name>"
        f'<administrativeGenderCode code="F"/><birthTime value="{birth}"/>{more}</patientPerson>'
        '<providerOrganization classCode="ORG" determinerCode="INSTANCE"><id root="1.2.3"/>'
        '<contactParty classCode="CON"/></providerOrganization></patient>'
    )


def feed(state: State, *identifiers: PatientIdentifier, xml: str = "") -> int:
    """Register a patient, and return its key."""
    read = patient.read(parse((xml or person()).encode()))
    return state.patients.add(identifiers, patient.serialise(read), NOW, traits_of(read))


def parameter(name: str, value: str) -> str:
    """A parameter with its value's XML, to be added to parameterList."""
    return f'<{name} xmlns="urn:hl7-org:v3">{value}<semanticsText>{name}</semanticsText></{name}>'


def scoping_organization(root: str) -> str:
    return parameter("otherIDsScopingOrganization", f'<value root="{root}"/>')


def query(edit: Edit = valid) -> etree._Element:
    message = parse(QUERY.read_bytes())
    edit(message)
    return message


def exchange(
    state: State,
    message: etree._Element,
    action: str,
    *,
    domain: AffinityDomain | None = None,
    later: timedelta = timedelta(),
) -> Exchange:
    return Exchange(
        body=message,
        action=action,
        attachments={},
        domain=domain or AffinityDomain(),
        now=NOW + later,
        new_uuid=lambda: str(uuid.uuid4()),
        state=state,
    )


def body(reply: Answer) -> etree._Element:
    assert isinstance(reply.body, bytes)
    return parse(reply.body)


def told(reply: Answer, path: str) -> list[str]:
    """What XPath finds in the answer."""
    found = body(reply).xpath(path, namespaces=NS)
    return [(item.text or "") if isinstance(item, etree._Element) else str(item) for item in found]


def codes(reply: Answer) -> list[str]:
    """typeCode of the acknowledgement, then statusCode and response code of the queryAck."""
    paths = ("h:acknowledgement/h:typeCode/@code", ".//h:queryAck/*/@code")
    return [code for path in paths for code in told(reply, path)]


def quantities(reply: Answer) -> list[int]:
    """Total, current and remaining quantity."""
    return [int(value) for value in told(reply, ".//h:queryAck/*/@value")]


def found(reply: Answer) -> list[str]:
    """The given name of each patient in the answer."""
    return told(reply, ".//h:subject//h:patientPerson/h:name/h:given")
