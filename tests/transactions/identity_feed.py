"""ITI-44 messages by editing the valid ones, and exchanges that carry them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.ihe import Answer, Exchange
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.transactions.iti44_patient_identity_feed_hl7v3 import TRANSACTION

MESSAGES = Path(__file__).parents[1] / "fixtures" / "iti44"
NS = {"h": "urn:hl7-org:v3"}
AUTHORITY = "1.3.6.1.4.1.21367.13.20.1000"
OTHER_AUTHORITY = "1.3.6.1.4.1.21367.13.20.2000"
NOW = datetime(2026, 3, 2, 9, 45, 12, tzinfo=UTC)

Edit = Callable[[etree._Element], None]


# ---------------------------------------------------------------- edits


def _one(message: etree._Element, path: str) -> etree._Element:
    (element,) = message.xpath(path, namespaces=NS)
    assert isinstance(element, etree._Element)
    return element


def setting(path: str, **attributes: str) -> Edit:
    """Set attributes of the one element at the path."""

    def edit(message: etree._Element) -> None:
        for name, value in attributes.items():
            _one(message, path).set(name, value)

    return edit


def without(path: str, attribute: str = "") -> Edit:
    """Remove the one element at the path, or one of its attributes."""

    def edit(message: etree._Element) -> None:
        element = _one(message, path)
        if attribute:
            del element.attrib[attribute]
        else:
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)

    return edit


def twice(path: str) -> Edit:
    """Repeat the one element at the path."""

    def edit(message: etree._Element) -> None:
        element = _one(message, path)
        element.addnext(parse(etree.tostring(element, with_tail=False)))

    return edit


def adding(path: str, xml: str) -> Edit:
    """Append an element to the one at the path."""

    def edit(message: etree._Element) -> None:
        _one(message, path).append(parse(xml.encode()))

    return edit


def adding_many(path: str, xml: str, times: int) -> Edit:
    def edit(message: etree._Element) -> None:
        for _ in range(times):
            adding(path, xml)(message)

    return edit


def sender_first(message: etree._Element) -> None:
    _one(message, "h:receiver").addprevious(_one(message, "h:sender"))


def renamed(message: etree._Element) -> None:
    message.tag = "{urn:hl7-org:v3}PRPA_IN201309UV02"


def both(*edits: Edit) -> Edit:
    def edit(message: etree._Element) -> None:
        for one in edits:
            one(message)

    return edit


# ---------------------------------------------------------------- one exchange


Given = Callable[[State], None]
"""What has happened before the exchange."""


def known(*numbers: str, root: str = AUTHORITY) -> Given:
    """Each number is a patient of its own."""

    def given(state: State) -> None:
        for number in numbers:
            state.patients.add([PatientIdentifier(root, number)], b"<patient/>", NOW)

    return given


def merged(*steps: tuple[str, str]) -> Given:
    """Three patients, of which some subsumed others."""

    def given(state: State) -> None:
        known("P-1001", "P-1002", "P-1003")(state)
        for subsumed, surviving in steps:
            state.patients.subsume(
                PatientIdentifier(AUTHORITY, subsumed),
                PatientIdentifier(AUTHORITY, surviving),
                NOW,
            )

    return given


def all_of(*steps: Given) -> Given:
    def given(state: State) -> None:
        for step in steps:
            step(state)

    return given


def exchange_of(
    name: str,
    edit: Edit,
    state: State,
    domain: AffinityDomain = AffinityDomain(),  # noqa: B008
) -> Exchange:
    message = parse((MESSAGES / f"{name}.xml").read_bytes())
    action = TRANSACTION.roots[str(message.tag)]
    edit(message)
    return Exchange(
        body=message,
        action=action,
        attachments={},
        domain=domain,
        now=NOW,
        new_uuid=lambda: "11111111-2222-4333-8444-555555555555",
        state=state,
    )


def rule_ids(reply: Answer) -> set[str]:
    return {finding.rule.id for finding in reply.findings}


def valid(message: etree._Element) -> None:
    """No edit: the state or the domain is what breaks the rule."""
