"""The registration that tells which identifiers a patient has, and the name to verify them by.

It is in the answer to a PIX query (ITI TF-2: 3.45.4.2.2) and in the update notification
(3.46.4.1.2), of which the models are identical.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.hl7v3.namespaces import PIX_MANAGER_DEVICE
from ihe_mock_async.identifiers import PatientIdentifier


def subject(
    v3: ElementMaker,
    identifiers: Iterable[PatientIdentifier],
    names: Sequence[etree._Element] = (),
) -> etree._Element:
    """controlActProcess/subject with a patient of these identifiers, in the maker's namespace.

    `names`: hl7:name elements, which become part of it; without any the name is a null one.
    """
    return v3.subject(
        v3.registrationEvent(
            v3.id(nullFlavor="NA"),
            v3.statusCode(code="active"),
            v3.subject1(_patient(v3, identifiers, names), typeCode="SBJ"),
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


def _patient(
    v3: ElementMaker,
    identifiers: Iterable[PatientIdentifier],
    names: Sequence[etree._Element],
) -> etree._Element:
    return v3.patient(
        *[v3.id(root=each.root, extension=each.extension) for each in identifiers],
        v3.statusCode(code="active"),
        v3.patientPerson(
            *(names or [v3.name(nullFlavor="NA")]), classCode="PSN", determinerCode="INSTANCE"
        ),
        classCode="PAT",
    )
