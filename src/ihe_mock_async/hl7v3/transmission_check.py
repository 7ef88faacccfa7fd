"""The rules of the transmission wrapper and its control act (ITI TF-2: O.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

from ihe_mock_async.findings import Finding, Rule
from ihe_mock_async.hl7v3 import rules
from ihe_mock_async.hl7v3.datatypes import (
    CodedValue,
    InstanceIdentifier,
    is_known_oid,
    is_timestamp_to_the_second,
    is_uid,
)
from ihe_mock_async.hl7v3.namespaces import INTERACTION_IDS, NAMESPACE, clark
from ihe_mock_async.hl7v3.transmission import ControlAct, Device, Interaction, Transmission
from ihe_mock_async.hl7v3.tree import finding_at, repeated

ELEMENT_ORDER = (
    "realmCode",
    "typeId",
    "templateId",
    "id",
    "creationTime",
    "securityText",
    "versionCode",
    "interactionId",
    "profileId",
    "processingCode",
    "processingModeCode",
    "acceptAckCode",
    "sequenceNumber",
    "attachmentText",
    "receiver",
    "respondTo",
    "sender",
    "attentionLine",
    "acknowledgement",
    "controlActProcess",
)
"""The children of an interaction, in the order of MCCI_MT000100UV01 and MCCI_MT000300UV01."""
_RANK = {clark(name): rank for rank, name in enumerate(ELEMENT_ORDER)}
# A second receiver or sender has a rule of its own.
_REPEATABLE = frozenset(
    clark(name)
    for name in (
        "realmCode",
        "templateId",
        "profileId",
        "attachmentText",
        "receiver",
        "respondTo",
        "sender",
        "attentionLine",
        "acknowledgement",
    )
)


def check(message: Transmission, interaction: Interaction) -> Iterator[Finding]:
    """Every breach of the wrapper's rules by a message that should be this interaction."""
    if message.element.tag != interaction.tag:
        yield finding_at(
            rules.INTERACTION,
            message.element,
            received=str(message.element.tag),
            expected=f"{interaction.name} in the namespace {NAMESPACE}",
        )
        return
    yield from _check_shape(message)
    yield from _check_identity(message, interaction)
    yield from _check_codes(message, interaction)
    yield from _check_devices(message)
    yield from _check_control_act(message, interaction)


def _check_shape(message: Transmission) -> Iterator[Finding]:
    root = message.element
    its_version = root.get("ITSVersion")
    if its_version != "XML_1.0":
        yield finding_at(rules.ITS_VERSION, root, "@ITSVersion", received=its_version)
    yield from repeated(root, message.children, _REPEATABLE)
    ranks = [_RANK.get(name, -1) for name in message.children]
    if -1 in ranks:
        for child in root:
            if child.tag not in _RANK:
                yield finding_at(rules.UNKNOWN_ELEMENT, child, received=str(child.tag))
        ranks = [rank for rank in ranks if rank >= 0]
    if ranks != sorted(ranks):
        yield finding_at(
            rules.ELEMENT_ORDER,
            root,
            received=" ".join(ELEMENT_ORDER[rank] for rank in ranks),
            expected=" ".join(ELEMENT_ORDER[rank] for rank in sorted(ranks)),
        )


def _check_identity(message: Transmission, interaction: Interaction) -> Iterator[Finding]:
    root = message.element
    if message.id is None or not message.id.root:
        yield finding_at(rules.MESSAGE_ID, root, "id/@root")
    elif not is_uid(message.id.root):
        yield finding_at(
            rules.MESSAGE_ID_FORM, root, "id/@root", received=message.id.root, expected=_UID_FORM
        )
    created = message.creation_time
    if created is None or not is_timestamp_to_the_second(created):
        yield finding_at(
            rules.CREATION_TIME, root, "creationTime/@value", received=created, expected=_TIME_FORM
        )
    yield from _check_interaction_id(message, interaction)


_UID_FORM = "an OID like 1.2.840.114350.1, or a bare UUID, without urn:oid: or urn:uuid:"
_TIME_FORM = "YYYYMMDDHHMMSS[.ffff][+/-ZZZZ]"


def _check_interaction_id(message: Transmission, interaction: Interaction) -> Iterator[Finding]:
    root, declared = message.element, message.interaction_id
    if declared is None:
        yield finding_at(rules.INTERACTION_ID, root, "interactionId", expected=interaction.name)
        return
    if declared.extension != interaction.name:
        yield finding_at(
            rules.INTERACTION_ID_EXTENSION,
            root,
            "interactionId/@extension",
            received=declared.extension,
            expected=interaction.name,
        )
    if declared.root != INTERACTION_IDS:
        yield finding_at(
            rules.INTERACTION_ID_ROOT,
            root,
            "interactionId/@root",
            received=declared.root,
            expected=INTERACTION_IDS,
        )


def _check_codes(message: Transmission, interaction: Interaction) -> Iterator[Finding]:
    ack_code = interaction.accept_ack_code
    for rule, name, code, allowed in (
        (rules.PROCESSING_CODE, "processingCode", message.processing_code, ("P", "T", "D")),
        (rules.PROCESSING_MODE_CODE, "processingModeCode", message.processing_mode_code, ("T",)),
        (rules.ACCEPT_ACK_CODE, "acceptAckCode", message.accept_ack_code, (ack_code,)),
    ):
        if code not in allowed:
            yield finding_at(
                rule,
                message.element,
                f"{name}/@code",
                received=code,
                expected=" or ".join(allowed),
            )


def _check_devices(message: Transmission) -> Iterator[Finding]:
    for rule, name, devices in (
        (rules.RECEIVER, "receiver/device", message.receivers),
        (rules.SENDER, "sender/device", message.senders),
    ):
        if len(devices) != 1:
            yield finding_at(rule, message.element, name, received=f"{len(devices)} devices")
        for device in devices:
            yield from _check_device(device)


def _check_device(device: Device) -> Iterator[Finding]:
    if not device.ids:
        yield finding_at(rules.DEVICE_ID, device.element, "id")
    for identifier in device.ids:
        yield from _check_system_id(identifier, rules.DEVICE_ID, rules.DEVICE_ID_EXTENSION)
    for identifier in device.organization_ids:
        yield from _check_system_id(
            identifier, rules.ORGANIZATION_ID, rules.ORGANIZATION_ID_EXTENSION
        )


def _check_system_id(
    identifier: InstanceIdentifier, form: Rule, no_extension: Rule
) -> Iterator[Finding]:
    element, root = identifier.element, identifier.root
    if root is None or not is_known_oid(root):
        bare = (root or "").removeprefix("urn:oid:")
        expected = (
            f"{bare}, without urn:oid:" if is_known_oid(bare) else "an ISO OID like 1.2.840.1"
        )
        yield finding_at(form, element, "@root", received=root, expected=expected)
    if identifier.extension is not None:
        yield finding_at(no_extension, element, "@extension", received=identifier.extension)


def _check_control_act(message: Transmission, interaction: Interaction) -> Iterator[Finding]:
    act = message.control_act
    if act is None:
        yield finding_at(rules.CONTROL_ACT, message.element, "controlActProcess")
        return
    if act.class_code != "CACT":
        yield finding_at(
            rules.CONTROL_ACT_CLASS, act.element, "@classCode", received=act.class_code
        )
    if act.mood_code not in interaction.moods:
        expected = " or ".join(sorted(interaction.moods))
        yield finding_at(
            rules.CONTROL_ACT_MOOD,
            act.element,
            "@moodCode",
            received=act.mood_code,
            expected=expected,
        )
    yield from _check_trigger_event(act, interaction)


def _check_trigger_event(act: ControlAct, interaction: Interaction) -> Iterator[Finding]:
    code = act.code or CodedValue(None)
    if code.code != interaction.trigger_event:
        tolerated = code.code in interaction.tolerated_trigger_events
        yield finding_at(
            rules.TRIGGER_EVENT_SIBLING if tolerated else rules.TRIGGER_EVENT,
            act.element,
            "code/@code",
            received=code.code,
            expected=interaction.trigger_event,
        )
    if code.code_system != INTERACTION_IDS:
        yield finding_at(
            rules.TRIGGER_EVENT_SYSTEM,
            act.element,
            "code/@codeSystem",
            received=code.code_system,
            expected=INTERACTION_IDS,
        )
