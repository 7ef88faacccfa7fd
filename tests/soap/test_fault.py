"""Fault envelopes of both versions, and the exception behind them."""

from __future__ import annotations

import pytest
from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.errors import SoapFaultError
from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.soap import FaultCode, SoapFault, SoapVersion, addressing, envelope, fault
from ihe_mock_async.soap.namespaces import SOAP11, SOAP12, WSA, XML

NS = {"s": SOAP12, "s11": SOAP11, "a": WSA}
RULE = Rule("test-rule", Severity.ERROR, "A thing is so", "ITI TF-2: 9.9", "Make it so.")
FINDING = RULE.found("/Envelope/x", received="<a>\x00", expected="b", line=7)


def written(
    problem: SoapFault,
    version: SoapVersion = SoapVersion.V1_2,
    *,
    relates_to: str = "",
    message_id: str = "",
    to: str = "",
) -> etree._Element:
    octets = fault.write(problem, version, relates_to=relates_to, message_id=message_id, to=to)
    return parse(octets)


def text(root: etree._Element, path: str) -> str | None:
    element = root.find(path, NS)
    assert element is not None, path
    return element.text


def qname(element: etree._Element, name: str) -> tuple[str | None, str]:
    """Resolve a QName in the scope of its element."""
    prefix, _, local = name.rpartition(":")
    return element.nsmap.get(prefix or None), local


def test_a_sender_fault_has_code_reason_and_detail_in_this_order() -> None:
    root = written(fault.sender("It is broken & <bad>", FINDING))

    problem = root.find("s:Body/s:Fault", NS)
    assert problem is not None
    assert [etree.QName(child).localname for child in problem] == ["Code", "Reason", "Detail"]
    assert text(problem, "s:Code/s:Value") == "soap:Sender"
    assert root.nsmap["soap"] == SOAP12
    assert text(problem, "s:Reason/s:Text") == "It is broken & <bad>"
    assert [text.get(f"{{{XML}}}lang") for text in problem.findall("s:Reason/s:Text", NS)] == [
        "en"
    ]


def test_the_detail_holds_the_reason_and_every_finding() -> None:
    root = written(fault.sender("It is broken", FINDING, RULE.found()))

    error = root.find("s:Body/s:Fault/s:Detail/error", NS)
    assert error is not None
    assert error.text == "It is broken"
    full, short = error
    assert dict(full.attrib) == {
        "rule": "test-rule",
        "severity": "error",
        "section": "ITI TF-2: 9.9",
        "line": "7",
    }
    assert [(child.tag, child.text) for child in full] == [
        ("requirement", "A thing is so"),
        ("location", "/Envelope/x"),
        ("received", "<a>\ufffd"),
        ("expected", "b"),
        ("fix", "Make it so."),
    ]
    assert [child.tag for child in short] == ["requirement", "fix"]


def test_other_findings_may_be_told_than_those_of_the_fault() -> None:
    document = fault.write(fault.sender("no", FINDING), SoapVersion.V1_2, findings=[])

    assert parse(document).find(".//finding") is None


def test_the_headers_relate_the_fault_to_its_request() -> None:
    root = written(
        fault.sender("no"), relates_to="not a urn", message_id="urn:uuid:1", to="http://x"
    )

    action = root.find("s:Header/a:Action", NS)
    assert action is not None
    assert action.text == "http://www.w3.org/2005/08/addressing/soap/fault"
    assert action.get(f"{{{SOAP12}}}mustUnderstand") == "1"
    assert text(root, "s:Header/a:RelatesTo") == "not a urn"
    assert text(root, "s:Header/a:MessageID") == "urn:uuid:1"
    assert text(root, "s:Header/a:To") == "http://x"


def test_without_ids_only_the_action_is_sent() -> None:
    header = written(fault.receiver("no")).find("s:Header", NS)

    assert header is not None
    assert [etree.QName(block).localname for block in header] == ["Action"]


def test_an_addressing_fault_nests_its_subcodes_and_names_the_header() -> None:
    problem = fault.SoapFault(
        fault.FaultCode.SENDER,
        "no wsa:Action",
        subcodes=((WSA, "MessageAddressingHeaderRequired"),),
        problem_header=(WSA, "Action"),
    )

    root = written(problem)

    value = root.find("s:Body/s:Fault/s:Code/s:Subcode/s:Value", NS)
    assert value is not None
    assert qname(value, value.text or "") == (WSA, "MessageAddressingHeaderRequired")
    named = root.find("s:Body/s:Fault/s:Detail/a:ProblemHeaderQName", NS)
    assert named is not None
    assert qname(named, named.text or "") == (WSA, "Action")
    assert text(root, "s:Header/a:Action") == "http://www.w3.org/2005/08/addressing/fault"


def test_subcodes_are_nested_outermost_first() -> None:
    root = written(fault.sender("no", subcodes=[("urn:a", "Outer"), ("urn:b", "Inner")]))

    outer = root.find("s:Body/s:Fault/s:Code/s:Subcode", NS)
    assert outer is not None
    values = list(outer.iter(f"{{{SOAP12}}}Value"))
    assert [qname(value, value.text or "") for value in values] == [
        ("urn:a", "Outer"),
        ("urn:b", "Inner"),
    ]
    assert outer.find("s:Subcode/s:Value", NS) is values[1]


def test_a_version_mismatch_offers_soap_12() -> None:
    problem = envelope.version_mismatch(RULE.found())

    for version in SoapVersion:
        root = written(problem, version)
        supported = root.find(f"{{{version.namespace}}}Header/s:Upgrade/s:SupportedEnvelope", NS)
        assert supported is not None
        assert qname(supported, supported.get("qname", "")) == (SOAP12, "Envelope")
        assert problem.status_for(version) == 500


def test_headers_that_are_not_understood_are_named() -> None:
    problem = SoapFault(
        FaultCode.MUST_UNDERSTAND, "no", not_understood=[("urn:x", "Lock"), ("", "Plain")]
    )

    blocks = written(problem).findall("s:Header/s:NotUnderstood", NS)

    assert [qname(block, block.get("qname", "")) for block in blocks] == [
        ("urn:x", "Lock"),
        (None, "Plain"),
    ]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (FaultCode.SENDER, "Client"),
        (FaultCode.RECEIVER, "Server"),
        (FaultCode.VERSION_MISMATCH, "VersionMismatch"),
        (FaultCode.MUST_UNDERSTAND, "MustUnderstand"),
        (FaultCode.DATA_ENCODING_UNKNOWN, "Client"),
    ],
)
def test_soap_11_has_other_names_and_no_namespaces(code: FaultCode, name: str) -> None:
    root = written(SoapFault(code, "It is broken", findings=[FINDING]), SoapVersion.V1_1)

    problem = root.find("s11:Body/s11:Fault", NS)
    assert problem is not None
    assert [child.tag for child in problem] == ["faultcode", "faultstring", "detail"]
    assert text(problem, "faultcode") == f"soap:{name}"
    assert root.nsmap["soap"] == SOAP11
    assert text(problem, "faultstring") == "It is broken"
    assert problem.find("detail/error/finding") is not None


def test_a_soap_11_client_without_addressing_gets_no_header_that_it_must_understand() -> None:
    assert written(fault.sender("no"), SoapVersion.V1_1).find(".//a:Action", NS) is None

    related = written(fault.sender("no"), SoapVersion.V1_1, relates_to="urn:uuid:1")

    action = related.find("s11:Header/a:Action", NS)
    assert action is not None
    assert action.get(f"{{{SOAP11}}}mustUnderstand") == "1"


def test_soap_11_tells_header_problems_in_the_header() -> None:
    root = written(addressing.action_not_supported("urn:x", ["urn:y"]), SoapVersion.V1_1)

    assert text(root, "s11:Header/a:FaultDetail/a:ProblemAction/a:Action") == "urn:x"
    assert root.find("s11:Body//a:ProblemAction", NS) is None


@pytest.mark.parametrize(
    ("problem", "status", "status_11"),
    [
        (fault.sender("no"), 400, 500),
        (fault.receiver("no"), 500, 500),
        (fault.receiver("busy", http_status=503), 503, 503),
        (fault.sender("no", http_status=415), 415, 415),
    ],
)
def test_the_http_status_follows_the_code(problem: SoapFault, status: int, status_11: int) -> None:
    assert problem.http_status == status
    assert problem.status_for(SoapVersion.V1_2) == status
    assert problem.status_for(SoapVersion.V1_1) == status_11


def test_http_headers_travel_with_the_fault() -> None:
    problem = fault.sender("POST only", http_status=405, http_headers=[("Allow", "POST")])

    assert problem.http_headers == (("Allow", "POST"),)


def test_a_fault_is_a_peer_error_with_its_reason_as_text() -> None:
    assert isinstance(fault.sender("It is broken"), SoapFaultError)
    assert str(fault.sender("It is broken")) == "It is broken"


def test_a_refusal_tells_every_finding_in_its_reason() -> None:
    one = fault.refusal(FINDING)
    two = fault.refusal(FINDING, RULE.found("/y"))

    assert one.reason == FINDING.describe()
    assert two.reason.startswith("The message has 2 problems: (1) A thing is so at /Envelope/x")
    assert "(2) A thing is so at /y" in two.reason
    assert two.findings == (FINDING, RULE.found("/y"))


@pytest.mark.parametrize("version", list(SoapVersion))
def test_a_fault_for_another_endpoint_has_its_address_and_its_parameters(
    version: SoapVersion,
) -> None:
    octets = fault.write(
        fault.sender("no"), version, to="http://to", parameters=(b'<t xmlns="urn:c">1</t>',)
    )

    header = parse(octets)[0]
    assert text(header, "a:To") == "http://to"
    assert header.findtext("{urn:c}t") == "1"
