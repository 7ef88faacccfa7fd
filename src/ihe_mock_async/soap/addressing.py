"""WS-Addressing 1.0 headers as IHE requires them (ITI TF-2: V.3.2.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from lxml import etree

from ihe_mock_async.elements import local_name, namespace_of, parse, path_of
from ihe_mock_async.findings import Finding
from ihe_mock_async.soap import rules
from ihe_mock_async.soap.fault import FaultCode, SoapFault, summary
from ihe_mock_async.soap.namespaces import OTHER_WSA_VERSIONS, WSA
from ihe_mock_async.soap.version import SoapVersion

_PREFIX = f"{{{WSA}}}"
_ACTION = f"{_PREFIX}Action"
_ADDRESS = f"{_PREFIX}Address"
_FAULT_TO = f"{_PREFIX}FaultTo"
_FROM = f"{_PREFIX}From"
_MESSAGE_ID = f"{_PREFIX}MessageID"
_RELATES_TO = f"{_PREFIX}RelatesTo"
_REFERENCE_PARAMETERS = f"{_PREFIX}ReferenceParameters"
_IS_REFERENCE_PARAMETER = f"{_PREFIX}IsReferenceParameter"
_REPLY_TO = f"{_PREFIX}ReplyTo"
_TO = f"{_PREFIX}To"
_ENDPOINTS = frozenset({_REPLY_TO, _FAULT_TO, _FROM})
_ONCE = _ENDPOINTS | {_ACTION, _MESSAGE_ID, _TO}
MAX_REFERENCE_PARAMETERS = 20
"""Of one endpoint reference."""
MAX_REFERENCE_OCTETS = 16 * 1024
"""Of all reference parameters of one endpoint reference, as XML."""
_HEADER = "/Envelope/Header"
_SHOWN = 200
"""How much of a value is shown, in characters."""
_TRUE = frozenset({"1", "true"})

# The subcodes of WS-Addressing 1.0 SOAP Binding, section 6.4.
_INVALID_HEADER = (WSA, "InvalidAddressingHeader")
_INVALID_CARDINALITY = (WSA, "InvalidCardinality")
_MISSING_ADDRESS = (WSA, "MissingAddressInEPR")
_INVALID_EPR = (WSA, "InvalidEPR")
_SUBCODES = {
    rules.HEADER_CONTRADICTS: _INVALID_CARDINALITY,
    rules.ADDRESS_PRESENT: _MISSING_ADDRESS,
    rules.REFERENCE_PARAMETERS: _INVALID_EPR,
}


@dataclass(frozen=True, slots=True)
class Addressing:
    """The headers of a message, blanks around them removed; empty when absent.

    Of an endpoint reference it is the address.
    """

    action: str = ""
    message_id: str = ""
    to: str = ""
    reply_to: str = ""
    fault_to: str = ""
    from_: str = ""
    relates_to: str = ""
    reply_parameters: tuple[bytes, ...] = ()
    """Reference parameters of wsa:ReplyTo, each as the header block that an answer repeats."""
    fault_parameters: tuple[bytes, ...] = ()
    """Reference parameters of wsa:FaultTo."""
    present: bool = False
    """Whether there is any header of WS-Addressing 1.0."""


_ABSENT = Addressing()


def read(
    header: etree._Element | None, version: SoapVersion
) -> tuple[Addressing, tuple[Finding, ...]]:
    """The headers in soap:Header, and what is amiss with them.

    Whether they must be there depends on the transaction: `missing_action` tells. Raises
    `SoapFault` for headers that contradict each other, and endpoints without an address.
    """
    if header is None:
        return _ABSENT, ()
    blocks, findings = _collect(header)
    if not blocks:
        return _ABSENT, tuple(findings)
    values = {tag: _value(block) for tag, block in blocks.items()}
    findings += _check_endpoints(blocks, values)
    findings += _check_presence(header, values)
    if _ACTION in blocks:
        findings += _check_action(blocks[_ACTION], version)
    if findings:
        _raise_essential(findings)
    return _addressing(values, blocks), tuple(findings)


def _collect(header: etree._Element) -> tuple[dict[str, etree._Element], list[Finding]]:
    """The first header of each name by its Clark name, and what is amiss with the others."""
    blocks: dict[str, etree._Element] = {}
    # One finding of a kind is enough, however often a hostile message repeats it.
    findings: dict[tuple[str, str], Finding] = {}
    for block in header:
        tag = str(block.tag)
        if tag.startswith(_PREFIX):
            if blocks.setdefault(tag, block) is not block and tag in _ONCE:
                found = _twice(blocks[tag], block)
                findings.setdefault((found.rule.id, tag), found)
        elif namespace_of(block) in OTHER_WSA_VERSIONS:
            found = _other_version(block)
            findings.setdefault((found.rule.id, found.received), found)
    return blocks, list(findings.values())


def _addressing(values: Mapping[str, str], blocks: Mapping[str, etree._Element]) -> Addressing:
    return Addressing(
        action=values.get(_ACTION, ""),
        message_id=values.get(_MESSAGE_ID, ""),
        to=values.get(_TO, ""),
        reply_to=values.get(_REPLY_TO, ""),
        fault_to=values.get(_FAULT_TO, ""),
        from_=values.get(_FROM, ""),
        relates_to=values.get(_RELATES_TO, ""),
        reply_parameters=_header_blocks(blocks.get(_REPLY_TO)),
        fault_parameters=_header_blocks(blocks.get(_FAULT_TO)),
        present=True,
    )


def _parameters(endpoint: etree._Element) -> list[etree._Element]:
    return [each for group in endpoint.iterchildren(_REFERENCE_PARAMETERS) for each in group]


def _header_blocks(endpoint: etree._Element | None) -> tuple[bytes, ...]:
    """Its reference parameters as headers (WS-Addressing 1.0 SOAP Binding, section 3.4)."""
    if endpoint is None:
        return ()
    return tuple(_header_block(parameter) for parameter in _parameters(endpoint))


def _header_block(parameter: etree._Element) -> bytes:
    # A copy: of an element in its message, with the prefixes that a QName in it may use.
    block = parse(etree.tostring(parameter, with_tail=False))
    block.set(_IS_REFERENCE_PARAMETER, "true")
    return etree.tostring(block)


def _value(block: etree._Element) -> str:
    """The text of a header, or the address of an endpoint reference."""
    if block.tag in _ENDPOINTS:
        return next(((a.text or "").strip() for a in block.iterchildren(_ADDRESS)), "")
    return (block.text or "").strip()


# ---------------------------------------------------------------- findings


def _twice(first: etree._Element, second: etree._Element) -> Finding:
    location = f"{_HEADER}/{local_name(second)}"
    values = _value(first), _value(second)
    if values[0] == values[1]:
        return rules.HEADER_TWICE.found(location, line=second.sourceline)
    return rules.HEADER_CONTRADICTS.found(
        location,
        line=second.sourceline,
        received=" and ".join(value[:_SHOWN] for value in values),
        expected="one value",
    )


def _other_version(block: etree._Element) -> Finding:
    return rules.ADDRESSING_VERSION.found(
        f"{_HEADER}/{local_name(block)}",
        line=block.sourceline,
        received=namespace_of(block),
        expected=WSA,
    )


def _check_endpoints(
    blocks: Mapping[str, etree._Element], values: Mapping[str, str]
) -> Iterator[Finding]:
    for tag in _ENDPOINTS & blocks.keys():
        endpoint = blocks[tag]
        if not values[tag]:
            yield rules.ADDRESS_PRESENT.found(path_of(endpoint), line=endpoint.sourceline)
        parameters = _parameters(endpoint)
        if parameters:
            yield from _check_parameters(endpoint, parameters)


def _check_parameters(
    endpoint: etree._Element, parameters: Collection[etree._Element]
) -> Iterator[Finding]:
    seen = ""
    own = [local_name(each) for each in parameters if namespace_of(each) == WSA]
    if own:
        seen = f"wsa:{own[0][:_SHOWN]}"
    elif len(parameters) > MAX_REFERENCE_PARAMETERS:
        seen = f"{len(parameters)} elements"
    elif (size := sum(map(_size, parameters))) > MAX_REFERENCE_OCTETS:
        seen = f"{size} octets"
    if seen:
        yield rules.REFERENCE_PARAMETERS.found(
            path_of(endpoint), line=endpoint.sourceline, received=seen
        )


def _size(element: etree._Element) -> int:
    return len(etree.tostring(element, with_tail=False))


def _check_presence(header: etree._Element, values: Mapping[str, str]) -> Iterator[Finding]:
    if _REPLY_TO not in values:
        yield rules.REPLY_TO.found(_HEADER, line=header.sourceline)
    if not values.get(_MESSAGE_ID):
        yield rules.MESSAGE_ID.found(_HEADER, line=header.sourceline)


def _check_action(action: etree._Element, version: SoapVersion) -> Iterator[Finding]:
    text = action.text or ""
    if text != text.strip():
        yield rules.ACTION_BLANKS.found(f"{_HEADER}/Action", line=action.sourceline)
    understood = action.get(version.must_understand, "").strip()
    if understood not in _TRUE:
        yield rules.ACTION_MUST_UNDERSTAND.found(
            f"{_HEADER}/Action/@mustUnderstand",
            line=action.sourceline,
            received=understood or _misnamed_attribute(action),
            expected=f"1, in the namespace {version.namespace}",
        )


def _misnamed_attribute(action: etree._Element) -> str:
    """MustUnderstand in another namespace, where it means nothing."""
    for name in action.attrib:
        namespace, _, local = str(name).rpartition("}")
        if local == "mustUnderstand":
            seen = f"of the namespace {namespace[1:]}" if namespace else "without a namespace"
            return f"the attribute mustUnderstand {seen}"
    return ""


def _raise_essential(findings: list[Finding]) -> None:
    essential = [found for found in findings if found.rule.essential]
    if not essential:
        return
    local = essential[0].location.rpartition("/")[2].partition("[")[0]
    raise SoapFault(
        FaultCode.SENDER,
        summary(essential),
        findings=findings,
        subcodes=(_INVALID_HEADER, _SUBCODES[essential[0].rule]),
        problem_header=(WSA, local),
    )


def missing_action(addressing: Addressing, *, required: bool) -> Finding | None:
    """What is amiss when there is no wsa:Action: an error when it is required, else a warning.

    HL7 V3 transactions only should have it (ITI TF-2: V.3.1.2).
    """
    if addressing.action:
        return None
    if addressing.present:
        rule = rules.ACTION_REQUIRED if required else rules.ACTION_RECOMMENDED
    else:
        rule = rules.ADDRESSING_REQUIRED if required else rules.ADDRESSING_RECOMMENDED
    return rule.found(_HEADER)


# ---------------------------------------------------------------- faults of the dispatcher


def action_not_supported(action: str, supported: Collection[str]) -> SoapFault:
    """The fault for a wsa:Action that the endpoint does not serve."""
    close = get_close_matches(action, supported, n=1)
    finding = rules.ACTION_SUPPORTED.found(
        f"{_HEADER}/Action",
        received=action[:_SHOWN],
        expected=close[0] if close else f"one of {', '.join(sorted(supported))}",
    )
    return SoapFault(
        FaultCode.SENDER,
        finding.describe(),
        findings=(finding,),
        subcodes=((WSA, "ActionNotSupported"),),
        problem_action=action,
    )


def action_mismatch(action: str, root: etree._Element) -> SoapFault:
    """The fault for a wsa:Action that is served, but not with this element in soap:Body."""
    seen = f"{local_name(root)} of {namespace_of(root) or 'no namespace'}"
    finding = rules.ACTION_MATCHES_BODY.found(
        path_of(root),
        line=root.sourceline,
        received=f"{action[:_SHOWN]} with {seen}",
    )
    return SoapFault(
        FaultCode.SENDER,
        finding.describe(),
        findings=(finding,),
        subcodes=(_INVALID_HEADER,),
        problem_action=action,
    )
