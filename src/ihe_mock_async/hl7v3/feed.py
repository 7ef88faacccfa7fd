"""The payload of an identity feed: one registrationEvent (ITI TF-2: 3.44.4.1.2 and 3.44.4.2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.elements import local_name
from ihe_mock_async.findings import Finding
from ihe_mock_async.hl7v3 import feed_rules as rules
from ihe_mock_async.hl7v3 import patient, patient_check
from ihe_mock_async.hl7v3.datatypes import InstanceIdentifier, read_identifier
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.transmission import ControlAct, Interaction
from ihe_mock_async.hl7v3.tree import children_of, finding_at, first

ADD = Interaction("PRPA_IN201301UV02", "PRPA_TE201301UV02", frozenset({"PRPA_TE201302UV02"}))
"""Patient Registry Record Added."""
REVISE = Interaction("PRPA_IN201302UV02", "PRPA_TE201302UV02", frozenset({"PRPA_TE201301UV02"}))
"""Patient Registry Record Revised."""
MERGE = Interaction("PRPA_IN201304UV02", "PRPA_TE201304UV02")
"""Patient Registry Duplicates Resolved."""

_SUBJECT = clark("subject")
_REGISTRATION_EVENT = clark("registrationEvent")
_STATUS_CODE = clark("statusCode")
_SUBJECT1 = clark("subject1")
_PATIENT = clark("patient")
_CUSTODIAN = clark("custodian")
_REPLACEMENT_OF = clark("replacementOf")
_PRIOR_REGISTRATION = clark("priorRegistration")
_PRIOR_REGISTERED_ROLE = clark("priorRegisteredRole")
_ID = clark("id")


@dataclass(frozen=True, slots=True)
class Replacement:
    """replacementOf: the registration that a merge makes obsolete."""

    element: etree._Element
    prior_status: str | None
    subsumed_ids: tuple[InstanceIdentifier, ...]


@dataclass(frozen=True, slots=True)
class Registration:
    """registrationEvent."""

    element: etree._Element
    class_code: str | None
    mood_code: str | None
    status: str | None
    patient: patient.Patient | None
    has_custodian: bool
    replacements: tuple[Replacement, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """What a control act of the feed says: its subjects, and the first one's registration."""

    element: etree._Element
    subjects: tuple[etree._Element, ...]
    registration: Registration | None

    @property
    def patient(self) -> patient.Patient | None:
        """The patient that is registered."""
        return self.registration.patient if self.registration else None


# ---------------------------------------------------------------- reading


def read(control_act: ControlAct) -> Feed:
    """Read the payload, as much of it as there is."""
    subjects = tuple(control_act.element.iterchildren(_SUBJECT))
    event = first(subjects[0], _REGISTRATION_EVENT) if subjects else None
    return Feed(control_act.element, subjects, None if event is None else _registration(event))


def _registration(event: etree._Element) -> Registration:
    children = children_of(event)
    status = children.get(_STATUS_CODE)
    subject1 = children.get(_SUBJECT1)
    registered = first(subject1[0], _PATIENT) if subject1 else None
    return Registration(
        element=event,
        class_code=event.get("classCode"),
        mood_code=event.get("moodCode"),
        status=status[0].get("code") if status else None,
        patient=None if registered is None else patient.read(registered),
        has_custodian=_CUSTODIAN in children,
        replacements=tuple([_replacement(child) for child in children.get(_REPLACEMENT_OF, ())]),
    )


def _replacement(element: etree._Element) -> Replacement:
    prior = first(element, _PRIOR_REGISTRATION)
    status = first(prior, _STATUS_CODE)
    return Replacement(
        element=element,
        prior_status=None if status is None else status.get("code"),
        subsumed_ids=tuple([read_identifier(child) for child in _subsumed_ids(element)]),
    )


def _subsumed_ids(replacement: etree._Element) -> list[etree._Element]:
    """All of them, also where there are more elements around them than there should be."""
    elements = [replacement]
    for name in (_PRIOR_REGISTRATION, _SUBJECT1, _PRIOR_REGISTERED_ROLE, _ID):
        elements = [child for element in elements for child in element.iterchildren(name)]
    return elements


# ---------------------------------------------------------------- rules


def check(feed: Feed, interaction: Interaction) -> Iterator[Finding]:
    """Every breach of the feed's rules by a payload of this interaction."""
    yield from _check_subjects(feed)
    registration = feed.registration
    if registration is None:
        return
    yield from _check_registration(registration)
    if interaction is MERGE:
        yield from _check_merge(registration)
    else:
        for replacement in registration.replacements:
            yield finding_at(rules.REPLACEMENT_NOT_MERGE, replacement.element)
    if registration.patient is not None:
        yield from patient_check.check(registration.patient, merged=interaction is MERGE)


def _check_subjects(feed: Feed) -> Iterator[Finding]:
    if feed.registration is None:
        yield finding_at(rules.SUBJECT, feed.element, "subject/registrationEvent")
    yield from _check_single(feed.element)
    for subject in feed.subjects:
        type_code, conduction = subject.get("typeCode"), subject.get("contextConductionInd")
        if type_code != "SUBJ" or conduction not in {None, "false"}:
            yield finding_at(
                rules.SUBJECT_CLASS,
                subject,
                received=f"typeCode {type_code}, contextConductionInd {conduction}",
            )


def _check_single(control_act: etree._Element) -> Iterator[Finding]:
    """What comes after the first one is not read: a patient would be lost without a word."""
    parent = control_act
    for name in (_SUBJECT, _REGISTRATION_EVENT, _SUBJECT1, _PATIENT):
        children = list(parent.iterchildren(name))
        if not children:
            return
        if len(children) > 1:
            yield finding_at(
                rules.SUBJECT_SINGLE,
                parent,
                local_name(children[0]),
                received=f"{len(children)} of them",
                expected="one",
            )
        parent = children[0]


def _check_registration(registration: Registration) -> Iterator[Finding]:
    element = registration.element
    if registration.class_code != "REG" or registration.mood_code != "EVN":
        yield finding_at(
            rules.REGISTRATION_CLASS,
            element,
            received=f"{registration.class_code}, {registration.mood_code}",
        )
    if registration.status != "active":
        yield finding_at(
            rules.REGISTRATION_STATUS,
            element,
            "statusCode/@code",
            received=registration.status,
            expected="active",
        )
    if registration.patient is None:
        yield finding_at(rules.PATIENT, element, "subject1/patient")
    if not registration.has_custodian:
        yield finding_at(rules.CUSTODIAN, element, "custodian")


def _check_merge(registration: Registration) -> Iterator[Finding]:
    replacements = registration.replacements
    if not replacements:
        yield finding_at(rules.REPLACEMENT, registration.element, "replacementOf")
    if len(replacements) > 1:
        yield finding_at(
            rules.REPLACEMENT_SINGLE,
            registration.element,
            "replacementOf",
            received=f"{len(replacements)} of them",
        )
    for replacement in replacements:
        yield from _check_replacement(replacement)
    merged = registration.patient
    if merged is not None and not any(person.is_named for person in merged.persons):
        yield finding_at(rules.MERGE_NAME, merged.element, "patientPerson/name")


def _check_replacement(replacement: Replacement) -> Iterator[Finding]:
    element = replacement.element
    if replacement.prior_status != "obsolete":
        yield finding_at(
            rules.PRIOR_STATUS,
            element,
            "priorRegistration/statusCode/@code",
            received=replacement.prior_status,
            expected="obsolete",
        )
    if [i.patient_identifier is None for i in replacement.subsumed_ids] != [False]:
        yield finding_at(
            rules.SUBSUMED_ID,
            element,
            "priorRegistration/subject1/priorRegisteredRole/id",
            received=", ".join(i.text or "an empty id" for i in replacement.subsumed_ids[:3]),
            expected="one id with root and extension",
        )
    for identifier in replacement.subsumed_ids:
        if identifier.patient_identifier is None:
            yield from patient_check.explain_unusable(identifier)
