"""Rules on whose documents they are (ITI TF-2: 3.41.4.1.3, 3.42.4.1.3.3; TF-3: 4.2.3.2.16)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import AffinityDomain, Patients, RegisteredPatient, RegistryObject
from ihe_mock_async.xds import error_codes
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.metadata import Association, IdentifiedObject, Submission
from ihe_mock_async.xds.rules.report import Report

PATIENT_DIFFERS = Rule(
    id="xds-patient-differs",
    severity=Severity.ERROR,
    text="All objects of a submission are of one patient",
    section="ITI TF-2: 3.42.4.1.3.3",
    fix="Send one submission per patient.",
    code=error_codes.PATIENT_ID_DOES_NOT_MATCH,
)
ASSOCIATION_PATIENT = Rule(
    id="xds-association-patient",
    severity=Severity.ERROR,
    text="A relationship joins documents of one patient",
    section="ITI TF-2: 3.42.4.1.3.3",
    fix="Refer to a document entry of the same patient.",
    code=error_codes.PATIENT_ID_DOES_NOT_MATCH,
)
FOLDER_PATIENT = Rule(
    id="xds-folder-patient",
    severity=Severity.ERROR,
    text="A folder and its documents are of one patient",
    section="ITI TF-2: 3.42.4.1.3.3",
    fix="Use a folder of the same patient.",
    code=error_codes.PATIENT_ID_DOES_NOT_MATCH,
)
PATIENT_UNKNOWN = Rule(
    id="xds-patient-unknown",
    severity=Severity.ERROR,
    text="The patient is known to the registry",
    section="ITI TF-2: 3.42.4.1.3.3",
    fix="Feed the patient with ITI-44 before, or set unknown_patients to accept.",
    code=error_codes.UNKNOWN_PATIENT_ID,
    essential=True,
)
PATIENT_SUBSUMED = Rule(
    id="xds-patient-subsumed",
    severity=Severity.ERROR,
    text="The patient id was not replaced by a merge",
    section="ITI TF-2: 3.44.4.2.4",
    fix="Use the surviving patient id.",
    code=error_codes.UNKNOWN_PATIENT_ID,
    essential=True,
)
RULES = (PATIENT_DIFFERS, PATIENT_UNKNOWN, PATIENT_SUBSUMED)
"""Those of all submissions."""
REGISTRATION_RULES = (ASSOCIATION_PATIENT, FOLDER_PATIENT)
"""Those of submissions whose document entries and folders are new."""


def check_patients(
    submission: Submission, patients: Patients, domain: AffinityDomain, report: Report
) -> None:
    """Check that the submission is of one patient, who is known if he has to be."""
    reference = _reference_patient(submission)
    seen: dict[PatientIdentifier, IdentifiedObject] = {}
    for obj in submission.identified():
        if obj.patient_id is None:
            continue
        if obj.patient_id != reference:
            element, received = obj.rim.element, obj.patient_id
            report.add(PATIENT_DIFFERS, element, received=received, expected=reference or "")
        identifier = PatientIdentifier.from_cx(obj.patient_id)
        if identifier is not None:
            seen.setdefault(identifier, obj)
    known = patients.find(tuple(seen))
    for identifier, obj in seen.items():
        _check_known(identifier, known.get(identifier), obj, domain, report)


def check_registered_patients(
    submission: Submission,
    registered: Mapping[str, RegistryObject],
    patients: Patients,
    report: Report,
) -> None:
    """Check associations to registered objects; referenced members may be another patient's."""
    own = {obj.id.lower(): obj.patient_id for obj in submission.identified()}
    outside = {i: obj.patient_id for i, obj in registered.items() if i not in own}
    sets = {submission_set.id for submission_set in submission.submission_sets}
    for association in submission.associations:
        if association.source in sets:
            continue
        pair = _patients_of(association, own | outside)
        if len(set(pair)) > 1 and len({surviving(cx, patients) for cx in pair}) > 1:
            in_folder = association.type == v.HAS_MEMBER
            rule = FOLDER_PATIENT if in_folder else ASSOCIATION_PATIENT
            received = " and ".join(pair)
            if _touches(association, outside):
                report.add(rule, association.rim.element, received=received)


def _reference_patient(submission: Submission) -> str | None:
    """The submission set's patient, to whom the others are compared."""
    return next((o.patient_id for o in submission.identified() if o.patient_id), None)


def _check_known(
    identifier: PatientIdentifier,
    known: RegisteredPatient | None,
    obj: IdentifiedObject,
    domain: AffinityDomain,
    report: Report,
) -> None:
    element = obj.rim.element
    if known is not None and known.subsumed_by is not None:
        expected = known.subsumed_by.cx
        report.add(PATIENT_SUBSUMED, element, received=identifier.cx, expected=expected)
    elif domain.reject_unknown_patients and (known is None or _foreign(identifier, domain)):
        authorities = ", ".join(sorted(domain.assigning_authorities))
        expected = f"an id of {authorities}" if _foreign(identifier, domain) else ""
        report.add(PATIENT_UNKNOWN, element, received=identifier.cx, expected=expected)


def _foreign(identifier: PatientIdentifier, domain: AffinityDomain) -> bool:
    authorities: Collection[str] = domain.assigning_authorities
    return bool(authorities) and identifier.root not in authorities


def _patients_of(
    association: Association, patient_ids: Mapping[str, str | None]
) -> tuple[str, ...]:
    ends = (association.source.lower(), association.target.lower())
    return tuple(cx for cx in map(patient_ids.get, ends) if cx)


def _touches(association: Association, outside: Mapping[str, str | None]) -> bool:
    return association.source.lower() in outside or association.target.lower() in outside


def surviving(cx: str, patients: Patients) -> str:
    """The id that a chain of merges has left of this one (ITI TF-2: 3.44.4.2.4)."""
    identifier = PatientIdentifier.from_cx(cx)
    *_, last = _merges(identifier, patients) if identifier is not None else (None,)
    return last.cx if last is not None else cx


def _merges(identifier: PatientIdentifier, patients: Patients) -> Iterator[PatientIdentifier]:
    current: PatientIdentifier | None = identifier
    while current is not None:
        yield current
        known = patients.find((current,)).get(current)
        current = known.subsumed_by if known is not None else None
