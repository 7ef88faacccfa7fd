"""Edits of any HL7 V3 request, each of which breaks one rule of its wrappers."""

from __future__ import annotations

from collections.abc import Mapping

from tests.transactions.identity_feed import (
    Edit,
    adding,
    adding_many,
    sender_first,
    setting,
    twice,
    without,
)

ACT = "h:controlActProcess"
DEVICE = "h:sender/h:device"
AGENT_ID = "h:receiver/h:device/h:asAgent/h:representedOrganization/h:id"
NOTE = '<note xmlns="urn:hl7-org:v3"/>'

WRAPPER: Mapping[str, Edit] = {
    "hl7v3-its-version": without(".", "ITSVersion"),
    "hl7v3-element-order": sender_first,
    "hl7v3-unknown-element": adding(".", NOTE),
    "hl7v3-problem-count": adding_many(".", NOTE, 60),
    "hl7v3-message-id": without("h:id"),
    "hl7v3-message-id-form": setting("h:id", root="urn:uuid:5f1c2a0e-94f8-4c59-9f32-6f0d3f0f7a11"),
    "hl7v3-creation-time": setting("h:creationTime", value="02.03.2026 10:45"),
    "hl7v3-interaction-id": without("h:interactionId"),
    "hl7v3-interaction-id-root": setting("h:interactionId", root="2.16.840.1.113883"),
    "hl7v3-processing-code": setting("h:processingCode", code="p"),
    "hl7v3-processing-mode-code": without("h:processingModeCode"),
    "hl7v3-accept-ack-code": setting("h:acceptAckCode", code="NE"),
    "hl7v3-receiver": twice("h:receiver"),
    "hl7v3-sender": without("h:sender"),
    "hl7v3-device-id": setting(f"{DEVICE}/h:id", root="urn:oid:1.3.6.1.4.1.21367.13.10.300"),
    "hl7v3-device-id-extension": setting(f"{DEVICE}/h:id", extension="EHR"),
    "hl7v3-organization-id": setting(AGENT_ID, root="HOSPITAL"),
    "hl7v3-organization-id-extension": setting(AGENT_ID, extension="1"),
    "hl7v3-control-act": without(ACT),
    "hl7v3-control-act-class": without(ACT, "classCode"),
    "hl7v3-trigger-event-system": without(f"{ACT}/h:code", "codeSystem"),
}
