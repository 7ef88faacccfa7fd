"""Rules on the form of attribute values (ITI TF-3: 4.2.3.1.7, Tables 4.2.3.2-1 to 4.2.3.4-1)."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from ihe_mock_async.findings import Rule
from ihe_mock_async.xds import datatypes
from ihe_mock_async.xds.datatypes import Check
from ihe_mock_async.xds.ebxml import RimObject
from ihe_mock_async.xds.metadata import DocumentEntry, IdentifiedObject, Submission
from ihe_mock_async.xds.rules.report import Report, metadata_error, metadata_warning

DTM = metadata_error(
    id="xds-dtm",
    text="A time is a DTM",
    section="ITI TF-3: Table 4.2.3.1.7-2",
    fix="Write the time in UTC, from the year to the precision that you know.",
)
CALENDAR = metadata_warning(
    id="xds-dtm-calendar",
    text="The day of a time is in the calendar",
    section="ITI TF-3: Table 4.2.3.1.7-2",
    fix="Correct the day, or leave out what is not known.",
)
SERVICE_TIMES = metadata_error(
    id="xds-service-times",
    text="serviceStartTime is not after serviceStopTime",
    section="ITI TF-3: 4.2.3.2.19",
    fix="Swap or correct the two times.",
)
LANGUAGE_CODE = metadata_error(
    id="xds-language-code",
    text="languageCode is a language tag",
    section="ITI TF-3: 4.2.3.2.13",
    fix="Write a tag of RFC 5646 like en-US.",
)
SOURCE_PATIENT_ID = metadata_error(
    id="xds-source-patient-id",
    text="sourcePatientId is a CX with an assigning authority",
    section="ITI TF-3: 4.2.3.2.22",
    fix="Write the source's own id of the patient with its assigning authority.",
)
SOURCE_PATIENT_AUTHORITY = metadata_warning(
    id="xds-source-patient-authority",
    text="The assigning authority of sourcePatientId is an ISO OID",
    section="ITI TF-3: 4.2.3.2.22",
    fix="Use a registered OID; it begins with 0, 1 or 2.",
)
SOURCE_PATIENT_INFO = metadata_warning(
    id="xds-source-patient-info",
    text="Each value of sourcePatientInfo is one field of the PID segment",
    section="ITI TF-3: 4.2.3.2.23",
    fix="Write PID-n, a vertical bar, and the field.",
)
HASH = metadata_error(
    id="xds-hash",
    text="hash is the SHA-1 of the document in hexadecimal",
    section="ITI TF-3: 4.2.3.2.10",
    fix="Compute SHA-1 over the document's octets and write 40 hexadecimal digits.",
)
SIZE = metadata_error(
    id="xds-size",
    text="size is a number of octets",
    section="ITI TF-3: 4.2.3.2.21",
    fix="Write the length of the document, before any base64 coding.",
)
OID = metadata_error(
    id="xds-oid",
    text="The attribute is an OID",
    section="ITI TF-3: Table 4.2.3.1.7-2",
    fix="Write digits separated by dots, beginning with 0, 1 or 2.",
)
REGISTERED_OID = metadata_warning(
    id="xds-oid-first-arc",
    text="An OID begins with the arc of ITU, ISO or both",
    section="ITI TF-3: Table 4.2.3.1.7-2",
    fix="Use an OID of your own; an IP address or a private number is none.",
)
DOCUMENT_UNIQUE_ID = metadata_error(
    id="xds-document-unique-id",
    text="DocumentEntry.uniqueId identifies the document globally",
    section="ITI TF-3: 4.2.3.2.26",
    fix="Use an OID, an OID and an extension after ^, or a URI.",
)
PATIENT_ID = metadata_error(
    id="xds-patient-id",
    text="patientId is a CX of the form ID^^^&OID&ISO",
    section="ITI TF-3: 4.2.3.2.16",
    fix="Send the id in the affinity domain with its assigning authority's OID, nothing else.",
)
DOCUMENT_AVAILABILITY = metadata_error(
    id="xds-document-availability",
    text="documentAvailability is Online or Offline",
    section="ITI TF-3: 4.2.3.2.30",
    fix="Write one of the two URNs, or leave the Slot out.",
)
REFERENCE_ID = metadata_warning(
    id="xds-reference-id",
    text="Each value of referenceIdList is a CXi",
    section="ITI TF-3: 4.2.3.2.28",
    fix="Write the id, its assigning authority and its type.",
)
PERSON = metadata_warning(
    id="xds-xcn",
    text="A person is an XCN with an id or a name",
    section="ITI TF-3: Table 4.2.3.1.7-2",
    fix="Put the family name into the second and the given name into the third component.",
)
ORGANIZATION = metadata_warning(
    id="xds-xon",
    text="An organization is an XON with a name, and an OID or an id with its authority",
    section="ITI TF-3: Table 4.2.3.1.7-2",
    fix="Write the name alone, Name^^^^^^^^^OID or Name^^^^^&OID&ISO^^^^ID.",
)
TELECOMMUNICATION = metadata_warning(
    id="xds-xtn",
    text="A telecommunication address is an XTN",
    section="ITI TF-3: Table 4.2.3.1.7-2",
    fix="Write ^^Internet^address or ^PRN^PH^^^area^number.",
)
RECIPIENT = metadata_warning(
    id="xds-intended-recipient",
    text="intendedRecipient names an organization, a person or an address",
    section="ITI TF-3: 4.2.3.3.7",
    fix="Write Organization|Person|Telecommunication; the unknown parts stay empty.",
)
RULES = (
    DTM, CALENDAR, SERVICE_TIMES, LANGUAGE_CODE, SOURCE_PATIENT_ID, SOURCE_PATIENT_AUTHORITY,
    SOURCE_PATIENT_INFO, HASH, SIZE, OID, REGISTERED_OID, DOCUMENT_UNIQUE_ID, PATIENT_ID,
    DOCUMENT_AVAILABILITY, REFERENCE_ID, PERSON, ORGANIZATION, TELECOMMUNICATION, RECIPIENT,
)  # fmt: skip

_Formats = Mapping[str, tuple[tuple[Check, Rule], ...]]

_OID_FORMS = ((datatypes.oid, OID), (datatypes.registered_oid, REGISTERED_OID))
_TIME_FORMS = ((datatypes.dtm, DTM), (datatypes.calendar_day, CALENDAR))
_SLOT_FORMATS: _Formats = {
    "creationTime": _TIME_FORMS,
    "serviceStartTime": _TIME_FORMS,
    "serviceStopTime": _TIME_FORMS,
    "submissionTime": _TIME_FORMS,
    "lastUpdateTime": _TIME_FORMS,
    "languageCode": ((datatypes.language_code, LANGUAGE_CODE),),
    "sourcePatientId": (
        (datatypes.source_patient_id, SOURCE_PATIENT_ID),
        (datatypes.source_patient_authority, SOURCE_PATIENT_AUTHORITY),
    ),
    "sourcePatientInfo": ((datatypes.source_patient_info, SOURCE_PATIENT_INFO),),
    "hash": ((datatypes.sha1, HASH),),
    "size": ((datatypes.size, SIZE),),
    "repositoryUniqueId": _OID_FORMS,
    "legalAuthenticator": ((datatypes.person, PERSON),),
    "documentAvailability": ((datatypes.document_availability, DOCUMENT_AVAILABILITY),),
    "urn:ihe:iti:xds:2013:referenceIdList": ((datatypes.reference_id, REFERENCE_ID),),
    "intendedRecipient": ((datatypes.recipient, RECIPIENT),),
    "authorPerson": ((datatypes.person, PERSON),),
    "authorInstitution": ((datatypes.organization, ORGANIZATION),),
    "authorTelecommunication": ((datatypes.telecommunication, TELECOMMUNICATION),),
}
_IDENTIFIER_FORMATS: Mapping[tuple[str, str], tuple[tuple[Check, Rule], ...]] = {
    ("DocumentEntry", "uniqueId"): ((datatypes.document_unique_id, DOCUMENT_UNIQUE_ID),),
    ("SubmissionSet", "uniqueId"): _OID_FORMS,
    ("SubmissionSet", "sourceId"): _OID_FORMS,
    ("Folder", "uniqueId"): _OID_FORMS,
    ("DocumentEntry", "patientId"): ((datatypes.patient_id, PATIENT_ID),),
    ("SubmissionSet", "patientId"): ((datatypes.patient_id, PATIENT_ID),),
    ("Folder", "patientId"): ((datatypes.patient_id, PATIENT_ID),),
}


def check_formats(submission: Submission, report: Report) -> None:
    """Check the form of all values of the submission's objects."""
    for obj in submission.identified():
        check_slot_formats(obj.rim, report)
        _check_identifiers(obj, report)
    for entry in submission.document_entries:
        _check_service_times(entry, report)


def check_slot_formats(rim: RimObject, report: Report) -> None:
    """Check the form of an object's slot values; extra metadata may have any."""
    for slot in rim.slots:
        formats = _SLOT_FORMATS.get(slot.name, ())
        for value in filter(None, slot.values):
            _check_value(value, formats, slot.element, report)


def _check_value(
    value: str,
    formats: tuple[tuple[Check, Rule], ...],
    element: etree._Element,
    report: Report,
) -> None:
    """Only the first broken rule counts: the later ones refine it."""
    for check, rule in formats:
        expected = check(value)
        if expected is not None:
            report.add(rule, element, received=value, expected=expected)
            return


def _check_identifiers(obj: IdentifiedObject, report: Report) -> None:
    for identifier in obj.rim.identifiers:
        attribute = obj.model.identifiers.get(identifier.scheme)
        if attribute is not None and identifier.text:
            forms = _IDENTIFIER_FORMATS[obj.kind, attribute.name]
            _check_value(identifier.text, forms, identifier.element, report)


def _check_service_times(entry: DocumentEntry, report: Report) -> None:
    start, stop = entry.rim.slot("serviceStartTime"), entry.rim.value("serviceStopTime")
    if start is None or not start.values or not stop:
        return
    first = start.values[0]
    # Times may have different precision: compare what both of them say.
    common = min(len(first), len(stop))
    if first[:common] > stop[:common] and not (datatypes.dtm(first) or datatypes.dtm(stop)):
        report.add(SERVICE_TIMES, start.element, received=first, expected=f"at most {stop}")
