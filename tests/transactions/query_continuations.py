"""A query that was answered in part, and messages that ask for the rest of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.ihe import Answer
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.transactions.iti47_patient_demographics_query_hl7v3 import (
    answer,
    continue_or_cancel,
)
from tests.transactions.demographics_queries import (
    ACT,
    ASKED,
    exchange,
    feed,
    id_of,
    person,
    query,
    told,
)
from tests.transactions.identity_feed import Edit, both, setting, valid, without

CONTINUATION = Path(__file__).parents[1] / "fixtures" / "iti47" / "continuation.xml"
CONTINUE = "urn:hl7-org:v3:QUQI_IN000003UV01_Continue"
CANCEL = "urn:hl7-org:v3:QUQI_IN000003UV01_Cancel"

ASKED_AGAIN = f"{ACT}/h:queryContinuation"
START, QUANTITY = f"{ASKED_AGAIN}/h:startResultNumber", f"{ASKED_AGAIN}/h:continuationQuantity"
STATUS = f"{ASKED_AGAIN}/h:statusCode"
ABORTED = setting(STATUS, code="aborted")
GO_ON = both(without(START), without(QUANTITY))
"""As many as at first, from where the latest answer ended."""


def first_part(
    state: State,
    people: int,
    at_first: int,
    edit: Edit = valid,
    domain: AffinityDomain | None = None,
) -> Answer:
    """Feed this many people, and ask for the first of them."""
    for number in range(people):
        feed(state, id_of(f"P-{number}"), xml=person(given=f"Ada {number}"))
    asked = both(
        setting(f"{ASKED}/h:initialQuantity", value=str(at_first)),
        edit,
    )
    return answer(exchange(state, query(asked), "urn:hl7-org:v3:PRPA_IN201305UV02", domain=domain))


def message_id(reply: Answer) -> str:
    (root,) = told(reply, "h:id/@root")
    return root


def continuation(edit: Edit = valid, *, after: Answer | None = None) -> etree._Element:
    message = parse(CONTINUATION.read_bytes())
    if after is not None:
        setting("h:acknowledgement/h:targetMessage/h:id", root=message_id(after))(message)
    edit(message)
    return message


def go_on(  # noqa: PLR0913 - an exchange has this many parts
    state: State,
    edit: Edit = valid,
    *,
    after: Answer | None = None,
    action: str = CONTINUE,
    later: timedelta = timedelta(),
    domain: AffinityDomain | None = None,
) -> Answer:
    message = continuation(edit, after=after)
    return continue_or_cancel(exchange(state, message, action, later=later, domain=domain))
