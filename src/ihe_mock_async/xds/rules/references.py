"""Rules on what a submission refers to in the registry (ITI TF-2: 3.42.4.1.3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ihe_mock_async.elements import parse
from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.state import RegistryObject
from ihe_mock_async.xds import error_codes
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.ebxml import is_uuid_urn
from ihe_mock_async.xds.metadata import Association, Submission
from ihe_mock_async.xds.rules.associations import (
    FOLDER_MEMBER,
    MEMBER_SOURCE,
    RELATIONSHIP_TARGET,
    SET_AS_TARGET,
)
from ihe_mock_async.xds.rules.linkage import STATUS_REQUIRED
from ihe_mock_async.xds.rules.report import Report, metadata_error, metadata_warning

ID_REGISTERED = metadata_error(
    id="xds-id-registered",
    text="The entryUUID of a new object is not registered yet",
    section="ITI TF-2: 3.42.4.1.3.3",
    fix="Use a new UUID or a symbolic id; to submit a new version use ITI-57.",
    essential=True,
)
UNRESOLVED = Rule(
    id="xds-reference-unresolved",
    severity=Severity.ERROR,
    text="An entryUUID in an association is that of an object of the submission or the registry",
    section="ITI TF-3: Table 4.2.4.1-2",
    fix="Query the registry for the entryUUID; it is not the uniqueId.",
    code=error_codes.UNRESOLVED_REFERENCE,
    essential=True,
)
REFERENCE_DEPRECATED = Rule(
    id="xds-reference-deprecated",
    severity=Severity.ERROR,
    text="A registered object to which an association refers is approved",
    section="ITI TF-3: Table 4.2.4.1-2",
    fix="Query for the version that replaced it, and refer to that.",
    code=error_codes.DEPRECATED_DOCUMENT,
    essential=True,
)
SNAPSHOT = metadata_warning(
    id="xds-snapshot",
    text="IsSnapshotOf leads from a stable document entry to an on-demand one",
    section="ITI TF-3: 4.2.2.2.6",
    fix="Use RPLC, APND or XFRM between stable documents.",
)
RULES = (ID_REGISTERED, UNRESOLVED)
"""Those of all submissions."""
REGISTRATION_RULES = (REFERENCE_DEPRECATED, SNAPSHOT)
"""Those of submissions whose document entries and folders are new."""


def uuids_of(submission: Submission) -> set[str]:
    """The entryUUIDs that the submission brings or names, in lower case."""
    ids: set[str] = {obj.id for obj in submission.objects()}
    for association in submission.associations:
        ids.update((association.source, association.target))
    return {identifier.lower() for identifier in ids if is_uuid_urn(identifier)}


def check_references(
    submission: Submission, registered: Mapping[str, RegistryObject], report: Report
) -> None:
    """Check ids and ends of associations against the `registered` ones among `uuids_of`."""
    check_new_ids(submission, registered, report)
    sets = {submission_set.id for submission_set in submission.submission_sets}
    for association, end in ends_outside(submission):
        obj = registered.get(end.lower())
        if obj is not None and obj.status == v.DEPRECATED:
            report.add(REFERENCE_DEPRECATED, association.rim.element, received=end)
    for association in submission.associations:
        _check_kinds(association, sets, registered, report)
        if association.type == v.IS_SNAPSHOT_OF:
            _check_snapshot(association, submission, registered, report)


def check_new_ids(
    submission: Submission, registered: Mapping[str, RegistryObject], report: Report
) -> None:
    """Check that ids of the submission are new, and that those outside of it are registered."""
    for obj in submission.objects():
        if obj.id.lower() in registered:
            report.add(ID_REGISTERED, obj.rim.element, received=obj.id)
    for association, end in ends_outside(submission):
        if end.lower() not in registered:
            report.add(UNRESOLVED, association.rim.element, received=end)


def ends_outside(submission: Submission) -> Iterator[tuple[Association, str]]:
    """Each association with each of its ends that can only be in the registry."""
    own = {obj.id.lower() for obj in submission.objects() if obj.id}
    for association in submission.associations:
        for end in (association.source, association.target):
            if end.lower() not in own and is_uuid_urn(end):
                yield association, end


def _check_kinds(
    association: Association,
    sets: set[str],
    registered: Mapping[str, RegistryObject],
    report: Report,
) -> None:
    """Kinds of registered ends; those within the submission have been checked."""
    source = registered.get(association.source.lower())
    target = registered.get(association.target.lower())
    element = association.rim.element
    # A registered submission set is complete: nobody adds to it.
    if association.type == v.HAS_MEMBER and source and source.kind != v.FOLDER.kind:
        report.add(MEMBER_SOURCE, element, received=f"{source.kind} {source.id}")
    if target is None:
        return
    received = f"{target.kind} {target.id}"
    is_entry = target.kind == v.DOCUMENT_ENTRY.kind
    if association.type != v.HAS_MEMBER and not is_entry:
        report.add(RELATIONSHIP_TARGET, element, received=received)
    elif target.kind == v.SUBMISSION_SET.kind:
        report.add(SET_AS_TARGET, element, received=received)
    elif association.source in sets:
        if is_entry and association.rim.slot(v.SUBMISSION_SET_STATUS) is None:
            report.add(STATUS_REQUIRED, element, expected="Reference")
    elif not is_entry:
        report.add(FOLDER_MEMBER, element, received=received)


def _check_snapshot(
    association: Association,
    submission: Submission,
    registered: Mapping[str, RegistryObject],
    report: Report,
) -> None:
    element = association.rim.element
    on_demand = {entry.id for entry in submission.document_entries if entry.on_demand}
    if association.source in on_demand:
        report.add(SNAPSHOT, element, received="an on-demand sourceObject")
    target = registered.get(association.target.lower())
    if target is not None and parse(target.xml).get("objectType") == v.STABLE:
        report.add(SNAPSHOT, element, received="a stable targetObject")
