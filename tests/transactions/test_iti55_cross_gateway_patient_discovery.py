"""ITI-55, one exchange per test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pytest
from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.findings import Severity, Validation
from ihe_mock_async.ihe import Answer, WriteNeeded
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.transactions.iti55_cross_gateway_patient_discovery import (
    TRANSACTION,
    answer,
    defer,
)
from tests.transactions.demographics_queries import (
    ASKED,
    BIRTH_TIME,
    CLINIC,
    GENDER,
    HOME,
    NAME,
    PARAMETERS,
    codes,
    exchange,
    feed,
    found,
    id_of,
    parameter,
    person,
    query,
    scoping_organization,
    told,
)
from tests.transactions.identity_feed import (
    NS,
    Edit,
    adding,
    both,
    rule_ids,
    setting,
    valid,
    without,
)
from tests.transactions.query_breaches import SHARED
from tests.transactions.stored_state import stored_state

DISCOVERY = "CrossGatewayPatientDiscovery"
ACTION = f"urn:hl7-org:v3:PRPA_IN201305UV02:{DISCOVERY}"
DEFERRED_ACTION = f"urn:hl7-org:v3:PRPA_IN201305UV02:Deferred:{DISCOVERY}"
URL = "https://initiating-gateway.example.org/deferred"


def discovering(message: etree._Element) -> None:
    """Make the ITI-47 query one of ITI-55."""
    both(
        without(f"{ASKED}/h:initialQuantity"),
        without(f"{NAME}/h:value", "use"),
        adding(f"{NAME}/h:value", '<family xmlns="urn:hl7-org:v3">Müster-Beispiel</family>'),
        without(f"{NAME}/h:value/h:family[1]"),
    )(message)


def deferring(message: etree._Element) -> None:
    setting(f"{ASKED}/h:responsePriorityCode", code="D")(message)
    (receiver,) = message.xpath("h:receiver", namespaces=NS)
    receiver.addnext(
        parse(
            f'<respondTo xmlns="urn:hl7-org:v3" typeCode="RSP"><telecom value="{URL}"/>'
            "</respondTo>".encode()
        )
    )


@pytest.fixture
def state() -> Iterator[State]:
    with stored_state() as opened:
        yield opened


def ask(state: State, edit: Edit = valid, domain: AffinityDomain | None = None) -> Answer:
    return answer(exchange(state, query(both(discovering, edit)), ACTION, domain=domain))


def ask_deferred(state: State, edit: Edit = valid, domain: AffinityDomain | None = None) -> Answer:
    edits = both(discovering, deferring, edit)
    return defer(exchange(state, query(edits), DEFERRED_ACTION, domain=domain))


def living_subject_id(extension: str, root: str = HOME) -> Edit:
    value = f'<value root="{root}" extension="{extension}"/>'
    return adding(PARAMETERS, parameter("livingSubjectId", value))


def address(city: str) -> str:
    return f"<addr><city>{city}</city></addr>"


BY_ID_ONLY = both(without(GENDER), without(BIRTH_TIME), without(NAME))

# ---------------------------------------------------------------- cases of 3.55.4.2.3


def test_one_match_is_told_with_the_community_that_has_it(state: State) -> None:
    feed(state, id_of("P-1"), id_of("C-1", CLINIC))
    feed(state, id_of("P-2"), xml=person(given="Eva"))

    reply = ask(state, domain=AffinityDomain(home_community_id="urn:oid:1.2.3.4"))

    assert reply.action == f"urn:hl7-org:v3:PRPA_IN201306UV02:{DISCOVERY}"
    assert (reply.outcome, reply.summary, reply.findings) == ("served", "AA OK", [])
    assert codes(reply) == ["AA", "deliveredResponse", "OK"]
    assert told(reply, ".//h:queryAck/*/@value") == []
    assert told(reply, ".//h:patient/h:id/@extension") == ["P-1"]
    assert told(reply, ".//h:asOtherIDs/h:id/@extension") == ["C-1"]
    assert told(reply, ".//h:asOtherIDs/h:scopingOrganization/h:id/@root") == [CLINIC]
    entity = ".//h:custodian/h:assignedEntity"
    assert told(reply, f"{entity}/h:id/@root") == ["1.2.3.4"]
    assert told(reply, f"{entity}/h:code/@code") == ["NotHealthDataLocator"]
    assert told(reply, ".//h:queryMatchObservation/h:value/@value") == ["100"]
    assert reply.patient_ids == [id_of("P-1").cx]


def test_the_identifier_of_the_affinity_domain_is_the_one_to_query_with(state: State) -> None:
    feed(state, id_of("P-1"), id_of("P-2"), id_of("C-1", CLINIC))

    reply = ask(state, domain=AffinityDomain(assigning_authorities=[CLINIC]))

    assert told(reply, ".//h:patient/h:id/@extension") == ["C-1"]
    assert told(reply, ".//h:asOtherIDs[count(h:id) = 2]/h:id/@extension") == ["P-1", "P-2"]


def test_the_birth_place_is_told(state: State) -> None:
    place = (
        '<birthPlace classCode="BIRTHPL"><birthplace classCode="PLC" determinerCode="INSTANCE">'
        "<name>Musterspital</name></birthplace></birthPlace>"
    )
    feed(state, id_of("P-1"), xml=person(more=place))

    reply = ask(state)

    assert told(reply, ".//h:patientPerson/h:birthPlace/h:birthplace/h:name") == ["Musterspital"]


def test_matches_of_different_authorities_are_all_told(state: State) -> None:
    feed(state, id_of("P-1"))
    feed(state, id_of("C-1", CLINIC))

    reply = ask(state)

    assert told(reply, ".//h:patient/h:id/@extension") == ["P-1", "C-1"]


def test_the_better_of_two_matches_of_an_authority_is_told(state: State) -> None:
    feed(state, id_of("P-1"), xml=person(birth="1958"))
    feed(state, id_of("P-2"))

    reply = ask(state)

    assert told(reply, ".//h:patient/h:id/@extension") == ["P-2"]


def test_attributes_are_requested_that_tell_equal_matches_apart(state: State) -> None:
    feed(state, id_of("P-1"), xml=person(more=address("Musterstadt")))
    feed(state, id_of("P-2"), xml=person(more=address("Nebenstadt") + '<telecom value="tel:1"/>'))

    reply = ask(state)

    assert codes(reply) == ["AA", "deliveredResponse", "OK"]
    assert found(reply) == []
    act = ".//h:reasonOf/h:detectedIssueEvent/h:triggerFor/h:actOrderRequired"
    assert told(reply, f"{act}/h:code/@code") == [
        "PatientAddressRequested",
        "PatientTelecomRequested",
    ]
    assert set(told(reply, f"{act}/h:code/@codeSystem")) == {"1.3.6.1.4.1.19376.1.2.27.1"}


def test_the_requested_attribute_decides(state: State) -> None:
    feed(state, id_of("P-1"), xml=person(more=address("Musterstadt")))
    feed(state, id_of("P-2"), xml=person(more=address("Nebenstadt")))
    nebenstadt = parameter("patientAddress", "<value><city>Nebenstadt</city></value>")

    reply = ask(state, adding(PARAMETERS, nebenstadt))

    assert told(reply, ".//h:patient/h:id/@extension") == ["P-2"]
    assert told(reply, ".//h:queryMatchObservation/h:value/@value") == ["100"]


def test_equal_matches_that_nothing_tells_apart_have_no_answer(state: State) -> None:
    feed(state, id_of("P-1"))
    feed(state, id_of("P-2"))

    reply = ask(state)

    assert codes(reply) == ["AE", "aborted", "AE"]
    assert (found(reply), reply.outcome) == ([], "rejected")
    management = ".//h:detectedIssueEvent/h:mitigatedBy/h:detectedIssueManagement/h:code"
    assert told(reply, f"{management}/@code") == ["AnswerNotAvailable"]
    assert told(reply, f"{management}/@codeSystem") == ["1.3.6.1.4.1.19376.1.2.27.3"]


def test_nobody_is_meant(state: State) -> None:
    feed(state, id_of("P-1"), xml=person(given="Eva"))

    reply = ask(state)

    assert codes(reply) == ["AA", "deliveredResponse", "NF"]
    assert told(reply, ".//h:subject | .//h:reasonOf") == []


def test_a_query_without_name_is_refused_with_the_way_to_mend_it(state: State) -> None:
    reply = ask(state, without(NAME), AffinityDomain(validation=Validation.REPORT))

    assert codes(reply) == ["AE", "aborted", "AE"]
    (text,) = told(reply, ".//h:acknowledgementDetail/h:text")
    assert "Add the name and the birth time" in text


def test_without_query_there_is_nothing_to_act_on(state: State) -> None:
    reply = ask(state, both(without(f"{ASKED}/h:parameterList")))

    assert codes(reply) == ["AR", "aborted", "QE"]


# ---------------------------------------------------------------- identifiers


def test_the_initiating_communitys_own_identifier_does_not_matter(state: State) -> None:
    feed(state, id_of("P-1"))

    reply = ask(state, living_subject_id("X-1", "1.2.3.4.5"))

    assert told(reply, ".//h:queryMatchObservation/h:value/@value") == ["100"]


@pytest.mark.parametrize(("extension", "degree"), [("P-1", "100"), ("P-9", "75")])
def test_a_shared_identifier_is_evidence_beside_a_name(
    state: State, extension: str, degree: str
) -> None:
    feed(state, id_of("P-1"))

    reply = ask(state, living_subject_id(extension))

    assert told(reply, ".//h:queryMatchObservation/h:value/@value") == [degree]


def test_a_shared_identifier_alone_is_enough(state: State) -> None:
    feed(state, id_of("P-1"))
    feed(state, id_of("P-2"))
    edit = both(BY_ID_ONLY, living_subject_id("P-2"), living_subject_id("X-1", "1.2.3.4.5"))

    reply = ask(state, edit)

    assert told(reply, ".//h:patient/h:id/@extension") == ["P-2"]


def test_an_identifier_of_an_unknown_authority_alone_finds_nobody(state: State) -> None:
    feed(state, id_of("P-1"))

    reply = ask(state, both(BY_ID_ONLY, living_subject_id("X-1", "1.2.3.4.5")))

    assert codes(reply) == ["AA", "deliveredResponse", "NF"]


def test_less_than_the_minimum_degree_is_no_match(state: State) -> None:
    feed(state, id_of("P-1"))
    minimum = setting(f"{ASKED}/h:matchCriterionList/h:minimumDegreeMatch/h:value", value="80")

    reply = ask(state, both(minimum, living_subject_id("P-9")))

    assert codes(reply) == ["AA", "deliveredResponse", "NF"]


def test_one_of_several_values_of_an_identifier_is_enough(state: State) -> None:
    feed(state, id_of("P-1"))
    values = "".join(f'<value root="{HOME}" extension="{number}"/>' for number in ("P-9", "P-1"))

    reply = ask(state, both(BY_ID_ONLY, adding(PARAMETERS, parameter("livingSubjectId", values))))

    assert reply.findings == []
    assert reply.patient_ids == [id_of("P-1").cx]


# ---------------------------------------------------------------- deferred


def test_a_deferred_query_is_accepted_and_answered_later(state: State) -> None:
    feed(state, id_of("P-1"))

    reply = ask_deferred(state)

    assert reply.findings == []
    assert reply.action == "urn:hl7-org:v3:MCCI_IN000002UV01"
    assert told(reply, "h:acknowledgement/h:typeCode/@code") == ["CA"]
    (later,) = reply.notifications
    assert (later.to, later.transaction, later.answers) == (URL, "ITI-55", True)
    assert later.action == f"urn:hl7-org:v3:PRPA_IN201306UV02:Deferred:{DISCOVERY}"
    result = parse(later.body)
    assert result.xpath("string(h:acknowledgement/h:typeCode/@code)", namespaces=NS) == "AA"
    assert result.xpath("string(.//h:patient/h:id/@extension)", namespaces=NS) == "P-1"
    target = "string(.//h:targetMessage/h:id/@root)"
    assert result.xpath(target, namespaces=NS) == "7c0a9d8e-64c1-4f41-8a57-0b8f6a1b2c3d"
    assert reply.patient_ids == [id_of("P-1").cx]


def test_only_a_deferred_query_has_to_be_run_by_a_unit_that_may_write(state: State) -> None:
    feed(state, id_of("P-1"))
    message = query(both(discovering, deferring))
    with pytest.raises(WriteNeeded):
        defer(replace(exchange(state, message, DEFERRED_ACTION), may_write=False))
    reading = replace(exchange(state, query(discovering), ACTION), may_write=False)

    assert codes(answer(reading))[0] == "AA"
    assert not TRANSACTION.writes


def test_a_deferred_query_that_is_refused_is_not_answered_later(state: State) -> None:
    reply = ask_deferred(state, without(NAME))

    assert told(reply, "h:acknowledgement/h:typeCode/@code") == ["CE"]
    assert len(told(reply, ".//h:acknowledgementDetail")) == 1
    assert (reply.outcome, reply.notifications) == ("rejected", ())


def test_the_code_of_a_query_defers_it_without_the_action(state: State) -> None:
    feed(state, id_of("P-1"))

    reply = ask(state, deferring)

    assert told(reply, "h:acknowledgement/h:typeCode/@code") == ["CA"]
    assert rule_ids(reply) == {"iti55-deferred-action"}
    assert [later.to for later in reply.notifications] == [URL]


def test_a_deferred_code_without_an_address_is_answered_at_once(state: State) -> None:
    feed(state, id_of("P-1"))

    reply = ask(state, setting(f"{ASKED}/h:responsePriorityCode", code="D"))

    assert told(reply, "h:acknowledgement/h:typeCode/@code") == ["AA"]
    assert rule_ids(reply) == {"hl7v3-query-response-priority"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gateway.example.org",
        "ftp://gateway.example.org/",
        "http://gateway.example.org:99999/",
        "http://user:secret@gateway.example.org/",
        "http://www.w3.org/2005/08/addressing/anonymous",
    ],
)
def test_a_deferred_answer_needs_a_url(state: State, url: str) -> None:
    reply = ask_deferred(state, setting("h:respondTo/h:telecom", value=url))

    assert rule_ids(reply) == {"iti55-respond-to"}
    assert reply.notifications == ()


# ---------------------------------------------------------------- rules

BROKEN: Mapping[str, tuple[Callable[[State, Edit], Answer], Edit]] = {
    **{rule_id: (ask, edit) for rule_id, edit in SHARED.items()},
    "demographics-omitted-parameter": (ask, adding(PARAMETERS, scoping_organization(HOME))),
    "iti55-description": (ask, without(BIRTH_TIME)),
    "iti55-search-use": (ask, setting(f"{NAME}/h:value", use="SRCH")),
    "iti55-respond-to": (ask_deferred, without("h:respondTo")),
    "iti55-deferred-action": (ask, deferring),
}
RULES = {rule.id: rule for rule in TRANSACTION.rules}


def test_every_rule_is_broken_by_a_message() -> None:
    assert set(BROKEN) == set(RULES)
    assert len(RULES) == len(TRANSACTION.rules)


@pytest.mark.parametrize("rule_id", BROKEN)
def test_a_message_that_breaks_a_rule_is_told_so(state: State, rule_id: str) -> None:
    send, edit = BROKEN[rule_id]
    feed(state, id_of("P-1"))

    reply = send(state, edit)

    assert rule_id in rule_ids(reply)
    refused = reply.outcome == "rejected"
    assert refused == any(f.severity is Severity.ERROR for f in reply.findings)
    assert refused >= (RULES[rule_id].severity is Severity.ERROR)
