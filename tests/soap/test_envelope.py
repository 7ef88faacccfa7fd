"""Envelopes: opened, refused, and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.soap import FaultCode, SoapFault, SoapVersion, envelope
from ihe_mock_async.soap.namespaces import SOAP11, SOAP12, WSA, WSSE, XCPD, XDR

PAYLOAD = '<Query xmlns="urn:q"/>'
BODY = f"<s:Body>{PAYLOAD}</s:Body>"


def document(content: str, soap: str = SOAP12) -> etree._Element:
    return parse(f'<s:Envelope xmlns:s="{soap}" xmlns:x="urn:x">{content}</s:Envelope>'.encode())


def fault_of(root: etree._Element) -> SoapFault:
    with pytest.raises(SoapFault) as caught:
        envelope.read(root)
    return caught.value


# ---------------------------------------------------------------- reading


def test_a_message_is_taken_out_of_its_envelope() -> None:
    root = document(
        f'<s:Header><a:Action xmlns:a="{WSA}" s:mustUnderstand="1"> urn:act</a:Action>'
        f"<x:Own/></s:Header>\n {BODY} \n"
    )

    message = envelope.read(root)

    assert message.version is SoapVersion.V1_2
    assert message.payload.tag == "{urn:q}Query"
    assert [block.tag for block in message.headers] == [f"{{{WSA}}}Action", "{urn:x}Own"]
    assert message.addressing.action == "urn:act"
    assert [found.rule.id for found in message.findings] == [
        "wsa-reply-to",
        "wsa-message-id",
        "wsa-action-blanks",
    ]


def test_a_message_needs_no_header() -> None:
    message = envelope.read(document(BODY))

    assert message.headers == ()
    assert message.findings == ()


def test_soap_11_is_read_with_a_finding_that_is_an_error() -> None:
    message = envelope.read(document(BODY, SOAP11))

    assert message.version is SoapVersion.V1_1
    assert [found.rule.id for found in message.findings] == ["soap-version"]


def test_a_payload_without_envelope_is_named() -> None:
    problem = fault_of(parse(PAYLOAD.encode()))

    assert problem.code is FaultCode.SENDER
    assert problem.findings[0].rule.id == "soap-envelope"
    assert problem.findings[0].received == "Query of urn:q"


def test_an_element_named_envelope_without_namespace_is_no_envelope() -> None:
    assert fault_of(parse(b"<Envelope/>")).findings[0].received == "Envelope of no namespace"


def test_an_unknown_version_of_soap_is_a_version_mismatch() -> None:
    problem = fault_of(document(BODY, "http://www.w3.org/2001/12/soap-envelope"))

    assert problem.code is FaultCode.VERSION_MISMATCH
    assert problem.http_status == 500
    assert problem.findings[0].received == "http://www.w3.org/2001/12/soap-envelope"


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        ("", "nothing"),
        ("<s:Header/>", "Header"),
        (f"{BODY}<s:Header/>", "Body, Header"),
        (f"<s:Header/>{BODY}{BODY}", "Header, Body, Body"),
        (f"<s:Header/><s:Header/>{BODY}", "Header, Header, Body"),
        (f"{BODY}<x:More/>", "Body, More"),
    ],
)
def test_an_envelope_in_disorder_is_told_as_it_is(content: str, seen: str) -> None:
    problem = fault_of(document(content))

    assert [found.rule.id for found in problem.findings] == ["soap-envelope-order"]
    assert problem.findings[0].received == seen


def test_a_body_of_another_namespace_is_pointed_at() -> None:
    problem = fault_of(document(f"<Body>{PAYLOAD}</Body>"))

    assert problem.findings[1].location == "/Envelope/Body"
    assert problem.findings[1].received == "the namespace none"
    assert problem.findings[1].expected == SOAP12


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        ("", "an empty Body"),
        (" \n", "an empty Body"),
        (PAYLOAD * 2, "Query, Query"),
        (f"text{PAYLOAD}", "Query, text"),
        (f"{PAYLOAD}text", "Query, text"),
        ("&lt;Query/>", "text"),
    ],
)
def test_a_body_without_exactly_one_element_is_told_as_it_is(content: str, seen: str) -> None:
    problem = fault_of(document(f"<s:Body>{content}</s:Body>"))

    assert [found.rule.id for found in problem.findings] == ["soap-body-payload"]
    assert problem.findings[0].received == seen


def test_disorder_and_an_empty_body_are_told_together() -> None:
    problem = fault_of(document("<s:Body/><s:Header/>"))

    assert [found.rule.id for found in problem.findings] == [
        "soap-envelope-order",
        "soap-body-payload",
    ]


# ---------------------------------------------------------------- mustUnderstand


def with_header(attributes: str, name: str = "x:Lock") -> etree._Element:
    return document(f"<s:Header><{name} {attributes}/></s:Header>{BODY}")


@pytest.mark.parametrize(
    "attributes",
    [
        's:mustUnderstand="1"',
        's:mustUnderstand=" true "',
        f's:mustUnderstand="1" s:role="{SOAP12}/role/next"',
        f's:mustUnderstand="1" s:role="{SOAP12}/role/ultimateReceiver"',
    ],
)
def test_a_header_that_must_be_understood_but_is_not_is_a_fault(attributes: str) -> None:
    problem = fault_of(with_header(attributes))

    assert problem.code is FaultCode.MUST_UNDERSTAND
    assert problem.not_understood == (("urn:x", "Lock"),)
    assert problem.findings[0].received == "Lock of urn:x"


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        's:mustUnderstand="0"',
        's:mustUnderstand="false"',
        'mustUnderstand="1"',
        f's:mustUnderstand="1" s:role="{SOAP12}/role/none"',
        's:mustUnderstand="1" s:role="urn:someone-else"',
    ],
)
def test_a_header_that_need_not_be_understood_is_passed_over(attributes: str) -> None:
    assert len(envelope.read(with_header(attributes)).headers) == 1


def test_a_hostile_number_of_headers_is_not_listed_in_full() -> None:
    blocks = '<x:Lock s:mustUnderstand="1"/>' * 5000

    problem = fault_of(document(f"<s:Header>{blocks}</s:Header>{BODY}"))

    assert len(problem.findings) == len(problem.not_understood) == 20


def test_soap_11_calls_the_role_actor() -> None:
    actor = "http://schemas.xmlsoap.org/soap/actor/next"
    block = f'<x:Lock s:mustUnderstand="1" s:actor="{actor}"/>'

    problem = fault_of(document(f"<s:Header>{block}</s:Header>{BODY}", SOAP11))

    assert problem.code is FaultCode.MUST_UNDERSTAND


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        (WSSE, "Security"),
        (XDR, "homeCommunityBlock"),
        (XCPD, "CorrelationTimeToLive"),
        (WSA, "To"),
        ("http://schemas.xmlsoap.org/ws/2004/08/addressing", "To"),
    ],
)
def test_the_headers_of_ihe_are_understood(namespace: str, name: str) -> None:
    root = with_header(f'xmlns:h="{namespace}" s:mustUnderstand="1"', f"h:{name}")

    assert len(envelope.read(root).headers) == 1


def test_more_headers_can_be_understood() -> None:
    root = with_header('s:mustUnderstand="1"')

    assert envelope.read(root, {"{urn:x}Lock"}).headers[0].tag == "{urn:x}Lock"


# ---------------------------------------------------------------- writing


def test_a_reply_relates_to_its_request() -> None:
    octets = envelope.write(
        PAYLOAD.encode(),
        version=SoapVersion.V1_2,
        action="urn:actResponse",
        relates_to="bare & <odd> id",
        message_id="urn:uuid:2",
    )

    message = envelope.read(parse(octets))
    assert [found.rule.id for found in message.findings] == ["wsa-reply-to"]
    assert message.addressing.action == "urn:actResponse"
    assert message.addressing.relates_to == "bare & <odd> id"
    assert message.addressing.message_id == "urn:uuid:2"
    assert message.addressing.to == "http://www.w3.org/2005/08/addressing/anonymous"
    assert message.payload.tag == "{urn:q}Query"
    assert not message.headers[2].attrib


def test_empty_values_leave_their_header_out() -> None:
    octets = envelope.write(PAYLOAD.encode(), version=SoapVersion.V1_1, action="urn:a", to="")

    message = envelope.read(parse(octets))

    assert message.version is SoapVersion.V1_1
    assert [etree.QName(block).localname for block in message.headers] == ["Action"]


def test_an_initiating_message_says_where_to_reply() -> None:
    octets = envelope.write(
        PAYLOAD.encode(),
        version=SoapVersion.V1_2,
        action="urn:a",
        message_id="urn:uuid:1",
        reply_to="http://here?a=1&b=2",
    )

    message = envelope.read(parse(octets))

    assert message.addressing.reply_to == "http://here?a=1&b=2"
    assert message.findings == ()


def test_an_element_keeps_the_namespaces_that_are_in_scope() -> None:
    outer = parse(b'<o xmlns="urn:o" xmlns:p="urn:p"><q type="p:T">\xc3\xa4</q>tail</o>')

    octets = envelope.write(outer[0], version=SoapVersion.V1_2, action="urn:a")

    payload = envelope.read(parse(octets)).payload
    assert payload.tag == "{urn:o}q"
    assert payload.nsmap["p"] == "urn:p"
    assert payload.text == "ä"
    assert payload.tail is None


def test_a_payload_without_namespace_stays_without() -> None:
    octets = envelope.write(b"<plain/>", version=SoapVersion.V1_2, action="urn:a")

    assert envelope.read(parse(octets)).payload.tag == "plain"


@given(text=st.text(max_size=50))
def test_no_text_breaks_the_envelope(text: str) -> None:
    octets = envelope.write(
        b"<x/>", version=SoapVersion.V1_2, action=text, relates_to=text, to=text, reply_to=text
    )

    assert parse(octets)[1][0].tag == "x"


@pytest.mark.parametrize(
    ("version", "content_type"),
    [
        (SoapVersion.V1_1, "text/xml; charset=utf-8"),
        (SoapVersion.V1_2, "application/soap+xml; charset=utf-8"),
    ],
)
def test_each_version_has_its_content_type(version: SoapVersion, content_type: str) -> None:
    assert version.content_type == content_type


def test_header_blocks_are_written_as_they_are() -> None:
    octets = envelope.write(
        b"<x/>",
        version=SoapVersion.V1_2,
        action="urn:a",
        to="http://to",
        parameters=(b'<t xmlns="urn:c">1</t>', b"<u/>"),
    )

    assert [block.tag for block in envelope.read(parse(octets)).headers] == [
        f"{{{WSA}}}Action",
        f"{{{WSA}}}To",
        "{urn:c}t",
        "u",
    ]
