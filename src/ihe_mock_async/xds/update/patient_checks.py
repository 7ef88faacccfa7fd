"""Checks of whose objects an update changes (ITI TF-2: 3.57.4.1.3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from ihe_mock_async.state import Patients, RegistryObject
from ihe_mock_async.xds.metadata import Association
from ihe_mock_async.xds.rules.patients import surviving
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.update import operation_rules as rules
from ihe_mock_async.xds.update.context import Context


def check_set_patient(context: Context, patients: Patients, report: Report) -> None:
    """Check that the submission set is of the patient of all registered objects it is about.

    New versions are part of the submission, whose patients are compared elsewhere.
    """
    sets = context.submission.submission_sets
    expected = sets[0].patient_id if sets else None
    if expected is None:
        return
    for trigger, obj in _changed(context):
        received = obj.patient_id
        if received and surviving(received, patients) != surviving(expected, patients):
            element = trigger.rim.element
            report.add(rules.SET_PATIENT, element, received=received, expected=expected)


def _changed(context: Context) -> Iterator[tuple[Association, RegistryObject]]:
    """What the operations lead to; of an association its source, a document entry or folder."""
    for change in context.operations.status_changes:
        yield from _found(context, change.trigger, change.target)
    for submitted in context.operations.submitted:
        yield from _found(context, submitted.trigger, submitted.source)


def _found(
    context: Context, trigger: Association, identifier: str
) -> Iterator[tuple[Association, RegistryObject]]:
    obj = context.registered(identifier)
    if obj is not None and obj.source is not None:
        obj = context.stock.registered.get(obj.source)
    if obj is not None:
        yield trigger, obj
