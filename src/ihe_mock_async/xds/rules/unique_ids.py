"""Rules on uniqueIds, within a submission and beside the registry (ITI TF-2: 3.42.4.1.3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.state import Attachment, RegistryObject
from ihe_mock_async.xds import error_codes
from ihe_mock_async.xds.metadata import DocumentEntry, IdentifiedObject, Submission
from ihe_mock_async.xds.registry import Surroundings
from ihe_mock_async.xds.rules.report import Report

_in_message = partial(
    Rule,
    severity=Severity.ERROR,
    text="A uniqueId stands once in a submission",
    section="ITI TF-3: Table 4.2.4.1-2",
    fix="Give each object its own uniqueId.",
    essential=True,
)
DUPLICATE_IN_REGISTRATION = _in_message(
    id="xds-unique-id-in-registration",
    code=error_codes.REGISTRY_DUPLICATE_UNIQUE_ID_IN_MESSAGE,
)
DUPLICATE_IN_PROVISION = _in_message(
    id="xds-unique-id-in-provision",
    code=error_codes.REPOSITORY_DUPLICATE_UNIQUE_ID_IN_MESSAGE,
)
UNIQUE_ID_REGISTERED = Rule(
    id="xds-unique-id-registered",
    severity=Severity.ERROR,
    text="The uniqueId of a submission set or folder is not used by any registered object",
    section="ITI TF-2: 3.42.4.1.3.3",
    fix="Make a new uniqueId for each submission set and folder.",
    code=error_codes.DUPLICATE_UNIQUE_ID_IN_REGISTRY,
    essential=True,
)
HASH_DIFFERS = Rule(
    id="xds-hash-differs",
    severity=Severity.ERROR,
    text="A uniqueId that is registered or stored already stands for the same content (hash)",
    section="ITI TF-2: 3.42.4.1.3.3",
    fix="Give changed content a new uniqueId, and replace the old document with RPLC.",
    code=error_codes.NON_IDENTICAL_HASH,
    essential=True,
)
SIZE_DIFFERS = Rule(
    id="xds-size-differs",
    severity=Severity.ERROR,
    text="A uniqueId that is registered or stored already stands for the same content (size)",
    section="ITI TF-2: 3.42.4.1.3.3",
    fix="Give changed content a new uniqueId, and replace the old document with RPLC.",
    code=error_codes.NON_IDENTICAL_SIZE,
    essential=True,
)
RULES = (UNIQUE_ID_REGISTERED,)
"""Without the two rules on the message, of which each transaction has one."""
REGISTRATION_RULES = (HASH_DIFFERS, SIZE_DIFFERS)
"""Those of submissions whose document entries are new."""


def unique_ids_of(submission: Submission) -> set[str]:
    """All uniqueIds of the submission."""
    return {obj.unique_id for obj in submission.identified() if obj.unique_id}


def check_unique_in_message(submission: Submission, rule: Rule, report: Report) -> None:
    """Check that no two objects share a uniqueId; `rule` is that of the transaction."""
    seen: set[str] = set()
    for obj in submission.identified():
        if obj.unique_id in seen:
            report.add(rule, obj.rim.element, received=obj.unique_id or "")
        elif obj.unique_id:
            seen.add(obj.unique_id)


def check_unique_in_registry(
    submission: Submission, surroundings: Surroundings, report: Report
) -> None:
    """Check against the registered objects and stored documents that share a uniqueId."""
    registered, stored = surroundings.same_unique_id, surroundings.stored
    check_new_unique_ids((*submission.submission_sets, *submission.folders), registered, report)
    for entry in submission.document_entries:
        same = [obj for obj in registered if obj.unique_id == entry.unique_id]
        content = stored.get(entry.unique_id or "")
        if same or content is not None:
            _check_entry(entry, same, content, report)


def check_new_unique_ids(
    objects: Iterable[IdentifiedObject], registered: Iterable[RegistryObject], report: Report
) -> None:
    """Check that no registered object has the uniqueId of one of the new packages."""
    taken = {obj.unique_id for obj in registered}
    for obj in objects:
        if obj.unique_id in taken:
            received = f"{obj.kind}.uniqueId {obj.unique_id}"
            report.add(UNIQUE_ID_REGISTERED, obj.rim.element, received=received)


def _check_entry(
    entry: DocumentEntry,
    registered: Sequence[RegistryObject],
    content: Attachment | None,
    report: Report,
) -> None:
    """One finding per attribute, however many versions are registered."""
    hashes = {obj.hash.lower() for obj in registered if obj.hash}
    sizes = {str(obj.size) for obj in registered if obj.size is not None}
    if content is not None:
        hashes.add(content.sha1)
        sizes.add(str(content.size))
    size = (entry.size or "").lstrip("0") or entry.size
    for rule, value, known in (
        (HASH_DIFFERS, (entry.hash or "").lower(), hashes),
        (SIZE_DIFFERS, size, sizes),
    ):
        if value and known and value not in known:
            received = f"uniqueId {entry.unique_id}: {value}"
            expected = ", ".join(sorted(known))
            report.add(rule, entry.rim.element, received=received, expected=expected)
