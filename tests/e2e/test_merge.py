"""A merge from feed to query: afterwards everything shows the survivor (ITI TF-2: 3.44.4.2.4)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx
import pytest
from lxml import etree

from ihe_mock_async.testing import World
from tests.e2e.messages import (
    DOMAIN,
    MTOM,
    NAMESPACES,
    SOAP_XML,
    envelope_of,
    find,
    pix_add,
    submission,
    text_of,
)

INSURER = "1.3.6.1.4.1.21367.2017.2.5.2"
FIND_DOCUMENTS = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"


@pytest.fixture
def client(ihe_mock_server: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ihe_mock_server.url, timeout=30) as client:
        yield client


def cx(number: str) -> str:
    return f"{number}^^^&{DOMAIN}&ISO"


# ---------------------------------------------------------------- messages


def add(number: str, insurance: str) -> bytes:
    """A PIX Add of a patient with an id in each of two domains."""
    own = f'<id root="{DOMAIN}" extension="{number}"/>'
    other = f'<id root="{INSURER}" extension="{insurance}"/>'
    return pix_add(number).decode().replace(own, own + other).encode()


def merge(subsumed: str, into: str) -> bytes:
    replacement = (
        '<replacementOf typeCode="RPLC"><priorRegistration classCode="REG" moodCode="EVN">'
        '<statusCode code="obsolete"/><subject1 typeCode="SBJ"><priorRegisteredRole '
        f'classCode="PAT"><id root="{DOMAIN}" extension="{subsumed}"/></priorRegisteredRole>'
        "</subject1></priorRegistration></replacementOf></registrationEvent>"
    )
    text = pix_add(into).decode().replace("</registrationEvent>", replacement)
    return text.replace("PRPA_IN201301", "PRPA_IN201304").replace("TE201301", "TE201304").encode()


def envelope(action: str, body: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>'
        f'<a:Action s:mustUnderstand="1">{action}</a:Action>'
        f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID><a:ReplyTo><a:Address>"
        "http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def find_documents(number: str) -> bytes:
    slots = {
        "$XDSDocumentEntryPatientId": f"'{cx(number)}'".replace("&", "&amp;"),
        "$XDSDocumentEntryStatus": f"('{APPROVED}')",
    }
    return envelope(
        "urn:ihe:iti:2007:RegistryStoredQuery",
        '<AdhocQueryRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" '
        'xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><ResponseOption '
        'returnComposedObjects="true" returnType="LeafClass"/>'
        f'<rim:AdhocQuery id="{FIND_DOCUMENTS}">'
        + "".join(
            f'<rim:Slot name="{name}"><rim:ValueList><rim:Value>{value}</rim:Value>'
            "</rim:ValueList></rim:Slot>"
            for name, value in slots.items()
        )
        + "</rim:AdhocQuery></AdhocQueryRequest>",
    )


def pix_query(number: str) -> bytes:
    device = '<device classCode="DEV" determinerCode="INSTANCE"><id root="1.2.3"/></device>'
    return envelope(
        "urn:hl7-org:v3:PRPA_IN201309UV02",
        f'<PRPA_IN201309UV02 xmlns="urn:hl7-org:v3" ITSVersion="XML_1.0"><id root="{uuid.uuid4()}"'
        '/><creationTime value="20260302104512"/><interactionId root="2.16.840.1.113883.1.6" '
        'extension="PRPA_IN201309UV02"/><processingCode code="T"/><processingModeCode code="T"/>'
        f'<acceptAckCode code="AL"/><receiver typeCode="RCV">{device}</receiver>'
        f'<sender typeCode="SND">{device}</sender>'
        '<controlActProcess classCode="CACT" moodCode="EVN"><code code="PRPA_TE201309UV02" '
        'codeSystem="2.16.840.1.113883.1.6"/><queryByParameter><queryId root="1.2.3" '
        'extension="1"/><statusCode code="new"/><responsePriorityCode code="I"/><parameterList>'
        f'<patientIdentifier><value root="{DOMAIN}" extension="{number}"/>'
        "<semanticsText>Patient.id</semanticsText></patientIdentifier></parameterList>"
        "</queryByParameter></controlActProcess></PRPA_IN201309UV02>",
    )


# ---------------------------------------------------------------- exchanges


def sent(client: httpx.Client, path: str, message: bytes) -> etree._Element:
    reply = client.post(path, content=message, headers=SOAP_XML)
    return envelope_of(reply.headers["content-type"], reply.content)


def acknowledged(client: httpx.Client, message: bytes) -> str:
    reply = sent(client, "/pix/add", message)
    return text_of(reply, "//hl7:acknowledgement/hl7:typeCode/@code")


def provided(client: httpx.Client, number: str) -> tuple[str, str]:
    """The status and the error codes of a submission for a patient."""
    reply = client.post("/iti41/submit", content=submission(number).body, headers=MTOM)
    answer = envelope_of(reply.headers["content-type"], reply.content)
    status = text_of(answer, "//rs:RegistryResponse/@status").rpartition(":")[2]
    return status, text_of(answer, "//rs:RegistryError/@errorCode")


def documents(client: httpx.Client, number: str) -> list[str]:
    """The patientId that each document of the patient shows."""
    answer = sent(client, "/document-registry", find_documents(number))
    assert text_of(answer, "//@status").endswith(":Success")
    identifiers = answer.xpath(
        "//rim:ExtrinsicObject/rim:ExternalIdentifier[rim:Name/rim:LocalizedString/@value="
        "'XDSDocumentEntry.patientId']/@value",
        namespaces=NAMESPACES,
    )
    assert isinstance(identifiers, list)
    return [str(identifier) for identifier in identifiers]


def cross_references(client: httpx.Client, number: str) -> tuple[str, list[str]]:
    """The acknowledgement of a PIX query, and the ids that it found."""
    answer = sent(client, "/pix-manager", pix_query(number))
    ids = find(answer, "//hl7:subject1/hl7:patient/hl7:id")
    code = text_of(answer, "//hl7:acknowledgement/hl7:typeCode/@code")
    return code, [str(each.get("extension")) for each in ids]


# ---------------------------------------------------------------- the story


def test_after_a_merge_everything_shows_the_survivor(client: httpx.Client) -> None:
    assert acknowledged(client, add("MERGE-A", "I-A")) == "CA"
    assert acknowledged(client, add("MERGE-B", "I-B")) == "CA"
    assert provided(client, "MERGE-A") == ("Success", "")
    assert provided(client, "MERGE-B") == ("Success", "")
    assert cross_references(client, "MERGE-B") == ("AA", ["I-B"])

    assert acknowledged(client, merge("MERGE-A", into="MERGE-B")) == "CA"

    assert documents(client, "MERGE-A") == []
    assert documents(client, "MERGE-B") == [cx("MERGE-B")] * 2
    assert provided(client, "MERGE-A") == ("Failure", "XDSUnknownPatientId")
    assert provided(client, "MERGE-B") == ("Success", "")
    assert cross_references(client, "MERGE-A") == ("AE", [])
    assert cross_references(client, "MERGE-B") == ("AA", ["I-B", "I-A"])


def test_a_chain_of_merges_leads_to_its_last_survivor(client: httpx.Client) -> None:
    for number in ("CHAIN-A", "CHAIN-B", "CHAIN-C"):
        assert acknowledged(client, pix_add(number)) == "CA"
        assert provided(client, number) == ("Success", "")

    assert acknowledged(client, merge("CHAIN-A", into="CHAIN-B")) == "CA"
    assert acknowledged(client, merge("CHAIN-B", into="CHAIN-C")) == "CA"

    assert documents(client, "CHAIN-A") == documents(client, "CHAIN-B") == []
    assert documents(client, "CHAIN-C") == [cx("CHAIN-C")] * 3


def test_a_merge_that_is_refused_changes_nothing(client: httpx.Client) -> None:
    assert acknowledged(client, add("LONE-A", "I-LONE")) == "CA"
    assert provided(client, "LONE-A") == ("Success", "")

    assert acknowledged(client, merge("NOBODY", into="LONE-A")) == "CE"

    assert documents(client, "LONE-A") == [cx("LONE-A")]
    assert cross_references(client, "LONE-A") == ("AA", ["I-LONE"])


def test_a_merge_into_a_new_identifier_moves_everything_to_it(client: httpx.Client) -> None:
    assert acknowledged(client, add("OLD-A", "I-OLD")) == "CA"
    assert provided(client, "OLD-A") == ("Success", "")

    assert acknowledged(client, merge("OLD-A", into="NEW-A")) == "CA"

    assert (documents(client, "OLD-A"), documents(client, "NEW-A")) == ([], [cx("NEW-A")])
    assert provided(client, "NEW-A") == ("Success", "")
    assert cross_references(client, "NEW-A") == ("AA", ["I-OLD"])
