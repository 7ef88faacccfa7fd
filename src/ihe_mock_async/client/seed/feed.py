"""The seed's messages to a PIX Manager (ITI TF-2: 3.44, 3.45).

Add a patient, merge a duplicate, and ask whether an identifier is known.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.client.seed import names
from ihe_mock_async.client.seed.cast import Person
from ihe_mock_async.hl7v3.namespaces import INTERACTION_IDS, NAMESPACE, action
from ihe_mock_async.identifiers import PatientIdentifier

_V3 = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})
_ADD = "PRPA_IN201301UV02"
_MERGE = "PRPA_IN201304UV02"
_QUERY = "PRPA_IN201309UV02"
ADD_ACTION, MERGE_ACTION, QUERY_ACTION = action(_ADD), action(_MERGE), action(_QUERY)


def add(person: Person, identifiers: Sequence[PatientIdentifier]) -> bytes:
    """The payload that registers a person under these identifiers, which it links."""
    return _message(_ADD, f"add/{identifiers[0].cx}", _event(person, identifiers))


def merge(person: Person, subsumed: PatientIdentifier) -> bytes:
    """The payload that merges a duplicate into the person's first identifier."""
    surviving = next(each for each in person.identifiers if each.root == subsumed.root)
    replacement = _V3.replacementOf(
        _V3.priorRegistration(
            _V3.statusCode(code="obsolete"),
            _V3.subject1(
                _V3.priorRegisteredRole(_identifier(subsumed), classCode="PAT"), typeCode="SBJ"
            ),
            classCode="REG",
            moodCode="EVN",
        ),
        typeCode="RPLC",
    )
    return _message(_MERGE, f"merge/{subsumed.cx}", _event(person, [surviving], replacement))


def query(identifier: PatientIdentifier) -> bytes:
    """The payload that asks for the other identifiers of a patient."""
    name = f"query/{identifier.cx}"
    asked = _V3.queryByParameter(
        _V3.queryId(root=str(names.uuid_of(f"{name}/id"))),
        _V3.statusCode(code="new"),
        _V3.responsePriorityCode(code="I"),
        _V3.parameterList(
            _V3.patientIdentifier(
                _V3.value(root=identifier.root, extension=identifier.extension),
                _V3.semanticsText("Patient.id"),
            )
        ),
    )
    return _message(_QUERY, name, asked)


def _message(interaction: str, name: str, content: etree._Element) -> bytes:
    """The transmission wrapper and the control act around an event or a query."""
    trigger = interaction.replace("_IN", "_TE")
    message = _V3(
        interaction,
        _V3.id(root=str(names.uuid_of(name))),
        _V3.creationTime(value=names.TIME),
        _V3.interactionId(root=INTERACTION_IDS, extension=interaction),
        _V3.processingCode(code="T"),
        _V3.processingModeCode(code="T"),
        _V3.acceptAckCode(code="AL"),
        _V3.receiver(_device(names.RECEIVER), typeCode="RCV"),
        _V3.sender(_device(names.SOURCE), typeCode="SND"),
        _V3.controlActProcess(
            _V3.code(code=trigger, codeSystem=INTERACTION_IDS),
            content,
            classCode="CACT",
            moodCode="EVN",
        ),
        ITSVersion="XML_1.0",
    )
    return etree.tostring(message, encoding="UTF-8", xml_declaration=False)


def _device(oid: str) -> etree._Element:
    return _V3.device(_V3.id(root=oid), classCode="DEV", determinerCode="INSTANCE")


def _event(
    person: Person, identifiers: Sequence[PatientIdentifier], *replacement: etree._Element
) -> etree._Element:
    event = _V3.registrationEvent(
        _V3.id(nullFlavor="NA"),
        _V3.statusCode(code="active"),
        _V3.subject1(_patient(person, identifiers), typeCode="SBJ"),
        _V3.custodian(
            _V3.assignedEntity(_V3.id(root=names.SOURCE), classCode="ASSIGNED"), typeCode="CST"
        ),
        *replacement,
        classCode="REG",
        moodCode="EVN",
    )
    return _V3.subject(event, typeCode="SUBJ", contextConductionInd="false")


def _patient(person: Person, identifiers: Sequence[PatientIdentifier]) -> etree._Element:
    return _V3.patient(
        *(_identifier(each) for each in identifiers),
        _V3.statusCode(code="active"),
        _V3.patientPerson(
            _V3.name(_V3.family(person.family), _V3.given(person.given)),
            _V3.administrativeGenderCode(code=person.gender, codeSystem="2.16.840.1.113883.5.1"),
            _V3.birthTime(value=person.birth_date),
            _V3.addr(
                _V3.streetAddressLine(f"{person.number} Sample Street"), _V3.city("Exampletown")
            ),
            classCode="PSN",
            determinerCode="INSTANCE",
        ),
        _V3.providerOrganization(
            _V3.id(root=identifiers[0].root),
            _V3.name("Example Hospital"),
            _V3.contactParty(_V3.telecom(value="tel:+1-555-0100"), classCode="CON"),
            classCode="ORG",
            determinerCode="INSTANCE",
        ),
        classCode="PAT",
    )


def _identifier(identifier: PatientIdentifier) -> etree._Element:
    return _V3.id(root=identifier.root, extension=identifier.extension)
