"""What is refused of a message that could be read, and by which fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ihe_mock_async.findings import Finding, Rule, Validation, refused
from ihe_mock_async.soap import envelope, fault, namespaces
from ihe_mock_async.soap import rules as soap_rules
from ihe_mock_async.web import rules

_HEADER_REQUIRED = ((namespaces.WSA, "MessageAddressingHeaderRequired"),)
_INVALID_ENDPOINT = (
    (namespaces.WSA, "InvalidAddressingHeader"),
    (namespaces.WSA, "InvalidEPR"),
)
# Subcodes, and the header at fault (WS-Addressing 1.0 SOAP Binding, 6.4).
_ADDRESSING_FAULTS: Mapping[Rule, tuple[Sequence[fault.QualifiedName], str]] = {
    soap_rules.ACTION_REQUIRED: (_HEADER_REQUIRED, "Action"),
    soap_rules.ADDRESSING_REQUIRED: (_HEADER_REQUIRED, "Action"),
    rules.REPLY_ADDRESS: (_INVALID_ENDPOINT, "ReplyTo"),
    rules.FAULT_ADDRESS: (_INVALID_ENDPOINT, "FaultTo"),
}


def detached(error: fault.SoapFault) -> fault.SoapFault:
    """The fault, to be kept in a variable of a frame that it was raised in.

    The tracebacks of it and of its causes hold that frame, and so the whole message, until the
    garbage collector comes.
    """
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def refuse(found: Sequence[Finding], validation: Validation) -> None:
    """Raise the fault for what this validation mode refuses; its Detail has all that was found."""
    refusing = refused(found, validation)
    if not refusing:
        return
    broken = [finding.rule for finding in refusing]
    if soap_rules.VERSION in broken:
        raise envelope.version_mismatch(*found)
    subcodes, header = next(
        (_ADDRESSING_FAULTS[rule] for rule in broken if rule in _ADDRESSING_FAULTS), ((), "")
    )
    raise fault.SoapFault(
        fault.FaultCode.SENDER,
        fault.summary(refusing),
        findings=found,
        subcodes=subcodes,
        problem_header=(namespaces.WSA, header) if header else None,
    )
