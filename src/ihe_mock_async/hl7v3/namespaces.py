"""The HL7 V3 namespace, and the OIDs of code systems that the messages name."""

from __future__ import annotations

NAMESPACE = "urn:hl7-org:v3"

INTERACTION_IDS = "2.16.840.1.113883.1.6"
"""Root of interactionId, and code system of trigger events."""
ACKNOWLEDGEMENT_DETAIL_CODES = "2.16.840.1.113883.5.1100"
MESSAGE_ERROR_CONDITION_CODES = "2.16.840.1.113883.12.357"
"""HL7 table 0357, where 204 (unknown key identifier) comes from."""
PIX_MANAGER_DEVICE = "1.3.6.1.4.1.21367.2017.2.7.109"
"""This server as sender of notifications, and as custodian of cross-references."""


def clark(name: str) -> str:
    """The Clark name of an element in the HL7 V3 namespace."""
    return f"{{{NAMESPACE}}}{name}"


def action(interaction: str) -> str:
    """The wsa:Action of an interaction (ITI TF-2: V.3.1.2)."""
    return f"{NAMESPACE}:{interaction}"
