"""The rules of hl7:patient in an identity feed (ITI TF-2: 3.44.4.1.2, Table 3.44.4.1.2-1)."""

from __future__ import annotations

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.hl7v3.rules import (
    CONSTRAINT_VIOLATION,
    DATA_TYPE_ERROR,
    MISSING_ATTRIBUTE,
    MISSING_ELEMENT,
    NOT_IN_CODE_SYSTEM,
)

_MODEL = "ITI TF-2: 3.44.4.1.2"

PATIENT_CLASS = Rule(
    "iti44-patient-class",
    Severity.WARNING,
    "The classCode of patient is PAT",
    _MODEL,
    'Write classCode="PAT".',
    NOT_IN_CODE_SYSTEM,
)
PATIENT_STATUS = Rule(
    "iti44-patient-status",
    Severity.WARNING,
    "The statusCode of patient is active",
    _MODEL,
    'Add statusCode code="active" after the ids.',
    NOT_IN_CODE_SYSTEM,
)

# ---------------------------------------------------------------- patient/id

PATIENT_ID = Rule(
    "iti44-patient-id",
    Severity.ERROR,
    "The patient has at least one id with the OID of its assigning authority and an extension",
    _MODEL,
    "Add the id: root is the assigning authority's OID, extension the patient's number there.",
    MISSING_ELEMENT,
    essential=True,
)
PATIENT_ID_ROOT = Rule(
    "iti44-patient-id-root",
    Severity.WARNING,
    "A patient id names its assigning authority in root",
    _MODEL,
    "Add the authority's OID as root; assigningAuthorityName alone identifies nothing, and the "
    "id is ignored.",
    MISSING_ATTRIBUTE,
)
PATIENT_ID_OID = Rule(
    "iti44-patient-id-oid",
    Severity.ERROR,
    "The root of a patient id is an ISO OID",
    _MODEL,
    "Write the bare OID of the assigning authority, in digits and dots.",
    DATA_TYPE_ERROR,
)
PATIENT_ID_EXTENSION = Rule(
    "iti44-patient-id-extension",
    Severity.WARNING,
    "A patient id has the patient's number in extension",
    _MODEL,
    "Add the extension; without it the id is ignored.",
    MISSING_ATTRIBUTE,
)
PATIENT_ID_CHARACTERS = Rule(
    "iti44-patient-id-characters",
    Severity.WARNING,
    "The extension of a patient id has none of the characters ^ & | ~",
    "ITI TF-3: 4.2.3.1.7",
    "Use other characters: the id cannot be written in XDS metadata (CX), and is ignored.",
    DATA_TYPE_ERROR,
)

# ---------------------------------------------------------------- patientPerson

PERSON = Rule(
    "iti44-patient-person",
    Severity.ERROR,
    "The patient has exactly one patientPerson",
    _MODEL,
    "Describe the person in one patientPerson element.",
    MISSING_ELEMENT,
)
PERSON_CLASS = Rule(
    "iti44-patient-person-class",
    Severity.WARNING,
    "patientPerson has the classCode PSN and the determinerCode INSTANCE",
    _MODEL,
    'Write classCode="PSN" determinerCode="INSTANCE".',
    MISSING_ATTRIBUTE,
)
PERSON_NAME = Rule(
    "iti44-person-name",
    Severity.WARNING,
    "patientPerson has a name, or a nullFlavor in its place",
    _MODEL,
    'Add name with family and given, or name nullFlavor="UNK".',
    MISSING_ELEMENT,
)
GENDER = Rule(
    "iti44-gender",
    Severity.WARNING,
    "administrativeGenderCode is M, F or UN, or has a nullFlavor",
    _MODEL,
    'Use the HL7 V3 codes; the V2 codes U and O are nullFlavor="UNK" and UN here.',
    NOT_IN_CODE_SYSTEM,
)
BIRTH_TIME = Rule(
    "iti44-birth-time",
    Severity.WARNING,
    "birthTime is an HL7 timestamp",
    _MODEL,
    "Write digits without separators, as precise as known.",
    DATA_TYPE_ERROR,
)
OTHER_IDS_CLASS = Rule(
    "iti44-other-ids-class",
    Severity.WARNING,
    "asOtherIDs is neither a citizen (CIT) nor an employee (EMP)",
    _MODEL,
    "Use classCode PAT, or asCitizen and asEmployee for those roles.",
    NOT_IN_CODE_SYSTEM,
)
OTHER_IDS_SCOPE = Rule(
    "iti44-other-ids-scope",
    Severity.WARNING,
    "The root of each asOtherIDs id is the root of its scopingOrganization id",
    _MODEL,
    "Repeat the assigning authority's OID as the root of scopingOrganization/id.",
    CONSTRAINT_VIOLATION,
)
SCOPING_ORGANIZATION_EXTENSION = Rule(
    "iti44-scoping-organization-extension",
    Severity.WARNING,
    "A scopingOrganization id has no extension",
    _MODEL,
    "Remove the extension; the OID in root names the authority alone.",
    CONSTRAINT_VIOLATION,
)

# ---------------------------------------------------------------- providerOrganization

PROVIDER_ORGANIZATION = Rule(
    "iti44-provider-organization",
    Severity.WARNING,
    "The patient has exactly one providerOrganization; in a merge it may be absent",
    _MODEL,
    "Name the organization that keeps the patient's record.",
    MISSING_ELEMENT,
)
PROVIDER_ORGANIZATION_ID = Rule(
    "iti44-provider-organization-id",
    Severity.WARNING,
    "providerOrganization has an id of which the root is an ISO OID",
    _MODEL,
    "Write the OID of the organization as root, in digits and dots.",
    MISSING_ELEMENT,
)
PROVIDER_ORGANIZATION_ID_EXTENSION = Rule(
    "iti44-provider-organization-id-extension",
    Severity.WARNING,
    "A providerOrganization id has no extension",
    _MODEL,
    "Remove the extension; the OID in root names the organization alone.",
    CONSTRAINT_VIOLATION,
)
PROVIDER_ORGANIZATION_ROOT = Rule(
    "iti44-provider-organization-root",
    Severity.WARNING,
    "In a merge the root of the providerOrganization id is the root of the patient id",
    "ITI TF-2: 3.44.4.2.2.1",
    "Write the OID of the authority that has given the patient id as root.",
    CONSTRAINT_VIOLATION,
)
PROVIDER_ORGANIZATION_CONTACT = Rule(
    "iti44-provider-organization-contact",
    Severity.WARNING,
    "providerOrganization has an addr, a telecom or a contactParty",
    _MODEL,
    'Add at least contactParty classCode="CON", which the schema demands.',
    MISSING_ELEMENT,
)

RULES = (
    PATIENT_CLASS,
    PATIENT_STATUS,
    PATIENT_ID,
    PATIENT_ID_ROOT,
    PATIENT_ID_OID,
    PATIENT_ID_EXTENSION,
    PATIENT_ID_CHARACTERS,
    PERSON,
    PERSON_CLASS,
    PERSON_NAME,
    GENDER,
    BIRTH_TIME,
    OTHER_IDS_CLASS,
    OTHER_IDS_SCOPE,
    SCOPING_ORGANIZATION_EXTENSION,
    PROVIDER_ORGANIZATION,
    PROVIDER_ORGANIZATION_ID,
    PROVIDER_ORGANIZATION_ID_EXTENSION,
    PROVIDER_ORGANIZATION_ROOT,
    PROVIDER_ORGANIZATION_CONTACT,
)
