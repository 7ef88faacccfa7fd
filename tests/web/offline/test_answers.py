"""Answers of other servers are checked for what can be told of an answer alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ihe_mock_async.findings import Severity
from ihe_mock_async.soap.namespaces import SOAP12, WSA
from ihe_mock_async.web.offline import answers
from tests.web.offline.examining import examined, http, rules_of

SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
PARTIAL = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
SEVERITY = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType"
REGREP = "urn:oasis:names:tc:ebxml-regrep:xsd"
STORED = "urn:ihe:iti:2007:RegisterDocumentSet-bResponse"
CODES = "soap:Sender"


def error(severity: str = f"{SEVERITY}:Error", content: str = "") -> str:
    return (
        f'<RegistryErrorList xmlns="{REGREP}:rs:3.0"><RegistryError errorCode="XDSRegistryError" '
        f'codeContext="x" severity="{severity}">{content}</RegistryError></RegistryErrorList>'
    )


def registry_response(status: str, errors: str = "") -> str:
    return (
        f'<RegistryResponse xmlns="{REGREP}:rs:3.0" status="{status}">{errors}</RegistryResponse>'
    )


def query_response(status: str, *children: str) -> str:
    inner = "".join(children)
    head = f'<AdhocQueryResponse xmlns="{REGREP}:query:3.0" status="{status}">'
    return f"{head}{inner}</AdhocQueryResponse>"


OBJECTS = f'<RegistryObjectList xmlns="{REGREP}:rim:3.0"/>'


def retrieved(status: str) -> str:
    inner = registry_response(status)
    head = '<RetrieveDocumentSetResponse xmlns="urn:ihe:iti:xds-b:2007">'
    return f"{head}{inner}</RetrieveDocumentSetResponse>"


def acknowledgement(root: str, code: str) -> str:
    inner = f'<acknowledgement><typeCode code="{code}"/></acknowledgement>'
    return f'<{root} xmlns="urn:hl7-org:v3">{inner}</{root}>'


def soap_fault(code: str, reason: str = "<s:Reason><s:Text>No</s:Text></s:Reason>") -> str:
    value = f"<s:Code><s:Value>{code}</s:Value></s:Code>"
    return f'<s:Fault xmlns:s="{SOAP12}">{value}{reason}</s:Fault>'


def envelope(payload: str, action: str = STORED, relates_to: str = "urn:uuid:1") -> bytes:
    relation = f"<a:RelatesTo>{relates_to}</a:RelatesTo>" if relates_to else ""
    return (
        f'<s:Envelope xmlns:s="{SOAP12}" xmlns:a="{WSA}"><s:Header>'
        f'<a:Action s:mustUnderstand="1">{action}</a:Action>{relation}</s:Header>'
        f"<s:Body>{payload}</s:Body></s:Envelope>"
    ).encode()


GOOD = {
    "stored": registry_response(SUCCESS),
    "stored with a warning": registry_response(SUCCESS, error(f"{SEVERITY}:Warning")),
    "not stored": registry_response(FAILURE, error()),
    "found": query_response(SUCCESS, OBJECTS),
    "partly found": query_response(PARTIAL, error(), OBJECTS),
    "retrieved": retrieved(SUCCESS),
    "accepted": acknowledgement("MCCI_IN000002UV01", "CA"),
    "found patients": acknowledgement("PRPA_IN201306UV02", "AA"),
    "fault": soap_fault("s:Sender"),
    "fault of SOAP 1.1": '<f:Fault xmlns:f="http://schemas.xmlsoap.org/soap/envelope/"/>',
}
BROKEN = {
    "answer-status": registry_response("Success"),
    "answer-status-errors": registry_response(FAILURE),
    "answer-error-severity": registry_response(FAILURE, error("Error")),
    "answer-error-text": registry_response(FAILURE, error(content="text")),
    "answer-object-list": query_response(SUCCESS, OBJECTS, error(f"{SEVERITY}:Warning")),
    "answer-acknowledgement-code": acknowledgement("MCCI_IN000002UV01", "AA"),
    "answer-fault": soap_fault("s:Client"),
}


@pytest.mark.parametrize("name", GOOD)
async def test_a_good_answer_has_no_findings(name: str) -> None:
    action = "urn:ihe:iti:2007:RegistryStoredQueryResponse"

    examination = await examined(envelope(GOOD[name], action))

    assert examination.kind == "answer"
    assert examination.transaction is None
    assert rules_of(examination) == {}
    assert "not the metadata" in examination.notes[0]


@pytest.mark.parametrize("rule_id", BROKEN)
@pytest.mark.parametrize("form", [str.encode, envelope], ids=["payload", "envelope"])
async def test_a_broken_answer_is_told_why(rule_id: str, form: Callable[[str], bytes]) -> None:
    examination = await examined(form(BROKEN[rule_id]))

    found = {remark.finding.rule.id: remark.finding for remark in examination.remarks}
    assert list(found) == [rule_id]
    assert bool(examination.refused) == (found[rule_id].severity is Severity.ERROR)


@pytest.mark.parametrize(
    ("rule_id", "answer"),
    [
        ("answer-relates-to", envelope(GOOD["stored"], relates_to="")),
        ("answer-partial-success", envelope(registry_response(PARTIAL, error()))),
        ("soap-body-payload", envelope("")),
        ("wsa-action-must-understand", envelope(GOOD["stored"]).replace(b"s:must", b"a:must")),
        ("answer-status-errors", envelope(registry_response(SUCCESS, error()))),
        ("answer-fault", envelope(soap_fault("s:Sender", ""))),
        ("xml-prefix", envelope("<x:RegistryResponse/>")),
        ("soap-envelope", GOOD["stored"].encode()),
    ],
)
async def test_its_envelope_is_checked_too(rule_id: str, answer: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n\r\n"

    examination = await examined(head + answer)

    assert examination.kind == "answer"
    assert rule_id in rules_of(examination)


async def test_lines_are_those_of_the_file() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n\r\n"

    (remark,) = (await examined(head + b"\n" + envelope(BROKEN["answer-status"]))).remarks

    assert remark.finding.line == 5


async def test_the_packaging_of_an_answer_is_checked() -> None:
    dump = http(b"--other\r\n", 'multipart/related; type="application/xop+xml"; boundary="b"')

    examination = await examined(dump.replace(b"POST /anything HTTP/1.1", b"HTTP/1.1 200 OK"))

    assert "mime-boundary-found" in rules_of(examination)


def test_every_rule_of_answers_is_broken_here() -> None:
    beside = {"answer-relates-to", "answer-partial-success"}

    assert {rule.id for rule in answers.RULES} == BROKEN.keys() | beside
