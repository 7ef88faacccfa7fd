"""The rules of an identity feed's registration, and of what it asks for (ITI TF-2: 3.44.4)."""

from __future__ import annotations

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.hl7v3.rules import (
    CONSTRAINT_VIOLATION,
    MISSING_ATTRIBUTE,
    MISSING_ELEMENT,
    NOT_IN_CODE_SYSTEM,
    TOO_MANY,
    UNKNOWN_KEY,
)

_WRAPPER = "ITI TF-2: 3.44.4.1.2.3"
_ACTIONS = "ITI TF-2: 3.44.4.1.3"
_REGISTRY_ACTIONS = "ITI TF-2: 3.44.4.1.4"
_MERGE = "ITI TF-2: 3.44.4.2.2"
_MERGE_ACTIONS = "ITI TF-2: 3.44.4.2.4"

# ---------------------------------------------------------------- registrationEvent

SUBJECT = Rule(
    "iti44-subject",
    Severity.ERROR,
    "The control act has a subject with a registrationEvent",
    _WRAPPER,
    "Add subject/registrationEvent to controlActProcess.",
    MISSING_ELEMENT,
    essential=True,
)
# Essential, as one acknowledgement cannot say which of several patients were stored.
SUBJECT_SINGLE = Rule(
    "iti44-subject-single",
    Severity.ERROR,
    "The control act has exactly one subject, with one registrationEvent of one patient",
    _WRAPPER,
    "Send one message for each patient.",
    TOO_MANY,
    essential=True,
)
SUBJECT_CLASS = Rule(
    "iti44-subject-class",
    Severity.WARNING,
    "subject has the typeCode SUBJ, and its contextConductionInd is false",
    _WRAPPER,
    'Write typeCode="SUBJ" contextConductionInd="false".',
    NOT_IN_CODE_SYSTEM,
)
REGISTRATION_CLASS = Rule(
    "iti44-registration-class",
    Severity.WARNING,
    "registrationEvent has the classCode REG and the moodCode EVN",
    _WRAPPER,
    'Write classCode="REG" moodCode="EVN".',
    MISSING_ATTRIBUTE,
)
REGISTRATION_STATUS = Rule(
    "iti44-registration-status",
    Severity.WARNING,
    "The statusCode of registrationEvent is active",
    _WRAPPER,
    'Write statusCode code="active".',
    NOT_IN_CODE_SYSTEM,
)
PATIENT = Rule(
    "iti44-patient",
    Severity.ERROR,
    "registrationEvent has a subject1 with a patient",
    _WRAPPER,
    "Add subject1/patient.",
    MISSING_ELEMENT,
    essential=True,
)
CUSTODIAN = Rule(
    "iti44-custodian",
    Severity.WARNING,
    "registrationEvent names its custodian",
    _WRAPPER,
    "Add custodian/assignedEntity with the id of the system that keeps the record.",
    MISSING_ELEMENT,
)
REPLACEMENT_NOT_MERGE = Rule(
    "iti44-replacement-not-merge",
    Severity.ERROR,
    "A record that is added or revised replaces no other: there is no replacementOf",
    _WRAPPER,
    "Remove replacementOf, or send PRPA_IN201304UV02 to merge two records.",
    CONSTRAINT_VIOLATION,
)

# ---------------------------------------------------------------- add and revise: the state

ADD_EXISTING = Rule(
    "iti44-add-existing",
    Severity.HINT,
    "A record that is added is new",
    _ACTIONS,
    "Send PRPA_IN201302UV02 for a known patient; the record has been revised.",
)
REVISE_UNKNOWN = Rule(
    "iti44-revise-unknown",
    Severity.WARNING,
    "A record that is revised is known",
    _ACTIONS,
    "Send PRPA_IN201301UV02 first; the record has been added.",
    UNKNOWN_KEY,
)
PATIENTS_LINKED = Rule(
    "iti44-patients-linked",
    Severity.HINT,
    "The identifiers of one message belong to one patient",
    _ACTIONS,
    "Nothing to do if that is so: the patients that had them are now cross-referenced.",
)
PATIENT_ID_AUTHORITY = Rule(
    "iti44-patient-id-authority",
    Severity.WARNING,
    "The assigning authority of a patient id is one of the affinity domain's",
    _REGISTRY_ACTIONS,
    "Leave the id out, or add its OID to the setting assigning_authorities; it is ignored.",
    CONSTRAINT_VIOLATION,
)
PATIENT_ID_NO_AUTHORITY = Rule(
    "iti44-patient-id-no-authority",
    Severity.ERROR,
    "At least one patient id is of an assigning authority of the affinity domain",
    _REGISTRY_ACTIONS,
    "Send an id of such an authority, or add the OID to the setting assigning_authorities.",
    UNKNOWN_KEY,
    essential=True,
)
PATIENT_ID_SUBSUMED = Rule(
    "iti44-patient-id-subsumed",
    Severity.ERROR,
    "A patient id that was subsumed by a merge is not used any more",
    _MERGE_ACTIONS,
    "Use the surviving identifier; a merge cannot be undone.",
    CONSTRAINT_VIOLATION,
    essential=True,
)

# ---------------------------------------------------------------- merge: the message

REPLACEMENT = Rule(
    "iti44-merge-replacement",
    Severity.ERROR,
    "A merge names the subsumed record in replacementOf",
    _MERGE,
    "Add replacementOf/priorRegistration/subject1/priorRegisteredRole/id.",
    MISSING_ELEMENT,
    essential=True,
)
# Essential for the same reason as iti44-subject-single.
REPLACEMENT_SINGLE = Rule(
    "iti44-merge-replacement-single",
    Severity.ERROR,
    "A merge has exactly one replacementOf",
    _MERGE,
    "Send one message for each subsumed identifier.",
    TOO_MANY,
    essential=True,
)
PRIOR_STATUS = Rule(
    "iti44-merge-prior-status",
    Severity.WARNING,
    "The statusCode of priorRegistration is obsolete",
    _MERGE,
    'Write statusCode code="obsolete".',
    NOT_IN_CODE_SYSTEM,
)
SUBSUMED_ID = Rule(
    "iti44-merge-subsumed-id",
    Severity.ERROR,
    "priorRegisteredRole has exactly one id: the subsumed patient identifier",
    _MERGE,
    "Write the OID of the assigning authority as root, the patient's number as extension.",
    MISSING_ELEMENT,
    essential=True,
)
MERGE_NAME = Rule(
    "iti44-merge-name",
    Severity.ERROR,
    "The patientPerson of a merge has a name that is not null",
    _MERGE,
    "Add the name of the surviving patient.",
    MISSING_ELEMENT,
)

# ---------------------------------------------------------------- merge: the state
# Essential is what 3.44.4.2.4 lists as the conditions under which nothing shall be changed.

SURVIVING_AUTHORITY = Rule(
    "iti44-merge-surviving-authority",
    Severity.ERROR,
    "The surviving identifier is of an assigning authority of the affinity domain",
    _MERGE_ACTIONS,
    "Merge identifiers of this domain, or add the OID to the setting assigning_authorities.",
    CONSTRAINT_VIOLATION,
    essential=True,
)
SUBSUMED_AUTHORITY = Rule(
    "iti44-merge-subsumed-authority",
    Severity.ERROR,
    "The subsumed identifier is of an assigning authority of the affinity domain",
    _MERGE_ACTIONS,
    "Merge identifiers of this domain, or add the OID to the setting assigning_authorities.",
    CONSTRAINT_VIOLATION,
    essential=True,
)
SAME_IDENTIFIER = Rule(
    "iti44-merge-same-identifier",
    Severity.ERROR,
    "The surviving and the subsumed identifier differ",
    _MERGE_ACTIONS,
    "Put the surviving identifier into patient/id, the subsumed one into priorRegisteredRole/id.",
    CONSTRAINT_VIOLATION,
    essential=True,
)
SURVIVING_SUBSUMED = Rule(
    "iti44-merge-surviving-subsumed",
    Severity.ERROR,
    "The surviving identifier has not been subsumed before",
    _MERGE_ACTIONS,
    "Merge into the identifier that has survived.",
    CONSTRAINT_VIOLATION,
    essential=True,
)
SUBSUMED_SUBSUMED = Rule(
    "iti44-merge-subsumed-subsumed",
    Severity.ERROR,
    "The subsumed identifier has not been subsumed before",
    _MERGE_ACTIONS,
    "Nothing to do if it was merged into the same identifier; a merge is sent once.",
    CONSTRAINT_VIOLATION,
    essential=True,
)
SUBSUMED_UNKNOWN = Rule(
    "iti44-merge-subsumed-unknown",
    Severity.ERROR,
    "The subsumed identifier is known",
    _MERGE_ACTIONS,
    "Register the patient with PRPA_IN201301UV02 before merging, or correct the identifier.",
    UNKNOWN_KEY,
    essential=True,
)
# 3.44.4.2.4 lists an unknown subsumed identifier, but not an unknown surviving one.
SURVIVING_UNKNOWN = Rule(
    "iti44-merge-surviving-unknown",
    Severity.WARNING,
    "The surviving identifier is known",
    _MERGE_ACTIONS,
    "Register the patient with PRPA_IN201301UV02 before merging, or correct the identifier; it is "
    "the subsumed one's patient who has it now.",
    UNKNOWN_KEY,
)
DIFFERENT_AUTHORITIES = Rule(
    "iti44-merge-different-authorities",
    Severity.WARNING,
    "The surviving and the subsumed identifier are of the same assigning authority",
    _MERGE_ACTIONS,
    "To say that identifiers of two authorities belong to one patient, send a revise with both.",
    CONSTRAINT_VIOLATION,
)

RULES = (
    SUBJECT,
    SUBJECT_SINGLE,
    SUBJECT_CLASS,
    REGISTRATION_CLASS,
    REGISTRATION_STATUS,
    PATIENT,
    CUSTODIAN,
    REPLACEMENT_NOT_MERGE,
    ADD_EXISTING,
    REVISE_UNKNOWN,
    PATIENTS_LINKED,
    PATIENT_ID_AUTHORITY,
    PATIENT_ID_NO_AUTHORITY,
    PATIENT_ID_SUBSUMED,
    REPLACEMENT,
    REPLACEMENT_SINGLE,
    PRIOR_STATUS,
    SUBSUMED_ID,
    MERGE_NAME,
    SURVIVING_AUTHORITY,
    SUBSUMED_AUTHORITY,
    SAME_IDENTIFIER,
    SURVIVING_SUBSUMED,
    SUBSUMED_SUBSUMED,
    SUBSUMED_UNKNOWN,
    SURVIVING_UNKNOWN,
    DIFFERENT_AUTHORITIES,
)
