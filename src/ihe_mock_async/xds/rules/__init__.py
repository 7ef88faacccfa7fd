"""All rules on submissions, and the checks in the order in which they are made."""

from __future__ import annotations

from ihe_mock_async.findings import Rule
from ihe_mock_async.state import AffinityDomain, Patients
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.registry import Surroundings
from ihe_mock_async.xds.rules import (
    associations,
    attributes,
    formats,
    linkage,
    on_demand,
    patients,
    provision,
    references,
    request,
    rim_schema,
    structure,
    unique_ids,
)
from ihe_mock_async.xds.rules.report import PROBLEM_COUNT, Report

__all__ = [
    "NEW_OBJECT_RULES",
    "ON_DEMAND_RULES",
    "PROVISION_RULES",
    "REGISTRATION_RULES",
    "SUBMISSION_RULES",
    "Report",
    "check_any_metadata",
    "check_metadata",
    "check_surroundings",
]

SUBMISSION_RULES: tuple[Rule, ...] = (
    *request.RULES,
    *structure.RULES,
    *rim_schema.RULES,
    *attributes.RULES,
    *formats.RULES,
    *linkage.RULES,
    *associations.RULES,
    *patients.RULES,
    *references.RULES,
    *unique_ids.RULES,
    PROBLEM_COUNT,
)
"""The rules that ITI-41, ITI-42, ITI-57, ITI-61 and ITI-92 share."""
NEW_OBJECT_RULES: tuple[Rule, ...] = (
    *SUBMISSION_RULES,
    structure.LOGICAL_ID,
    linkage.FOLDER_CONTENT_LINKED,
    *associations.REGISTRATION_RULES,
    *patients.REGISTRATION_RULES,
    *references.REGISTRATION_RULES,
    *unique_ids.REGISTRATION_RULES,
)
"""The rules of submissions whose document entries and folders are new."""
PROVISION_RULES = (*NEW_OBJECT_RULES, *provision.RULES, unique_ids.DUPLICATE_IN_PROVISION)
"""The rules of ITI-41."""
REGISTRATION_RULES = (
    *NEW_OBJECT_RULES,
    request.WRAPPER,
    attributes.REPOSITORY_ATTRIBUTE_REQUIRED,
    attributes.STABLE_REGISTERED,
    unique_ids.DUPLICATE_IN_REGISTRATION,
)
"""The rules of ITI-42."""
ON_DEMAND_RULES = (
    *NEW_OBJECT_RULES,
    *on_demand.RULES,
    unique_ids.DUPLICATE_IN_REGISTRATION,
)
"""The rules of ITI-61."""


def check_metadata(submission: Submission, domain: AffinityDomain, report: Report) -> None:
    """Check all that a submission of new objects alone tells, but uniqueIds and documents."""
    check_any_metadata(submission, domain, report)
    structure.check_first_versions(submission, report)
    linkage.check_folder_content(submission, report)
    associations.check_new_associations(submission, report)


def check_any_metadata(submission: Submission, domain: AffinityDomain, report: Report) -> None:
    """Check what is true of new objects and of new versions of registered ones."""
    structure.check_structure(submission, report)
    rim_schema.check_schema(submission, report)
    attributes.check_attributes(submission, domain, report)
    formats.check_formats(submission, report)
    linkage.check_linkage(submission, report)
    associations.check_associations(submission, report)


def check_surroundings(
    submission: Submission,
    surroundings: Surroundings,
    known_patients: Patients,
    domain: AffinityDomain,
    report: Report,
) -> None:
    """Check the submission against patients, registry and repository."""
    registered = surroundings.registered
    patients.check_patients(submission, known_patients, domain, report)
    references.check_references(submission, registered, report)
    if registered:
        patients.check_registered_patients(submission, registered, known_patients, report)
    unique_ids.check_unique_in_registry(submission, surroundings, report)
