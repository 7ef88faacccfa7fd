"""MCCI_IN000002UV01, the accept acknowledgement, and the wrapper of any answer (ITI TF-2: O.1.2).

The constant part of an answer is built once, as a template; what differs is filled in as XML
that lxml has serialised, so nothing unescaped can get in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.elements import sanitise
from ihe_mock_async.findings import Finding, Severity
from ihe_mock_async.hl7v3.datatypes import InstanceIdentifier, is_known_oid, is_uid, timestamp
from ihe_mock_async.hl7v3.namespaces import (
    ACKNOWLEDGEMENT_DETAIL_CODES,
    INTERACTION_IDS,
    MESSAGE_ERROR_CONDITION_CODES,
    NAMESPACE,
)
from ihe_mock_async.hl7v3.rules import CONSTRAINT_VIOLATION, UNKNOWN_KEY
from ihe_mock_async.hl7v3.transmission import Device, Transmission

ACCEPT_ACKNOWLEDGEMENT = "MCCI_IN000002UV01"


class AcknowledgementType(StrEnum):
    """acknowledgement/typeCode; commit codes answer the transport, application codes the work."""

    COMMIT_ACCEPT = "CA"
    COMMIT_ERROR = "CE"
    COMMIT_REJECT = "CR"
    APPLICATION_ACCEPT = "AA"
    APPLICATION_ERROR = "AE"
    APPLICATION_REJECT = "AR"

    @property
    def as_application(self) -> AcknowledgementType:
        """The application code that says the same as a commit code."""
        return AcknowledgementType(f"A{self.value[1]}")


@dataclass(frozen=True, slots=True)
class Detail:
    """One acknowledgementDetail."""

    code: str
    """Of AcknowledgementDetailCode, or of HL7 table 0357."""
    text: str
    type_code: str = "E"
    """`E`, `W` or `I`."""
    location: str = ""
    """XPath."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What an answer says of its request, and of itself."""

    message_id: str
    """The answer's own id, a bare UUID."""
    created: datetime
    """Aware."""
    type_code: AcknowledgementType
    findings: Sequence[Finding] = ()
    """One acknowledgementDetail for each."""
    details: Sequence[Detail] = ()
    """Those that come after them."""


def accept(request: Transmission, acknowledgement: Acknowledgement) -> bytes:
    """MCCI_IN000002UV01 for a request, as UTF-8 XML without declaration."""
    return fill(_ACCEPT_TEMPLATE, request, acknowledgement)


# ---------------------------------------------------------------- the wrapper of an answer

_V3 = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})
# Fragments have no namespace of their own: they get the default one of the place they come to.
_FRAGMENT = ElementMaker()


def template(interaction: str, payload: etree._Element | str = "") -> str:
    """The wrapper of an answer, for `fill`; `payload` is the controlActProcess.

    A placeholder in it like `{subjects}` is where `fill(..., subjects=xml)` puts the XML.
    """
    return etree.tostring(
        _V3(
            interaction,
            _V3.id(root="{message_id}"),
            _V3.creationTime(value="{created}"),
            _V3.interactionId(root=INTERACTION_IDS, extension=interaction),
            _V3.processingCode(code="{processing_code}"),
            _V3.processingModeCode(code="T"),  # SHALL be T in answers to queries (3.45, 3.47)
            _V3.acceptAckCode(code="NE"),  # an answer is never acknowledged (O.1.2)
            _V3.receiver("{receiver}", typeCode="RCV"),
            _V3.sender("{sender}", typeCode="SND"),
            _V3.acknowledgement(
                _V3.typeCode(code="{type_code}"), _V3.targetMessage("{target}"), "{details}"
            ),
            payload,
            ITSVersion="XML_1.0",
        ),
        encoding="unicode",
    )


_ACCEPT_TEMPLATE = template(ACCEPT_ACKNOWLEDGEMENT)
_PROCESSING_CODES = frozenset("PTD")


def fill(
    wrapper: str, request: Transmission, acknowledgement: Acknowledgement, **payload: str
) -> bytes:
    """Make a template the answer to a request; `payload` values are XML for its placeholders."""
    processing = request.processing_code
    return wrapper.format(
        message_id=acknowledgement.message_id,
        created=timestamp(acknowledgement.created),
        # What the schema does not know cannot be echoed: production.
        processing_code=processing if processing in _PROCESSING_CODES else "P",
        receiver=_device(request.sender),
        sender=_device(request.receiver),
        type_code=acknowledgement.type_code.value,
        target=_target(request.id),
        details="".join(
            [_xml(_detail(_of(finding))) for finding in acknowledgement.findings]
            + [_xml(_detail(detail)) for detail in acknowledgement.details]
        ),
        **payload,
    ).encode()


def _xml(element: etree._Element) -> str:
    return etree.tostring(element, encoding="unicode")


def _target(identifier: InstanceIdentifier | None) -> str:
    return '<id nullFlavor="NI"/>' if identifier is None else echo("id", identifier)


def echo(name: str, identifier: InstanceIdentifier) -> str:
    """An identifier of the request as an element of the answer, for `fill`.

    Both parts are exactly as received, the absent ones absent: clients compare them.
    """
    parts = {
        "root": identifier.root,
        "extension": identifier.extension,
        "nullFlavor": identifier.null_flavor,
    }
    return _xml(
        etree.Element(name, {part: text for part, text in parts.items() if text is not None})
    )


# ---------------------------------------------------------------- sender and receiver


def _device(device: Device | None) -> str:
    if device is None:
        return _device_xml((), None)
    organization = _roots(device.organization_ids) if device.has_agent else None
    return _device_xml(_roots(device.ids), organization)


def _roots(identifiers: Iterable[InstanceIdentifier]) -> tuple[str, ...]:
    # Roots only, and only those that the schema knows: Table O.1.2-1 forbids extensions, and an
    # answer does not repeat what its request is told to mend.
    return tuple(
        [i.root for i in identifiers if i.root and (is_known_oid(i.root) or is_uid(i.root))]
    )


@lru_cache(maxsize=512)
def _device_xml(roots: tuple[str, ...], organization_roots: tuple[str, ...] | None) -> str:
    device = _FRAGMENT.device(*_ids(roots), classCode="DEV", determinerCode="INSTANCE")
    if organization_roots is not None:
        device.append(
            _FRAGMENT.asAgent(
                _FRAGMENT.representedOrganization(
                    *_ids(organization_roots), classCode="ORG", determinerCode="INSTANCE"
                ),
                classCode="AGNT",
            )
        )
    return _xml(device)


def _ids(roots: tuple[str, ...]) -> list[etree._Element]:
    return [_FRAGMENT.id(root=root) for root in roots] or [_FRAGMENT.id(nullFlavor="NI")]


# ---------------------------------------------------------------- acknowledgementDetail

_DETAIL_TYPES = {Severity.ERROR: "E", Severity.WARNING: "W", Severity.HINT: "I"}
_CODE_SYSTEMS = {UNKNOWN_KEY: MESSAGE_ERROR_CONDITION_CODES}


def _of(finding: Finding) -> Detail:
    code = finding.rule.code or CONSTRAINT_VIOLATION
    # A MIME part or an HTTP header is no XPath.
    location = finding.location if finding.location.startswith("/") else ""
    return Detail(code, finding.describe(), _DETAIL_TYPES[finding.severity], location)


def _detail(detail: Detail) -> etree._Element:
    code_system = _CODE_SYSTEMS.get(detail.code, ACKNOWLEDGEMENT_DETAIL_CODES)
    element = _FRAGMENT.acknowledgementDetail(
        _FRAGMENT.code(code=detail.code, codeSystem=code_system),
        _FRAGMENT.text(sanitise(detail.text)),
        typeCode=detail.type_code,
    )
    if detail.location:
        element.append(_FRAGMENT.location(detail.location))
    return element
