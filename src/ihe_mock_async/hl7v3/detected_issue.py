"""reasonOf/detectedIssueEvent of ITI-55: why there is no match (ITI TF-2: 3.55.4.2.2.6 and 7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.hl7v3 import query_parameters as names
from ihe_mock_async.hl7v3.namespaces import clark

_FRAGMENT = ElementMaker()
_ACT_CODES = "2.16.840.1.113883.5.4"
_ISSUE_CODE = "_ActAdministrativeDetectedIssueManagementCode"
_REQUESTED_CODES = "1.3.6.1.4.1.19376.1.2.27.1"
_PROBLEM_CODES = "1.3.6.1.4.1.19376.1.2.27.3"

ANSWER_NOT_AVAILABLE = "AnswerNotAvailable"
"""Human intervention may be needed (Table 3.55.4.2.2.7-1)."""

_PERSON = clark("patientPerson")
_REQUESTABLE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    names.GENDER: ("LivingSubjectAdministrativeGenderRequested", ("administrativeGenderCode",)),
    names.ADDRESS: ("PatientAddressRequested", ("addr",)),
    names.TELECOM: ("PatientTelecomRequested", ("telecom",)),
    names.BIRTH_PLACE_NAME: (
        "LivingSubjectBirthPlaceNameRequested",
        ("birthPlace", "birthplace", "name"),
    ),
    names.BIRTH_PLACE_ADDRESS: ("LivingSubjectBirthPlaceAddressRequested", ("birthPlace", "addr")),
    names.MOTHERS_MAIDEN_NAME: (
        "MothersMaidenNameRequested",
        ("personalRelationship", "relationshipHolder1", "name"),
    ),
}
"""Parameter to its code in Table 3.55.4.2.2.6-1, and where a person has the attribute."""


def helpful_attributes(
    patients: Collection[etree._Element], given: Collection[str]
) -> tuple[str, ...]:
    """Codes of attributes that would tell the hl7:patient elements apart.

    `given`: names of the parameters that were in the query.
    """
    return tuple(
        code
        for name, (code, path) in _REQUESTABLE.items()
        if name not in given and len({_value(patient, path) for patient in patients}) > 1
    )


def _value(patient: etree._Element, path: tuple[str, ...]) -> tuple[str, ...]:
    """Everything that the elements at the path below the person say."""
    elements: list[etree._Element] = list(patient.iterchildren(_PERSON))
    for name in path:
        elements = [child for element in elements for child in element.iterchildren(clark(name))]
    return tuple(
        part
        for element in elements
        for descendant in element.iter()
        for part in (*map(str, descendant.values()), (descendant.text or "").strip())
    )


def attributes_requested(codes: Iterable[str]) -> str:
    """The issue that more attributes are needed to tell which patient is meant."""
    return _reason(
        _FRAGMENT.triggerFor(
            _FRAGMENT.actOrderRequired(
                _FRAGMENT.code(code=code, codeSystem=_REQUESTED_CODES),
                classCode="ACT",
                moodCode="RQO",
            ),
            typeCode="TRIG",
        )
        for code in codes
    )


def problem(code: str) -> str:
    """The issue that the request could not be satisfied."""
    mitigation = _FRAGMENT.mitigatedBy(
        _FRAGMENT.detectedIssueManagement(
            _FRAGMENT.code(code=code, codeSystem=_PROBLEM_CODES),
            classCode="ACT",
            moodCode="EVN",
        ),
        typeCode="MITGT",
    )
    return _reason([mitigation])


def _reason(consequences: Iterable[etree._Element]) -> str:
    reason = _FRAGMENT.reasonOf(
        _FRAGMENT.detectedIssueEvent(
            _FRAGMENT.code(code=_ISSUE_CODE, codeSystem=_ACT_CODES),
            *consequences,
            classCode="ALRT",
            moodCode="EVN",
        ),
        typeCode="RSON",
    )
    return etree.tostring(reason, encoding="unicode")
