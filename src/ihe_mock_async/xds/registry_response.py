"""rs:RegistryResponse and its error list (ITI TF-3: 4.2.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.elements import sanitise
from ihe_mock_async.findings import Finding, Severity
from ihe_mock_async.xds import namespaces as ns

SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
# Of IHE, not of OASIS: legal in ITI-18, 38, 39, 43, 51 and 86.
PARTIAL_SUCCESS = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
ERROR = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"
WARNING = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"

_RS = ElementMaker(namespace=ns.RS, nsmap={"rs": ns.RS})
_RESPONSE = f"{{{ns.RS}}}RegistryResponse"
_ERROR_LIST = f"{{{ns.RS}}}RegistryErrorList"
_SUCCESS = etree.tostring(_RS.RegistryResponse(status=SUCCESS))


@dataclass(frozen=True, slots=True)
class RegistryError:
    """One entry of the RegistryErrorList."""

    code: str
    context: str
    severity: str
    """`ERROR` or `WARNING`."""
    location: str = ""
    """An XPath, or what the transaction says: a uniqueId in ITI-43, homeCommunityId in XCA."""


def success() -> bytes:
    """A RegistryResponse without errors, as UTF-8 octets."""
    return _SUCCESS


def failure(errors: Sequence[RegistryError]) -> etree._Element:
    """A RegistryResponse with at least one error of severity `ERROR`."""
    return response(FAILURE, errors)


def response(status: str, errors: Sequence[RegistryError] = ()) -> etree._Element:
    """A RegistryResponse: `SUCCESS` with warnings at most, else with errors."""
    lists = [error_list(errors)] if errors else []
    return _RS.RegistryResponse(*lists, status=status)


def error_list(errors: Sequence[RegistryError]) -> etree._Element:
    """rs:RegistryErrorList; its entries have no text (ITI TF-3: 4.2.4.1)."""
    highest = ERROR if any(error.severity == ERROR for error in errors) else WARNING
    return _RS.RegistryErrorList(*map(_registry_error, errors), highestSeverity=highest)


def add_errors(message: etree._Element, status: str, errors: Sequence[RegistryError]) -> str:
    """Tell more errors in an answer of any XDS transaction, and give it the status.

    A `FAILURE` stays one. What its status is then, is returned.
    """
    nested = message.find(_RESPONSE)  # a RetrieveDocumentSetResponse has it inside
    response = message if nested is None else nested
    if response.get("status") != FAILURE:
        response.set("status", status)
    added = error_list(errors)
    told = response.find(_ERROR_LIST)
    if told is None:
        # The list of slots, the only thing before it (rs.xsd), is none of ours.
        response.insert(0, added)
    else:
        if added.get("highestSeverity") == ERROR:
            told.set("highestSeverity", ERROR)
        told.extend(added)
    return response.get("status", status)


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


def located(errors: Iterable[RegistryError], location: str) -> list[RegistryError]:
    """The errors with another location; where the message is wrong stands in their contexts.

    In ITI-38 and ITI-39 it is the homeCommunityId of the responder (ITI TF-2: 3.38.4.1.3).
    """
    return [replace(error, location=location) for error in errors]


def as_warnings(errors: Iterable[RegistryError]) -> list[RegistryError]:
    """The errors with severity `WARNING`: with Success there is nothing else (4.2.4.1)."""
    return [replace(error, severity=WARNING) for error in errors]


def summary(errors: Iterable[RegistryError], status: str = FAILURE) -> str:
    """The status and the distinct codes of severity `ERROR`, for the log: `Failure XDS...`."""
    codes = dict.fromkeys(error.code for error in errors if error.severity == ERROR)
    return " ".join([status.rpartition(":")[2], *codes])


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
