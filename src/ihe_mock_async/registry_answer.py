"""Answers that are an rs:RegistryResponse and nothing else (ITI TF-3: 4.2.4).

Those of the transactions that carry out a request as a whole, or refuse it as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ihe_mock_async.findings import Finding
from ihe_mock_async.ihe import Answer, Outcome
from ihe_mock_async.xds import error_codes, registry_response

__all__ = ["failure", "success"]


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
