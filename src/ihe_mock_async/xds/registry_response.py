"""rs:RegistryResponse, the answer to a submission (ITI TF-3: 4.2.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.elements import sanitise
from ihe_mock_async.findings import Finding, Severity
from ihe_mock_async.xds import namespaces as ns

SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
ERROR = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"
WARNING = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"

_RS = ElementMaker(namespace=ns.RS, nsmap={"rs": ns.RS})
_SUCCESS = etree.tostring(_RS.RegistryResponse(status=SUCCESS))


@dataclass(frozen=True, slots=True)
class RegistryError:
    """One entry of the RegistryErrorList."""

    code: str
    context: str
    severity: str
    """`ERROR` or `WARNING`."""
    location: str = ""


def success() -> bytes:
    """A RegistryResponse without errors, as UTF-8 octets."""
    return _SUCCESS


def failure(errors: Sequence[RegistryError]) -> etree._Element:
    """A RegistryResponse with at least one error of severity `ERROR`."""
    return _RS.RegistryResponse(error_list(errors), status=FAILURE)


def error_list(errors: Sequence[RegistryError]) -> etree._Element:
    """rs:RegistryErrorList; its entries have no text (ITI TF-3: 4.2.4.1)."""
    highest = ERROR if any(error.severity == ERROR for error in errors) else WARNING
    return _RS.RegistryErrorList(*map(_registry_error, errors), highestSeverity=highest)


def errors_of(
    findings: Iterable[Finding], refused: Iterable[Finding], *, default_code: str
) -> list[RegistryError]:
    """Every error, then every warning; what made the message refused counts as error.

    `default_code` is for findings of transport and SOAP, whose rules have no XDS code.
    """
    decisive = set(map(id, refused))
    errors, warnings = [], []
    for finding in findings:
        if finding.severity is Severity.ERROR or id(finding) in decisive:
            errors.append(_from_finding(finding, ERROR, default_code))
        elif finding.severity is Severity.WARNING:
            warnings.append(_from_finding(finding, WARNING, default_code))
    return errors + warnings


def summary(errors: Iterable[RegistryError]) -> str:
    """`Failure` and the distinct codes of severity `ERROR`, for the log."""
    codes = dict.fromkeys(error.code for error in errors if error.severity == ERROR)
    return " ".join(["Failure", *codes])


def _from_finding(finding: Finding, severity: str, default_code: str) -> RegistryError:
    code = finding.rule.code or default_code
    return RegistryError(code, finding.describe(), severity, finding.location)


def _registry_error(error: RegistryError) -> etree._Element:
    attributes = {
        "errorCode": error.code,
        "codeContext": sanitise(error.context),
        "severity": error.severity,
    }
    if error.location:
        attributes["location"] = sanitise(error.location)
    return _RS.RegistryError(attributes)
