"""Rules on the operations of ITI-57 but new versions (ITI TF-2: 3.57.4.1.3.1, 3.57.4.1.3.3)."""

from __future__ import annotations

from functools import partial

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.xds import error_codes
from ihe_mock_async.xds import vocabulary as v

_REQUEST = "ITI TF-2: 3.57.4.1.3.1"
_STATUS = "ITI TF-2: 3.57.4.1.3.3.2"
_ASSOCIATION = "ITI TF-2: 3.57.4.1.3.3.6"

# None of them can be let pass: what the operation means, or its result, would be a guess.
_update_error = partial(
    Rule, severity=Severity.ERROR, code=error_codes.METADATA_UPDATE_ERROR, essential=True
)
_operation_error = partial(
    Rule,
    severity=Severity.ERROR,
    code=error_codes.METADATA_UPDATE_OPERATION_ERROR,
    essential=True,
)

# ---- the request
NO_OPERATION = _operation_error(
    id="xds-update-no-operation",
    text="An update holds at least one operation",
    section=_REQUEST,
    fix="Add a document entry or folder with its lid, or an association "
    "UpdateAvailabilityStatus or SubmitAssociation from the submission set.",
)
NOT_AN_OPERATION = _operation_error(
    id="xds-update-operation",
    text="Every association of an update belongs to an operation",
    section=_REQUEST,
    fix="Submit new associations with SubmitAssociation from the submission set; remove others.",
)
TRIGGER_SOURCE = _update_error(
    id="xds-update-trigger-source",
    text="UpdateAvailabilityStatus and SubmitAssociation come from the submission set",
    section=_REQUEST,
    fix="Make the submission set the sourceObject.",
)
SLOT_MISPLACED = _operation_error(
    id="xds-update-slot",
    text="PreviousVersion and AssociationPropagation stand in HasMember to a new version, "
    "OriginalStatus and NewStatus in UpdateAvailabilityStatus",
    section=_REQUEST,
    fix="Move the Slot to the association of the operation that it belongs to, or remove it.",
)
SET_PATIENT = Rule(
    id="xds-update-set-patient",
    severity=Severity.WARNING,
    text="The submission set of an update is of the patient whose objects are changed",
    section="ITI TF-2: 3.57.4.1.3.3",
    fix="Write the patientId of the objects into the submission set.",
    code=error_codes.PATIENT_ID_RECONCILIATION_ERROR,
)
# ---- availabilityStatus
STATUS_SLOTS = _operation_error(
    id="xds-update-status-slots",
    text="UpdateAvailabilityStatus has the Slots OriginalStatus and NewStatus with one value "
    "each, one of them Approved and the other Deprecated",
    section=_STATUS,
    fix=f"Write {v.APPROVED} and {v.DEPRECATED}, the present status into OriginalStatus.",
)
STATUS_ONCE = _operation_error(
    id="xds-update-status-once",
    text="An update changes the status of an object once",
    section=_REQUEST,
    fix="Remove one of the associations UpdateAvailabilityStatus.",
)
STATUS_TARGET = _update_error(
    id="xds-update-status-target",
    text="The status is that of a document entry, a folder, a relationship or the membership "
    "of a folder",
    section=_STATUS,
    fix="Make such an object the targetObject: a submission set and its HasMember associations "
    "stay approved.",
)
STATUS_LATEST = _update_error(
    id="xds-update-status-latest",
    text="The status is changed of the latest version of an object",
    section=_STATUS,
    fix="Query for the latest version, and make its id the targetObject.",
)
STATUS_PRESENT = _update_error(
    id="xds-update-status-present",
    text="OriginalStatus is the present status of the object",
    section=_STATUS,
    fix="Query the object again: somebody else may have changed its status.",
)
# ---- new associations
SUBMITTED = _update_error(
    id="xds-update-submitted",
    text="The target of SubmitAssociation is an association of the request, each of another one",
    section=_ASSOCIATION,
    fix="Add the new association to the request, and make its id the targetObject.",
)
SUBMITTED_KIND = _update_error(
    id="xds-update-submitted-kind",
    text="A submitted association is HasMember from a folder to a document entry, or a "
    "relationship of two document entries",
    section=_ASSOCIATION,
    fix="Correct associationType, sourceObject or targetObject.",
)
SUBMITTED_APPROVED = _update_error(
    id="xds-update-submitted-approved",
    text="A submitted association joins approved objects",
    section=_ASSOCIATION,
    fix="Query for the latest versions, and refer to these.",
)
SUBMITTED_PRESENT = _update_error(
    id="xds-update-submitted-present",
    text="Two objects are joined by one approved association of a type",
    section=_ASSOCIATION,
    fix="Leave the association out: the registry has it.",
)
SUBMITTED_PATIENT = Rule(
    id="xds-update-submitted-patient",
    severity=Severity.ERROR,
    text="A submitted association joins objects of one patient",
    section=_ASSOCIATION,
    fix="Refer to an object of the same patient.",
    code=error_codes.PATIENT_ID_RECONCILIATION_ERROR,
    essential=True,
)
SUBMITTED_PROPAGATED = _operation_error(
    id="xds-update-submitted-propagated",
    text="Associations of a new version are either propagated or submitted",
    section="ITI TF-2: 3.57.4.1.3.1.1",
    fix="Send AssociationPropagation no with the new version, or submit the association in a "
    "later request.",
)

RULES = (
    NO_OPERATION, NOT_AN_OPERATION, TRIGGER_SOURCE, SLOT_MISPLACED, SET_PATIENT, STATUS_SLOTS,
    STATUS_ONCE, STATUS_TARGET, STATUS_LATEST, STATUS_PRESENT, SUBMITTED, SUBMITTED_KIND,
    SUBMITTED_APPROVED, SUBMITTED_PRESENT, SUBMITTED_PATIENT, SUBMITTED_PROPAGATED,
)  # fmt: skip
"""Those of ITI-57."""

ENTRIES_ONLY = Rule(
    id="xds-restricted-update-entries-only",
    severity=Severity.ERROR,
    text="A restricted update holds new versions of document entries, and nothing else beside "
    "the submission set",
    section="ITI TF-2: 3.92.4.1.2",
    fix="Use ITI-57 Update Document Set for folders and associations.",
    code=error_codes.INVALID_REQUEST,
    essential=True,
)
STATUS_FIXED = Rule(
    id="xds-restricted-update-status",
    severity=Severity.ERROR,
    text="A restricted update does not change availabilityStatus",
    section="ITI TF-2: 3.92.4.1.3",
    fix="Use ITI-57 Update Document Set.",
    code=error_codes.UNMODIFIABLE_METADATA,
    essential=True,
)
RESTRICTED_NO_OPERATION = Rule(
    id="xds-restricted-update-no-operation",
    severity=Severity.ERROR,
    text="A restricted update holds a new version of a document entry",
    section="ITI TF-2: 3.92.4.1.2",
    fix="Add the document entry with its lid.",
    code=error_codes.INVALID_REQUEST,
    essential=True,
)
RESTRICTED_SLOT = Rule(
    id="xds-restricted-update-slot",
    severity=Severity.ERROR,
    text="PreviousVersion and AssociationPropagation stand in HasMember to a new version",
    section="ITI TF-2: 3.92.4.1.2.2",
    fix="Move the Slot to that association, or remove it.",
    code=error_codes.METADATA_ANNOTATION_ERROR,
)
RESTRICTED_RULES = (ENTRIES_ONLY, STATUS_FIXED, RESTRICTED_NO_OPERATION, RESTRICTED_SLOT)
"""Those of ITI-92."""
