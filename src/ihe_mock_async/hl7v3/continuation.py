"""QUQI_IN000003UV01: the next part of an answer, or no more of it (ITI TF-2: 3.47.4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async.findings import Finding
from ihe_mock_async.hl7v3 import continuation_rules as rules
from ihe_mock_async.hl7v3.datatypes import InstanceIdentifier, read_identifier
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.hl7v3.query import QueryStatus
from ihe_mock_async.hl7v3.query_parameter_check import whole_number
from ihe_mock_async.hl7v3.transmission import Interaction, Transmission
from ihe_mock_async.hl7v3.tree import children_of, finding_at, first, repeated
from ihe_mock_async.state import QuerySession

NAME = "QUQI_IN000003UV01"
CONTINUE = f"{NAME}_Continue"
CANCEL = f"{NAME}_Cancel"
ROOTS = (NAME, CONTINUE, CANCEL)
"""Names of the root element: the framework prints the first, the schema knows the last, too."""

# 3.47.4.3.2.3 prints the one, 3.47.4.3.1 (and HL7) the other.
_TRIGGER_EVENTS = ("PRPA_TE000003UV01", "QUQI_TE000003UV01")

_QUERY_CONTINUATION = clark("queryContinuation")
_QUERY_ID = clark("queryId")
_START = clark("startResultNumber")
_QUANTITY = clark("continuationQuantity")
_STATUS_CODE = clark("statusCode")
_ACKNOWLEDGEMENT = clark("acknowledgement")
_TYPE_CODE = clark("typeCode")
_TARGET_MESSAGE = clark("targetMessage")
_ID = clark("id")


@dataclass(frozen=True, slots=True)
class Continuation:
    """queryContinuation; what is absent is None, and values are as they were sent."""

    element: etree._Element
    query_id: InstanceIdentifier | None
    start: str | None
    quantity: str | None
    status: str | None
    acknowledged: InstanceIdentifier | None
    """acknowledgement/targetMessage/id."""
    type_code: str | None
    """acknowledgement/typeCode."""

    @property
    def session_id(self) -> str:
        """What the session is known by."""
        return self.query_id.text if self.query_id else ""

    @property
    def is_cancelled(self) -> bool:
        """Whether its statusCode says that no more is wanted."""
        return self.status == QueryStatus.ABORTED


def interaction_of(message: Transmission) -> Interaction:
    """What the message should say of itself: of several names and codes those that it has."""
    root = etree.QName(message.element).localname
    declared = message.interaction_id.extension if message.interaction_id else None
    act = message.control_act
    code = act.code.code if act is not None and act.code else None
    return Interaction(
        name=declared if declared in {NAME, root} and root in ROOTS else NAME,
        trigger_event=code if code in _TRIGGER_EVENTS else _TRIGGER_EVENTS[0],
        moods=frozenset({"EVN", "RQO"}),
        root=root if root in ROOTS else NAME,
    )


def read(message: Transmission) -> Continuation | None:
    """Read the continuation, as much of it as there is; None: there is none."""
    act = message.control_act
    element = None if act is None else first(act.element, _QUERY_CONTINUATION)
    if element is None:
        return None
    acknowledgement = first(message.element, _ACKNOWLEDGEMENT)
    return Continuation(
        element=element,
        query_id=_identifier(first(element, _QUERY_ID)),
        start=_attribute(first(element, _START), "value"),
        quantity=_attribute(first(element, _QUANTITY), "value"),
        status=_attribute(first(element, _STATUS_CODE), "code"),
        acknowledged=_identifier(first(acknowledgement, _TARGET_MESSAGE, _ID)),
        type_code=_attribute(first(acknowledgement, _TYPE_CODE), "code"),
    )


def _identifier(element: etree._Element | None) -> InstanceIdentifier | None:
    return None if element is None else read_identifier(element)


def _attribute(element: etree._Element | None, name: str) -> str | None:
    return None if element is None else element.get(name)


# ---------------------------------------------------------------- rules


def check(
    message: Transmission,
    asked: Continuation | None,
    session: QuerySession | None,
    *,
    cancels: bool,
) -> Iterator[Finding]:
    """Every breach of a rule; `session` is what the state knows by the continuation's queryId."""
    act = message.control_act
    if asked is None:
        if act is not None:
            yield finding_at(rules.CONTINUATION, act.element, "queryContinuation")
        return
    yield from repeated(asked.element, children_of(asked.element), ())
    if session is None:
        yield finding_at(
            rules.SESSION, asked.element, "queryId", received=asked.session_id or "nothing"
        )
    expected = QueryStatus.ABORTED if cancels else QueryStatus.WAITING
    if asked.status != expected:
        yield finding_at(
            rules.STATUS,
            asked.element,
            "statusCode/@code",
            received=asked.status,
            expected=expected.value,
        )
    if not cancels:
        yield from _check_numbers(asked, session)
    if session is not None:
        yield from _check_acknowledgement(message, asked, session)


def _check_numbers(asked: Continuation, session: QuerySession | None) -> Iterator[Finding]:
    start = whole_number(asked.start)
    last = len(session.matches) if session is not None else start or 0
    if asked.start is not None and not (start and start <= last):
        yield finding_at(
            rules.START,
            asked.element,
            "startResultNumber/@value",
            received=asked.start,
            expected=f"1 to {last}" if last else "1 or more",
        )
    if asked.quantity is not None and not whole_number(asked.quantity):
        yield finding_at(
            rules.QUANTITY,
            asked.element,
            "continuationQuantity/@value",
            received=asked.quantity,
            expected="1 or more",
        )


def _check_acknowledgement(
    message: Transmission, asked: Continuation, session: QuerySession
) -> Iterator[Finding]:
    known = asked.acknowledged
    same = known is not None and (known.root or "").lower() == session.response_id.lower()
    if not same or asked.type_code != "AA":
        received = [asked.type_code, known.text if known is not None else None]
        yield finding_at(
            rules.ACKNOWLEDGED,
            message.element,
            "acknowledgement",
            received=" ".join(text for text in received if text),
            expected=f"AA {session.response_id}",
        )
