"""Checks of changes of availabilityStatus (ITI TF-2: 3.57.4.1.3.3.2, .4 and .5)."""

from __future__ import annotations

from collections.abc import Iterable

from ihe_mock_async.state import ObjectKind, RegistryObject
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.update import operation_rules as rules
from ihe_mock_async.xds.update.context import Context
from ihe_mock_async.xds.update.operations import NEW_STATUS, ORIGINAL_STATUS, StatusChange
from ihe_mock_async.xds.update.stock import Stock

_STATUSES = frozenset({v.APPROVED, v.DEPRECATED})


def check_status_changes(
    changes: Iterable[StatusChange], context: Context, report: Report
) -> None:
    """Check all changes of status; that ids outside the request exist is checked elsewhere."""
    seen: set[str] = set()
    for change in changes:
        renewal = context.renewal(change.target)
        changed = change.target if renewal is None else renewal.logical_id
        if changed in seen:
            report.add(rules.STATUS_ONCE, change.trigger.rim.element, received=change.target)
        seen.add(changed)
        _check_slots(change, report)
        present = context.registered(change.target)
        if present is not None:
            _check_present(change, present, context.stock, report)
        elif change.target in context.own:
            report.add(rules.STATUS_TARGET, change.trigger.rim.element, received=change.target)


def _check_slots(change: StatusChange, report: Report) -> None:
    slots = [change.trigger.rim.slot(name) for name in (ORIGINAL_STATUS, NEW_STATUS)]
    values = [slot.values for slot in slots if slot is not None]
    if sorted(values) != sorted((status,) for status in _STATUSES):
        received = ", ".join(value for each in values for value in each)
        report.add(rules.STATUS_SLOTS, change.trigger.rim.element, received=received)


def _check_present(
    change: StatusChange, present: RegistryObject, stock: Stock, report: Report
) -> None:
    element = change.trigger.rim.element
    if not _has_status(present, stock):
        report.add(rules.STATUS_TARGET, element, received=f"{present.kind} {present.id}")
    elif not stock.is_latest(present):
        latest = stock.latest[present.logical_id].id
        report.add(rules.STATUS_LATEST, element, received=present.id, expected=latest)
    original = change.original_status
    if original in _STATUSES and original != present.status:
        report.add(rules.STATUS_PRESENT, element, received=original, expected=present.status)


def _has_status(obj: RegistryObject, stock: Stock) -> bool:
    """Whether the object has a status that changes."""
    if obj.association_type == v.HAS_MEMBER:
        source = stock.registered.get(obj.source or "")
        return source is not None and source.kind is ObjectKind.FOLDER
    return obj.kind is not ObjectKind.SUBMISSION_SET
