"""Checks of submitted associations (ITI TF-2: 3.57.4.1.3.3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ihe_mock_async.state import ObjectKind, Patients, RegistryObject
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.metadata import Association
from ihe_mock_async.xds.rules.patients import surviving
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.update import operation_rules as rules
from ihe_mock_async.xds.update.context import Context
from ihe_mock_async.xds.update.operations import SubmittedAssociation

_ENTRY = ObjectKind.DOCUMENT_ENTRY
_KINDS: Mapping[str, tuple[ObjectKind, ObjectKind]] = {
    v.HAS_MEMBER: (ObjectKind.FOLDER, _ENTRY),
    **dict.fromkeys(v.RELATIONSHIPS, (_ENTRY, _ENTRY)),
}


@dataclass(frozen=True, slots=True)
class _Joint:
    """A new association and what it joins."""

    association: Association
    ends: tuple[str, str]
    """Ids of source and target, UUIDs in lower case."""
    objects: tuple[RegistryObject | None, RegistryObject | None]
    """The registered ones; a new version is represented by the previous one."""

    def known(self) -> Iterator[RegistryObject]:
        yield from (obj for obj in self.objects if obj is not None)


def check_submitted(
    submitted: Iterable[SubmittedAssociation],
    context: Context,
    patients: Patients,
    report: Report,
) -> None:
    """Check all new associations; that ids outside the request exist is checked elsewhere."""
    seen: set[int] = set()
    for each in submitted:
        association = each.association
        if association is None or id(association) in seen:
            element, received = each.trigger.rim.element, each.trigger.target
            report.add(rules.SUBMITTED, element, received=received)
            continue
        seen.add(id(association))
        objects = context.registered(each.source), context.registered(each.target)
        joint = _Joint(association, (each.source, each.target), objects)
        _check_kinds(joint, context, report)
        _check_currency(joint, context, report)
        _check_patients(joint, patients, report)
        _check_new(joint, context, report)


def _check_kinds(joint: _Joint, context: Context, report: Report) -> None:
    allowed = _KINDS.get(joint.association.type)
    kinds = tuple(obj.kind for obj in joint.known())
    complete = None not in joint.objects
    # An end that is in the request, but in no version of a registered object, is a set or so.
    is_set = any(
        obj is None and end in context.own
        for end, obj in zip(joint.ends, joint.objects, strict=True)
    )
    if allowed is None or is_set or (complete and kinds != allowed):
        received = f"{joint.association.type} from {joint.ends[0]} to {joint.ends[1]}"
        report.add(rules.SUBMITTED_KIND, joint.association.rim.element, received=received)


def _check_currency(joint: _Joint, context: Context, report: Report) -> None:
    """Check that ends are approved, and that no association is made by hand and by itself."""
    element = joint.association.rim.element
    for end in joint.ends:
        renewal = context.renewal(end)
        obj = context.stock.registered.get(end)
        if renewal is not None and renewal.propagates:
            report.add(rules.SUBMITTED_PROPAGATED, element, received=end)
        elif obj is not None and (renewal is not None or obj.status == v.DEPRECATED):
            report.add(rules.SUBMITTED_APPROVED, element, received=end)


def _check_patients(joint: _Joint, patients: Patients, report: Report) -> None:
    pair = [obj.patient_id for obj in joint.known() if obj.patient_id]
    if len({surviving(cx, patients) for cx in pair}) > 1:
        element = joint.association.rim.element
        report.add(rules.SUBMITTED_PATIENT, element, received=" and ".join(pair))


def _check_new(joint: _Joint, context: Context, report: Report) -> None:
    wanted = (joint.association.type, *joint.ends, v.APPROVED)
    for obj in context.stock.joining:
        if (obj.association_type, obj.source, obj.target, obj.status) == wanted:
            report.add(rules.SUBMITTED_PRESENT, joint.association.rim.element, received=obj.id)
