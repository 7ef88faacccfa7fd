"""Checks that a request consists of operations (ITI TF-2: 3.57.4.1.3.1)."""

from __future__ import annotations

from ihe_mock_async.findings import Rule
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.update import operation_rules as rules
from ihe_mock_async.xds.update.operations import (
    ASSOCIATION_PROPAGATION,
    NEW_STATUS,
    ORIGINAL_STATUS,
    PREVIOUS_VERSION,
    Operations,
)

_VERSION_SLOTS = frozenset({PREVIOUS_VERSION, ASSOCIATION_PROPAGATION})
_STATUS_SLOTS = frozenset({ORIGINAL_STATUS, NEW_STATUS})


def check_form(submission: Submission, operations: Operations, report: Report) -> None:
    """Check the request of ITI-57."""
    if not (operations.versions or operations.status_changes or operations.submitted):
        report.add(rules.NO_OPERATION, submission.element)
    for association in operations.others:
        report.add(rules.NOT_AN_OPERATION, association.rim.element, received=association.type)
    sets = {submission_set.id for submission_set in submission.submission_sets}
    for trigger in operations.triggers():
        if trigger.source not in sets:
            report.add(rules.TRIGGER_SOURCE, trigger.rim.element, received=trigger.source)
    _check_slots(submission, operations, rules.SLOT_MISPLACED, report)


def check_restricted_form(submission: Submission, operations: Operations, report: Report) -> None:
    """Check the request of ITI-92."""
    if not submission.document_entries:
        report.add(rules.RESTRICTED_NO_OPERATION, submission.element)
    for change in operations.status_changes:
        report.add(rules.STATUS_FIXED, change.trigger.rim.element, received=change.trigger.target)
    submitted = [each.association for each in operations.submitted if each.association]
    triggers = [each.trigger for each in operations.submitted]
    for obj in (*submission.folders, *triggers, *submitted, *operations.others):
        report.add(rules.ENTRIES_ONLY, obj.rim.element, received=f"{obj.kind} {obj.id}")
    _check_slots(submission, operations, rules.RESTRICTED_SLOT, report)


def _check_slots(
    submission: Submission, operations: Operations, rule: Rule, report: Report
) -> None:
    """Check that each slot of an operation stands in an association of that operation."""
    allowed = {id(each.link): _VERSION_SLOTS for each in operations.versions}
    allowed.update((id(each.trigger), _STATUS_SLOTS) for each in operations.status_changes)
    for association in submission.associations:
        misplaced = (_VERSION_SLOTS | _STATUS_SLOTS) - allowed.get(id(association), frozenset())
        for slot in association.rim.slots:
            if slot.name in misplaced:
                report.add(rule, slot.element, received=f"{slot.name} in {association.type}")
