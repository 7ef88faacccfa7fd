"""SOAP envelopes, read and written (SOAP 1.2 part 1, section 5; ITI TF-2: V.3.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from xml.sax.saxutils import escape

from lxml import etree

from ihe_mock_async.elements import local_name, namespace_of, path_of, sanitise
from ihe_mock_async.findings import Finding
from ihe_mock_async.soap import addressing as wsa
from ihe_mock_async.soap import rules
from ihe_mock_async.soap.addressing import Addressing
from ihe_mock_async.soap.fault import FaultCode, SoapFault, refusal, summary
from ihe_mock_async.soap.namespaces import (
    ANONYMOUS,
    OTHER_WSA_VERSIONS,
    SOAP12,
    WSA,
    WSSE,
    XCPD,
    XDR,
)
from ihe_mock_async.soap.version import SoapVersion

__all__ = ["SoapMessage", "SoapVersion", "read", "version_mismatch", "write"]

_VERSIONS = {f"{{{version.namespace}}}Envelope": version for version in SoapVersion}
_UNDERSTOOD_NAMESPACES = frozenset({WSA, *OTHER_WSA_VERSIONS})
# CorrelationTimeToLive (ITI-55) tells how long a match may be kept: it asks nothing of us.
_UNDERSTOOD = frozenset(
    {
        f"{{{WSSE}}}Security",
        f"{{{XDR}}}homeCommunityBlock",
        f"{{{XCPD}}}CorrelationTimeToLive",
    }
)
# The roles that the last receiver plays (SOAP 1.2 part 1, 2.2; SOAP 1.1, 4.2.2).
_OUR_ROLES = frozenset(
    {
        "",
        f"{SOAP12}/role/next",
        f"{SOAP12}/role/ultimateReceiver",
        "http://schemas.xmlsoap.org/soap/actor/next",
    }
)
_TRUE = frozenset({"1", "true"})
_MAX_FINDINGS = 20
"""Of one kind; a hostile message could have any number."""


@dataclass(frozen=True, slots=True)
class SoapMessage:
    """A message taken out of its envelope."""

    version: SoapVersion
    payload: etree._Element
    """The child of soap:Body."""
    headers: tuple[etree._Element, ...]
    """The children of soap:Header."""
    addressing: Addressing
    findings: tuple[Finding, ...]
    """What SOAP and WS-Addressing rules have found; SOAP 1.1 is one of them."""


def read(root: etree._Element, understood: Collection[str] = ()) -> SoapMessage:
    """Open an envelope, or raise a `SoapFault` that tells all that is wrong with it.

    `understood` are Clark names of headers that may say mustUnderstand, besides those of
    WS-Addressing, wsse:Security, xdr:homeCommunityBlock and xcpd:CorrelationTimeToLive.
    """
    version = _VERSIONS.get(str(root.tag))
    if version is None:
        raise _not_an_envelope(root)
    header, payload = _open(root, version)
    headers = tuple(header) if header is not None else ()
    _check_must_understand(headers, version, understood)
    addressing, findings = wsa.read(header, version)
    if version is SoapVersion.V1_1:
        findings = (
            rules.VERSION.found("/Envelope", line=root.sourceline, received="SOAP 1.1"),
            *findings,
        )
    return SoapMessage(version, payload, headers, addressing, findings)


# ---------------------------------------------------------------- structure


def _open(
    root: etree._Element, version: SoapVersion
) -> tuple[etree._Element | None, etree._Element]:
    """soap:Header and the child of soap:Body."""
    header_tag = f"{{{version.namespace}}}Header"
    body_tag = f"{{{version.namespace}}}Body"
    children = list(root)
    header = children[0] if children and children[0].tag == header_tag else None
    bodies = children if header is None else children[1:]
    if len(bodies) == 1 and bodies[0].tag == body_tag:
        body = bodies[0]
        if len(body) == 1 and not _has_text(body):
            return header, body[0]
        raise refusal(_wrong_payload(body))
    raise refusal(*islice(_wrong_order(root, header_tag, body_tag), _MAX_FINDINGS))


def _has_text(body: etree._Element) -> bool:
    if body.text and not body.text.isspace():
        return True
    return any(child.tail and not child.tail.isspace() for child in body)


def _wrong_payload(body: etree._Element) -> Finding:
    names = [local_name(child) for child in body]
    seen = ", ".join(names + ["text"] * _has_text(body)) or "an empty Body"
    return rules.BODY_PAYLOAD.found(
        path_of(body), line=body.sourceline, received=seen[:200], expected="one element"
    )


def _wrong_order(root: etree._Element, header_tag: str, body_tag: str) -> Iterable[Finding]:
    seen = ", ".join(local_name(child) for child in root) or "nothing"
    yield rules.ENVELOPE_ORDER.found(
        "/Envelope", line=root.sourceline, received=seen[:200], expected="Header, Body"
    )
    for child in root:
        alien = child.tag not in {header_tag, body_tag}
        if alien and local_name(child) in {"Header", "Body"}:
            yield rules.ENVELOPE_ORDER.found(
                path_of(child),
                line=child.sourceline,
                received=f"the namespace {namespace_of(child) or 'none'}",
                expected=namespace_of(root),
            )
        if child.tag == body_tag and (len(child) != 1 or _has_text(child)):
            yield _wrong_payload(child)


def _not_an_envelope(root: etree._Element) -> SoapFault:
    namespace = namespace_of(root)
    if local_name(root) == "Envelope" and namespace:
        found = rules.VERSION_KNOWN.found(
            "/Envelope", line=root.sourceline, received=namespace, expected=SOAP12
        )
        return version_mismatch(found)
    seen = f"{local_name(root)} of {namespace or 'no namespace'}"
    return refusal(
        rules.ENVELOPE.found(
            path_of(root), line=root.sourceline, received=seen, expected=f"Envelope of {SOAP12}"
        )
    )


def version_mismatch(*findings: Finding) -> SoapFault:
    """The VersionMismatch fault; its envelope names SOAP 1.2 in an Upgrade header."""
    return SoapFault(FaultCode.VERSION_MISMATCH, summary(findings), findings=findings)


# ---------------------------------------------------------------- mustUnderstand


def _check_must_understand(
    headers: Iterable[etree._Element], version: SoapVersion, understood: Collection[str]
) -> None:
    attribute = version.must_understand
    obliging = [block for block in headers if block.get(attribute, "").strip() in _TRUE]
    unknown = [
        block
        for block in obliging
        if not _is_understood(block, understood)
        and block.get(version.role, "").strip() in _OUR_ROLES
    ][:_MAX_FINDINGS]
    if not unknown:
        return
    findings = tuple(
        rules.MUST_UNDERSTAND.found(
            path_of(block),
            line=block.sourceline,
            received=f"{local_name(block)} of {namespace_of(block) or 'no namespace'}",
        )
        for block in unknown
    )
    raise SoapFault(
        FaultCode.MUST_UNDERSTAND,
        summary(findings),
        findings=findings,
        not_understood=((namespace_of(block), local_name(block)) for block in unknown),
    )


def _is_understood(block: etree._Element, understood: Collection[str]) -> bool:
    return (
        namespace_of(block) in _UNDERSTOOD_NAMESPACES
        or block.tag in _UNDERSTOOD
        or block.tag in understood
    )


# ---------------------------------------------------------------- writing

_OPENING = {
    version: (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soap:Envelope xmlns:soap="{version.namespace}" xmlns:wsa="{WSA}"><soap:Header>'
        '<wsa:Action soap:mustUnderstand="1">'
    )
    for version in SoapVersion
}
_OPENING_BODY = b"</soap:Header><soap:Body>"
_CLOSING = b"</soap:Body></soap:Envelope>"


def write(  # noqa: PLR0913 - the headers that a message may have
    payload: bytes | etree._Element,
    *,
    version: SoapVersion,
    action: str,
    relates_to: str = "",
    message_id: str = "",
    to: str = ANONYMOUS,
    reply_to: str = "",
    parameters: Iterable[bytes] = (),
) -> bytes:
    """A whole envelope with WS-Addressing headers, UTF-8; empty values leave their header out.

    Payload octets are UTF-8 XML without declaration that declares all its namespaces.
    `relates_to` is the request's MessageID, verbatim; it is a reply, so no RelationshipType.
    `parameters` are header blocks as they are: the reference parameters of the endpoint `to`.
    """
    if isinstance(payload, bytes):
        content = payload
    else:
        content = etree.tostring(payload, encoding="UTF-8", xml_declaration=False, with_tail=False)
    header = (
        f"{_OPENING[version]}{_text(action)}</wsa:Action>"
        f"{_optional('MessageID', message_id)}"
        f"{_optional('RelatesTo', relates_to)}"
        f"{_optional('To', to)}"
    )
    if reply_to:
        header += f"<wsa:ReplyTo>{_optional('Address', reply_to)}</wsa:ReplyTo>"
    return b"".join((header.encode(), *parameters, _OPENING_BODY, content, _CLOSING))


def _optional(name: str, text: str) -> str:
    return f"<wsa:{name}>{_text(text)}</wsa:{name}>" if text else ""


def _text(text: str) -> str:
    return escape(sanitise(text))
