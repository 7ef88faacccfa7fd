"""Our answers against the published schemas; skipped where these are absent (IHE_SCHEMAS)."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest
from lxml import etree

from tests.e2e.messages import (
    MTOM,
    NAMESPACES,
    SOAP_XML,
    envelope_of,
    find,
    pix_add,
    submission,
)

SCHEMAS = Path(
    os.environ.get("IHE_SCHEMAS", Path(__file__).parents[3] / "shared" / "schemas")
).resolve()
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not SCHEMAS.is_dir(), reason=f"no schemas at {SCHEMAS} (IHE_SCHEMAS)"),
]

HL7 = "HL7V3/NE2008/multicacheschemas"
SOAP = "soap/soap-1.2-envelope.xsd"


def valid(path: str, element: etree._Element) -> None:
    """Fail with the schema's own words."""
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / path)))
    copy = etree.fromstring(etree.tostring(element))
    assert schema.validate(copy), schema.error_log


def answer(reply: httpx.Response, path: str) -> etree._Element:
    (element,) = find(envelope_of(reply.headers["content-type"], reply.content), path)
    return element


@pytest.mark.parametrize("broken", [False, True], ids=["CA", "CE"])
def test_acknowledgements_are_valid(client: httpx.Client, *, broken: bool) -> None:
    message = pix_add("SCHEMA-1")
    if broken:
        message = message.replace(b' extension="SCHEMA-1"', b"").replace(b'"AL"', b'"XX"')

    reply = client.post("/pix/add", content=message, headers=SOAP_XML)

    valid(f"{HL7}/MCCI_IN000002UV01.xsd", answer(reply, "//hl7:MCCI_IN000002UV01"))


FIXTURES = Path(__file__).parents[1] / "fixtures"
FOREIGN_DOMAIN = b"1.3.6.1.4.1.21367.13.20.3000"


def wrapped(message: bytes) -> bytes:
    body = message.partition(b"?>")[2]
    soap = NAMESPACES["soap"].encode()
    return b'<s:Envelope xmlns:s="%b"><s:Body>%b</s:Body></s:Envelope>' % (soap, body)


@pytest.mark.parametrize(
    ("domain", "code"),
    [
        (b"1.3.6.1.4.1.21367.13.20.2000", "OK"),
        (b"1.3.6.1.4.1.21367.13.20.1000", "NF"),
        (FOREIGN_DOMAIN, "AE"),
    ],
)
def test_answers_to_pix_queries_are_valid(client: httpx.Client, domain: bytes, code: str) -> None:
    path = "/ns/schemas/pix-manager"
    fed = wrapped((FIXTURES / "iti44" / "add.xml").read_bytes())
    query = (FIXTURES / "iti45" / "query.xml").read_bytes().replace(FOREIGN_DOMAIN, domain)
    query = query.replace(b"1.3.6.1.4.1.21367.13.20.2000", domain)
    client.post(path, content=fed, headers=SOAP_XML)

    found = answer(
        client.post(path, content=wrapped(query), headers=SOAP_XML), "//hl7:PRPA_IN201310UV02"
    )

    (response_code,) = find(found, ".//hl7:queryResponseCode")
    assert response_code.get("code") == code
    valid(f"{HL7}/PRPA_IN201310UV02.xsd", found)


@pytest.mark.parametrize("broken", [False, True], ids=["Success", "Failure"])
def test_registry_responses_are_valid(client: httpx.Client, *, broken: bool) -> None:
    message = submission("SCHEMA-2").body
    if broken:
        message = message.replace(b"languageCode", b"language").replace(b"20240105", b"2024-01-05")

    reply = client.post("/iti41/submit", content=message, headers=MTOM)

    valid("xdsb/rs.xsd", answer(reply, "//rs:RegistryResponse"))


def test_a_stored_query_gets_back_valid_metadata(client: httpx.Client) -> None:
    message = submission("SCHEMA-3")
    client.post("/iti41/submit", content=message.body, headers=MTOM)

    reply = client.post(
        "/document-registry", content=get_contents(message.submission_set_unique_id),
        headers=SOAP_XML,
    )  # fmt: skip

    found = answer(reply, "//*[local-name() = 'AdhocQueryResponse']")
    assert len(find(found, "//rim:ExtrinsicObject")) == 1
    assert len(find(found, "//rim:RegistryPackage")) == 1
    valid("xdsb/query.xsd", found)


def get_contents(unique_id: str) -> bytes:
    """GetSubmissionSetAndContents by the uniqueId of the submission set."""
    query = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
    return f"""<s:Envelope xmlns:s="{NAMESPACES["soap"]}" xmlns:a="{NAMESPACES["wsa"]}"><s:Header>
<a:Action s:mustUnderstand="1">urn:ihe:iti:2007:RegistryStoredQuery</a:Action>
<a:MessageID>urn:uuid:9f8e7d6c-0000-4000-8000-000000000018</a:MessageID>
<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>
</s:Header><s:Body><q:AdhocQueryRequest xmlns:q="{query}">
<q:ResponseOption returnComposedObjects="true" returnType="LeafClass"/>
<rim:AdhocQuery xmlns:rim="{NAMESPACES["rim"]}" id="urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83">
<rim:Slot name="$XDSSubmissionSetUniqueId"><rim:ValueList><rim:Value>'{unique_id}'</rim:Value>
</rim:ValueList></rim:Slot></rim:AdhocQuery></q:AdhocQueryRequest></s:Body></s:Envelope>""".encode()


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("/pix/add", SOAP_XML, b"<!DOCTYPE x><x/>"),
        ("/pix/add", SOAP_XML, b"<html/>"),
        ("/iti41/submit", SOAP_XML, submission().envelope),
        ("/nowhere", SOAP_XML, pix_add("SCHEMA-4")),
    ],
)
def test_faults_are_valid(
    client: httpx.Client, path: str, headers: dict[str, str], body: bytes
) -> None:
    reply = client.post(path, content=body, headers=headers)

    valid(SOAP, answer(reply, "/soap:Envelope"))
