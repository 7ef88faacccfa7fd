"""What can be told of an answer alone: status, errors, acknowledgement codes, the form of a fault.

Only for `validate`, whose files may be answers of other servers; this server never takes one as
a request. Whether an answer fits its request is not judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from lxml import etree

from ihe_mock_async import elements
from ihe_mock_async.elements import local_name, path_of
from ihe_mock_async.findings import Finding, Rule, Severity
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.soap import SoapFault, envelope
from ihe_mock_async.soap import rules as soap_rules
from ihe_mock_async.soap.addressing import Addressing
from ihe_mock_async.soap.namespaces import SOAP11, SOAP12
from ihe_mock_async.xds import namespaces as ns

if TYPE_CHECKING:
    from ihe_mock_async.web.offline.recognition import Recognised

_RESPONSE = "ITI TF-3: 4.2.4"

STATUS = Rule(
    "answer-status",
    Severity.ERROR,
    "The status of an XDS answer is the whole URN of Success, Failure or PartialSuccess",
    f"{_RESPONSE}.2",
    "Write urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success (or Failure), or "
    "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess.",
)
STATUS_ERRORS = Rule(
    "answer-status-errors",
    Severity.ERROR,
    "Success comes without errors, Failure and PartialSuccess with at least one",
    f"{_RESPONSE}.2",
    "Set the status by the RegistryErrors of severity Error; warnings alone leave it Success.",
)
PARTIAL_SUCCESS = Rule(
    "answer-partial-success",
    Severity.ERROR,
    "Only queries and retrievals are answered with PartialSuccess",
    f"{_RESPONSE}.2",
    "Answer a submission with Success or Failure: it is stored as a whole or not at all.",
)
ERROR_SEVERITY = Rule(
    "answer-error-severity",
    Severity.ERROR,
    "The severity of a RegistryError is the whole URN of Error or Warning",
    f"{_RESPONSE}.1",
    "Write urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error (or Warning).",
)
ERROR_TEXT = Rule(
    "answer-error-text",
    Severity.ERROR,
    "A RegistryError has its text in attributes, and no content",
    f"{_RESPONSE}.1",
    "Move the text into codeContext.",
)
OBJECT_LIST = Rule(
    "answer-object-list",
    Severity.ERROR,
    "An AdhocQueryResponse holds a RegistryObjectList, after a RegistryErrorList if there is one",
    "ITI TF-2: 3.18.4.1.3",
    "Add <rim:RegistryObjectList/> as the last child, also when nothing was found.",
)
ACKNOWLEDGEMENT_CODE = Rule(
    "answer-acknowledgement-code",
    Severity.WARNING,
    "An accept acknowledgement says CA, CE or CR, an application acknowledgement AA, AE or AR",
    "ITI TF-2: O.1.2, O.1.3",
    "MCCI_IN000002UV01 is an accept acknowledgement; answers to queries carry the other kind.",
)
FAULT = Rule(
    "answer-fault",
    Severity.ERROR,
    "A fault of SOAP 1.2 has a Code with one of the five values, then a Reason with a Text",
    "SOAP 1.2 part 1, section 5.4",
    "Write Code/Value with the prefix of the envelope, then Reason/Text with xml:lang.",
)
RELATES_TO = Rule(
    "answer-relates-to",
    Severity.WARNING,
    "An answer with WS-Addressing headers has wsa:RelatesTo",
    "ITI TF-2: V.3.2.2",
    "Add wsa:RelatesTo with the MessageID of the request, character by character.",
)

RULES: tuple[Rule, ...] = tuple(value for value in globals().values() if isinstance(value, Rule))
"""All of them, in the order of this file."""

_SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
_FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
_PARTIAL = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
_STATUSES = (_SUCCESS, _FAILURE, _PARTIAL)
_ERROR = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"
_WARNING = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"
_FAULT_CODES = frozenset(
    {"VersionMismatch", "MustUnderstand", "DataEncodingUnknown", "Sender", "Receiver"}
)
_MAX_ERRORS = 50
"""RegistryErrors of one answer that are reported."""

_REGISTRY_RESPONSE = f"{{{ns.RS}}}RegistryResponse"
_QUERY_RESPONSE = f"{{{ns.QUERY}}}AdhocQueryResponse"
_RETRIEVE_RESPONSE = f"{{{ns.XDSB}}}RetrieveDocumentSetResponse"
_ERROR_LIST = f"{{{ns.RS}}}RegistryErrorList"
_REGISTRY_ERROR = f"{{{ns.RS}}}RegistryError"
_OBJECTS = f"{{{ns.RIM}}}RegistryObjectList"
_ACCEPT_CODES = ("CA", "CE", "CR")
_APPLICATION_CODES = ("AA", "AE", "AR")


def is_answer(root: str) -> bool:
    """Whether a body root (Clark name) is that of an answer or a fault."""
    return root in _CHECKS


def check(seen: Recognised, *, needs_envelope: bool) -> list[Finding]:
    """What XML, SOAP, WS-Addressing and the rules of answers find in an answer."""
    if seen.document is None:
        try:
            elements.parse(seen.content)
        except elements.MalformedXmlError as error:
            return [error.finding]
    findings: list[Finding] = []
    addressing = None
    if seen.document is not None and (seen.enveloped or needs_envelope):
        try:
            message = envelope.read(seen.document)
        except SoapFault as error:
            findings += error.findings
        else:
            addressing = message.addressing
            findings += (f for f in message.findings if f.rule not in _OF_INITIATORS)
    if seen.payload is not None:
        findings += _check_payload(seen.payload, addressing)
    return findings


_OF_INITIATORS = frozenset({soap_rules.REPLY_TO, soap_rules.MESSAGE_ID})
"""What only a message that starts an exchange must have."""


def _check_payload(payload: etree._Element, addressing: Addressing | None) -> Iterator[Finding]:
    yield from _CHECKS.get(str(payload.tag), _nothing)(payload)
    if addressing is not None and addressing.present:
        if not addressing.relates_to:
            yield RELATES_TO.found("/Envelope/Header")
        yield from _partial_success(payload, addressing.action)


def _nothing(payload: etree._Element) -> Iterator[Finding]:
    return iter(())


# ---------------------------------------------------------------- ebRS


def _registry_response(response: etree._Element) -> Iterator[Finding]:
    status = response.get("status", "")
    if status not in _STATUSES:
        yield STATUS.found(
            f"{path_of(response)}/@status",
            line=response.sourceline,
            received=status,
            expected=_like(status, _STATUSES),
        )
    errors = [*response.iterfind(f"{_ERROR_LIST}/{_REGISTRY_ERROR}")]
    for error in errors[:_MAX_ERRORS]:
        yield from _registry_error(error)
    serious = sum(error.get("severity", "").endswith("Error") for error in errors)
    if status in _STATUSES and (status == _SUCCESS) == (serious > 0):
        yield STATUS_ERRORS.found(
            path_of(response),
            line=response.sourceline,
            received=f"{status.rpartition(':')[2]} with {serious} errors",
        )


def _like(text: str, allowed: tuple[str, ...]) -> str:
    """The allowed value that ends like a text, or all of them."""
    name = text.rpartition(":")[2]
    alike = (each for each in allowed if each.rpartition(":")[2] == name)
    return next(alike, " or ".join(allowed))


def _registry_error(error: etree._Element) -> Iterator[Finding]:
    severity = error.get("severity", "")
    if severity not in (_ERROR, _WARNING):
        yield ERROR_SEVERITY.found(
            f"{path_of(error)}/@severity",
            line=error.sourceline,
            received=severity,
            expected=_like(severity, (_ERROR, _WARNING)),
        )
    content = "".join(error.itertext()).strip()
    if content or len(error):
        yield ERROR_TEXT.found(path_of(error), line=error.sourceline, received=content)


def _query_response(response: etree._Element) -> Iterator[Finding]:
    yield from _registry_response(response)
    children = [str(child.tag) for child in response]
    if not children or children[-1] != _OBJECTS:
        yield OBJECT_LIST.found(
            path_of(response),
            line=response.sourceline,
            received=", ".join(local_name(child) for child in response) or "no children",
        )


def _retrieve_response(response: etree._Element) -> Iterator[Finding]:
    for inner in response.iterchildren(_REGISTRY_RESPONSE):
        yield from _registry_response(inner)


_STORING = ("RegisterDocumentSet-bResponse", "UpdateDocumentSetResponse")


def _partial_success(payload: etree._Element, action: str) -> Iterator[Finding]:
    if payload.get("status") == _PARTIAL and action.endswith(_STORING):
        yield PARTIAL_SUCCESS.found(
            f"{path_of(payload)}/@status", line=payload.sourceline, received=action
        )


# ---------------------------------------------------------------- HL7 V3, SOAP


def _acknowledged(codes: tuple[str, ...]) -> Callable[[etree._Element], Iterator[Finding]]:
    def check_codes(message: etree._Element) -> Iterator[Finding]:
        for code in message.iterfind(f"{clark('acknowledgement')}/{clark('typeCode')}"):
            if code.get("code") not in codes:
                yield ACKNOWLEDGEMENT_CODE.found(
                    f"{path_of(code)}/@code",
                    line=code.sourceline,
                    received=code.get("code", ""),
                    expected=" or ".join(codes),
                )

    return check_codes


def _fault(fault: etree._Element) -> Iterator[Finding]:
    value = fault.findtext(f"{{{SOAP12}}}Code/{{{SOAP12}}}Value", "").strip()
    text = fault.findtext(f"{{{SOAP12}}}Reason/{{{SOAP12}}}Text", "").strip()
    names = [local_name(child) for child in fault]
    if value.rpartition(":")[2] not in _FAULT_CODES or not text or names[:2] != ["Code", "Reason"]:
        yield FAULT.found(
            path_of(fault),
            line=fault.sourceline,
            received=f"{', '.join(names)} with the code {value or '(none)'}",
        )


_CHECKS: Mapping[str, Callable[[etree._Element], Iterator[Finding]]] = {
    _REGISTRY_RESPONSE: _registry_response,
    _QUERY_RESPONSE: _query_response,
    _RETRIEVE_RESPONSE: _retrieve_response,
    clark("MCCI_IN000002UV01"): _acknowledged(_ACCEPT_CODES),
    clark("PRPA_IN201306UV02"): _acknowledged(_APPLICATION_CODES),
    clark("PRPA_IN201310UV02"): _acknowledged(_APPLICATION_CODES),
    f"{{{SOAP12}}}Fault": _fault,
    f"{{{SOAP11}}}Fault": _nothing,
}
