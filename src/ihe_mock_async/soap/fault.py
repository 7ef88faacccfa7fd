"""SOAP faults: the exception, and its envelope (SOAP 1.2 part 1, section 5.4; SOAP 1.1, 4.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from http import HTTPStatus

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.elements import sanitise
from ihe_mock_async.errors import SoapFaultError
from ihe_mock_async.findings import Finding
from ihe_mock_async.soap.namespaces import SOAP11, SOAP12, SOAP_FAULT, WSA, WSA_FAULT, XML
from ihe_mock_async.soap.version import SoapVersion

QualifiedName = tuple[str, str]
"""Namespace and local name."""


class FaultCode(Enum):
    """The fault codes; the value is the local name in SOAP 1.2."""

    SENDER = "Sender"
    RECEIVER = "Receiver"
    VERSION_MISMATCH = "VersionMismatch"
    MUST_UNDERSTAND = "MustUnderstand"
    DATA_ENCODING_UNKNOWN = "DataEncodingUnknown"


_SOAP11_NAMES = {
    FaultCode.SENDER: "Client",
    FaultCode.RECEIVER: "Server",
    FaultCode.DATA_ENCODING_UNKNOWN: "Client",
}


class SoapFault(SoapFaultError):  # noqa: N818 - SOAP's own word for it
    """A message that is answered with a fault; `reason` and `findings` are for the client.

    `subcodes` are qualified names, outermost first. `http_status` is 400 for Sender and 500 for
    all other codes (SOAP 1.2 part 2, table 20) unless one of HTTP's own (404, 405, 413, 415) is
    given, with `http_headers` such as Allow. `detail` is the text of `Detail/error` if that is
    not the reason.
    """

    def __init__(  # noqa: PLR0913 - the parts that a fault may have
        self,
        code: FaultCode,
        reason: str,
        *,
        findings: Iterable[Finding] = (),
        subcodes: Iterable[QualifiedName] = (),
        http_status: int | None = None,
        http_headers: Iterable[tuple[str, str]] = (),
        not_understood: Iterable[QualifiedName] = (),
        problem_header: QualifiedName | None = None,
        problem_action: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.findings = tuple(findings)
        self.subcodes = tuple(subcodes)
        self.http_headers = tuple(http_headers)
        self.not_understood = tuple(not_understood)
        self.problem_header = problem_header
        self.problem_action = problem_action
        self.detail = detail
        self._own_status = http_status

    @property
    def http_status(self) -> int:
        """The HTTP status of the fault in SOAP 1.2."""
        if self._own_status is not None:
            return self._own_status
        if self.code is FaultCode.SENDER:
            return HTTPStatus.BAD_REQUEST
        return HTTPStatus.INTERNAL_SERVER_ERROR

    def status_for(self, version: SoapVersion) -> int:
        """The HTTP status in this version: SOAP 1.1 knows 500 only (SOAP 1.1, section 6.2)."""
        if version is SoapVersion.V1_1 and self._own_status is None:
            return HTTPStatus.INTERNAL_SERVER_ERROR
        return self.http_status

    @property
    def action(self) -> str:
        """wsa:Action of the fault message (WS-Addressing 1.0 SOAP Binding, section 6)."""
        return WSA_FAULT if any(name[0] == WSA for name in self.subcodes) else SOAP_FAULT


def sender(
    reason: str,
    *findings: Finding,
    subcodes: Iterable[QualifiedName] = (),
    http_status: int | None = None,
    http_headers: Iterable[tuple[str, str]] = (),
) -> SoapFault:
    """A fault of the client."""
    return SoapFault(
        FaultCode.SENDER,
        reason,
        findings=findings,
        subcodes=subcodes,
        http_status=http_status,
        http_headers=http_headers,
    )


def receiver(reason: str, *findings: Finding, http_status: int | None = None) -> SoapFault:
    """A fault of this server."""
    return SoapFault(FaultCode.RECEIVER, reason, findings=findings, http_status=http_status)


def refusal(
    *findings: Finding,
    subcodes: Iterable[QualifiedName] = (),
    http_status: int | None = None,
) -> SoapFault:
    """A fault of the client whose reason tells all that was found, one after the other."""
    return sender(summary(findings), *findings, subcodes=subcodes, http_status=http_status)


def summary(findings: Sequence[Finding]) -> str:
    """Some findings as the text of a fault's Reason."""
    if len(findings) == 1:
        return findings[0].describe()
    listed = " ".join(f"({n}) {found.describe()}" for n, found in enumerate(findings, 1))
    return f"The message has {len(findings)} problems: {listed}"


# ---------------------------------------------------------------- the envelope

_S12 = ElementMaker(namespace=SOAP12, nsmap={"soap": SOAP12})
_S11 = ElementMaker(namespace=SOAP11, nsmap={"soap": SOAP11})
_WSA = ElementMaker(namespace=WSA, nsmap={"wsa": WSA})
_PLAIN = ElementMaker()
_LANG = f"{{{XML}}}lang"


def write(  # noqa: PLR0913 - the headers that a message may have
    fault: SoapFault,
    version: SoapVersion,
    *,
    relates_to: str = "",
    message_id: str = "",
    to: str = "",
    parameters: Iterable[bytes] = (),
    findings: Iterable[Finding] | None = None,
) -> bytes:
    """The whole envelope of a fault, UTF-8.

    `findings` replaces those of the fault in `Detail/error`, for all that is known of the
    message. `relates_to`, `message_id` and `to` are left out when empty. `parameters` are header
    blocks as they are: the reference parameters of the endpoint `to`.
    """
    scope = _scope(fault, version)
    error = _error(fault.detail or fault.reason, fault.findings if findings is None else findings)
    headers = [*_upgrade(fault, scope), *_not_understood(fault, scope)]
    if version is SoapVersion.V1_2:
        body = _fault_12(fault, error, scope)
    else:
        body = _fault_11(fault, error)
        headers += _fault_detail_header(fault, scope)
    # A SOAP 1.1 client without WS-Addressing must not meet a header it has to understand.
    if version is SoapVersion.V1_2 or relates_to or to:
        headers = [*_addressing(fault, version, relates_to, message_id, to), *headers]
    headers += (etree.fromstring(block) for block in parameters)
    # Prefixes of QNames in text are declared here: below, libxml2 merges declarations.
    soap = ElementMaker(namespace=version.namespace, nsmap={p: ns for ns, p in scope.items()})
    envelope = soap.Envelope(soap.Header(*headers), soap.Body(body))
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def _scope(fault: SoapFault, version: SoapVersion) -> dict[str, str]:
    """The prefix of each namespace that the envelope needs for QNames in text."""
    scope = {version.namespace: "soap", WSA: "wsa"}
    names = [*fault.not_understood, *fault.subcodes]
    if fault.code is FaultCode.VERSION_MISMATCH:
        names.append((SOAP12, "Envelope"))
    if fault.problem_header is not None:
        names.append(fault.problem_header)
    for namespace, _ in names:
        if namespace:
            scope.setdefault(namespace, f"n{len(scope)}")
    return scope


def _qname(name: QualifiedName, scope: Mapping[str, str]) -> str:
    namespace, local = name
    return f"{scope[namespace]}:{local}" if namespace else local


def _addressing(
    fault: SoapFault, version: SoapVersion, relates_to: str, message_id: str, to: str
) -> list[etree._Element]:
    action = _WSA.Action(fault.action, {version.must_understand: "1"})
    optional = (
        (_WSA.MessageID, message_id),
        (_WSA.RelatesTo, relates_to),
        (_WSA.To, to),
    )
    return [action, *(element(sanitise(text)) for element, text in optional if text)]


def _upgrade(fault: SoapFault, scope: Mapping[str, str]) -> list[etree._Element]:
    # SOAP 1.2 part 1, 5.4.7: of SOAP 1.2 in an envelope of SOAP 1.1, too.
    if fault.code is not FaultCode.VERSION_MISMATCH:
        return []
    return [_S12.Upgrade(_S12.SupportedEnvelope(qname=_qname((SOAP12, "Envelope"), scope)))]


def _not_understood(fault: SoapFault, scope: Mapping[str, str]) -> list[etree._Element]:
    # SOAP 1.2 part 1, 5.4.8.
    return [_S12.NotUnderstood(qname=_qname(name, scope)) for name in fault.not_understood]


def _fault_12(fault: SoapFault, error: etree._Element, scope: Mapping[str, str]) -> etree._Element:
    code = _S12.Code(_S12.Value(f"soap:{fault.code.value}"))
    parent = code
    for name in fault.subcodes:
        subcode = _S12.Subcode(_S12.Value(_qname(name, scope)))
        parent.append(subcode)
        parent = subcode
    return _S12.Fault(
        code,
        _S12.Reason(_S12.Text(sanitise(fault.reason), {_LANG: "en"})),
        _S12.Detail(error, *_problems(fault, scope)),
    )


def _fault_11(fault: SoapFault, error: etree._Element) -> etree._Element:
    # SOAP 1.1, 4.4: the children of Fault have no namespace.
    name = _SOAP11_NAMES.get(fault.code, fault.code.value)
    return _S11.Fault(
        _PLAIN.faultcode(f"soap:{name}"),
        _PLAIN.faultstring(sanitise(fault.reason), {_LANG: "en"}),
        _PLAIN.detail(error),
    )


def _problems(fault: SoapFault, scope: Mapping[str, str]) -> list[etree._Element]:
    """What WS-Addressing 1.0 SOAP Binding, 6.3, puts into the details of its faults."""
    problems = []
    if fault.problem_header is not None:
        problems.append(_WSA.ProblemHeaderQName(_qname(fault.problem_header, scope)))
    if fault.problem_action:
        problems.append(_WSA.ProblemAction(_WSA.Action(sanitise(fault.problem_action))))
    return problems


def _fault_detail_header(fault: SoapFault, scope: Mapping[str, str]) -> list[etree._Element]:
    # SOAP 1.1 forbids details of header problems in the body (SOAP 1.1, 4.4).
    problems = _problems(fault, scope)
    return [_WSA.FaultDetail(*problems)] if problems else []


def _error(reason: str, findings: Iterable[Finding]) -> etree._Element:
    """`error`: the reason as text, for clients that read a string, then each finding."""
    return _PLAIN.error(sanitise(reason), *(_finding(found) for found in findings))


def _finding(found: Finding) -> etree._Element:
    rule = found.rule
    attributes = {"rule": rule.id, "severity": rule.severity.value, "section": rule.section}
    if found.line is not None:
        attributes["line"] = str(found.line)
    children = (
        (_PLAIN.requirement, rule.text),
        (_PLAIN.location, found.location),
        (_PLAIN.received, found.received),
        (_PLAIN.expected, found.expected),
        (_PLAIN.fix, rule.fix),
    )
    return _PLAIN.finding(
        attributes, *(element(sanitise(text)) for element, text in children if text)
    )
