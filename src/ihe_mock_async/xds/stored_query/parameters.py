"""The parameters of stored queries, and the values that a request gives them.

ITI TF-2: 3.18.4.1.2.3.4 and 3.18.4.1.2.3.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from lxml import etree

from ihe_mock_async.xds import searchable
from ihe_mock_async.xds import vocabulary as v


class Kind(Enum):
    """What a value is."""

    ENTRY_UUID = auto()
    """`urn:uuid:` and lower-case hex: an entryUUID or logicalID."""
    TEXT = auto()
    PATTERN = auto()
    """What SQL LIKE takes, with % and _."""
    CODE = auto()
    """`code^^scheme`."""
    PATIENT_ID = auto()
    """A CX."""
    STATUS = auto()
    """An availabilityStatus; others are ignored."""
    FROM = auto()
    """A DTM with or without quotes: the first moment that passes."""
    TO = auto()
    """A DTM with or without quotes: the first moment that does not pass."""
    ASSOCIATION_TYPE = auto()
    DOCUMENT_ENTRY_TYPE = auto()
    METADATA_LEVEL = auto()
    """The number 1 or 2."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a query."""

    name: str
    """With its dollar sign."""
    kind: Kind
    many: bool = True
    """Several values are legal, and mean or."""
    repeatable: bool = False
    """The Slot may be repeated, which means and."""
    attribute: str = ""
    """The attribute that its values are compared with (`xds.searchable`), if there is one."""


@dataclass(frozen=True, slots=True)
class Argument:
    """What a request gives one parameter."""

    parameter: Parameter
    slots: tuple[etree._Element, ...]
    groups: tuple[tuple[str, ...], ...]
    """One for each Slot: or within a group, and between groups."""

    @property
    def values(self) -> tuple[str, ...]:
        """All values, whatever Slot they stand in, each once."""
        return tuple(dict.fromkeys(value for group in self.groups for value in group))


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a request gives all parameters, by parameter name."""

    by_name: Mapping[str, Argument] = field(default_factory=dict)

    def values(self, name: str) -> tuple[str, ...]:
        """The values of a parameter; none when it is absent."""
        argument = self.by_name.get(name)
        return argument.values if argument is not None else ()

    def groups(self, name: str) -> tuple[tuple[str, ...], ...]:
        """The values of each Slot of a parameter; none when it is absent."""
        argument = self.by_name.get(name)
        return argument.groups if argument is not None else ()


# ---------------------------------------------------------------- of all kinds of objects


def entry_uuid(kind: str, *, many: bool) -> Parameter:
    """`$XDS<kind>EntryUUID`; the kind like `DocumentEntry`."""
    return Parameter(f"$XDS{kind}EntryUUID", Kind.ENTRY_UUID, many)


def logical_id(kind: str) -> Parameter:
    """`$XDS<kind>LogicalID`."""
    return Parameter(f"$XDS{kind}LogicalID", Kind.ENTRY_UUID)


def unique_id(kind: str, *, many: bool) -> Parameter:
    """`$XDS<kind>UniqueId`."""
    return Parameter(f"$XDS{kind}UniqueId", Kind.TEXT, many)


def patient_id(kind: str, *, many: bool = False) -> Parameter:
    """`$XDS<kind>PatientId`; many only in ITI-51."""
    return Parameter(f"$XDS{kind}PatientId", Kind.PATIENT_ID, many)


def status(kind: str) -> Parameter:
    """`$XDS<kind>Status`."""
    return Parameter(f"$XDS{kind}Status", Kind.STATUS)


def _period(kind: str, name: str, attribute: str) -> tuple[Parameter, Parameter]:
    """`$XDS<kind><name>From` and `To`."""
    return (
        Parameter(f"$XDS{kind}{name}From", Kind.FROM, many=False, attribute=attribute),
        Parameter(f"$XDS{kind}{name}To", Kind.TO, many=False, attribute=attribute),
    )


def _coded(name: str, attribute: str, *, repeatable: bool = False) -> Parameter:
    return Parameter(name, Kind.CODE, repeatable=repeatable, attribute=attribute)


UUID = Parameter("$uuid", Kind.ENTRY_UUID)
PATIENT = Parameter("$patientId", Kind.PATIENT_ID, many=False)
ASSOCIATION_TYPES = Parameter("$AssociationTypes", Kind.ASSOCIATION_TYPE)
ASSOCIATION_STATUS = Parameter("$XDSAssociationStatus", Kind.STATUS)
"""Of the option Document Metadata Update, which may deprecate associations."""
METADATA_LEVEL = Parameter("$MetadataLevel", Kind.METADATA_LEVEL, many=False)
"""Of the option Document Metadata Update: 1 hides what only updates make; for every query."""
HOME_COMMUNITY_ID = Parameter("$homeCommunityId", Kind.TEXT, many=False)
"""From the first version of XCA, when it was no attribute yet: a registry ignores it."""

# ---------------------------------------------------------------- of document entries

_ENTRY = v.DOCUMENT_ENTRY.kind
CLASS_CODE = _coded(f"$XDS{_ENTRY}ClassCode", "classCode")
FACILITY_TYPE_CODE = _coded(
    f"$XDS{_ENTRY}HealthcareFacilityTypeCode", "healthcareFacilityTypeCode"
)
EVENT_CODE_LIST = _coded(f"$XDS{_ENTRY}EventCodeList", "eventCodeList", repeatable=True)
FORMAT_CODE = _coded(f"$XDS{_ENTRY}FormatCode", "formatCode")
CONFIDENTIALITY_CODE = _coded(
    f"$XDS{_ENTRY}ConfidentialityCode", "confidentialityCode", repeatable=True
)
DOCUMENT_ENTRY_TYPE = Parameter(f"$XDS{_ENTRY}Type", Kind.DOCUMENT_ENTRY_TYPE)
REFERENCE_ID_LIST = Parameter(
    f"$XDS{_ENTRY}ReferenceIdList",
    Kind.PATTERN,
    repeatable=True,
    attribute=searchable.REFERENCE_ID_LIST,
)
TITLE = Parameter(f"$XDS{_ENTRY}Title", Kind.PATTERN, attribute=searchable.TITLE)
AUTHOR_INSTITUTION = Parameter(
    f"$XDS{_ENTRY}AuthorInstitution", Kind.PATTERN, attribute=searchable.AUTHOR_INSTITUTION
)
DOCUMENT_ENTRY_FILTERS = (
    CLASS_CODE,
    _coded(f"$XDS{_ENTRY}TypeCode", "typeCode"),
    _coded(f"$XDS{_ENTRY}PracticeSettingCode", "practiceSettingCode"),
    *_period(_ENTRY, "CreationTime", searchable.CREATION_TIME),
    *_period(_ENTRY, "ServiceStartTime", searchable.SERVICE_START_TIME),
    *_period(_ENTRY, "ServiceStopTime", searchable.SERVICE_STOP_TIME),
    FACILITY_TYPE_CODE,
    EVENT_CODE_LIST,
    CONFIDENTIALITY_CODE,
    Parameter(f"$XDS{_ENTRY}AuthorPerson", Kind.PATTERN, attribute=searchable.AUTHOR_PERSON),
    FORMAT_CODE,
    DOCUMENT_ENTRY_TYPE,
    # Of the option Document Metadata Update.
    Parameter(
        f"$XDS{_ENTRY}DocumentAvailability",
        Kind.TEXT,
        attribute=searchable.DOCUMENT_AVAILABILITY,
    ),
)
"""What may narrow FindDocuments (3.18.4.1.2.3.7.1)."""

# ---------------------------------------------------------------- of submission sets and folders

_SET, _FOLDER = v.SUBMISSION_SET.kind, v.FOLDER.kind
SUBMISSION_SET_FILTERS = (
    Parameter(f"$XDS{_SET}SourceId", Kind.TEXT, attribute=searchable.SOURCE_ID),
    *_period(_SET, "SubmissionTime", searchable.SUBMISSION_TIME),
    Parameter(
        f"$XDS{_SET}AuthorPerson", Kind.PATTERN, many=False, attribute=searchable.AUTHOR_PERSON
    ),
    _coded(f"$XDS{_SET}ContentType", "contentTypeCode"),
)
"""What may narrow FindSubmissionSets (3.18.4.1.2.3.7.2)."""
CODE_LIST = _coded(f"$XDS{_FOLDER}CodeList", "codeList", repeatable=True)
FOLDER_FILTERS = (*_period(_FOLDER, "LastUpdateTime", v.LAST_UPDATE_TIME), CODE_LIST)
"""What may narrow FindFolders (3.18.4.1.2.3.7.3)."""
