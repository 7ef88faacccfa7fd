"""What is checked of MIME, MTOM/XOP, SOAP and WS-Addressing; each id is public.

Sections are those of ITI TF-2: Appendix V, or of the standard that it refers to.
"""

from __future__ import annotations

from ihe_mock_async.findings import Rule, Severity

_MIME = "RFC 2045 and RFC 2046"
_MTOM = "ITI TF-2: V.8"
_SOAP = "SOAP 1.2 part 1, section 5"
_WSA_SECTION = "ITI TF-2: V.3.2.2"


def _essential(rule_id: str, text: str, section: str, fix: str) -> Rule:
    return Rule(rule_id, Severity.ERROR, text, section, fix, essential=True)


def _warning(rule_id: str, text: str, section: str, fix: str) -> Rule:
    return Rule(rule_id, Severity.WARNING, text, section, fix)


# ---------------------------------------------------------------- Content-Type

CONTENT_TYPE = _essential(
    "http-content-type-present",
    "A message must have a Content-Type header",
    "RFC 9110, section 8.3",
    "Send Content-Type: application/soap+xml; charset=UTF-8, or multipart/related for MTOM.",
)
CONTENT_TYPE_SYNTAX = _essential(
    "http-content-type-syntax",
    'Content-Type must be type/subtype, then ;name=value or ;name="quoted value"',
    "RFC 9110, section 8.3.1; RFC 2045, section 5.1",
    "Write each parameter once, and put values with blanks, semicolons or quotes into quotes.",
)
CONTENT_TYPE_PARAMETER_ONCE = _essential(
    "http-content-type-parameter-once",
    "A parameter of Content-Type must stand there once",
    "RFC 2045, section 5.1",
    "Remove one of the two: receivers choose differently between them.",
)
BOUNDARY_PRESENT = _essential(
    "mime-boundary-present",
    "A multipart Content-Type must have a boundary parameter",
    "RFC 2046, section 5.1.1",
    'Add boundary="..." with the text that stands after -- at the first line of the body.',
)
BOUNDARY_SYNTAX = _essential(
    "mime-boundary-syntax",
    "A boundary must have 1 to 70 characters of letters, digits, '()+_,-./:=? and inner blanks",
    "RFC 2046, section 5.1.1",
    "Use a shorter boundary of letters, digits and hyphens, such as a UUID.",
)

# ---------------------------------------------------------------- MIME

MULTIPART_RELATED = _essential(
    "mtom-multipart-related",
    "An MTOM message must be multipart/related",
    _MTOM,
    'Send Content-Type: multipart/related; type="application/xop+xml"; boundary=...; start=...;'
    ' start-info="application/soap+xml".',
)
BOUNDARY_FOUND = _essential(
    "mime-boundary-found",
    "The body's first delimiter must be -- and the boundary of Content-Type, on a line of its own",
    "RFC 2046, section 5.1.1",
    "Make the boundary parameter and the delimiter lines the same, character by character.",
)
BODY_COMPLETE = _essential(
    "mime-body-complete",
    "A multipart body must end with the closing delimiter, -- boundary --",
    "RFC 2046, section 5.1.1",
    "Send the whole body: check Content-Length, that lines of MIME end with CR LF, and that the"
    " stream is flushed and closed with the closing delimiter.",
)
LINE_ENDS = _warning(
    "mime-line-ends",
    "Lines of MIME must end with CR LF",
    "RFC 2046, section 4.1.1",
    "Write CR LF around delimiters and headers; LF alone makes the end of binary documents"
    " uncertain, and many servers refuse it.",
)
PART_HEADERS = _essential(
    "mime-part-headers",
    "Each part must start with headers 'Name: value', then an empty line",
    _MIME,
    "Write the part's headers one per line, each once, and an empty line before the content.",
)
PART_HEADERS_SIZE = _essential(
    "mime-part-headers-size",
    "The headers of a part must be of moderate size",
    "a limit of this server",
    "Shorten the headers, or check that an empty line follows them.",
)
PART_COUNT = _essential(
    "mime-part-count",
    "A message must have a moderate number of parts",
    "a limit of this server",
    "Split the submission.",
)
NOT_NESTED = _essential(
    "mtom-not-nested",
    "No part of an MTOM message may itself be multipart",
    "XOP 1.0, section 4.1",
    "Send each document as a part of its own; wrap a MIME document as application/octet-stream"
    " or message/rfc822.",
)
TRANSFER_ENCODING = _essential(
    "mime-transfer-encoding",
    "Content-Transfer-Encoding must be binary, 8bit, 7bit, base64 or quoted-printable",
    "RFC 2045, section 6.1",
    "Send documents as they are with Content-Transfer-Encoding: binary.",
)
TRANSFER_ENCODED = _essential(
    "mime-transfer-encoded",
    "The content of a part must be encoded as its Content-Transfer-Encoding says",
    "RFC 2045, section 6",
    "Encode the whole document, padding included, or send it as it is with"
    " Content-Transfer-Encoding: binary.",
)
PART_CONTENT_TYPE = _warning(
    "mime-part-content-type",
    "The Content-Type of a part must be readable",
    "RFC 2045, section 5.1",
    "Send the document's media type, such as application/pdf.",
)

# ---------------------------------------------------------------- MTOM

ROOT_PRESENT = _essential(
    "mtom-root-present",
    "The start parameter must name the Content-ID of the root part",
    "RFC 2387, section 3.2",
    "Make start and the Content-ID of the SOAP part the same, or leave start out and send the"
    " SOAP part first.",
)
ROOT_MEDIA_TYPE = _essential(
    "mtom-root-media-type",
    "The root part must be application/xop+xml",
    _MTOM,
    "Send the SOAP part with Content-Type: application/xop+xml; charset=UTF-8;"
    ' type="application/soap+xml".',
)
ROOT_TYPE = _warning(
    "mtom-root-type",
    "The root part's type parameter must be application/soap+xml",
    _MTOM,
    'Send Content-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml";'
    " text/xml means SOAP 1.1.",
)
CONTENT_ID_UNIQUE = _essential(
    "mtom-content-id-unique",
    "Each part must have a Content-ID of its own",
    "RFC 2045, section 7",
    "Give every part another Content-ID.",
)
CONTENT_ID = _warning(
    "mtom-content-id",
    "Each part must have a Content-ID in angle brackets",
    "RFC 2045, section 7; RFC 2387",
    "Write Content-ID: <id>; without it no xop:Include can refer to the part.",
)
TYPE = _warning(
    "mtom-type",
    "The type parameter of multipart/related must be application/xop+xml",
    _MTOM,
    'Add type="application/xop+xml" to the Content-Type of the message.',
)
START_BRACKETS = _warning(
    "mtom-start-brackets",
    "The start parameter must hold the Content-ID with its angle brackets",
    "RFC 2387, section 3.2",
    'Write start="<id>", as in the part\'s Content-ID header.',
)
START_INFO = _warning(
    "mtom-start-info",
    "The start-info parameter must be application/soap+xml",
    _MTOM,
    'Write start-info="application/soap+xml"; text/xml means SOAP 1.1.',
)

# ---------------------------------------------------------------- XOP

INCLUDE_KNOWN = _essential(
    "xop-include-known",
    "Each xop:Include must refer to a part of the message",
    "XOP 1.0, section 4.2; RFC 2392",
    "Make href 'cid:' and the part's Content-ID without angle brackets, percent-encoded once.",
)
INCLUDE_PLACE = _essential(
    "xop-include-place",
    "An xop:Include must stand in an element of type xs:base64Binary",
    "XOP 1.0, section 2.1",
    "Move the xop:Include into the element that holds the document, such as xdsb:Document.",
)
INCLUDE_ALONE = _essential(
    "xop-include-alone",
    "An xop:Include must be the only content of its element",
    "XOP 1.0, section 2.1",
    "Remove everything else from the element: text, base64 data, other elements.",
)
INCLUDE_HREF = _essential(
    "xop-include-href",
    "An xop:Include must have an href with a cid: URL",
    "XOP 1.0, section 2.1",
    'Write <xop:Include href="cid:..."/> with the Content-ID of the part.',
)
BASE64 = _essential(
    "xop-base64",
    "The text of an xs:base64Binary element must be base64",
    "XML Schema part 2, section 3.2.16",
    "Encode the whole document with the alphabet A-Z a-z 0-9 + / and its padding, or send it as"
    " an MTOM part.",
)

# ---------------------------------------------------------------- SOAP

ENVELOPE = _essential(
    "soap-envelope",
    "The root element of a message must be soap:Envelope",
    _SOAP,
    "Put the payload into soap:Envelope/soap:Body of SOAP 1.2.",
)
VERSION_KNOWN = _essential(
    "soap-version-known",
    "The envelope's namespace must be that of a known version of SOAP",
    f"{_SOAP}.4.7",
    "Use the namespace http://www.w3.org/2003/05/soap-envelope.",
)
VERSION = Rule(
    "soap-version",
    Severity.ERROR,
    "Messages must be SOAP 1.2",
    "ITI TF-2: V.3.2",
    "Use the namespace http://www.w3.org/2003/05/soap-envelope and Content-Type"
    " application/soap+xml; SOAP 1.1 (text/xml, SOAPAction) is accepted with --lenient only.",
)
ENVELOPE_ORDER = _essential(
    "soap-envelope-order",
    "soap:Envelope must hold soap:Header, then one soap:Body, and nothing else",
    _SOAP,
    "Put soap:Header before soap:Body, and both there once at most.",
)
BODY_PAYLOAD = _essential(
    "soap-body-payload",
    "soap:Body must hold one element and no text",
    "ITI TF-2: V.3.2; WS-I Basic Profile 2.0, R2201",
    "Put exactly one element, the root element of the transaction's message, into soap:Body.",
)
MUST_UNDERSTAND = _essential(
    "soap-must-understand",
    "A header with soap:mustUnderstand must be one that this server understands",
    f"{_SOAP}.4.8",
    "Leave the header out, or set its mustUnderstand to false.",
)

# ---------------------------------------------------------------- WS-Addressing

ADDRESSING_REQUIRED = Rule(
    "wsa-required",
    Severity.ERROR,
    "A message must have WS-Addressing headers",
    _WSA_SECTION,
    "Send wsa:Action, wsa:MessageID, wsa:ReplyTo and wsa:To of http://www.w3.org/2005/08/addressing.",
)
ADDRESSING_RECOMMENDED = _warning(
    "wsa-recommended",
    "A message of an HL7 V3 transaction should have WS-Addressing headers",
    "ITI TF-2: V.3.1.2",
    "Send wsa:Action, wsa:MessageID, wsa:ReplyTo and wsa:To of http://www.w3.org/2005/08/addressing.",
)
ACTION_REQUIRED = Rule(
    "wsa-action-required",
    Severity.ERROR,
    "A message must have one wsa:Action",
    _WSA_SECTION,
    'Add wsa:Action with soap:mustUnderstand="1" and the action of the transaction.',
)
ACTION_RECOMMENDED = _warning(
    "wsa-action-recommended",
    "A message with WS-Addressing headers should have one wsa:Action",
    "ITI TF-2: V.3.1.2",
    'Add wsa:Action with soap:mustUnderstand="1" and the action of the transaction.',
)
ACTION_MUST_UNDERSTAND = _warning(
    "wsa-action-must-understand",
    "wsa:Action must have the attribute soap:mustUnderstand with the value true or 1",
    f"{_WSA_SECTION}, IHE-WSA101",
    'Write <wsa:Action soap:mustUnderstand="1">; the attribute is of the envelope\'s namespace.',
)
ACTION_BLANKS = _warning(
    "wsa-action-blanks",
    "wsa:Action must have no blanks or line breaks around the action",
    _WSA_SECTION,
    "Write the action directly between the tags, without pretty-printing.",
)
ACTION_SUPPORTED = _essential(
    "wsa-action-supported",
    "wsa:Action must be one that this endpoint serves",
    _WSA_SECTION,
    "Send the action of the transaction, character by character, to the endpoint of its actor.",
)
ACTION_MATCHES_BODY = _essential(
    "wsa-action-matches-body",
    "wsa:Action must belong to the element in soap:Body",
    _WSA_SECTION,
    "Send the action of the transaction that the body's element is for, or the other body.",
)
REPLY_TO = _warning(
    "wsa-reply-to",
    "An initiating message must have wsa:ReplyTo",
    f"{_WSA_SECTION}, IHE-WSA102",
    "Add wsa:ReplyTo with wsa:Address http://www.w3.org/2005/08/addressing/anonymous.",
)
MESSAGE_ID = _warning(
    "wsa-message-id",
    "A message that is answered must have wsa:MessageID",
    _WSA_SECTION,
    "Add wsa:MessageID with urn:uuid: and a new UUID; the answer's wsa:RelatesTo repeats it.",
)
_ZEEP = (
    "zeep adds these headers by itself when the WSDL has wsaw:Action: with its "
    "WsAddressingPlugin they are sent twice, so leave the plugin out."
)
HEADER_TWICE = _warning(
    "wsa-header-twice",
    "A header of WS-Addressing must stand in a message once",
    "WS-Addressing 1.0 Core, section 3.2",
    f"Send it once. {_ZEEP}",
)
HEADER_CONTRADICTS = _essential(
    "wsa-header-contradicts",
    "A header of WS-Addressing must stand in a message once",
    "WS-Addressing 1.0 SOAP Binding, section 6.4.1",
    f"Send one of them only. {_ZEEP}",
)
ADDRESS_PRESENT = _essential(
    "wsa-address-present",
    "wsa:ReplyTo, wsa:FaultTo and wsa:From must hold a wsa:Address",
    "WS-Addressing 1.0 Core, section 2.1",
    "Add wsa:Address http://www.w3.org/2005/08/addressing/anonymous to it.",
)
REFERENCE_PARAMETERS = _essential(
    "wsa-reference-parameters",
    "The reference parameters of an endpoint must be few, small, and none of WS-Addressing itself",
    "WS-Addressing 1.0 SOAP Binding, section 3.4; a limit of this server",
    "Send 20 elements and 16 KB at most, without wsa:Action, wsa:To and the like: they come back"
    " as headers of the answer, beside its own.",
)
ADDRESSING_VERSION = _warning(
    "wsa-version",
    "WS-Addressing headers must be of version 1.0, http://www.w3.org/2005/08/addressing",
    _WSA_SECTION,
    "Change the namespace; headers of another version are ignored.",
)

RULES: tuple[Rule, ...] = tuple(value for value in globals().values() if isinstance(value, Rule))
"""All of them, in the order of this file."""
