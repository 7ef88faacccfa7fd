"""ITI-46, the PIXV3 update notification that the PIX Manager sends (ITI TF-2: 3.46)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.hl7v3 import retelling
from ihe_mock_async.hl7v3.cross_reference import subject
from ihe_mock_async.hl7v3.datatypes import timestamp
from ihe_mock_async.hl7v3.feed import REVISE
from ihe_mock_async.hl7v3.namespaces import INTERACTION_IDS, NAMESPACE, PIX_MANAGER_DEVICE
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import PatientRecord, PixConsumer

_V3 = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})


@dataclass(frozen=True, slots=True)
class UpdateNotification:
    """What one consumer is told: all identifiers of a patient in the domains that it asked for."""

    consumer: PixConsumer
    identifiers: Sequence[PatientIdentifier]
    demographics: bytes
    """hl7:patient, of which the names are told."""


def due(
    consumers: Iterable[PixConsumer], before: Sequence[PatientRecord], after: PatientRecord
) -> list[UpdateNotification]:
    """The notifications of those consumers for whom cross-references have changed.

    `before` are the patients that have become the one `after`, as they were; none for a new one.
    A new patient is told of, too, be it with a lone identifier (3.46.4.1.2, the first example).
    """
    notifications = []
    for consumer in consumers:
        identifiers = _wanted(consumer, after)
        if identifiers and _has_changed([_wanted(consumer, was) for was in before], identifiers):
            notifications.append(UpdateNotification(consumer, identifiers, after.demographics))
    return notifications


def _wanted(consumer: PixConsumer, patient: PatientRecord) -> list[PatientIdentifier]:
    return [each for each in patient.identifiers if consumer.wants(each)]


def _has_changed(
    before: Iterable[list[PatientIdentifier]], after: list[PatientIdentifier]
) -> bool:
    known = [set(identifiers) for identifiers in before if identifiers]
    return not known or any(identifiers != set(after) for identifiers in known)


def message(notification: UpdateNotification, message_id: str, created: datetime) -> bytes:
    """PRPA_IN201302UV02, UTF-8 XML without declaration; the id is a bare UUID, the time aware."""
    return etree.tostring(
        _V3(
            REVISE.name,
            _V3.id(root=message_id),
            _V3.creationTime(value=timestamp(created)),
            _V3.interactionId(root=INTERACTION_IDS, extension=REVISE.name),
            _V3.processingCode(code="P"),
            _V3.processingModeCode(code="T"),
            _V3.acceptAckCode(code=REVISE.accept_ack_code),
            _V3.receiver(_device(notification.consumer.device_id), typeCode="RCV"),
            _V3.sender(_device(PIX_MANAGER_DEVICE), typeCode="SND"),
            _V3.controlActProcess(
                _V3.code(code=REVISE.trigger_event, codeSystem=INTERACTION_IDS),
                subject(_V3, notification.identifiers, retelling.names(notification.demographics)),
                classCode="CACT",
                moodCode="EVN",
            ),
            ITSVersion="XML_1.0",
        ),
        encoding="UTF-8",
        xml_declaration=False,
    )


def _device(root: str) -> etree._Element:
    return _V3.device(_V3.id(root=root), classCode="DEV", determinerCode="INSTANCE")
