"""What answers mean, of this server and of others."""

from __future__ import annotations

import base64
import hashlib

import pytest

from ihe_mock_async.client import answer
from ihe_mock_async.client.answer import Answer, Problem
from ihe_mock_async.client.connection import HttpAnswer
from tests.e2e.messages import NAMESPACES

SOAP = "application/soap+xml; charset=utf-8"
SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
PARTIAL = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
QUERY = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"


def envelope(payload: str, relates_to: str = "") -> bytes:
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    header = f"<wsa:RelatesTo>{relates_to}</wsa:RelatesTo>" if relates_to else ""
    return (
        f"<soap:Envelope {declared}><soap:Header>{header}</soap:Header>"
        f"<soap:Body>{payload}</soap:Body></soap:Envelope>"
    ).encode()


def read(payload: str, status: int = 200) -> Answer:
    return answer.read(HttpAnswer(status, SOAP, envelope(payload)))


def acknowledgement(code: str, more: str = "") -> str:
    return (
        '<MCCI_IN000002UV01 xmlns="urn:hl7-org:v3"><id root="1.2.3"/>'
        f'<acknowledgement><typeCode code="{code}"/>{more}</acknowledgement></MCCI_IN000002UV01>'
    )


@pytest.mark.parametrize(
    ("code", "accepted"), [("CA", True), ("AA", True), ("CE", False), ("AR", False)]
)
def test_an_acknowledgement_says_if_the_message_was_accepted(code: str, accepted: bool) -> None:
    got = read(acknowledgement(code))

    assert (got.outcome, got.accepted, got.message_root) == (code, accepted, "1.2.3")


def test_every_acknowledgement_detail_is_a_problem() -> None:
    got = read(
        acknowledgement(
            "CE",
            '<acknowledgementDetail typeCode="E"><code code="204"/><text>Who?</text>'
            "<location>/a/b</location></acknowledgementDetail>"
            '<acknowledgementDetail typeCode="W"><text>Hm.</text></acknowledgementDetail>',
        )
    )

    assert got.problems == (
        Problem("error", "204", "Who?", "/a/b"),
        Problem("warning", "", "Hm."),
    )


def test_patients_are_told_with_names_and_identifiers() -> None:
    got = read(
        '<PRPA_IN201306UV02 xmlns="urn:hl7-org:v3"><acknowledgement><typeCode code="AA"/>'
        "</acknowledgement><controlActProcess><subject><patient>"
        '<id root="1.2" extension="P-1"/><patientPerson><name><given>Lena</given>'
        "<family>Muster</family></name></patientPerson></patient></subject>"
        '<queryAck><queryResponseCode code="OK"/></queryAck></controlActProcess>'
        "</PRPA_IN201306UV02>"
    )

    assert got.outcome == "AA OK"
    assert got.found == ("patient  Lena  Muster  P-1^^^&1.2&ISO",)


def test_a_patient_discovery_without_an_answer_says_why() -> None:
    got = read(
        '<PRPA_IN201306UV02 xmlns="urn:hl7-org:v3"><acknowledgement><typeCode code="AE"/>'
        "</acknowledgement><controlActProcess><reasonOf><detectedIssueEvent>"
        '<code code="_ActAdministrativeDetectedIssueCode"/><triggerFor><actOrderRequired>'
        '<code code="LivingSubjectAddressRequested"/></actOrderRequired></triggerFor>'
        '<mitigatedBy><detectedIssueManagement><code code="ResponderBusy"/>'
        "</detectedIssueManagement></mitigatedBy></detectedIssueEvent></reasonOf>"
        "</controlActProcess></PRPA_IN201306UV02>"
    )

    assert [problem.code for problem in got.problems] == [
        "LivingSubjectAddressRequested",
        "ResponderBusy",
    ]


def test_registry_errors_are_problems_with_code_and_severity() -> None:
    got = read(
        f'<rs:RegistryResponse status="{PARTIAL}"><rs:RegistryErrorList>'
        '<rs:RegistryError errorCode="XDSA" codeContext="a"'
        ' severity="urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning" location="l"/>'
        '<rs:RegistryError errorCode="XDSB" codeContext="b"/>'
        "</rs:RegistryErrorList></rs:RegistryResponse>"
    )

    assert (got.outcome, got.accepted) == ("PartialSuccess", False)
    assert got.problems == (Problem("warning", "XDSA", "a", "l"), Problem("error", "XDSB", "b"))


def test_objects_that_a_query_finds_are_counted_and_listed() -> None:
    got = read(
        f'<q:AdhocQueryResponse xmlns:q="{QUERY}" status="{SUCCESS}"><rim:RegistryObjectList>'
        '<rim:ExtrinsicObject id="urn:uuid:1" status="urn:x:Approved">'
        '<rim:Name><rim:LocalizedString value="Letter"/></rim:Name>'
        '<rim:ExternalIdentifier value="2.25.1"><rim:Name>'
        '<rim:LocalizedString value="XDSDocumentEntry.uniqueId"/></rim:Name>'
        "</rim:ExternalIdentifier></rim:ExtrinsicObject>"
        '<rim:Association id="urn:uuid:2" associationType="urn:x:HasMember"/>'
        "</rim:RegistryObjectList></q:AdhocQueryResponse>"
    )

    assert got.found == (
        "1 ExtrinsicObject, 1 Association",
        'ExtrinsicObject  urn:uuid:1  Approved  2.25.1  "Letter"',
        "Association  urn:uuid:2  HasMember",
    )


def test_a_query_that_finds_nothing_says_so() -> None:
    got = read(
        f'<q:AdhocQueryResponse xmlns:q="{QUERY}" status="{SUCCESS}"><rim:RegistryObjectList/>'
        "</q:AdhocQueryResponse>"
    )

    assert got.found == ("nothing found",)


# ---------------------------------------------------------------- documents


def retrieved(document: str) -> str:
    return (
        f'<xdsb:RetrieveDocumentSetResponse><rs:RegistryResponse status="{SUCCESS}"/>'
        "<xdsb:DocumentResponse><xdsb:DocumentUniqueId>1.2</xdsb:DocumentUniqueId>"
        f"<xdsb:mimeType>text/plain</xdsb:mimeType>{document}</xdsb:DocumentResponse>"
        "</xdsb:RetrieveDocumentSetResponse>"
    )


def test_a_document_is_taken_out_of_its_part_octet_by_octet() -> None:
    content = b"\r\n\x00\xff--other\r\n"
    include = '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:a%40b"/>'
    body = b"\r\n".join(
        [
            b"--x",
            b'Content-Type: application/xop+xml; type="application/soap+xml"',
            b"Content-ID: <root>",
            b"",
            envelope(retrieved(f"<xdsb:Document>{include}</xdsb:Document>")),
            b"--x",
            b"Content-ID: <a@b>",
            b"",
            content,
            b"--x--",
        ]
    )
    kind = 'multipart/related; type="application/xop+xml"; boundary=x; start="<root>"'

    got = answer.read(HttpAnswer(200, kind, body))

    (document,) = got.documents
    assert (document.unique_id, document.media_type) == ("1.2", "text/plain")
    assert document.content == content
    assert document.sha1 == hashlib.sha1(content).hexdigest()  # noqa: S324 - XDS says SHA-1


def test_an_inline_document_is_decoded() -> None:
    text = base64.b64encode(b"letter").decode()

    got = read(retrieved(f"<xdsb:Document>{text}</xdsb:Document>"))

    assert [document.content for document in got.documents] == [b"letter"]


@pytest.mark.parametrize(
    "document",
    [
        "",
        "<xdsb:Document>*</xdsb:Document>",
        '<xdsb:Document><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include"'
        ' href="cid:nowhere"/></xdsb:Document>',
    ],
)
def test_a_document_without_content_is_a_problem(document: str) -> None:
    got = read(retrieved(document))

    assert not got.accepted
    assert [problem.text for problem in got.problems] == ["The content of 1.2 is missing"]


def test_a_retrieval_needs_a_registry_response() -> None:
    assert read("<xdsb:RetrieveDocumentSetResponse/>").outcome == "no RegistryResponse"


# ---------------------------------------------------------------- faults, and what is no SOAP


def test_a_fault_of_another_server_tells_code_and_reason() -> None:
    got = read(
        "<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode>"
        "<soap:Value>wsa:ActionNotSupported</soap:Value></soap:Subcode></soap:Code>"
        '<soap:Reason><soap:Text xml:lang="en">No.</soap:Text></soap:Reason></soap:Fault>',
        500,
    )

    assert (got.status, got.outcome) == (500, "Fault Sender ActionNotSupported")
    assert got.problems == (Problem("error", "", "No."),)


def test_a_fault_of_soap_1_1_is_read_too() -> None:
    old = (
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
        b"<faultcode>e:Client</faultcode><faultstring>Old.</faultstring></e:Fault></e:Body>"
        b"</e:Envelope>"
    )

    got = answer.read(HttpAnswer(500, "text/xml", old))

    assert (got.outcome, got.problems[0].text) == ("Fault Client", "Old.")


def test_findings_in_a_fault_are_told_one_by_one() -> None:
    got = read(
        "<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code><soap:Detail>"
        '<error>All.<finding rule="a-b" severity="warning"><requirement>It must</requirement>'
        "<location>/x</location><received>1</received><expected>2</expected><fix>Do.</fix>"
        "</finding></error></soap:Detail></soap:Fault>",
        400,
    )

    assert got.problems == (
        Problem("warning", "a-b", 'It must. Received "1". Expected 2. Do.', "/x"),
    )


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("text/html", b"<html>Not here", "no SOAP message (text/html): <html>Not here"),
        ("", b"", "no SOAP message (no Content-Type): an empty body"),
        ("multipart/related", b"--x", "cannot be unpacked"),
        ("application/xml", b"<a/>", "no SOAP message (application/xml): <a/>"),
    ],
)
def test_what_is_no_soap_is_shown(kind: str, body: bytes, told: str) -> None:
    got = answer.read(HttpAnswer(404, kind, body))

    assert (got.outcome, got.accepted) == ("no SOAP answer", False)
    assert told in got.problems[0].text


def test_an_answer_that_nobody_expects_is_refused() -> None:
    got = read("<Hello/>")

    assert (got.outcome, got.accepted) == ("no acknowledgement", False)


def test_an_empty_202_says_that_the_answer_comes_later() -> None:
    got = answer.read(HttpAnswer(202, "", b""))

    assert got.accepted
    assert "--reply-to" in got.outcome


def test_an_answer_must_relate_to_the_request() -> None:
    body = envelope(acknowledgement("CA"), relates_to=" urn:uuid:1 ")

    right = answer.read(HttpAnswer(200, SOAP, body), "urn:uuid:1")
    wrong = answer.read(HttpAnswer(200, SOAP, body), "urn:uuid:2")

    assert right.problems == ()
    assert wrong.accepted
    assert wrong.problems[0].severity == "warning"
    assert "urn:uuid:2" in wrong.problems[0].text


def test_a_fault_of_somebody_who_did_not_read_the_request_relates_to_nothing() -> None:
    fault = "<soap:Fault><soap:Reason><soap:Text>No.</soap:Text></soap:Reason></soap:Fault>"

    got = answer.read(HttpAnswer(404, SOAP, envelope(fault)), "urn:uuid:1")
    other = answer.read(HttpAnswer(404, SOAP, envelope(fault, relates_to="x")), "urn:uuid:1")

    assert [problem.text for problem in got.problems] == ["No."]
    assert len(other.problems) == 2
