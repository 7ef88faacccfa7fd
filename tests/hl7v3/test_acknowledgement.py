"""The wrapper of an answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from ihe_mock_async.elements import local_name, parse
from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.hl7v3 import acknowledgement, transmission
from ihe_mock_async.hl7v3.acknowledgement import Acknowledgement, AcknowledgementType

NS = {"h": "urn:hl7-org:v3"}
ACCEPTED = Acknowledgement(
    "11111111-2222-4333-8444-555555555555",
    datetime(2026, 3, 2, 9, 45, 12, tzinfo=UTC),
    AcknowledgementType.COMMIT_ACCEPT,
)


def request(content: str = "") -> transmission.Transmission:
    return transmission.read(
        parse(f'<PRPA_IN201301UV02 xmlns="urn:hl7-org:v3">{content}</PRPA_IN201301UV02>'.encode())
    )


def test_an_answer_to_an_empty_request_still_has_everything_the_schema_wants() -> None:
    body = parse(acknowledgement.accept(request(), ACCEPTED))

    assert body.get("ITSVersion") == "XML_1.0"
    assert [local_name(child) for child in body] == [
        "id",
        "creationTime",
        "interactionId",
        "processingCode",
        "processingModeCode",
        "acceptAckCode",
        "receiver",
        "sender",
        "acknowledgement",
    ]
    nulls = body.xpath("//h:id[@nullFlavor='NI']", namespaces=NS)
    assert len(nulls) == 3
    assert body.xpath("string(h:processingCode/@code)", namespaces=NS) == "P"


def test_every_element_is_in_the_hl7_namespace() -> None:
    finding = Rule("r", Severity.ERROR, "t", "s", "f", "204").found("/PRPA_IN201301UV02/id")
    refused = Acknowledgement(
        ACCEPTED.message_id, ACCEPTED.created, AcknowledgementType.COMMIT_ERROR, [finding]
    )

    body = acknowledgement.accept(request(), refused)

    namespaces = {etree.QName(element).namespace for element in parse(body).iter()}
    assert namespaces == {"urn:hl7-org:v3"}
    assert body.count(b"xmlns") == 1


def test_an_answer_repeats_no_device_id_that_its_own_rules_forbid() -> None:
    device = '<id root="urn:oid:1.2"/><id root="1.2.3" extension="EHR"/><asAgent/>'

    body = parse(
        acknowledgement.accept(request(f"<sender><device>{device}</device></sender>"), ACCEPTED)
    )

    (receiver,) = body.findall("h:receiver/h:device", NS)
    assert [dict(i.attrib) for i in receiver.findall("h:id", NS)] == [{"root": "1.2.3"}]
    organization = receiver.find("h:asAgent/h:representedOrganization/h:id", NS)
    assert organization is not None
    assert organization.get("nullFlavor") == "NI"


def test_a_detail_says_what_where_and_how_to_mend_it() -> None:
    rule = Rule("hl7v3-x", Severity.WARNING, "Text & more", "O.1", "Do <this>.", "SYN102")
    refused = Acknowledgement(
        ACCEPTED.message_id,
        ACCEPTED.created,
        AcknowledgementType.COMMIT_ERROR,
        [rule.found("/PRPA_IN201301UV02/id", received="\x00{braces}")],
    )

    (detail,) = parse(acknowledgement.accept(request(), refused)).findall(
        "h:acknowledgement/h:acknowledgementDetail", NS
    )

    assert detail.get("typeCode") == "W"
    assert [local_name(child) for child in detail] == ["code", "text", "location"]
    assert detail[0].get("code") == "SYN102"
    assert detail[1].text is not None
    assert "{braces}" in detail[1].text
    assert "Do <this>." in detail[1].text
    assert detail[2].text == "/PRPA_IN201301UV02/id"


def test_a_template_carries_the_payload_of_other_answers() -> None:
    wrapper = acknowledgement.template("PRPA_IN201310UV02", "{control_act}")

    body = parse(
        acknowledgement.fill(wrapper, request(), ACCEPTED, control_act="<controlActProcess/>")
    )

    assert local_name(body[-1]) == "controlActProcess"
    assert body.xpath("string(h:interactionId/@extension)", namespaces=NS) == "PRPA_IN201310UV02"


@pytest.mark.parametrize(("commit", "application"), [("CA", "AA"), ("CE", "AE"), ("CR", "AR")])
def test_each_commit_code_has_its_application_code(commit: str, application: str) -> None:
    assert AcknowledgementType(commit).as_application == application
