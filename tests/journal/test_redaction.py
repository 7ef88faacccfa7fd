"""Patient data goes, everything that helps to find a fault stays."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.redaction import (
    LEFT_OUT,
    NOT_SHOWN,
    redact_body,
    redact_envelope,
    redact_facts,
    redact_finding,
    redact_identifier,
    redact_target,
    without_secrets,
)
from tests.e2e.messages import PIX_ADD, submission

RIM = 'xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"'
ENTRY_PATIENT_ID = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
SET_PATIENT_ID = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
FOLDER_PATIENT_ID = "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a"


def slot(name: str) -> str:
    value = "<Value>SECRET</Value><Value>SECRET</Value>"
    return f'<Slot {RIM} name="{name}"><ValueList>{value}</ValueList></Slot>'


def external(scheme: str) -> str:
    return f'<ExternalIdentifier {RIM} identificationScheme="{scheme}" value="SECRET"/>'


def hl7(content: str) -> str:
    return f'<patient xmlns="urn:hl7-org:v3">{content}</patient>'


@pytest.mark.parametrize(
    "message",
    [
        hl7("<name><given>SECRET</given><family>SECRET</family></name>"),
        hl7("<name>SECRET</name>"),
        hl7("<name>SECRET <given>SECRET</given> SECRET</name>"),
        hl7("<addr><streetName>SECRET</streetName><houseNumber>SECRET</houseNumber></addr>"),
        hl7('<id root="1.2" extension="SECRET"/>'),
        hl7('<id root="SECRET"/>'),
        hl7('<asOtherIDs><id extension="SECRET"/></asOtherIDs>'),
        hl7('<priorRegisteredRole><id extension="SECRET"/></priorRegisteredRole>'),
        hl7('<patientIdentifier><value extension="SECRET"/></patientIdentifier>'),
        hl7('<livingSubjectBirthTime><value value="SECRET"/></livingSubjectBirthTime>'),
        hl7("<livingSubjectName><value><given>SECRET</given>SECRET</value></livingSubjectName>"),
        hl7("<mothersMaidenName><value><family>SECRET</family></value></mothersMaidenName>"),
        hl7("<patientAddress><value><city>SECRET</city></value></patientAddress>"),
        hl7(
            '<livingSubjectBirthTime><value><low value="SECRET"/><high value="SECRET"/></value>'
            "</livingSubjectBirthTime>"
        ),
        hl7('<birthTime value="SECRET"/><deceasedTime value="SECRET"/>'),
        hl7('<telecom value="SECRET"/>'),
        hl7("<acknowledgementDetail><text>SECRET</text></acknowledgementDetail>"),
        slot("sourcePatientId"),
        slot("sourcePatientInfo"),
        slot("authorPerson"),
        slot("$XDSDocumentEntryPatientId"),
        slot("$XDSDocumentEntryAuthorPerson"),
        external(ENTRY_PATIENT_ID),
        external(SET_PATIENT_ID),
        external(FOLDER_PATIENT_ID),
        '<Document xmlns="urn:ihe:iti:xds-b:2007">SECRET</Document>',
        '<RegistryError errorCode="XDSRegistryError" codeContext="SECRET"/>',
        "<Text>SECRET</Text>",
        "<error>SECRET<finding><received>SECRET</received></finding></error>",
        "<finding><expected>SECRET</expected></finding>",
        "<faultstring>SECRET</faultstring>",
        "<Header><Security>SECRET<Assertion><Subject>SECRET</Subject></Assertion></Security></Header>",
    ],
)
def test_patient_data_is_masked(message: str) -> None:
    redacted = redact_envelope(f"<Envelope>{message}</Envelope>".encode())

    assert b"SECRET" not in redacted
    etree.fromstring(redacted)


@pytest.mark.parametrize(
    "message",
    [
        hl7('<providerOrganization><id root="1.2" extension="KEPT"/></providerOrganization>'),
        hl7('<statusCode code="KEPT"/>'),
        "<id>KEPT</id>",
        slot("creationTime").replace("SECRET", "KEPT"),
        external("urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab").replace("SECRET", "KEPT"),
        '<RegistryError errorCode="KEPT"/>',
        "<MessageID>KEPT</MessageID>",
    ],
)
def test_everything_else_stays(message: str) -> None:
    assert b"KEPT" in redact_envelope(f"<Envelope>{message}</Envelope>".encode())


def test_an_identity_feed_tells_nobody() -> None:
    redacted = redact_envelope(PIX_ADD.encode())

    for word in ("Beispiel", "Nora", "19790214", "TOUR-1001", "Sample Street", "Exampletown"):
        assert word.encode() not in redacted
    assert b"PRPA_IN201301UV02" in redacted
    assert b"7b2f4c1e-90a3-4d0b-8a55-3f1f6f3f7a10" in redacted


def test_a_submission_tells_no_patient() -> None:
    made = submission("SECRET-7")

    redacted = redact_envelope(made.envelope)

    assert b"SECRET-7" in made.envelope
    assert b"SECRET-7" not in redacted
    assert b"Muster" not in redacted
    assert made.unique_id.encode() in redacted


@pytest.mark.parametrize("document", [b"no xml, but SECRET", b"<a>SECRET", b"<!DOCTYPE a><a/>"])
def test_what_cannot_be_read_is_left_out(document: bytes) -> None:
    assert redact_envelope(document) == LEFT_OUT


def test_nothing_stays_nothing() -> None:
    assert redact_envelope(b"") == b""


def test_empty_elements_stay_empty() -> None:
    message = b'<patient><name/><telecom value=""/><birthTime/><id/><text> </text></patient>'

    assert b"***" not in redact_envelope(message)


def test_umlauts_stay_readable() -> None:
    assert redact_envelope("<a>ü</a>".encode()) == "<a>ü</a>".encode()


@given(st.text(min_size=1))
def test_an_identifier_is_replaced_by_the_same_stand_in_each_time(text: str) -> None:
    stand_in = redact_identifier(text)

    assert stand_in == redact_identifier(text)
    assert stand_in.startswith("id-")
    assert len(stand_in) == 11


def test_different_identifiers_stay_different() -> None:
    assert redact_identifier("1^^^&1.2&ISO") != redact_identifier("2^^^&1.2&ISO")


def test_a_finding_loses_its_values_but_not_its_rule_and_place() -> None:
    rule = Rule("x-rule", Severity.ERROR, "A rule", "TF 1", "Mend it.")
    full = rule.found("/a", received="SECRET", expected="SECRET", line=3)

    redacted = redact_finding(full)

    assert (redacted.rule, redacted.location, redacted.line) == (rule, "/a", 3)
    assert (redacted.received, redacted.expected) == ("***", "***")
    assert redact_finding(rule.found("/a")) == rule.found("/a")


@pytest.mark.parametrize(
    "name",
    [
        b"Authorization",
        b"PROXY-AUTHORIZATION",
        b"cookie",
        b"Set-Cookie",
        b"X-Api-Key",
        b"X-Auth-Token",
        b"X-Client-Secret",
    ],
)
def test_headers_that_give_access_are_masked(name: bytes) -> None:
    assert without_secrets([(name, b"SECRET")]) == [(name, b"***")]


def test_other_headers_stay() -> None:
    fields = [(b"Host", b"h"), (b"SOAPAction", b'"urn:x"')]

    assert without_secrets(fields) == fields


@pytest.mark.parametrize(
    ("target", "masked"),
    [
        ("/a", "/a"),
        ("/a?wsdl", "/a?wsdl"),
        ("/a?x=SECRET&y=&z=SEC=RET", "/a?x=***&y=&z=***"),
    ],
)
def test_values_of_a_query_are_masked(target: str, masked: str) -> None:
    assert redact_target(target) == masked


def test_the_entry_itself_is_left_as_it_is() -> None:
    moment = datetime(2024, 1, 5, tzinfo=UTC)
    entry = Entry(1, moment, "/a", target="/a?x=SECRET", patient_ids=("SECRET",))

    masked = redact_facts(entry)

    assert "SECRET" not in repr(masked)
    assert (entry.target, entry.patient_ids) == ("/a?x=SECRET", ("SECRET",))


def test_of_a_body_its_envelope_is_shown_and_nothing_of_others() -> None:
    assert redact_body(hl7("<name>SECRET</name>").encode())[0] == "application/xml"
    assert b"SECRET" not in redact_body(hl7("<name>SECRET</name>").encode())[1]
    assert redact_body(b"") == ("text/plain", NOT_SHOWN)
