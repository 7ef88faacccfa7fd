"""Rules on associations that need nothing but the submission (ITI TF-3: 4.2.2)."""

from __future__ import annotations

from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import entry_uuid, is_uuid_urn
from ihe_mock_async.xds.metadata import Association, Submission
from ihe_mock_async.xds.rules.report import Report, metadata_error, metadata_warning
from ihe_mock_async.xds.rules.structure import UUID_LOWER_CASE

TYPE_BARE = metadata_error(
    id="xds-association-type-bare",
    text="associationType is a URN",
    section="ITI TF-3: Table 4.2.2-1",
    fix="Write the whole URN: bare names are those of ebXML 2.1 (XDS.a).",
)
TYPE_UNKNOWN = metadata_error(
    id="xds-association-type",
    text="associationType is one of XDS",
    section="ITI TF-3: Table 4.2.2-1",
    fix="Use HasMember, RPLC, APND, XFRM, XFRM_RPLC, signs or IsSnapshotOf.",
)
TYPE_UPDATE = metadata_error(
    id="xds-association-type-update",
    text="UpdateAvailabilityStatus and SubmitAssociation belong to ITI-57 Update Document Set",
    section="ITI TF-2: 3.57.4.1.3",
    fix="Send the submission as ITI-57 to the Document Registry.",
    essential=True,
)
END_MISSING = metadata_error(
    id="xds-association-end",
    text="An association has a sourceObject and a targetObject",
    section="ITI TF-3: 4.2.2",
    fix="Add the attribute with the id of an object.",
    essential=True,
)
SYMBOLIC_ID = metadata_error(
    id="xds-symbolic-id",
    text="A symbolic id stands for an object of the same submission",
    section="ITI TF-3: 4.2.3.1.5",
    fix="Add the object, or use the urn:uuid: of a registered one.",
    essential=True,
)
TO_SELF = metadata_error(
    id="xds-association-self",
    text="An association does not point to itself, nor from an object to the same object",
    section="ITI TF-3: 4.2.2",
    fix="Correct sourceObject and targetObject.",
)
SET_AS_TARGET = metadata_error(
    id="xds-submission-set-target",
    text="A submission set is not the target of an association",
    section="ITI TF-3: 4.2.2",
    fix="Swap sourceObject and targetObject.",
)
MEMBER_SOURCE = metadata_error(
    id="xds-has-member-source",
    text="The source of HasMember is the submission set of the submission, or a folder",
    section="ITI TF-3: 4.2.2.1",
    fix="Make the submission set or folder the sourceObject.",
)
FOLDER_MEMBER = metadata_error(
    id="xds-folder-member",
    text="The members of a folder are document entries",
    section="ITI TF-3: 4.2.2.1.3",
    fix="Make a document entry the targetObject.",
)
RELATIONSHIP_SOURCE = metadata_error(
    id="xds-relationship-source",
    text="The source of a relationship is a document entry of the submission",
    section="ITI TF-3: 4.2.2.2",
    fix="Make the new document entry the sourceObject, and the older one the targetObject.",
)
RELATIONSHIP_TARGET = metadata_error(
    id="xds-relationship-target",
    text="The target of a relationship is a document entry",
    section="ITI TF-3: 4.2.2.2",
    fix="Make a document entry the targetObject.",
)
TARGET_IN_SUBMISSION = metadata_error(
    id="xds-replacement-target",
    text="The target of RPLC, XFRM_RPLC and IsSnapshotOf is registered already",
    section="ITI TF-3: 4.2.2.2",
    fix="Make the entryUUID of a registered document entry the targetObject.",
)
DOCUMENTATION = metadata_warning(
    id="xds-association-documentation",
    text="Only RPLC, APND, XFRM and XFRM_RPLC have a documentation code",
    section="ITI TF-3: 4.2.2.2",
    fix="Remove the Classification.",
)
RULES = (
    TYPE_BARE, TYPE_UNKNOWN, END_MISSING, SYMBOLIC_ID, TO_SELF, SET_AS_TARGET, DOCUMENTATION,
)  # fmt: skip
"""Those of all submissions."""
REGISTRATION_RULES = (
    TYPE_UPDATE, MEMBER_SOURCE, FOLDER_MEMBER, RELATIONSHIP_SOURCE, RELATIONSHIP_TARGET,
    TARGET_IN_SUBMISSION,
)  # fmt: skip
"""Those of submissions whose document entries and folders are new."""


def check_associations(submission: Submission, report: Report) -> None:
    """Check types and ends of all associations as far as the submission tells."""
    kinds = _kinds(submission)
    for association in submission.associations:
        _check_type(association, report)
        _check_ends(association, kinds, report)
        if association.type not in v.DOCUMENTED:
            _check_undocumented(association, report)


def check_new_associations(submission: Submission, report: Report) -> None:
    """Check what associations join in a submission whose entries and folders are new."""
    kinds = _kinds(submission)
    for association in submission.associations:
        if association.type == v.HAS_MEMBER:
            _check_member(association, kinds, report)
        elif association.type in v.RELATIONSHIPS:
            _check_relationship(association, kinds, report)
        elif association.type in v.UPDATE_ONLY:
            report.add(TYPE_UPDATE, association.rim.element, received=association.type)


def _kinds(submission: Submission) -> dict[str, str]:
    """The kinds of the submission's objects by id."""
    return {obj.id: obj.kind for obj in submission.objects() if obj.id}


def _check_type(association: Association, report: Report) -> None:
    received = association.rim.element.get("associationType", "").strip()
    element = association.rim.element
    if received in v.BARE_ASSOCIATION_TYPES:
        report.add(TYPE_BARE, element, received=received, expected=association.type)
    elif received not in v.ASSOCIATION_TYPES:
        meant = v.BARE_ASSOCIATION_TYPES.get(received.rpartition(":")[2], "")
        report.add(TYPE_UNKNOWN, element, received=received, expected=meant)


def _check_ends(association: Association, kinds: dict[str, str], report: Report) -> None:
    element = association.rim.element
    ends = {"sourceObject": association.source, "targetObject": association.target}
    for attribute, end in ends.items():
        if not end:
            report.add(END_MISSING, element, expected=attribute)
        elif end not in kinds and not is_uuid_urn(end):
            meant = entry_uuid(end) or ""
            report.add(SYMBOLIC_ID, element, received=f"{attribute}={end}", expected=meant)
        elif is_uuid_urn(end) and end != end.lower():
            report.add(UUID_LOWER_CASE, element, received=end, expected=end.lower())
    if association.source == association.target or association.id in ends.values():
        report.add(TO_SELF, element, received=association.target)
    if kinds.get(association.target) == v.SUBMISSION_SET.kind:
        report.add(SET_AS_TARGET, element, received=association.target)


def _check_member(association: Association, kinds: dict[str, str], report: Report) -> None:
    source, target = kinds.get(association.source), kinds.get(association.target)
    element = association.rim.element
    if source in {v.DOCUMENT_ENTRY.kind, v.ASSOCIATION.kind}:
        report.add(MEMBER_SOURCE, element, received=f"{source} {association.source}")
    if source == v.FOLDER.kind and target in {v.FOLDER.kind, v.ASSOCIATION.kind}:
        report.add(FOLDER_MEMBER, element, received=f"{target} {association.target}")


def _check_relationship(association: Association, kinds: dict[str, str], report: Report) -> None:
    source, target = kinds.get(association.source), kinds.get(association.target)
    element = association.rim.element
    if association.source and source != v.DOCUMENT_ENTRY.kind:
        report.add(RELATIONSHIP_SOURCE, element, received=association.source)
    if target is not None and association.type in v.ONLY_TO_REGISTERED:
        report.add(TARGET_IN_SUBMISSION, element, received=association.target)
    elif target not in {None, v.DOCUMENT_ENTRY.kind}:
        report.add(RELATIONSHIP_TARGET, element, received=f"{target} {association.target}")


def _check_undocumented(association: Association, report: Report) -> None:
    for classification in association.rim.classifications:
        if classification.scheme == v.DOCUMENTATION_SCHEME:
            report.add(DOCUMENTATION, classification.element, received=association.type)
