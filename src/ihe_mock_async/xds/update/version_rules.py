"""Rules on new versions (ITI TF-2: 3.57.4.1.3.3.1, 3.57.4.1.3.3.3 and 3.92.4.1.3).

ITI-57 and ITI-92 ask nearly the same, and answer with other codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.xds import error_codes

_SECTION = "ITI TF-2: 3.57.4.1.3.3.1"
_RESTRICTED_SECTION = "ITI TF-2: 3.92.4.1.3"

_update_error = partial(
    Rule,
    severity=Severity.ERROR,
    section=_SECTION,
    code=error_codes.METADATA_UPDATE_ERROR,
    essential=True,
)
_operation_error = partial(
    Rule,
    severity=Severity.ERROR,
    section=_SECTION,
    code=error_codes.METADATA_UPDATE_OPERATION_ERROR,
)


@dataclass(frozen=True, slots=True)
class VersionRules:
    """The rules of one transaction on new versions."""

    logical_id: Rule
    logical_id_form: Rule
    logical_id_known: Rule
    logical_id_unique: Rule
    previous_version: Rule
    propagation: Rule
    version: Rule
    approved: Rule | None
    """None: a deprecated entry may be updated, and stays deprecated."""
    unique_id: Rule
    patient: Rule
    kept: Mapping[str, Rule]
    """By attribute that a new version has from the previous one."""

    def all(self) -> tuple[Rule, ...]:
        """Each rule once."""
        single = (
            self.logical_id, self.logical_id_form, self.logical_id_known, self.logical_id_unique,
            self.previous_version, self.propagation, self.version, self.approved, self.unique_id,
            self.patient,
        )  # fmt: skip
        return tuple(dict.fromkeys(rule for rule in (*single, *self.kept.values()) if rule))


_OBJECT_TYPE = _update_error(
    id="xds-update-object-type",
    text="A new version has the objectType of the previous one",
    fix="Keep the objectType.",
)
_CONTENT = _update_error(
    id="xds-update-content",
    text="A new version describes the same document: hash, size and repositoryUniqueId stay",
    fix="Keep the values. To publish another content, replace the document (ITI-41 with RPLC).",
)

UPDATE = VersionRules(
    logical_id=_update_error(
        id="xds-update-logical-id",
        text="Document entries and folders of an update have the logicalID (lid) of a registered "
        "one, and an id of their own",
        section="ITI TF-2: 3.57.4.1.3.1",
        fix="Write the logicalID into the attribute lid, and give the new version another id; "
        "first versions are registered with ITI-41 or ITI-42.",
    ),
    logical_id_form=_update_error(
        id="xds-update-logical-id-uuid",
        text="A logicalID is a UUID, never symbolic",
        section="ITI TF-3: 4.2.3.2.17",
        fix="Write urn:uuid: and the UUID.",
    ),
    logical_id_known=_update_error(
        id="xds-update-logical-id-known",
        text="The logicalID is that of a registered object of the same kind",
        fix="Query the object, and copy the attribute lid; it need not be the id of the latest "
        "version.",
    ),
    logical_id_unique=_operation_error(
        id="xds-update-logical-id-unique",
        text="An update holds one new version of an object at most",
        section="ITI TF-2: 3.57.4.1.3.1",
        fix="Send one version per request.",
        essential=True,
    ),
    previous_version=_operation_error(
        id="xds-update-previous-version",
        text="HasMember from the submission set to the new version has a Slot PreviousVersion "
        "with one number",
        fix="Add the Slot with the versionName of the latest version.",
    ),
    propagation=_operation_error(
        id="xds-update-propagation",
        text="AssociationPropagation is yes or no",
        fix="Correct the value, or leave the Slot out: the default is yes.",
    ),
    version=Rule(
        id="xds-update-version",
        severity=Severity.ERROR,
        text="PreviousVersion is the latest version in the registry",
        section=_SECTION,
        fix="Query the object again: somebody else may have updated it; then apply your change "
        "to the latest version.",
        code=error_codes.METADATA_VERSION_ERROR,
        essential=True,
    ),
    approved=_update_error(
        id="xds-update-approved",
        text="The latest version is approved",
        fix="Approve it first with UpdateAvailabilityStatus, or update the document that has "
        "replaced it.",
    ),
    unique_id=_update_error(
        id="xds-update-unique-id",
        text="A new version has the uniqueId of the previous one",
        fix="Keep the uniqueId.",
    ),
    patient=Rule(
        id="xds-update-patient",
        severity=Severity.ERROR,
        text="A new version has the patientId of the previous one",
        section=_SECTION,
        fix="Keep the patientId. To correct it, deprecate the entry and submit the document "
        "for the right patient.",
        code=error_codes.PATIENT_ID_RECONCILIATION_ERROR,
        essential=True,
    ),
    kept={
        "objectType": _OBJECT_TYPE,
        "hash": _CONTENT,
        "size": _CONTENT,
        "repositoryUniqueId": _CONTENT,
    },
)
"""ITI-57 Update Document Set."""


def _restricted(rule: Rule, code: str) -> Rule:
    """The rule as ITI-92 has it."""
    identifier = rule.id.replace("xds-update-", "xds-restricted-update-")
    return replace(rule, id=identifier, section=_RESTRICTED_SECTION, code=code)


_UNMODIFIABLE = Rule(
    id="xds-restricted-update-unmodifiable",
    severity=Severity.ERROR,
    text="A restricted update leaves availabilityStatus, objectType, repositoryUniqueId, hash, "
    "size, sourcePatientId and documentAvailability as they are",
    section=_RESTRICTED_SECTION,
    fix="Keep the value of the latest version.",
    code=error_codes.UNMODIFIABLE_METADATA,
    essential=True,
)
_FIXED = (
    "availabilityStatus", "objectType", "repositoryUniqueId", "hash", "size", "sourcePatientId",
    "documentAvailability",
)  # fmt: skip

RESTRICTED_UPDATE = VersionRules(
    logical_id=_restricted(UPDATE.logical_id, error_codes.INVALID_REQUEST),
    logical_id_form=_restricted(UPDATE.logical_id_form, error_codes.METADATA_IDENTIFIER_ERROR),
    logical_id_known=_restricted(UPDATE.logical_id_known, error_codes.METADATA_IDENTIFIER_ERROR),
    logical_id_unique=_restricted(UPDATE.logical_id_unique, error_codes.INVALID_REQUEST),
    previous_version=_restricted(UPDATE.previous_version, error_codes.METADATA_ANNOTATION_ERROR),
    propagation=_restricted(UPDATE.propagation, error_codes.METADATA_ANNOTATION_ERROR),
    version=_restricted(UPDATE.version, error_codes.METADATA_VERSION_ERROR),
    approved=None,
    unique_id=_restricted(UPDATE.unique_id, error_codes.METADATA_IDENTIFIER_ERROR),
    patient=_restricted(UPDATE.patient, error_codes.PATIENT_ID_RECONCILIATION_ERROR),
    kept=dict.fromkeys(_FIXED, _UNMODIFIABLE),
)
"""ITI-92 Restricted Update Document Set."""
