"""The registration that tells which identifiers a patient has, and nothing else of them.

It is in the answer to a PIX query (ITI TF-2: 3.45.4.2.2) and in the update notification
(3.46.4.1.2): the name of the person is nulled.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.hl7v3.namespaces import PIX_MANAGER_DEVICE
from ihe_mock_async.identifiers import PatientIdentifier


def subject(v3: ElementMaker, identifiers: Iterable[PatientIdentifier]) -> etree._Element:
    """controlActProcess/subject with a patient of these identifiers, in the maker's namespace."""
    return v3.subject(
        v3.registrationEvent(
            v3.id(nullFlavor="NA"),
            v3.statusCode(code="active"),
            v3.subject1(_patient(v3, identifiers), typeCode="SBJ"),
            v3.custodian(
                v3.assignedEntity(v3.id(root=PIX_MANAGER_DEVICE), classCode="ASSIGNED"),
                typeCode="CST",
            ),
            classCode="REG",
            moodCode="EVN",
        ),
        typeCode="SUBJ",
        contextConductionInd="false",
    )


def _patient(v3: ElementMaker, identifiers: Iterable[PatientIdentifier]) -> etree._Element:
    return v3.patient(
        *[v3.id(root=each.root, extension=each.extension) for each in identifiers],
        v3.statusCode(code="active"),
        v3.patientPerson(v3.name(nullFlavor="NA"), classCode="PSN", determinerCode="INSTANCE"),
        classCode="PAT",
    )
