"""The metadata attributes of XDS and how ebRIM codes them (ITI TF-3: 4.2.3, Table 4.3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STABLE = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
ON_DEMAND = "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248"
DOCUMENT_ENTRY_TYPES = frozenset({STABLE, ON_DEMAND})

SUBMISSION_SET_NODE = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
FOLDER_NODE = "urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2"
LIMITED_METADATA_NODES = frozenset(
    {
        "urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85",  # DocumentEntry
        "urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707",  # SubmissionSet
        "urn:uuid:2c144a76-29a9-4b7c-af54-b25409fe7d03",  # Folder
    }
)

APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
DEPRECATED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"

OBJECT_TYPE = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:"

HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
REPLACES = "urn:ihe:iti:2007:AssociationType:RPLC"
APPENDS = "urn:ihe:iti:2007:AssociationType:APND"
TRANSFORMS = "urn:ihe:iti:2007:AssociationType:XFRM"
TRANSFORMS_AND_REPLACES = "urn:ihe:iti:2007:AssociationType:XFRM_RPLC"
SIGNS = "urn:ihe:iti:2007:AssociationType:signs"
IS_SNAPSHOT_OF = "urn:ihe:iti:2010:AssociationType:IsSnapshotOf"
UPDATE_AVAILABILITY_STATUS = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
SUBMIT_ASSOCIATION = "urn:ihe:iti:2010:AssociationType:SubmitAssociation"

RELATIONSHIPS = frozenset(
    {REPLACES, APPENDS, TRANSFORMS, TRANSFORMS_AND_REPLACES, SIGNS, IS_SNAPSHOT_OF}
)
"""Document to document (ITI TF-3: 4.2.2.2)."""
REPLACEMENTS = frozenset({REPLACES, TRANSFORMS_AND_REPLACES})
"""Their target becomes deprecated."""
ONLY_TO_REGISTERED = REPLACEMENTS | {IS_SNAPSHOT_OF}
"""Their target is registered already, it cannot be part of the submission."""
DEPENDENTS = frozenset({TRANSFORMS, APPENDS})
"""Their source becomes deprecated together with their target."""
UPDATE_ONLY = frozenset({UPDATE_AVAILABILITY_STATUS, SUBMIT_ASSOCIATION})
"""They belong to ITI-57 Update Document Set."""
ASSOCIATION_TYPES = RELATIONSHIPS | UPDATE_ONLY | {HAS_MEMBER}
BARE_ASSOCIATION_TYPES: Mapping[str, str] = {
    urn.rpartition(":")[2]: urn for urn in sorted(ASSOCIATION_TYPES)
}
"""ebXML 2.1 (XDS.a) had types without a URN."""

DOCUMENTATION_SCHEME = "urn:uuid:abd807a3-4432-4053-87b4-fd82c643d1f3"
DOCUMENTED = REPLACEMENTS | DEPENDENTS
"""Associations that may carry a documentation code."""

SUBMISSION_SET_STATUS = "SubmissionSetStatus"
LAST_UPDATE_TIME = "lastUpdateTime"
CODING_SCHEME = "codingScheme"
# ITI-57 slots of associations; harmless elsewhere.
_ASSOCIATION_SLOTS = (
    SUBMISSION_SET_STATUS,
    "PreviousVersion",
    "AssociationPropagation",
    "OriginalStatus",
    "NewStatus",
)


@dataclass(frozen=True, slots=True)
class SlotAttribute:
    """An attribute that is a Slot."""

    name: str
    required: bool = False
    many: bool = False
    """Several values are legal."""


@dataclass(frozen=True, slots=True)
class CodeAttribute:
    """An attribute that is a Classification with a classificationScheme."""

    name: str
    minimum: int = 0
    maximum: int | None = None
    author: bool = False
    """Without a code, its slots hold the person (ITI TF-3: 4.2.3.1.4)."""


@dataclass(frozen=True, slots=True)
class IdentifierAttribute:
    """An attribute that is an ExternalIdentifier, exactly once."""

    name: str
    label: str
    """The text of its rim:Name."""


@dataclass(frozen=True, slots=True)
class ObjectModel:
    """The attributes of one kind of metadata object."""

    kind: str
    """As the Technical Framework writes it: `DocumentEntry`."""
    slots: Mapping[str, SlotAttribute] = field(default_factory=dict)
    codes: Mapping[str, CodeAttribute] = field(default_factory=dict)
    """By classificationScheme."""
    identifiers: Mapping[str, IdentifierAttribute] = field(default_factory=dict)
    """By identificationScheme."""


def _slots(*attributes: SlotAttribute) -> Mapping[str, SlotAttribute]:
    return {attribute.name: attribute for attribute in attributes}


DOCUMENT_ENTRY = ObjectModel(
    "DocumentEntry",
    _slots(
        SlotAttribute("creationTime", required=True),
        SlotAttribute("languageCode", required=True),
        SlotAttribute("sourcePatientId", required=True),
        SlotAttribute("sourcePatientInfo", many=True),
        SlotAttribute("serviceStartTime"),
        SlotAttribute("serviceStopTime"),
        SlotAttribute("hash"),
        SlotAttribute("size"),
        SlotAttribute("repositoryUniqueId"),
        SlotAttribute("URI", many=True),
        SlotAttribute("legalAuthenticator"),
        SlotAttribute("documentAvailability"),
        SlotAttribute("urn:ihe:iti:xds:2013:referenceIdList", many=True),
    ),
    {
        "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d": CodeAttribute("author", author=True),
        "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a": CodeAttribute("classCode", 1, 1),
        "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f": CodeAttribute("confidentialityCode", 1),
        "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4": CodeAttribute("eventCodeList"),
        "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d": CodeAttribute("formatCode", 1, 1),
        "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1": CodeAttribute(
            "healthcareFacilityTypeCode", 1, 1
        ),
        "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead": CodeAttribute(
            "practiceSettingCode", 1, 1
        ),
        "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983": CodeAttribute("typeCode", 1, 1),
    },
    {
        "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427": IdentifierAttribute(
            "patientId", "XDSDocumentEntry.patientId"
        ),
        "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab": IdentifierAttribute(
            "uniqueId", "XDSDocumentEntry.uniqueId"
        ),
    },
)

SUBMISSION_SET = ObjectModel(
    "SubmissionSet",
    _slots(
        SlotAttribute("submissionTime", required=True),
        SlotAttribute("intendedRecipient", many=True),
    ),
    {
        "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d": CodeAttribute("author", author=True),
        "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500": CodeAttribute("contentTypeCode", 1, 1),
    },
    {
        "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446": IdentifierAttribute(
            "patientId", "XDSSubmissionSet.patientId"
        ),
        "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832": IdentifierAttribute(
            "sourceId", "XDSSubmissionSet.sourceId"
        ),
        "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8": IdentifierAttribute(
            "uniqueId", "XDSSubmissionSet.uniqueId"
        ),
    },
)

FOLDER = ObjectModel(
    "Folder",
    _slots(SlotAttribute(LAST_UPDATE_TIME)),
    # TF-3 Table 4.2.3.4-1 lets a folder be without a code in XDS.
    {"urn:uuid:1ba97051-7806-41a8-a48b-8fce7af683c5": CodeAttribute("codeList")},
    {
        "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a": IdentifierAttribute(
            "patientId", "XDSFolder.patientId"
        ),
        "urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a": IdentifierAttribute(
            "uniqueId", "XDSFolder.uniqueId"
        ),
    },
)

ASSOCIATION = ObjectModel(
    "Association",
    _slots(*(SlotAttribute(name) for name in _ASSOCIATION_SLOTS)),
    {DOCUMENTATION_SCHEME: CodeAttribute("documentation", 0, 1)},
)

AUTHOR_SLOTS = _slots(
    SlotAttribute("authorPerson"),
    SlotAttribute("authorInstitution", many=True),
    SlotAttribute("authorRole", many=True),
    SlotAttribute("authorSpecialty", many=True),
    SlotAttribute("authorTelecommunication", many=True),
)
CODE_SLOTS = _slots(SlotAttribute(CODING_SCHEME, required=True))
