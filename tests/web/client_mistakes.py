"""Messages with the mistakes that real clients make, by the numbers of client-mistakes.md."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ihe_mock_async.soap.namespaces import SOAP11, SOAP12, WSA
from tests.e2e.messages import BOUNDARY, MTOM, PIX_ADD, SOAP_XML, SUBMISSION

SIMPLE, PACKED = SOAP_XML["Content-Type"], MTOM["Content-Type"]
PATIENT = "TOUR-1001^^^&amp;1.3.6.1.4.1.21367.2017.2.5.1&amp;ISO"
APPROVED = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"
REGREP = "urn:oasis:names:tc:ebxml-regrep:xsd"
SLOT = '<rim:Slot name="{}"><rim:ValueList><rim:Value>{}</rim:Value></rim:ValueList></rim:Slot>'
NAME = b'<rim:Name><rim:LocalizedString value="Discharge letter"/></rim:Name>'


@dataclass(frozen=True)
class Mistake:
    """A message with one mistake, the rule that it breaks, and what the finding says of it."""

    rule: str
    says: str
    body: bytes
    path: str
    content_type: str


def feed(rule: str, says: str, *changes: tuple[str, str], content_type: str = SIMPLE) -> Mistake:
    """A PIX feed with changes."""
    body = PIX_ADD
    for old, new in changes:
        assert old in body, old
        body = body.replace(old, new)
    return Mistake(rule, says, body.encode(), "/pix/add", content_type)


def submission(
    rule: str, says: str, *changes: tuple[bytes, bytes], content_type: str = PACKED
) -> Mistake:
    """A submission with changes."""
    body = SUBMISSION
    for old, new in changes:
        assert old in body, old
        body = body.replace(old, new)
    return Mistake(rule, says, body, "/iti41/submit", content_type)


def packaging(rule: str, says: str, old: str, new: str) -> Mistake:
    """A submission whose Content-Type header is changed."""
    assert old in PACKED
    return submission(rule, says, content_type=PACKED.replace(old, new))


def envelope(action: str, payload: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="{SOAP12}" xmlns:a="{WSA}" xmlns:rim="{REGREP}:rim:3.0" '
        f'xmlns:query="{REGREP}:query:3.0" xmlns:xdsb="urn:ihe:iti:xds-b:2007"><s:Header>'
        f'<a:Action s:mustUnderstand="1">{action}</a:Action><a:MessageID>urn:uuid:1</a:MessageID>'
        f"<a:ReplyTo><a:Address>{WSA}/anonymous</a:Address></a:ReplyTo></s:Header>"
        f"<s:Body>{payload}</s:Body></s:Envelope>"
    ).encode()


def query(
    rule: str, says: str, *, patient: str = f"'{PATIENT}'", status: str = APPROVED, more: str = ""
) -> Mistake:
    """FindDocuments."""
    slots = (
        SLOT.format("$XDSDocumentEntryPatientId", patient)
        + SLOT.format("$XDSDocumentEntryStatus", status)
        + more
    )
    payload = (
        '<query:AdhocQueryRequest><query:ResponseOption returnComposedObjects="true" '
        'returnType="LeafClass"/><rim:AdhocQuery '
        f'id="urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d">{slots}</rim:AdhocQuery>'
        "</query:AdhocQueryRequest>"
    )
    body = envelope("urn:ihe:iti:2007:RegistryStoredQuery", payload)
    return Mistake(rule, says, body, "/document-registry", SIMPLE)


def retrieval(rule: str, says: str, home: str, *, packed: bool) -> Mistake:
    request = (
        f"<xdsb:RetrieveDocumentSetRequest><xdsb:DocumentRequest>{home}<xdsb:RepositoryUniqueId>"
        "1.3.6.1.4.1.21367.2017.2.3.49</xdsb:RepositoryUniqueId><xdsb:DocumentUniqueId>1.2.3"
        "</xdsb:DocumentUniqueId></xdsb:DocumentRequest></xdsb:RetrieveDocumentSetRequest>"
    )
    body = envelope("urn:ihe:iti:2007:RetrieveDocumentSet", request)
    if packed:
        head = SUBMISSION[: SUBMISSION.index(b"<s:Envelope")]
        body = head + body + f"\r\n--{BOUNDARY}--\r\n".encode()
    return Mistake(rule, says, body, "/document-repository", PACKED if packed else SIMPLE)


def simple_submission() -> Mistake:
    start, end = SUBMISSION.index(b"<s:Envelope"), SUBMISSION.index(b"</s:Envelope>") + 13
    body = re.sub(rb"<xop:Include[^>]*/>", b"Tm9yYQ==", SUBMISSION[start:end])
    return Mistake("mtom-required", "multipart/related", body, "/iti41/submit", SIMPLE)


def wrapped_registration() -> Mistake:
    start = SUBMISSION.index(b"<lcm:SubmitObjectsRequest")
    end = SUBMISSION.index(b"</lcm:SubmitObjectsRequest>") + 27
    content = SUBMISSION[start:end].decode()
    wrapper = f"<xdsb:RegisterDocumentSetRequest>{content}</xdsb:RegisterDocumentSetRequest>"
    body = envelope("urn:ihe:iti:2007:RegisterDocumentSet-b", wrapper)
    says = "lcm:SubmitObjectsRequest"
    return Mistake("xds-request-wrapper", says, body, "/document-registry", SIMPLE)


ID = b'value="TOUR-1001^^^&amp;1.3.6.1.4.1.21367.2017.2.5.1&amp;ISO"'
LANGUAGE = b'<rim:Slot name="languageCode">'
HASH = SLOT.format("hash", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=").encode()
SIZE = SLOT.format("size", "60").encode()
STATUS_SLOT = SLOT.format("SubmissionSetStatus", "Original").encode()
CLASS_CODE = SLOT.format("$XDSDocumentEntryClassCode", "('REPORTS')")
CX = "ID^^^&OID&ISO"
HOME = "<xdsb:HomeCommunityId>1.3.6.1.4.1.21367.2017.2.6.2</xdsb:HomeCommunityId>"
ACTION = '<a:Action s:mustUnderstand="1">urn:hl7-org:v3:PRPA_IN201301UV02</a:Action>'
MEMBER = b'<rim:Association id="id16"'
HAS_MEMBER = b"urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
CREATED = b"<rim:Value>20240105</rim:Value>"

CODE_02 = b'id="id02" classificationScheme="urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a" '
CREATION_TIME = b'<rim:Slot name="creationTime">'
PROVIDE = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
PROVIDE_ACTION = f'<a:Action s:mustUnderstand="1">{PROVIDE}</a:Action>'.encode()
UPPER_CASE = b'<rim:Association id="urn:uuid:5D0A8A52-7C1C-4E07-9B6F-0D6A4A3C1F16"'
IN_BRACKETS = b"cid:&lt;letter@example.org&gt;"
NO_LIST = APPROVED.strip("()")

MISTAKES: Mapping[int, Sequence[Mistake]] = {
    1: (simple_submission(), retrieval("mtom-required", "V.8.2", "", packed=False)),
    2: (feed("soap-version", "SOAP 1.2", (SOAP12, SOAP11), content_type="text/xml"),),
    4: (
        submission("xop-include-known", "letter@example.org", (b"letter%40", b"letter%2540")),
        submission("xop-include-known", "<letter@", (b"cid:letter%40example.org", IN_BRACKETS)),
    ),
    5: (
        packaging("mime-boundary-found", "boundary", BOUNDARY, "MIMEBoundary"),
        packaging("mtom-root-present", "tree@example.org", "<root@", "<tree@"),
        packaging("mtom-start-brackets", "<root@", "<root@example.org>", "root@example.org"),
        packaging("mtom-start-info", "text/xml", "application/soap+xml", "text/xml"),
    ),
    6: (
        submission("wsa-action-required", "wsa:Action", (PROVIDE_ACTION, b"")),
        feed("wsa-action-blanks", "blanks", (ACTION, ACTION.replace("urn:", "\n  urn:"))),
        feed("wsa-action-must-understand", WSA, ("s:mustUnderstand", "a:mustUnderstand")),
    ),
    7: (
        query("xds-query-quotes", "single quotes", patient=PATIENT),
        query("xds-query-parentheses", "parentheses", status=f"{NO_LIST},{NO_LIST}"),
    ),
    8: (
        query(
            "xds-query-response-status",
            "ResponseStatusType",
            status=APPROVED.replace("StatusType", "ResponseStatusType"),
        ),
    ),
    9: (query("xds-query-code", "^^", more=CLASS_CODE),),
    10: (
        submission(
            "xds-element-order", "Slot", (NAME, b""), (CREATION_TIME, NAME + CREATION_TIME)
        ),
        submission("xds-id-missing", "id", (MEMBER, b"<rim:Association")),
        submission(
            "xds-classified-object",
            "SubmissionSet01",
            (
                CODE_02 + b'classifiedObject="Document01"',
                CODE_02 + b'classifiedObject="SubmissionSet01"',
            ),
        ),
    ),
    11: (submission("xds-association-type-bare", "HasMember", (HAS_MEMBER, b"HasMember")),),
    12: (submission("xds-uuid-lower-case", "lower case", (MEMBER, UPPER_CASE)),),
    13: (
        submission("xds-hash", "hexadecimal", (LANGUAGE, HASH + LANGUAGE)),
        submission("xds-document-size", "octets", (LANGUAGE, SIZE + LANGUAGE)),
    ),
    14: (wrapped_registration(),),
    15: (
        submission("xds-patient-id", CX, (ID, ID.replace(b"^^^&amp;", b"^^^Hospital&amp;"))),
        submission("xds-patient-id", CX, (ID, ID.replace(b"ISO", b"ISO^PI"))),
    ),
    16: (
        submission("xds-dtm", "DTM", (CREATED, CREATED.replace(b"20240105", b"2024-01-05"))),
        submission("xds-dtm", "DTM", (CREATED, CREATED.replace(b"5<", b"5101500+0100<"))),
    ),
    17: (
        submission(
            "xds-entry-linked",
            "HasMember",
            (b'targetObject="Document01"', b'targetObject="SubmissionSet01"'),
        ),
        submission("xds-submission-set-status", "SubmissionSetStatus", (STATUS_SLOT, b"")),
    ),
    18: (retrieval("xds-retrieve-home-format", "urn:oid:", HOME, packed=True),),
    20: (feed("xml-prefix", "prefix", ("<processingCode", "<v3:processingCode")),),
}
EXPLAINED = {
    3: {"answer-acknowledgement-code"},
    19: {"wsa-message-id", "answer-relates-to"},
}
"""Mistakes in reading answers, which no request shows; `validate` names what it can in one."""
