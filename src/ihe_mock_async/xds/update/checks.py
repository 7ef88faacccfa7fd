"""All rules on updates, and the checks in the order in which they are made."""

from __future__ import annotations

from ihe_mock_async.findings import Rule
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.xds import rules
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.rules.attributes import (
    REPOSITORY_ATTRIBUTE_REQUIRED,
    check_repository_attributes,
)
from ihe_mock_async.xds.rules.patients import check_patients
from ihe_mock_async.xds.rules.references import check_new_ids
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.rules.unique_ids import (
    DUPLICATE_IN_REGISTRATION,
    check_new_unique_ids,
    check_unique_in_message,
)
from ihe_mock_async.xds.update import operation_rules
from ihe_mock_async.xds.update.context import Context, context_of
from ihe_mock_async.xds.update.form_checks import check_form, check_restricted_form
from ihe_mock_async.xds.update.operations import read_operations
from ihe_mock_async.xds.update.patient_checks import check_set_patient
from ihe_mock_async.xds.update.status_checks import check_status_changes
from ihe_mock_async.xds.update.stock import look_up
from ihe_mock_async.xds.update.submitted_checks import check_submitted
from ihe_mock_async.xds.update.version_checks import check_versions
from ihe_mock_async.xds.update.version_rules import RESTRICTED_UPDATE, UPDATE

_METADATA_RULES = (
    *rules.SUBMISSION_RULES,
    REPOSITORY_ATTRIBUTE_REQUIRED,
    DUPLICATE_IN_REGISTRATION,
)
UPDATE_RULES: tuple[Rule, ...] = (*_METADATA_RULES, *UPDATE.all(), *operation_rules.RULES)
"""The rules of ITI-57."""
RESTRICTED_UPDATE_RULES: tuple[Rule, ...] = (
    *_METADATA_RULES,
    *RESTRICTED_UPDATE.all(),
    *operation_rules.RESTRICTED_RULES,
)
"""The rules of ITI-92."""


def check_update(
    submission: Submission, state: State, domain: AffinityDomain, report: Report
) -> Context:
    """Check a request of ITI-57, and say what it asks for."""
    context = _check_submission(submission, state, domain, report)
    operations = context.operations
    check_form(submission, operations, report)
    check_versions(operations.versions, context.stock, state.patients, UPDATE, report)
    check_status_changes(operations.status_changes, context, report)
    check_submitted(operations.submitted, context, state.patients, report)
    check_set_patient(context, state.patients, report)
    return context


def check_restricted_update(
    submission: Submission, state: State, domain: AffinityDomain, report: Report
) -> Context:
    """Check a request of ITI-92, and say what it asks for."""
    context = _check_submission(submission, state, domain, report)
    versions = context.operations.versions
    check_restricted_form(submission, context.operations, report)
    check_versions(versions, context.stock, state.patients, RESTRICTED_UPDATE, report)
    return context


def _check_submission(
    submission: Submission, state: State, domain: AffinityDomain, report: Report
) -> Context:
    """Check what is asked of the metadata of any submission."""
    rules.check_any_metadata(submission, domain, report)
    check_repository_attributes(submission, report)
    check_unique_in_message(submission, DUPLICATE_IN_REGISTRATION, report)
    operations = read_operations(submission)
    stock = look_up(submission, operations, state.documents)
    check_patients(submission, state.patients, domain, report)
    check_new_ids(submission, stock.registered, report)
    check_new_unique_ids(submission.submission_sets, stock.same_unique_id, report)
    return context_of(submission, operations, stock)
