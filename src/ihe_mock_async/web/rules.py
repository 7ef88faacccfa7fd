"""Rules of the transport: method, Content-Type, size, framing and choice of the transaction."""

from __future__ import annotations

from ihe_mock_async.findings import Rule, Severity

METHOD = Rule(
    "http-method",
    Severity.ERROR,
    "A SOAP endpoint takes POST only",
    "SOAP 1.2 part 2: 7.4",
    "Send the message with POST.",
    essential=True,
)
CONTENT_TYPE = Rule(
    "http-content-type",
    Severity.ERROR,
    "The Content-Type is not one of a SOAP message",
    "ITI TF-2: V.3, V.8",
    "Send application/soap+xml, or multipart/related with type application/xop+xml for MTOM.",
    essential=True,
)
CONTENT_TYPE_VERSION = Rule(
    "http-content-type-version",
    Severity.ERROR,
    "The Content-Type belongs to another SOAP version than the envelope",
    "SOAP 1.2 part 2: 7.1.4",
    "Send a SOAP 1.2 envelope as application/soap+xml.",
)
CHARSET = Rule(
    "http-charset",
    Severity.ERROR,
    "The charset of the Content-Type is not UTF-8, UTF-16 or US-ASCII",
    "WS-I Basic Profile 1.1: R1012",
    "Encode the message as UTF-8 and say charset=UTF-8.",
    essential=True,
)
CONTENT_ENCODING = Rule(
    "http-content-encoding",
    Severity.ERROR,
    "A compressed request body is not read",
    "RFC 9110: 8.4",
    "Send the body without Content-Encoding.",
    essential=True,
)
TOO_LARGE = Rule(
    "http-too-large",
    Severity.ERROR,
    "The request is larger than this server takes",
    "RFC 9110: 15.5.14",
    "Send less, or raise max_request_bytes (the whole request) or max_envelope_bytes (its XML).",
    essential=True,
)
INCOMPLETE = Rule(
    "http-incomplete",
    Severity.ERROR,
    "The request ended before its announced length",
    "RFC 9112: 8",
    "Send the whole body; Content-Length counts octets, not characters.",
    essential=True,
)
NOT_FOUND = Rule(
    "http-not-found",
    Severity.ERROR,
    "There is no SOAP endpoint at this path",
    "RFC 9110: 15.5.5",
    "Send the message to one of the endpoints named here.",
    essential=True,
)
SOAP_11 = Rule(
    "soap-version",
    Severity.ERROR,
    "IHE transactions are SOAP 1.2 only",
    "ITI TF-2: V.3.2 (IHE-WSP215)",
    "Send a SOAP 1.2 envelope (http://www.w3.org/2003/05/soap-envelope) as application/soap+xml, "
    "or start the server with --lenient to have SOAP 1.1 answered.",
)
ACTION_MISSING = Rule(
    "wsa-action-missing",
    Severity.ERROR,
    "The message has no wsa:Action",
    "ITI TF-2: V.3.2.2 (IHE-WSA101)",
    "Add <wsa:Action soap:mustUnderstand='1'> with the action of the transaction to the Header.",
)
ADDRESSING_ABSENT = Rule(
    "wsa-absent",
    Severity.WARNING,
    "The message has no WS-Addressing headers",
    "ITI TF-2: V.3.1.2",
    "Add wsa:Action, wsa:MessageID and wsa:ReplyTo, so that answers can be correlated.",
)
MTOM_REQUIRED = Rule(
    "mtom-required",
    Severity.ERROR,
    "The request is simple SOAP, but this transaction must be sent as MTOM/XOP",
    "ITI TF-2: V.8.2",
    "Send multipart/related with type=application/xop+xml, also when nothing is optimised, or "
    "start the server with --lenient to have simple SOAP accepted.",
)
MTOM_UNEXPECTED = Rule(
    "mtom-unexpected",
    Severity.WARNING,
    "The request is MTOM/XOP, but this transaction is sent as simple SOAP",
    "ITI TF-2: V.3.2",
    "Send application/soap+xml without MIME parts.",
)
INLINE_BASE64 = Rule(
    "mtom-inline-base64",
    Severity.HINT,
    "The document is inline base64",
    "ITI TF-2: V.8.2",
    "Legal, but an xop:Include with an attachment is a third smaller and never copied.",
)
UNUSED_PART = Rule(
    "mtom-part-unused",
    Severity.WARNING,
    "A MIME part is referenced by no xop:Include",
    "XOP 1.0: 3.2",
    "Reference the part with <xop:Include href='cid:...'/>, or leave it out.",
)

RULES: tuple[Rule, ...] = (
    METHOD,
    CONTENT_TYPE,
    CONTENT_TYPE_VERSION,
    CHARSET,
    CONTENT_ENCODING,
    TOO_LARGE,
    INCOMPLETE,
    NOT_FOUND,
    SOAP_11,
    ACTION_MISSING,
    ADDRESSING_ABSENT,
    MTOM_REQUIRED,
    MTOM_UNEXPECTED,
    INLINE_BASE64,
    UNUSED_PART,
)
