"""Rules of the transport: method, Content-Type, size, framing and choice of the transaction."""

from __future__ import annotations

from ihe_mock_async.findings import Rule, Severity

METHOD = Rule(
    "http-method",
    Severity.ERROR,
    "A SOAP endpoint takes POST only",
    "SOAP 1.2 part 2: 7.4",
    "Send the message with POST; GET with ?wsdl after the path answers the WSDL.",
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
    "The connection was closed before the end of the request",
    "RFC 9112: 8",
    "Send the whole body, and wait for the answer; Content-Length counts octets, not characters.",
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
NAMESPACE = Rule(
    "http-namespace",
    Severity.ERROR,
    "The path names no namespace of this server",
    "a rule of this server",
    "Name the namespace with 1 to 100 letters, digits, '.', '_' or '-', of which the first is a "
    "letter or digit.",
    essential=True,
)
ROOT = Rule(
    "soap-body-root",
    Severity.ERROR,
    "The message has no wsa:Action, and its body belongs to no transaction of this endpoint",
    "ITI TF-2: V.3.2.2",
    "Send the transaction's root element in soap:Body, and its wsa:Action.",
    essential=True,
)
ELSEWHERE = Rule(
    "wsa-action-elsewhere",
    Severity.ERROR,
    "The action belongs to another actor's endpoint",
    "ITI TF-2: V.3.2.2",
    "Send the message to the path named here.",
    essential=True,
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
_ADDRESS_FIX = (
    "Set wsa:Address to http://www.w3.org/2005/08/addressing/anonymous for an answer on the same "
    "connection, or to an http or https URL with a host, without user and password, that this "
    "server can post to; http://www.w3.org/2005/08/addressing/none means no answer."
)
REPLY_ADDRESS = Rule(
    "wsa-reply-address",
    Severity.ERROR,
    "wsa:ReplyTo must hold anonymous, none, or an absolute http or https URL",
    "ITI TF-2: V.5; WS-Addressing 1.0 - SOAP Binding: 6.4.1",
    _ADDRESS_FIX,
    essential=True,
)
FAULT_ADDRESS = Rule(
    "wsa-fault-address",
    Severity.ERROR,
    "wsa:FaultTo must hold anonymous, none, or an absolute http or https URL",
    "ITI TF-2: V.5; WS-Addressing 1.0 - SOAP Binding: 6.4.1",
    _ADDRESS_FIX,
    essential=True,
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

RULES: tuple[Rule, ...] = tuple(value for value in globals().values() if isinstance(value, Rule))
"""All of them, in the order of this file."""
