"""Answers that are an rs:RegistryResponse and nothing else (ITI TF-3: 4.2.4).

Those of the transactions that carry out a request as a whole, or refuse it as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ihe_mock_async.findings import Finding, refused
from ihe_mock_async.ihe import Answer, Exchange, Outcome
from ihe_mock_async.xds import error_codes, lifecycle, registry_response
from ihe_mock_async.xds.metadata import Submission
from ihe_mock_async.xds.rules.report import Report
from ihe_mock_async.xds.rules.request import read_request

__all__ = ["Check", "carry_out", "failure", "success"]

Check = Callable[[Submission, Exchange, Report], Callable[[], lifecycle.Plan]]
"""Reports what is wrong with a submission; what it returns plans the change if nothing refuses."""


def carry_out(exchange: Exchange, action: str, report: Report, check: Check) -> Answer:
    """Carry out an lcm:SubmitObjectsRequest as a whole, or refuse it with all that was found.

    `action` is the wsa:Action of the response.
    """
    submission = read_request(exchange.body, report)
    plan = check(submission, exchange, report) if submission is not None else None
    findings = (*exchange.findings, *report.findings)
    refusal = refused(findings, exchange.domain.validation)
    patient_ids = submission.patient_ids() if submission is not None else ()
    if plan is None or refusal:
        return failure(action, findings, refusal, patient_ids)
    lifecycle.carry_out(plan(), exchange.state.documents, exchange.now)
    return success(action, findings, patient_ids)


def success(
    action: str,
    findings: Sequence[Finding],
    patient_ids: Sequence[str],
    *,
    summary: str = "Success",
) -> Answer:
    """All of it was carried out.

    `action` is the wsa:Action of the response, `findings` all that was found, and `patient_ids`
    are as in XDS metadata (CX).
    """
    body = registry_response.success()
    return Answer(action, body, Outcome.SERVED, summary, findings, patient_ids)


def failure(
    action: str,
    findings: Sequence[Finding],
    refusal: Iterable[Finding],
    patient_ids: Sequence[str],
    *,
    default_code: str = error_codes.REGISTRY_ERROR,
) -> Answer:
    """None of it was carried out, because of `refusal`; the other findings are warnings.

    `default_code` is the error code of findings that have none of their own.
    """
    errors = registry_response.errors_of(findings, refusal, default_code=default_code)
    return Answer(
        action,
        registry_response.failure(errors),
        Outcome.REJECTED,
        registry_response.summary(errors),
        findings,
        patient_ids,
    )
