"""The transmission wrapper of a message, read into values (ITI TF-2: O.1.1)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.hl7v3.datatypes import (
    CodedValue,
    InstanceIdentifier,
    read_code,
    read_identifier,
)
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.tree import children_of, first

_ID = clark("id")
_CODE = clark("code")
_ACCEPT_ACK_CODE = clark("acceptAckCode")
_PROCESSING_MODE_CODE = clark("processingModeCode")
_PROCESSING_CODE = clark("processingCode")
_INTERACTION_ID = clark("interactionId")
_CREATION_TIME = clark("creationTime")
_DEVICE = clark("device")
_AS_AGENT = clark("asAgent")
_ORGANIZATION = clark("representedOrganization")
_RECEIVER = clark("receiver")
_SENDER = clark("sender")
_CONTROL_ACT = clark("controlActProcess")


@dataclass(frozen=True, slots=True)
class Interaction:
    """What a message of this interaction says of itself."""

    name: str
    """`PRPA_IN201301UV02`: root element and extension of interactionId."""
    trigger_event: str
    """`PRPA_TE201301UV02`: code of the control act."""
    tolerated_trigger_events: frozenset[str] = frozenset()
    """Those of sibling interactions that clients send instead, without doubt what is meant."""
    moods: frozenset[str] = frozenset({"EVN"})
    accept_ack_code: str = "AL"
    root: str = ""
    """The root element, if it has another name than the interaction."""

    @property
    def tag(self) -> str:
        """Clark name of the root element."""
        return clark(self.root or self.name)


@dataclass(frozen=True, slots=True)
class Device:
    """The sending or receiving system, and the organization that it acts for."""

    element: etree._Element
    ids: tuple[InstanceIdentifier, ...]
    has_agent: bool
    organization_ids: tuple[InstanceIdentifier, ...]


@dataclass(frozen=True, slots=True)
class ControlAct:
    """controlActProcess, the wrapper around the payload."""

    element: etree._Element
    class_code: str | None
    mood_code: str | None
    code: CodedValue | None


@dataclass(frozen=True, slots=True)
class Transmission:
    """The wrapper of one message; what is absent is None."""

    element: etree._Element
    """The interaction."""
    children: tuple[str, ...]
    """Clark names of its children, each once, in the order of first appearance."""
    id: InstanceIdentifier | None
    creation_time: str | None
    interaction_id: InstanceIdentifier | None
    processing_code: str | None
    processing_mode_code: str | None
    accept_ack_code: str | None
    receivers: tuple[Device, ...]
    senders: tuple[Device, ...]
    control_act: ControlAct | None

    @property
    def receiver(self) -> Device | None:
        """The first receiving device."""
        return self.receivers[0] if self.receivers else None

    @property
    def sender(self) -> Device | None:
        """The first sending device."""
        return self.senders[0] if self.senders else None


# ---------------------------------------------------------------- reading


def read(message: etree._Element) -> Transmission:
    """Read the wrapper of an interaction, as much of it as there is."""
    children = children_of(message)
    control_acts = children.get(_CONTROL_ACT)
    return Transmission(
        element=message,
        children=tuple(children),
        id=_identifier(children, _ID),
        creation_time=_attribute(children, _CREATION_TIME, "value"),
        interaction_id=_identifier(children, _INTERACTION_ID),
        processing_code=_attribute(children, _PROCESSING_CODE, "code"),
        processing_mode_code=_attribute(children, _PROCESSING_MODE_CODE, "code"),
        accept_ack_code=_attribute(children, _ACCEPT_ACK_CODE, "code"),
        receivers=_devices(children.get(_RECEIVER, [])),
        senders=_devices(children.get(_SENDER, [])),
        control_act=_control_act(control_acts[0]) if control_acts else None,
    )


_Children = dict[str, list[etree._Element]]


def _attribute(children: _Children, name: str, attribute: str) -> str | None:
    found = children.get(name)
    return found[0].get(attribute) if found else None


def _identifier(children: _Children, name: str) -> InstanceIdentifier | None:
    found = children.get(name)
    return read_identifier(found[0]) if found else None


def _devices(parties: list[etree._Element]) -> tuple[Device, ...]:
    return tuple([_device(device) for party in parties for device in party.iterchildren(_DEVICE)])


def _device(device: etree._Element) -> Device:
    ids: list[InstanceIdentifier] = []
    agent = None
    for child in device.iterchildren(_ID, _AS_AGENT):
        if child.tag == _ID:
            ids.append(read_identifier(child))
        else:
            agent = child
    organization = first(agent, _ORGANIZATION)
    return Device(
        element=device,
        ids=tuple(ids),
        has_agent=agent is not None,
        organization_ids=() if organization is None else _identifiers(organization),
    )


def _identifiers(element: etree._Element) -> tuple[InstanceIdentifier, ...]:
    return tuple([read_identifier(child) for child in element.iterchildren(_ID)])


def _control_act(element: etree._Element) -> ControlAct:
    code = first(element, _CODE)
    return ControlAct(
        element,
        element.get("classCode"),
        element.get("moodCode"),
        None if code is None else read_code(code),
    )
