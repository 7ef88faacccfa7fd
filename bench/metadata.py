"""XDS metadata of the benchmarks' submissions, as octet templates.

A template is filled with `%` and a mapping: `number` makes the uniqueIds, `patient` the patient
id, both of at most twelve digits. Document entries differ in class, format and creationTime, so
that queries have something to choose by.
"""

from __future__ import annotations

CODING_SCHEME = b"2.999.1.8"
CLASS_CODES = (b"REPORTS", b"IMAGES", b"LETTERS")
FORMAT_CODES = (b"OCTETS", b"TEXT")
_CLASS = b"urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
_FORMAT = b"urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
_OTHER_CODES = (
    # classification scheme of the attribute (ITI TF-3: Table 4.3.1.1-3), code, display name
    (b"urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f", b"N", b"Normal"),
    (b"urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1", b"HOSP", b"Hospital"),
    (b"urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead", b"GENERAL", b"General medicine"),
    (b"urn:uuid:f0306f51-975f-434e-a61c-c59651d33983", b"REPORT", b"Report"),
)
_CONTENT_TYPE_CODE = (b"urn:uuid:aa543740-bdda-424e-8c96-df4873be8500", b"VISIT", b"Visit")
PATIENT_ID = b"%(patient)012d^^^&amp;2.999.1.6&amp;ISO"
_OBJECT_TYPE = b"urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:"


def submission(*, documents: int) -> bytes:
    """The content of rim:RegistryObjectList: so many entries `Document01`... and their set."""
    owners = [b"Document%02d" % number for number in range(1, documents + 1)]
    entries = (document_entry(owner, index) for index, owner in enumerate(owners))
    return b"".join((*entries, _SUBMISSION_SET, *map(_membership, owners)))


def document_entry(owner: bytes, index: int) -> bytes:
    """A stable document entry; `index` chooses its codes and its day."""
    codes = (
        (_CLASS, CLASS_CODES[index % len(CLASS_CODES)], b"Class"),
        (_FORMAT, FORMAT_CODES[index % len(FORMAT_CODES)], b"Format"),
        *_OTHER_CODES,
    )
    return (
        b'<rim:ExtrinsicObject id="' + owner + b'" mimeType="application/octet-stream" '
        b'objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">'
        + slot(b"creationTime", b"202601%02d120000" % (index % 28 + 1))
        + b"%(registered)s"
        + slot(b"languageCode", b"de-DE")
        + slot(b"sourcePatientId", PATIENT_ID)
        + _name(b"Benchmark document")
        + b"".join(_code(owner, i, *code) for i, code in enumerate(codes))
        + _identifier(
            owner,
            b"XDSDocumentEntry.patientId",
            b"urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427",
            PATIENT_ID,
        )
        + _identifier(
            owner,
            b"XDSDocumentEntry.uniqueId",
            b"urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab",
            b"2.999.2.1%(number)012d." + b"%d" % index,
        )
        + b"</rim:ExtrinsicObject>"
    )


REGISTERED = (
    b'<rim:Slot name="hash"><rim:ValueList><rim:Value>'
    b"da39a3ee5e6b4b0d3255bfef95601890afd80709</rim:Value></rim:ValueList></rim:Slot>"
    b'<rim:Slot name="repositoryUniqueId"><rim:ValueList><rim:Value>2.999.1.9</rim:Value>'
    b'</rim:ValueList></rim:Slot><rim:Slot name="size"><rim:ValueList><rim:Value>0</rim:Value>'
    b"</rim:ValueList></rim:Slot>"
)
"""For `registered` in an ITI-42: what a Document Repository adds (of an empty document)."""


def slot(name: bytes, value: bytes) -> bytes:
    """rim:Slot with one value."""
    return (
        b'<rim:Slot name="' + name + b'"><rim:ValueList><rim:Value>'
        + value + b"</rim:Value></rim:ValueList></rim:Slot>"
    )  # fmt: skip


def _name(text: bytes) -> bytes:
    return b'<rim:Name><rim:LocalizedString value="' + text + b'"/></rim:Name>'


def _code(owner: bytes, index: int, scheme: bytes, code: bytes, display: bytes) -> bytes:
    return (
        b'<rim:Classification id="' + owner + b'-code-%d" ' % index
        + b'objectType="' + _OBJECT_TYPE + b'Classification" '
        + b'classificationScheme="' + scheme + b'" classifiedObject="' + owner + b'" '
        + b'nodeRepresentation="' + code + b'">'
        + slot(b"codingScheme", CODING_SCHEME) + _name(display) + b"</rim:Classification>"
    )  # fmt: skip


def _identifier(owner: bytes, name: bytes, scheme: bytes, value: bytes) -> bytes:
    return (
        b'<rim:ExternalIdentifier id="' + owner + b"-" + name + b'" '
        + b'objectType="' + _OBJECT_TYPE + b'ExternalIdentifier" identificationScheme="'
        + scheme + b'" registryObject="' + owner + b'" value="' + value + b'">'
        + _name(name) + b"</rim:ExternalIdentifier>"
    )  # fmt: skip


def _membership(owner: bytes) -> bytes:
    return (
        b'<rim:Association id="member-' + owner + b'" sourceObject="SubmissionSet01" '
        b'targetObject="' + owner + b'" objectType="' + _OBJECT_TYPE + b'Association" '
        b'associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember">'
        + slot(b"SubmissionSetStatus", b"Original")
        + b"</rim:Association>"
    )


_SUBMISSION_SET = (
    b'<rim:RegistryPackage id="SubmissionSet01" objectType="'
    + _OBJECT_TYPE
    + b'RegistryPackage">'
    + slot(b"submissionTime", b"20260105120000")
    + _name(b"Benchmark submission")
    + _code(b"SubmissionSet01", 0, *_CONTENT_TYPE_CODE)
    + _identifier(
        b"SubmissionSet01",
        b"XDSSubmissionSet.patientId",
        b"urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446",
        PATIENT_ID,
    )
    + _identifier(
        b"SubmissionSet01",
        b"XDSSubmissionSet.sourceId",
        b"urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832",
        b"2.999.1.4",
    )
    + _identifier(
        b"SubmissionSet01",
        b"XDSSubmissionSet.uniqueId",
        b"urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8",
        b"2.999.2.2%(number)012d",
    )
    + b"</rim:RegistryPackage>"
    b'<rim:Classification id="node" classifiedObject="SubmissionSet01" objectType="'
    + _OBJECT_TYPE
    + b'Classification" classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"/>'
)
