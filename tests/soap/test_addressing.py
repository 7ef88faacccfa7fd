"""WS-Addressing headers: what is read, warned of and refused."""

from __future__ import annotations

import pytest
from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.soap import Addressing, SoapFault, SoapVersion, addressing
from ihe_mock_async.soap.namespaces import ANONYMOUS, SOAP11, SOAP12, WSA

ACTION = '<a:Action s:mustUnderstand="1">urn:act</a:Action>'
MESSAGE_ID = "<a:MessageID>urn:uuid:1</a:MessageID>"
REPLY_TO = f"<a:ReplyTo><a:Address>{ANONYMOUS}</a:Address></a:ReplyTo>"
GOOD = ACTION + MESSAGE_ID + REPLY_TO


def header(blocks: str, soap: str = SOAP12) -> etree._Element:
    envelope = (
        f'<s:Envelope xmlns:s="{soap}" xmlns:a="{WSA}"><s:Header>{blocks}</s:Header></s:Envelope>'
    )
    return parse(envelope.encode())[0]


def rules_of(blocks: str) -> list[str]:
    return [found.rule.id for found in addressing.read(header(blocks), SoapVersion.V1_2)[1]]


def fault_of(blocks: str) -> SoapFault:
    with pytest.raises(SoapFault) as caught:
        addressing.read(header(blocks), SoapVersion.V1_2)
    return caught.value


def test_every_header_is_read_without_its_blanks() -> None:
    blocks = (
        '<a:Action s:mustUnderstand="true">urn:act</a:Action>'
        "<a:MessageID>\n bare-id \n</a:MessageID><a:To> http://to </a:To>"
        "<a:ReplyTo><a:Address>\n http://reply\n</a:Address></a:ReplyTo>"
        "<a:FaultTo><a:Address>http://fault</a:Address></a:FaultTo>"
        "<a:From><a:Address>http://from</a:Address></a:From>"
        "<a:RelatesTo>urn:uuid:0</a:RelatesTo>"
    )

    read, findings = addressing.read(header(blocks), SoapVersion.V1_2)

    assert read == Addressing(
        action="urn:act",
        message_id="bare-id",
        to="http://to",
        reply_to="http://reply",
        fault_to="http://fault",
        from_="http://from",
        relates_to="urn:uuid:0",
        present=True,
    )
    assert findings == ()


@pytest.mark.parametrize("blocks", [None, "", '<x xmlns="urn:other"/>', "<plain/>"])
def test_a_message_without_addressing_is_just_that(blocks: str | None) -> None:
    block = None if blocks is None else header(blocks)

    assert addressing.read(block, SoapVersion.V1_2) == (Addressing(), ())


@pytest.mark.parametrize(
    ("blocks", "rule"),
    [
        (ACTION.replace("urn:act", "\n  urn:act\n") + MESSAGE_ID + REPLY_TO, "wsa-action-blanks"),
        (ACTION + MESSAGE_ID, "wsa-reply-to"),
        (ACTION + REPLY_TO, "wsa-message-id"),
        (ACTION + "<a:MessageID> </a:MessageID>" + REPLY_TO, "wsa-message-id"),
        (GOOD + MESSAGE_ID, "wsa-header-twice"),
        (GOOD + REPLY_TO, "wsa-header-twice"),
        (
            GOOD + '<To xmlns="http://schemas.xmlsoap.org/ws/2004/08/addressing">x</To>',
            "wsa-version",
        ),
    ],
)
def test_what_servers_let_pass_is_a_warning(blocks: str, rule: str) -> None:
    assert rules_of(blocks) == [rule]


@pytest.mark.parametrize(
    ("attribute", "seen"),
    [
        ("", ""),
        ('s:mustUnderstand="0"', "0"),
        ('a:mustUnderstand="1"', f"the attribute mustUnderstand of the namespace {WSA}"),
        ('mustUnderstand="1"', "the attribute mustUnderstand without a namespace"),
        ('Id="x"', ""),
    ],
)
def test_an_action_that_need_not_be_understood_is_told_as_it_is(attribute: str, seen: str) -> None:
    blocks = f"<a:Action {attribute}>urn:act</a:Action>" + MESSAGE_ID + REPLY_TO

    _, (found,) = addressing.read(header(blocks), SoapVersion.V1_2)

    assert found.rule.id == "wsa-action-must-understand"
    assert found.received == seen


def test_must_understand_is_of_the_namespace_of_its_soap_version() -> None:
    _, findings = addressing.read(header(GOOD, SOAP11), SoapVersion.V1_1)

    assert findings == ()


def test_an_old_version_of_ws_addressing_is_named() -> None:
    blocks = '<a:To xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing">x</a:To>'

    read, (found,) = addressing.read(header(blocks), SoapVersion.V1_2)

    assert not read.present
    assert found.received == "http://schemas.xmlsoap.org/ws/2004/08/addressing"


def test_a_header_sent_twice_with_two_values_is_a_fault_that_names_both() -> None:
    problem = fault_of(GOOD + "<a:MessageID>urn:uuid:2</a:MessageID>")

    assert problem.subcodes == ((WSA, "InvalidAddressingHeader"), (WSA, "InvalidCardinality"))
    assert problem.problem_header == (WSA, "MessageID")
    assert "urn:uuid:1 and urn:uuid:2" in problem.reason


def test_long_values_are_compared_to_their_end() -> None:
    long = "x" * 500

    problem = fault_of(ACTION + f"<a:To>{long}1</a:To><a:To>{long}2</a:To>" + REPLY_TO)

    assert problem.problem_header == (WSA, "To")


def test_a_hostile_number_of_copies_is_one_finding() -> None:
    old = '<To xmlns="http://schemas.xmlsoap.org/ws/2004/08/addressing">x</To>'

    assert rules_of(GOOD + (MESSAGE_ID + old) * 5000) == ["wsa-header-twice", "wsa-version"]


def test_several_relates_to_are_allowed() -> None:
    assert rules_of(GOOD + "<a:RelatesTo>a</a:RelatesTo><a:RelatesTo>b</a:RelatesTo>") == []


@pytest.mark.parametrize(
    "content", ["", "<a:Address> </a:Address>", f"<Address>{ANONYMOUS}</Address>"]
)
@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo", "From"])
def test_an_endpoint_without_address_is_a_fault(name: str, content: str) -> None:
    problem = fault_of(ACTION + f"<a:{name}>{content}</a:{name}>")

    assert problem.subcodes == ((WSA, "InvalidAddressingHeader"), (WSA, "MissingAddressInEPR"))
    assert problem.problem_header == (WSA, name)


def test_the_fault_keeps_the_warnings_of_the_message() -> None:
    problem = fault_of("<a:Action>urn:act</a:Action><a:ReplyTo/>")

    assert [found.rule.id for found in problem.findings] == [
        "wsa-address-present",
        "wsa-message-id",
        "wsa-action-must-understand",
    ]
    assert "wsa-message-id" not in problem.reason


@pytest.mark.parametrize(
    ("present", "required", "rule"),
    [
        (False, True, "wsa-required"),
        (False, False, "wsa-recommended"),
        (True, True, "wsa-action-required"),
        (True, False, "wsa-action-recommended"),
    ],
)
def test_a_missing_action_weighs_what_the_transaction_says(
    present: bool, required: bool, rule: str
) -> None:
    found = addressing.missing_action(Addressing(present=present), required=required)

    assert found is not None
    assert found.rule.id == rule


def test_an_action_that_is_there_is_not_missing() -> None:
    assert addressing.missing_action(Addressing(action="urn:act"), required=True) is None


def test_an_unknown_action_is_answered_with_the_closest_known_one() -> None:
    known = ["urn:ihe:iti:2007:RegistryStoredQuery", "urn:ihe:iti:2007:RegisterDocumentSet-b"]

    problem = addressing.action_not_supported("urn:ihe:iti:2007:RegistryStoredQuerry", known)

    assert problem.subcodes == ((WSA, "ActionNotSupported"),)
    assert problem.findings[0].expected == known[0]
    assert problem.problem_action == "urn:ihe:iti:2007:RegistryStoredQuerry"


def test_an_action_like_no_other_is_answered_with_all_of_them() -> None:
    problem = addressing.action_not_supported("zzz", ["urn:b", "urn:a"])

    assert problem.findings[0].expected == "one of urn:a, urn:b"


@pytest.mark.parametrize(
    ("root", "seen"),
    [
        (b'<Remove xmlns="urn:rmd"/>', "urn:act with Remove of urn:rmd"),
        (b"<Remove/>", "urn:act with Remove of no namespace"),
    ],
)
def test_an_action_for_another_body_names_both(root: bytes, seen: str) -> None:
    problem = addressing.action_mismatch("urn:act", parse(root))

    assert problem.http_status == 400
    assert problem.findings[0].received == seen


# ---------------------------------------------------------------- reference parameters


def reply_to(parameters: str) -> str:
    return (
        f"<a:ReplyTo><a:Address>http://reply</a:Address>{parameters}</a:ReplyTo>"
        "<a:FaultTo><a:Address>http://fault</a:Address></a:FaultTo>"
    )


def parameters(content: str) -> str:
    return f"<a:ReferenceParameters>{content}</a:ReferenceParameters>"


def test_reference_parameters_become_header_blocks_that_say_so() -> None:
    blocks = ACTION + MESSAGE_ID + reply_to(parameters('<t xmlns="urn:c" x="1">s:urgent</t>tail'))

    read, findings = addressing.read(header(blocks), SoapVersion.V1_2)

    (octets,) = read.reply_parameters
    block = parse(octets)
    assert (block.tag, block.text, block.tail) == ("{urn:c}t", "s:urgent", None)
    assert dict(block.attrib) == {"x": "1", f"{{{WSA}}}IsReferenceParameter": "true"}
    assert block.nsmap["s"] == SOAP12  # a QName in it means what it meant
    assert read.fault_parameters == ()
    assert findings == ()


def test_the_message_itself_is_left_as_it_was() -> None:
    element = header(ACTION + MESSAGE_ID + reply_to(parameters('<t xmlns="urn:c"/>')))
    before = etree.tostring(element)

    addressing.read(element, SoapVersion.V1_2)

    assert etree.tostring(element) == before


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        ("<a:Action>urn:other</a:Action>", "wsa:Action"),
        ("<x/>" * (addressing.MAX_REFERENCE_PARAMETERS + 1), "21 elements"),
        (f"<x>{'y' * addressing.MAX_REFERENCE_OCTETS}</x>", " octets"),
    ],
)
def test_reference_parameters_that_an_answer_cannot_have_are_a_fault(
    content: str, seen: str
) -> None:
    problem = fault_of(ACTION + MESSAGE_ID + reply_to(parameters(content)))

    assert problem.findings[0].rule.id == "wsa-reference-parameters"
    assert seen in problem.findings[0].received
    assert problem.subcodes == ((WSA, "InvalidAddressingHeader"), (WSA, "InvalidEPR"))
    assert problem.problem_header == (WSA, "ReplyTo")
