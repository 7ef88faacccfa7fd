"""For each rule on updates, a change to a conformant one that breaks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lxml import etree

from ihe_mock_async.ihe import Answer, Handler
from ihe_mock_async.state import AvailabilityStatus
from ihe_mock_async.xds import vocabulary as v
from tests.xds import submissions as s
from tests.xds import updates as u
from tests.xds.breaches import BREACHES, Case

Breach = Callable[["UpdateCase"], None]


@dataclass
class UpdateCase(Case):
    """New versions of two registered documents and their folder, and the world that they meet."""

    request: etree._Element = field(default_factory=u.versions_of_all)

    def __post_init__(self) -> None:
        u.register(self.state)

    def update(self, handler: Handler) -> Answer:
        return self.send_to(handler, provide=False)

    def change(self, identifier: str, **changes: object) -> None:
        """Change what is registered."""
        objects = self.state.documents.objects
        objects[identifier] = replace(objects[identifier], **changes)  # type: ignore[arg-type]  # names are the test's

    def only(self, *objects: etree._Element) -> None:
        """Make another request."""
        self.request = u.update(*objects)


def _submit(kind: str, source: str, target: str) -> Breach:
    return lambda case: case.only(*u.submitted(kind, source, target))


def _without_slot(name: str) -> Breach:
    def apply(case: UpdateCase) -> None:
        change = u.status_change(u.FIRST)
        change.remove(case.slot(name, change))
        case.only(change)

    return apply


def _twice(case: UpdateCase) -> None:
    case.only(u.status_change(u.FIRST))
    case.add(
        s.association(
            v.UPDATE_AVAILABILITY_STATUS,
            "SubmissionSet01",
            u.FIRST,
            "again",
            OriginalStatus=v.APPROVED,
            NewStatus=v.DEPRECATED,
        )
    )


def _deprecate_first(case: UpdateCase) -> None:
    case.change(u.FIRST, status=AvailabilityStatus.DEPRECATED)


def _submit_to_deprecated(case: UpdateCase) -> None:
    _deprecate_first(case)
    _submit(v.APPENDS, u.SECOND, u.FIRST)(case)


def _submit_to_another_patient(case: UpdateCase) -> None:
    case.change(u.FIRST, patient_id=s.OTHER_PATIENT)
    _submit(v.APPENDS, u.SECOND, u.FIRST)(case)


def _change_status_of_another_patient(case: UpdateCase) -> None:
    case.change(u.FIRST, patient_id=s.OTHER_PATIENT)
    case.only(u.status_change(u.FIRST))


def _change_superseded_status(case: UpdateCase) -> None:
    objects = case.state.documents.objects
    objects[s.uuid_urn(811)] = replace(objects[u.FIRST], id=s.uuid_urn(811), version=2)
    case.only(u.status_change(u.FIRST))


def _relate_and_propagate(case: UpdateCase) -> None:
    case.add(*u.submitted(v.APPENDS, "Document01", u.SECOND))


_FROM_ELSEWHERE = s.association(
    v.UPDATE_AVAILABILITY_STATUS,
    u.FOLDER,
    u.FIRST,
    "elsewhere",
    OriginalStatus=v.APPROVED,
    NewStatus=v.DEPRECATED,
)

_SHARED: Mapping[str, Breach] = {
    **BREACHES,
    "xds-submission-set-status-misplaced": lambda c: c.object("SubmissionSet01-Folder01").append(
        s.slot("SubmissionSetStatus", "Original")
    ),
    "xds-unique-id-registered": lambda c: c.identifier("uniqueId", c.submission_set).set(
        "value", "2.999.8.1"
    ),
}

UPDATE_BREACHES: Mapping[str, Breach] = {
    **_SHARED,
    # ---- new versions
    "xds-update-logical-id": lambda c: c.entry.attrib.__delitem__("lid"),
    "xds-update-logical-id-uuid": lambda c: c.entry.set("lid", "Document02"),
    "xds-update-logical-id-known": lambda c: c.entry.set("lid", u.FOLDER),
    "xds-update-logical-id-unique": lambda c: c.entry.set("lid", u.SECOND),
    "xds-update-previous-version": lambda c: c.link.remove(c.slot("PreviousVersion", c.link)),
    "xds-update-propagation": lambda c: c.link.append(s.slot("AssociationPropagation", "maybe")),
    "xds-update-version": lambda c: c.value("PreviousVersion", "2", c.link),
    "xds-update-approved": _deprecate_first,
    "xds-update-unique-id": lambda c: c.identifier("uniqueId", c.entry).set("value", "2.999.2.9"),
    "xds-update-patient": lambda c: c.change(u.FIRST, patient_id=s.OTHER_PATIENT),
    "xds-update-object-type": lambda c: c.entry.set("objectType", v.ON_DEMAND),
    "xds-update-content": lambda c: c.value("size", "44"),
    # ---- the request
    "xds-update-no-operation": lambda c: c.only(),
    "xds-update-operation": lambda c: c.add(s.association(v.APPENDS, "Document01", u.SECOND)),
    "xds-update-trigger-source": lambda c: c.add(_FROM_ELSEWHERE),
    "xds-update-slot": lambda c: c.link.append(s.slot("NewStatus", v.DEPRECATED)),
    "xds-update-set-patient": _change_status_of_another_patient,
    # ---- availabilityStatus
    "xds-update-status-slots": _without_slot("NewStatus"),
    "xds-update-status-once": _twice,
    "xds-update-status-target": lambda c: c.only(u.status_change(u.SUBMISSION_SET)),
    "xds-update-status-latest": _change_superseded_status,
    "xds-update-status-present": lambda c: c.only(
        u.status_change(u.FIRST, v.DEPRECATED, v.APPROVED)
    ),
    # ---- new associations
    "xds-update-submitted": lambda c: c.only(
        s.association(v.SUBMIT_ASSOCIATION, "SubmissionSet01", u.FIRST)
    ),
    "xds-update-submitted-kind": _submit(v.HAS_MEMBER, u.FIRST, u.SECOND),
    "xds-update-submitted-approved": _submit_to_deprecated,
    "xds-update-submitted-present": _submit(v.HAS_MEMBER, u.FOLDER, u.FIRST),
    "xds-update-submitted-patient": _submit_to_another_patient,
    "xds-update-submitted-propagated": _relate_and_propagate,
}
"""Rules of ITI-57."""


def entries_only() -> etree._Element:
    """New versions of both documents."""
    return u.update(
        u.new_entry(), u.new_entry(u.SECOND, "Document02"), u.to_entry(), u.to_entry("Document02")
    )


@dataclass
class RestrictedCase(UpdateCase):
    """New versions of two registered documents."""

    request: etree._Element = field(default_factory=entries_only)


ABOUT_FOLDERS = frozenset(
    {
        "xds-classification-target",
        "xds-folder-linked",
        "xds-folder-title",
        "xds-package-kind",
        "xds-submission-set-status-misplaced",
        "xds-unique-id-in-registration",
    }
)
"""Rules that are broken by folders, which a restricted update must not have."""


def _offline(case: UpdateCase) -> None:
    case.value("documentAvailability", "urn:ihe:iti:2010:DocumentAvailability:Offline")


RESTRICTED_BREACHES: Mapping[str, Breach] = {
    **_SHARED,
    **{
        rule_id.replace("xds-update-", "xds-restricted-update-"): breach
        for rule_id, breach in UPDATE_BREACHES.items()
        if rule_id.startswith("xds-update-")
    },
    "xds-restricted-update-unmodifiable": _offline,
    "xds-restricted-update-entries-only": lambda c: c.add(*u.new_folder(), u.to_folder()),
    "xds-restricted-update-status": lambda c: c.add(u.status_change(u.FIRST)),
}
"""Rules of ITI-92."""
