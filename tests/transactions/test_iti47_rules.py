"""Every rule of ITI-47 has a message that breaks it, made from a valid one by one edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from ihe_mock_async.findings import Severity, Validation
from ihe_mock_async.ihe import Answer
from ihe_mock_async.state import AffinityDomain
from ihe_mock_async.transactions.iti47_patient_demographics_query_hl7v3 import TRANSACTION, answer
from tests.transactions.demographics_queries import (
    ASKED,
    BIRTH_TIME,
    GENDER,
    HOME,
    NAME,
    PARAMETERS,
    exchange,
    feed,
    id_of,
    parameter,
    query,
    scoping_organization,
)
from tests.transactions.identity_feed import (
    Edit,
    adding,
    both,
    rule_ids,
    setting,
    twice,
    valid,
    without,
)
from tests.transactions.query_breaches import SHARED
from tests.transactions.query_continuations import (
    ASKED_AGAIN,
    QUANTITY,
    START,
    STATUS,
    first_part,
    go_on,
)
from tests.transactions.stored_state import stored_state

BROKEN_QUERIES: Mapping[str, Edit] = {
    **SHARED,
    "demographics-omitted-parameter": adding(
        PARAMETERS, parameter("principalCareProviderId", '<value root="1.2.3"/>')
    ),
    "iti47-parameter": both(without(GENDER), without(BIRTH_TIME), without(NAME)),
    "iti47-initial-quantity": setting(f"{ASKED}/h:initialQuantity", value="0"),
    "iti47-initial-quantity-code": adding(
        ASKED, '<initialQuantityCode xmlns="urn:hl7-org:v3" code="CH"/>'
    ),
    "iti47-scoping-organization": adding(PARAMETERS, scoping_organization(f"urn:oid:{HOME}")),
    "iti47-scoping-organization-extension": adding(
        PARAMETERS,
        parameter("otherIDsScopingOrganization", f'<value root="{HOME}" extension="P-1"/>'),
    ),
    "iti47-unknown-domain": adding(PARAMETERS, scoping_organization("1.9.1")),
}
BROKEN_CONTINUATIONS: Mapping[str, Edit] = {
    "iti47-continuation": without(ASKED_AGAIN),
    "iti47-continuation-status": setting(STATUS, code="new"),
    "iti47-continuation-start": setting(START, value="0"),
    "iti47-continuation-quantity": setting(QUANTITY, value="many"),
    "iti47-continuation-acknowledgement": without("h:acknowledgement"),
    "iti47-continuation-session": setting(f"{ASKED_AGAIN}/h:queryId", extension="Q-2"),
}
RULES = {rule.id: rule for rule in TRANSACTION.rules}


def ask(edit: Edit, validation: Validation = Validation.ENFORCE) -> Answer:
    with stored_state() as state:
        feed(state, id_of("P-1"))
        domain = AffinityDomain(validation=validation)
        action = "urn:hl7-org:v3:PRPA_IN201305UV02"
        return answer(exchange(state, query(edit), action, domain=domain))


def ask_again(edit: Edit, validation: Validation = Validation.ENFORCE) -> Answer:
    with stored_state() as state:
        first = first_part(state, people=5, at_first=2)
        return go_on(state, edit, after=first, domain=AffinityDomain(validation=validation))


CASES = {
    **{rule_id: (ask, edit) for rule_id, edit in BROKEN_QUERIES.items()},
    **{rule_id: (ask_again, edit) for rule_id, edit in BROKEN_CONTINUATIONS.items()},
}


def test_every_rule_is_broken_by_a_message() -> None:
    assert set(CASES) == set(RULES)
    assert len(RULES) == len(TRANSACTION.rules)


@pytest.mark.parametrize("rule_id", CASES)
def test_a_message_that_breaks_a_rule_is_told_so(rule_id: str) -> None:
    send, edit = CASES[rule_id]

    reply = send(edit)

    assert rule_id in rule_ids(reply)
    refused = reply.outcome == "rejected"
    assert refused == any(f.severity is Severity.ERROR for f in reply.findings)
    assert refused >= (RULES[rule_id].severity is Severity.ERROR)


@pytest.mark.parametrize("rule_id", CASES)
def test_in_report_mode_only_what_cannot_be_acted_on_is_refused(rule_id: str) -> None:
    send, edit = CASES[rule_id]

    reply = send(edit, Validation.REPORT)

    assert (reply.outcome == "rejected") == any(f.rule.essential for f in reply.findings)


@pytest.mark.parametrize("send", [ask, ask_again])
def test_a_valid_message_breaks_no_rule(send: Callable[[Edit], Answer]) -> None:
    assert send(valid).findings == []


@pytest.mark.parametrize(
    ("rule_id", "edit", "place"),
    [
        ("demographics-value", without(f"{BIRTH_TIME}/h:value"), "livingSubjectBirthTime/value"),
        (
            "demographics-value",
            setting(f"{GENDER}/h:value", code=""),
            "livingSubjectAdministrativeGender/value",
        ),
        (
            "iti47-scoping-organization",
            adding(PARAMETERS, parameter("otherIDsScopingOrganization", "")),
            "otherIDsScopingOrganization[1]/value/@root",
        ),
        (
            "demographics-omitted-element",
            adding(ASKED, '<sortControl xmlns="urn:hl7-org:v3"/>'),
            "sortControl",
        ),
        (
            "demographics-parameter-single",
            twice(BIRTH_TIME),
            "livingSubjectBirthTime",
        ),
    ],
)
def test_a_finding_says_where(rule_id: str, edit: Edit, place: str) -> None:
    (finding,) = [f for f in ask(edit).findings if f.rule.id == rule_id]

    assert finding.location.endswith(place)
    assert finding.location.startswith("/PRPA_IN201305UV02/controlActProcess/queryByParameter")
