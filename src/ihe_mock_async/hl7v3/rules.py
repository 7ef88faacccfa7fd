"""The rules of every HL7 V3 request: transmission wrapper and control act (ITI TF-2: O.1).

Each rule's `code` is an AcknowledgementDetailCode. What only hurts interoperability is a warning;
an error is what makes a receiver unable to say which message it has in hand.
"""

from __future__ import annotations

from ihe_mock_async.findings import Rule, Severity

_WRAPPER = "ITI TF-2: O.1.1"
_ITS = "HL7 V3 XML ITS"

MISSING_ELEMENT = "SYN100"
MISSING_ATTRIBUTE = "SYN101"
DATA_TYPE_ERROR = "SYN102"
NOT_IN_CODE_SYSTEM = "SYN103"
TOO_MANY = "SYN110"
CONSTRAINT_VIOLATION = "SYN113"
UNSUPPORTED_INTERACTION = "NS200"
UNKNOWN_KEY = "204"

# ---------------------------------------------------------------- the interaction

INTERACTION = Rule(
    "hl7v3-interaction",
    Severity.ERROR,
    "The child of soap:Body is the interaction that wsa:Action names",
    "ITI TF-2: V.3.1.2",
    "Send the interaction's root element in the namespace urn:hl7-org:v3.",
    UNSUPPORTED_INTERACTION,
    essential=True,
)
ITS_VERSION = Rule(
    "hl7v3-its-version",
    Severity.WARNING,
    "The interaction's root element has the attribute ITSVersion",
    _ITS,
    'Add ITSVersion="XML_1.0" to the root element.',
    MISSING_ATTRIBUTE,
)
ELEMENT_ORDER = Rule(
    "hl7v3-element-order",
    Severity.WARNING,
    "The children of the interaction stand in the order of the schema",
    _WRAPPER,
    "Put the elements into the expected order; note that receiver comes before sender.",
    CONSTRAINT_VIOLATION,
)
UNKNOWN_ELEMENT = Rule(
    "hl7v3-unknown-element",
    Severity.WARNING,
    "The interaction has no other children than those of the transmission wrapper",
    _WRAPPER,
    "Remove the element, or correct its name or namespace.",
    CONSTRAINT_VIOLATION,
)

ELEMENT_REPEATED = Rule(
    "hl7v3-element-repeated",
    Severity.ERROR,
    "An element of which there can be only one is not repeated",
    _WRAPPER,
    "Leave one of them; send one message for each control act.",
    TOO_MANY,
)

# Essential, as what lies beyond the limit has not been looked at.
PROBLEM_COUNT = Rule(
    "hl7v3-problem-count",
    Severity.ERROR,
    "A message has few enough problems to report them all",
    _WRAPPER,
    "Mend the reported problems and send the message again; the rest was not checked.",
    CONSTRAINT_VIOLATION,
    essential=True,
)

# ---------------------------------------------------------------- identity and time

MESSAGE_ID = Rule(
    "hl7v3-message-id",
    Severity.ERROR,
    "The message has an id with a root, which the acknowledgement repeats",
    _WRAPPER,
    "Add an id of which the root is a new UUID, or an OID together with a unique extension.",
    MISSING_ELEMENT,
)
MESSAGE_ID_FORM = Rule(
    "hl7v3-message-id-form",
    Severity.WARNING,
    "The root of the message id is an OID or a UUID",
    _ITS,
    "Write the bare OID or UUID.",
    DATA_TYPE_ERROR,
)
CREATION_TIME = Rule(
    "hl7v3-creation-time",
    Severity.WARNING,
    "creationTime is an HL7 timestamp to the second",
    _WRAPPER,
    "Write digits without separators; a locale's date format is no timestamp.",
    DATA_TYPE_ERROR,
)
INTERACTION_ID = Rule(
    "hl7v3-interaction-id",
    Severity.ERROR,
    "The message has an interactionId",
    _WRAPPER,
    "Add interactionId after creationTime.",
    MISSING_ELEMENT,
)
INTERACTION_ID_EXTENSION = Rule(
    "hl7v3-interaction-id-extension",
    Severity.ERROR,
    "The extension of interactionId is the name of the root element",
    _WRAPPER,
    "Write the whole name, including the version digits at its end (UV02, not UV).",
    UNSUPPORTED_INTERACTION,
)
INTERACTION_ID_ROOT = Rule(
    "hl7v3-interaction-id-root",
    Severity.WARNING,
    "The root of interactionId is HL7's OID of interactions",
    _WRAPPER,
    'Write root="2.16.840.1.113883.1.6".',
    CONSTRAINT_VIOLATION,
)

# ---------------------------------------------------------------- codes

PROCESSING_CODE = Rule(
    "hl7v3-processing-code",
    Severity.WARNING,
    "processingCode says whether the message is for production, training or debugging",
    _WRAPPER,
    "Write P, T or D, in upper case.",
    NOT_IN_CODE_SYSTEM,
)
PROCESSING_MODE_CODE = Rule(
    "hl7v3-processing-mode-code",
    Severity.WARNING,
    "processingModeCode is T, current processing",
    _WRAPPER,
    'Write processingModeCode code="T".',
    NOT_IN_CODE_SYSTEM,
)
ACCEPT_ACK_CODE = Rule(
    "hl7v3-accept-ack-code",
    Severity.WARNING,
    "acceptAckCode of a request is AL: an acknowledgement is always sent",
    _WRAPPER,
    'Write acceptAckCode code="AL"; NE belongs to answers.',
    NOT_IN_CODE_SYSTEM,
)

# ---------------------------------------------------------------- sender and receiver

RECEIVER = Rule(
    "hl7v3-receiver",
    Severity.WARNING,
    "The message has exactly one receiver with one device",
    _WRAPPER,
    "Name the receiving system in receiver/device, once.",
    CONSTRAINT_VIOLATION,
)
SENDER = Rule(
    "hl7v3-sender",
    Severity.WARNING,
    "The message has exactly one sender with one device",
    _WRAPPER,
    "Name the sending system in sender/device, once.",
    CONSTRAINT_VIOLATION,
)
DEVICE_ID = Rule(
    "hl7v3-device-id",
    Severity.WARNING,
    "The root of a device id is an ISO OID",
    _WRAPPER,
    "Write the OID of the system in digits and dots.",
    DATA_TYPE_ERROR,
)
DEVICE_ID_EXTENSION = Rule(
    "hl7v3-device-id-extension",
    Severity.WARNING,
    "A device id has no extension",
    _WRAPPER,
    "Remove the extension; the OID in root names the system alone.",
    CONSTRAINT_VIOLATION,
)
ORGANIZATION_ID = Rule(
    "hl7v3-organization-id",
    Severity.WARNING,
    "The root of a representedOrganization id is an ISO OID",
    _WRAPPER,
    "Write the OID of the organization in digits and dots.",
    DATA_TYPE_ERROR,
)
ORGANIZATION_ID_EXTENSION = Rule(
    "hl7v3-organization-id-extension",
    Severity.WARNING,
    "A representedOrganization id has no extension",
    _WRAPPER,
    "Remove the extension; the OID in root names the organization alone.",
    CONSTRAINT_VIOLATION,
)

# ---------------------------------------------------------------- control act

CONTROL_ACT = Rule(
    "hl7v3-control-act",
    Severity.ERROR,
    "The message has a controlActProcess",
    "ITI TF-2: O.2",
    "Add controlActProcess with the payload as the last element of the message.",
    MISSING_ELEMENT,
    essential=True,
)
CONTROL_ACT_CLASS = Rule(
    "hl7v3-control-act-class",
    Severity.WARNING,
    "The classCode of controlActProcess is CACT",
    "ITI TF-2: O.2",
    'Write classCode="CACT".',
    NOT_IN_CODE_SYSTEM,
)
CONTROL_ACT_MOOD = Rule(
    "hl7v3-control-act-mood",
    Severity.WARNING,
    "The moodCode of controlActProcess is that of the interaction",
    "ITI TF-2: O.2",
    "Write the expected moodCode.",
    NOT_IN_CODE_SYSTEM,
)
TRIGGER_EVENT = Rule(
    "hl7v3-trigger-event",
    Severity.ERROR,
    "The code of controlActProcess is the trigger event of the interaction",
    "ITI TF-2: O.2",
    "Write the trigger event (PRPA_TE...) that belongs to the interaction (PRPA_IN...).",
    CONSTRAINT_VIOLATION,
)
TRIGGER_EVENT_SIBLING = Rule(
    "hl7v3-trigger-event-sibling",
    Severity.WARNING,
    "The code of controlActProcess is not the trigger event of a sibling interaction",
    "ITI TF-2: O.2",
    "Write the trigger event of this interaction; the root element has decided what is done.",
    CONSTRAINT_VIOLATION,
)
TRIGGER_EVENT_SYSTEM = Rule(
    "hl7v3-trigger-event-system",
    Severity.WARNING,
    "The trigger event has HL7's OID of interactions as its codeSystem",
    "ITI TF-2: O.2",
    'Write codeSystem="2.16.840.1.113883.1.6".',
    MISSING_ATTRIBUTE,
)

RULES = (
    INTERACTION,
    ITS_VERSION,
    ELEMENT_ORDER,
    UNKNOWN_ELEMENT,
    ELEMENT_REPEATED,
    PROBLEM_COUNT,
    MESSAGE_ID,
    MESSAGE_ID_FORM,
    CREATION_TIME,
    INTERACTION_ID,
    INTERACTION_ID_EXTENSION,
    INTERACTION_ID_ROOT,
    PROCESSING_CODE,
    PROCESSING_MODE_CODE,
    ACCEPT_ACK_CODE,
    RECEIVER,
    SENDER,
    DEVICE_ID,
    DEVICE_ID_EXTENSION,
    ORGANIZATION_ID,
    ORGANIZATION_ID_EXTENSION,
    CONTROL_ACT,
    CONTROL_ACT_CLASS,
    CONTROL_ACT_MOOD,
    TRIGGER_EVENT,
    TRIGGER_EVENT_SIBLING,
    TRIGGER_EVENT_SYSTEM,
)

UNPROCESSABLE = frozenset(
    {MESSAGE_ID, INTERACTION, INTERACTION_ID, INTERACTION_ID_EXTENSION, CONTROL_ACT}
)
"""Breaches for which a message is rejected (CR, AR), not found in error (CE, AE)."""
