"""Rules on what links a submission together (ITI TF-3: 4.2.1.4, 4.2.2.1)."""

from __future__ import annotations

from collections.abc import Iterable

from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import is_uuid_urn
from ihe_mock_async.xds.metadata import (
    Association,
    Folder,
    IdentifiedObject,
    Submission,
    SubmissionSet,
)
from ihe_mock_async.xds.rules.report import Report, metadata_error, metadata_warning

SUBMISSION_SET_ONE = metadata_error(
    id="xds-submission-set-one",
    text="A submission holds exactly one submission set",
    section="ITI TF-3: 4.2.1.4",
    fix=f"Send one RegistryPackage with a Classification of classificationNode "
    f"{v.SUBMISSION_SET_NODE}.",
    essential=True,
)
PACKAGE_KIND = metadata_error(
    id="xds-package-kind",
    text="A RegistryPackage is classified either as submission set or as folder",
    section="ITI TF-3: 4.2.1.2",
    fix=f"Send one Classification with classificationNode {v.SUBMISSION_SET_NODE} (submission "
    f"set) or {v.FOLDER_NODE} (folder) whose classifiedObject is the package's id.",
    essential=True,
)
ENTRY_LINKED = metadata_error(
    id="xds-entry-linked",
    text="Each document entry is linked to the submission set by exactly one HasMember",
    section="ITI TF-3: 4.2.2.1.1",
    fix="Send one HasMember association from the submission set to the document entry.",
)
FOLDER_LINKED = metadata_error(
    id="xds-folder-linked",
    text="Each folder is linked to the submission set by HasMember",
    section="ITI TF-3: 4.2.2.1.2",
    fix="Send a HasMember association from the submission set to the folder.",
)
FOLDER_CONTENT_LINKED = metadata_error(
    id="xds-folder-content-linked",
    text="Each association of a folder and a document is linked to the submission set",
    section="ITI TF-3: 4.2.2.1.4",
    fix="Send a HasMember association from the submission set to that association.",
)
STATUS_REQUIRED = metadata_error(
    id="xds-submission-set-status",
    text="HasMember from the submission set to a document entry has SubmissionSetStatus with "
    "one value",
    section="ITI TF-3: 4.2.2.1.1",
    fix="Add a Slot SubmissionSetStatus with the value Original, or Reference for an entry that "
    "is registered already.",
)
STATUS_VALUE = metadata_error(
    id="xds-submission-set-status-value",
    text="SubmissionSetStatus is Original for entries of the submission, Reference for others",
    section="ITI TF-3: 4.2.2.1.1",
    fix="Correct the value.",
)
STATUS_MISPLACED = metadata_warning(
    id="xds-submission-set-status-misplaced",
    text="Only HasMember from the submission set to a document entry has SubmissionSetStatus",
    section="ITI TF-3: 4.2.2.1",
    fix="Remove the Slot.",
)
RULES = (
    SUBMISSION_SET_ONE, PACKAGE_KIND, ENTRY_LINKED, FOLDER_LINKED, STATUS_REQUIRED, STATUS_VALUE,
    STATUS_MISPLACED,
)  # fmt: skip
"""Those of all submissions, to which `FOLDER_CONTENT_LINKED` comes where all objects are new."""


def check_linkage(submission: Submission, report: Report) -> None:
    """Check that everything hangs together, by the ids within the submission alone."""
    count = len(submission.submission_sets)
    if count != 1:
        report.add(SUBMISSION_SET_ONE, submission.element, received=f"{count} submission sets")
    _check_packages(submission, report)
    members = _members(submission)
    _check_entries(submission.document_entries, members, report)
    _check_folders(submission, members, report)
    _check_statuses(submission, members, report)


def _check_packages(submission: Submission, report: Report) -> None:
    for package in submission.unclassified:
        report.add(PACKAGE_KIND, package.element, received=package.id)
    marked: tuple[SubmissionSet | Folder, ...] = (*submission.submission_sets, *submission.folders)
    for each in marked:
        nodes = {mark.node for mark in (*each.rim.classifications, *each.nodes)}
        if nodes >= {v.SUBMISSION_SET_NODE, v.FOLDER_NODE}:
            report.add(PACKAGE_KIND, each.rim.element, received=f"{each.id} as both")


def check_folder_content(submission: Submission, report: Report) -> None:
    """Check that the memberships of folders are members of the submission set."""
    members = _members(submission)
    from_set = set(map(id, members))
    linked = {association.target for association in members}
    for association in submission.associations:
        is_content = association.type == v.HAS_MEMBER and id(association) not in from_set
        if is_content and association.id not in linked:
            report.add(FOLDER_CONTENT_LINKED, association.rim.element, received=association.id)


def _members(submission: Submission) -> list[Association]:
    """The HasMember associations from the submission set."""
    sets = {submission_set.id for submission_set in submission.submission_sets}
    return [a for a in submission.associations if a.type == v.HAS_MEMBER and a.source in sets]


def _check_entries(
    entries: Iterable[IdentifiedObject], members: Iterable[Association], report: Report
) -> None:
    targets = [association.target for association in members]
    for entry in entries:
        links = targets.count(entry.id)
        if links != 1:
            report.add(ENTRY_LINKED, entry.rim.element, received=f"{links} HasMember associations")


def _check_folders(submission: Submission, members: Iterable[Association], report: Report) -> None:
    linked = {association.target for association in members}
    for folder in submission.folders:
        if folder.id not in linked:
            report.add(FOLDER_LINKED, folder.rim.element, received=folder.id)


def _check_statuses(
    submission: Submission, members: Iterable[Association], report: Report
) -> None:
    entries = {entry.id for entry in submission.document_entries}
    without_status = {o.id for o in (*submission.folders, *submission.associations)}
    expecting = {id(member) for member in members if member.target not in without_status}
    for association in submission.associations:
        slot = association.rim.slot(v.SUBMISSION_SET_STATUS)
        if id(association) not in expecting:
            if slot is not None:
                report.add(STATUS_MISPLACED, slot.element)
        elif association.target in entries:
            _check_status(association, "Original", report)
        elif slot is not None and is_uuid_urn(association.target):
            # Without the slot the target may be a registered association or folder.
            _check_status(association, "Reference", report)


def _check_status(association: Association, expected: str, report: Report) -> None:
    slot = association.rim.slot(v.SUBMISSION_SET_STATUS)
    if slot is None or len(slot.values) != 1:
        received = ", ".join(slot.values) if slot is not None else ""
        report.add(STATUS_REQUIRED, association.rim.element, received=received, expected=expected)
    elif slot.values[0] != expected:
        report.add(STATUS_VALUE, slot.element, received=slot.values[0], expected=expected)
