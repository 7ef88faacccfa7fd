from __future__ import annotations

from lxml import etree

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import registry_response as rr

ERROR = Rule("an-error", Severity.ERROR, "It is so", "TF", "Mend it.", code="XDSRegistryError")
WARNING = Rule("a-warning", Severity.WARNING, "It is so", "TF", "Mend it.")
HINT = Rule("a-hint", Severity.HINT, "It is so", "TF", "Mend it.")


def test_a_success_is_empty() -> None:
    element = etree.fromstring(rr.success())

    assert element.tag == f"{{{ns.RS}}}RegistryResponse"
    assert element.get("status") == "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
    assert len(element) == 0


def test_errors_come_before_warnings_and_hints_stay_out() -> None:
    findings = [HINT.found(), WARNING.found("/b"), ERROR.found("/a", received="x")]

    errors = rr.errors_of(findings, findings[2:], default_code="XDSRepositoryError")

    assert [(e.code, e.severity, e.location) for e in errors] == [
        ("XDSRegistryError", rr.ERROR, "/a"),
        ("XDSRepositoryError", rr.WARNING, "/b"),
    ]
    assert errors[0].context == findings[2].describe()


def test_what_made_the_message_refused_is_an_error() -> None:
    finding = WARNING.found()

    (error,) = rr.errors_of([finding], [finding], default_code="XDSRegistryError")

    assert error.severity == rr.ERROR


def test_a_failure_has_full_urns_no_text_and_its_highest_severity() -> None:
    element = rr.failure([rr.RegistryError("XDSRegistryError", "bad \x00 text", rr.ERROR)])

    assert element.get("status") == "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
    (error_list,) = element
    (error,) = error_list
    assert error_list.get("highestSeverity") == rr.ERROR
    assert (error.text, error.get("location")) == (None, None)
    assert error.get("codeContext") == "bad \ufffd text"


def test_a_list_of_warnings_has_the_severity_warning() -> None:
    error_list = rr.error_list([rr.RegistryError("XDSExtraMetadataNotSaved", "x", rr.WARNING)])

    assert error_list.get("highestSeverity") == rr.WARNING


def test_the_summary_names_each_code_once() -> None:
    errors = [
        rr.RegistryError("XDSRegistryError", "a", rr.ERROR),
        rr.RegistryError("XDSRegistryError", "b", rr.ERROR),
        rr.RegistryError("XDSExtraMetadataNotSaved", "c", rr.WARNING),
    ]

    assert rr.summary(errors) == "Failure XDSRegistryError"


def test_a_partial_success_is_a_status_of_ihe() -> None:
    errors = [rr.RegistryError("XDSDocumentUniqueIdError", "2.999.1", rr.ERROR)]

    element = rr.response(rr.PARTIAL_SUCCESS, errors)

    assert element.get("status") == "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
    assert [e.get("errorCode") for e in element.iter(f"{{{ns.RS}}}RegistryError")] == [
        "XDSDocumentUniqueIdError"
    ]
    assert rr.summary(errors, rr.PARTIAL_SUCCESS) == "PartialSuccess XDSDocumentUniqueIdError"


def test_a_success_may_have_warnings_only() -> None:
    errors = [rr.RegistryError("XDSRegistryError", "odd", rr.ERROR)]

    element = rr.response(rr.SUCCESS, rr.as_warnings(errors))

    assert [e.get("severity") for e in element.iter(f"{{{ns.RS}}}RegistryError")] == [rr.WARNING]
    assert len(rr.response(rr.SUCCESS)) == 0
    assert rr.summary(rr.as_warnings(errors), rr.SUCCESS) == "Success"


def test_a_gateway_locates_errors_by_its_home_and_tells_the_place_in_the_context() -> None:
    findings = [ERROR.found("/a/b[2]")]
    errors = rr.errors_of(findings, findings, default_code="XDSRegistryError")

    (located,) = rr.located(errors, "urn:oid:2.999")

    assert located.location == "urn:oid:2.999"
    assert "/a/b[2]" in located.context
