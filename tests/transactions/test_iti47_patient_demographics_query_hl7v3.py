"""ITI-47, one exchange per test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree

from ihe_mock_async.findings import Validation
from ihe_mock_async.ihe import Answer
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.transactions.iti47_patient_demographics_query_hl7v3 import answer
from tests.transactions.demographics_queries import (
    ACT,
    ASKED,
    BIRTH_TIME,
    CLINIC,
    GENDER,
    HOME,
    INSURER,
    NAME,
    NOW,
    PARAMETERS,
    XPATH,
    body,
    codes,
    exchange,
    feed,
    found,
    id_of,
    parameter,
    person,
    quantities,
    query,
    scoping_organization,
    told,
)
from tests.transactions.identity_feed import NS, Edit, adding, both, setting, valid, without
from tests.transactions.stored_state import stored_state

ACTION = "urn:hl7-org:v3:PRPA_IN201305UV02"
NOBODY = setting(f"{BIRTH_TIME}/h:value", value="20010101")


@pytest.fixture
def state() -> Iterator[State]:
    with stored_state() as opened:
        yield opened


def ask(state: State, edit: Edit = valid, domain: AffinityDomain | None = None) -> Answer:
    return answer(exchange(state, query(edit), ACTION, domain=domain))


def ask_only(state: State, *parameters: str) -> Answer:
    """Ask with these parameters instead of those of the valid query."""

    def edit(message: etree._Element) -> None:
        both(without(GENDER), without(BIRTH_TIME), without(NAME))(message)
        for xml in parameters:
            adding(PARAMETERS, xml)(message)

    return ask(state, edit)


# ---------------------------------------------------------------- cases of 3.47.4.2.3


def test_a_match_is_told_with_its_demographics_and_all_identifiers(state: State) -> None:
    feed(state, id_of("P-1"), id_of("C-1", CLINIC))
    feed(state, id_of("P-2"), xml=person(given="Eva"))

    reply = ask(state)

    assert (reply.outcome, reply.summary) == ("served", "AA OK 1 of 1")
    assert reply.action == "urn:hl7-org:v3:PRPA_IN201306UV02"
    assert codes(reply) == ["AA", "deliveredResponse", "OK"]
    assert quantities(reply) == [1, 1, 0]
    patient = ".//h:subject/h:registrationEvent/h:subject1/h:patient"
    assert told(reply, f"{patient}/h:id/@extension") == ["P-1", "C-1"]
    assert told(reply, f"{patient}/h:patientPerson/h:name/h:family") == ["Müster-Beispiel"]
    assert told(reply, f"{patient}/h:providerOrganization/h:id/@root") == ["1.2.3"]
    assert told(reply, ".//h:custodian/h:assignedEntity/h:id/@root") == [
        "1.3.6.1.4.1.21367.2017.2.6.2"
    ]
    assert reply.patient_ids == [id_of("P-1").cx]
    assert reply.findings == []


def test_the_degree_of_match_is_an_int_by_its_type(state: State) -> None:
    feed(state, id_of("P-1"))

    (value,) = body(ask(state)).xpath(".//h:queryMatchObservation/h:value", namespaces=NS)

    assert value.get("{http://www.w3.org/2001/XMLSchema-instance}type") == "INT"
    assert value.nsmap[None] == "urn:hl7-org:v3"
    assert value.get("value") == "83"  # gender and birth time exactly, the name by its beginning


@pytest.mark.parametrize(("setting_", "code"), [("NF", "NF"), ("OK", "OK")])
def test_nobody_matches(state: State, setting_: str, code: str) -> None:
    feed(state, id_of("P-1"))

    reply = ask(state, NOBODY, AffinityDomain(pdq_no_match=setting_))

    assert codes(reply) == ["AA", "deliveredResponse", code]
    assert quantities(reply) == [0, 0, 0]
    assert (found(reply), reply.outcome) == ([], "served")


def test_only_identifiers_of_the_requested_domains_are_told(state: State) -> None:
    feed(state, id_of("P-1"), id_of("C-1", CLINIC))

    reply = ask(state, adding(PARAMETERS, scoping_organization(CLINIC)))

    assert told(reply, ".//h:patient/h:id/@extension") == ["C-1"]
    assert told(reply, ".//h:asOtherIDs") == []


def test_a_requested_domain_without_identifier_is_told_by_a_null_one(state: State) -> None:
    feed(state, id_of("P-1"))
    feed(state, id_of("I-1", INSURER), xml=person(given="Eva"))
    wanted = both(
        adding(PARAMETERS, scoping_organization(INSURER)),
        adding(PARAMETERS, scoping_organization(HOME)),
    )

    reply = ask(state, wanted)

    assert told(reply, ".//h:patient/h:id/@extension") == ["P-1"]
    assert told(reply, ".//h:asOtherIDs/h:id/@nullFlavor") == ["NI"]
    assert told(reply, ".//h:asOtherIDs/h:scopingOrganization/h:id/@root") == [INSURER]


def test_each_unknown_domain_is_told_with_its_number(state: State) -> None:
    feed(state, id_of("P-1"))
    wanted = both(
        adding(PARAMETERS, scoping_organization("1.9.1")),
        adding(PARAMETERS, scoping_organization(HOME)),
        adding(PARAMETERS, scoping_organization("1.9.2")),
    )

    reply = ask(state, wanted, AffinityDomain(validation=Validation.REPORT))

    assert codes(reply) == ["AE", "aborted", "AE"]
    assert quantities(reply) == [0, 0, 0]
    details = "h:acknowledgement/h:acknowledgementDetail"
    assert told(reply, f"{details}/h:code/@code") == ["204", "204"]
    assert told(reply, f"{details}/h:location") == [
        f"{XPATH}/otherIDsScopingOrganization[1]/value",
        f"{XPATH}/otherIDsScopingOrganization[3]/value",
    ]
    assert (found(reply), reply.outcome) == ([], "rejected")


def test_what_the_model_leaves_out_is_not_told(state: State) -> None:
    feed(state, id_of("P-1"), xml=person(more='<birthPlace classCode="BIRTHPL"/>'))

    reply = ask(state)

    assert len(found(reply)) == 1
    assert told(reply, ".//h:birthPlace") == []


def test_a_patient_who_has_no_identifier_in_the_domain_is_identified(state: State) -> None:
    domain = AffinityDomain(assigning_authorities=[HOME, CLINIC])
    feed(state, id_of("P-1"))

    reply = ask(state, adding(PARAMETERS, scoping_organization(CLINIC)), domain)

    assert codes(reply) == ["AA", "deliveredResponse", "OK"]
    assert told(reply, ".//h:patient/h:id/@extension") == ["P-1"]
    assert told(reply, ".//h:asOtherIDs/h:id/@nullFlavor") == ["NI"]
    scope = ".//h:asOtherIDs/h:scopingOrganization/h:id/@root"
    assert told(reply, scope) == [CLINIC]


def test_without_query_there_is_nothing_to_act_on(state: State) -> None:
    reply = ask(state, without(ASKED), AffinityDomain(validation=Validation.REPORT))

    assert codes(reply) == ["AR", "aborted", "QE"]
    assert quantities(reply) == [0, 0, 0]
    assert told(reply, ".//h:queryByParameter | .//h:queryId") == []


def test_what_was_let_pass_is_not_told_with_the_matches(state: State) -> None:
    feed(state, id_of("P-1"))

    reply = ask(state, without(f"{ASKED}/h:responsePriorityCode"))

    assert codes(reply)[0] == "AA"
    assert [finding.rule.id for finding in reply.findings] == ["hl7v3-query-response-priority"]
    assert told(reply, ".//h:acknowledgementDetail") == []


# ---------------------------------------------------------------- who matches


def test_the_best_match_comes_first_then_the_oldest(state: State) -> None:
    search = '<value use="SRCH"><family>Muster</family></value>'
    for number, family in enumerate(["Musterfrau", "Muster", "Musterle"]):
        feed(state, id_of(f"P-{number}"), xml=person(given=f"G{number}", family=family))

    reply = ask_only(state, parameter("livingSubjectName", search))

    assert found(reply) == ["G1", "G0", "G2"]
    assert told(reply, ".//h:queryMatchObservation/h:value/@value") == ["100", "50", "50"]


def test_less_than_the_minimum_degree_is_no_match(state: State) -> None:
    feed(state, id_of("P-1"))
    path = f"{ASKED}/h:matchCriterionList/h:minimumDegreeMatch/h:value"

    assert quantities(ask(state, setting(path, value="83")))[0] == 1
    assert quantities(ask(state, setting(path, value="84")))[0] == 0


def test_several_names_are_alternatives(state: State) -> None:
    feed(state, id_of("P-1"), xml=person(given="Ada"))
    feed(state, id_of("P-2"), xml=person(given="Eva", family="Muster"))
    feed(state, id_of("P-3"), xml=person(given="Ida", family="Anders"))

    reply = ask_only(
        state,
        parameter("livingSubjectName", "<value><family>Muster</family></value>"),
        parameter("livingSubjectName", "<value><given>ADA</given></value>"),
    )

    assert found(reply) == ["Ada", "Eva"]


def test_several_identifiers_are_all_needed(state: State) -> None:
    feed(state, id_of("P-1"), id_of("C-1", CLINIC))
    feed(state, id_of("P-2"), id_of("C-2", CLINIC))

    def by(*values: tuple[str, str]) -> Answer:
        return ask_only(
            state,
            *[
                parameter("livingSubjectId", f'<value root="{root}" extension="{extension}"/>')
                for root, extension in values
            ],
        )

    assert quantities(by((HOME, "P-1"), (CLINIC, "C-1"))) == [1, 1, 0]
    assert quantities(by((HOME, "P-1"), (CLINIC, "C-2"))) == [0, 0, 0]


def test_a_merged_identifier_finds_the_survivor(state: State) -> None:
    survivor = feed(state, id_of("P-1"))
    other = feed(state, id_of("P-2"), xml=person(given="Eva"))
    state.patients.subsume(id_of("P-2"), id_of("P-1"), NOW)
    state.patients.link(survivor, other, NOW)
    by_id = parameter("livingSubjectId", f'<value root="{HOME}" extension="P-2"/>')

    reply = ask_only(state, by_id)

    assert told(reply, ".//h:patient/h:id/@extension") == ["P-1"]
    assert found(reply) == ["Ada"]


def test_a_patient_without_active_identifier_is_not_found(state: State) -> None:
    feed(state, id_of("P-1"), xml=person(given="Eva"))
    feed(state, id_of("P-2"))
    state.patients.subsume(id_of("P-2"), id_of("P-1"), NOW)

    assert found(ask(state)) == []


def test_a_patient_of_whom_little_is_known_is_told_whole(state: State) -> None:
    feed(state, id_of("P-1"), xml='<patient xmlns="urn:hl7-org:v3"/>')
    by_id = parameter("livingSubjectId", f'<value root="{HOME}" extension="P-1"/>')

    reply = ask_only(state, by_id)

    (patient,) = body(reply).xpath(".//h:patient", namespaces=NS)
    assert [etree.QName(child).localname for child in patient] == [
        "id",
        "statusCode",
        "patientPerson",
        "providerOrganization",
        "subjectOf1",
    ]
    assert told(reply, ".//h:patientPerson/h:name/@nullFlavor") == ["NI"]
    assert told(reply, ".//h:providerOrganization/h:id/@root") == [HOME]


def test_identifiers_of_others_are_kept_apart_from_registered_ones(state: State) -> None:
    others = (
        '<asOtherIDs classCode="PAT">'
        f'<id root="{HOME}" extension="P-1"/><id root="{HOME}" extension="old"/>'
        f'<scopingOrganization classCode="ORG" determinerCode="INSTANCE"><id root="{HOME}"/>'
        "</scopingOrganization></asOtherIDs>"
        '<personalRelationship classCode="PRS"><code code="MTH"/><relationshipHolder1/>'
        "</personalRelationship>"
        '<contactParty classCode="CON"/>'
    )
    feed(state, id_of("P-1"), xml=person(more=others))

    reply = ask(state)

    assert told(reply, ".//h:asOtherIDs/h:id/@extension") == ["old"]
    parts = body(reply).xpath("name(.//h:patientPerson/*[last()])", namespaces=NS)
    assert parts == "personalRelationship"


def test_prefixes_in_values_of_the_feed_stay_declared(state: State) -> None:
    fed = (
        '<p:patient xmlns:p="urn:hl7-org:v3" xmlns:x="http://www.w3.org/2001/XMLSchema-instance">'
        '<p:patientPerson><p:name x:type="p:PN"><p:given>Ada</p:given></p:name></p:patientPerson>'
        "</p:patient>"
    )
    feed(state, id_of("P-1"), xml=fed)
    by_id = parameter("livingSubjectId", f'<value root="{HOME}" extension="P-1"/>')

    (name,) = body(ask_only(state, by_id)).xpath(".//h:patientPerson/h:name", namespaces=NS)

    assert name.nsmap["p"] == "urn:hl7-org:v3"


def test_the_query_is_repeated_in_the_answer(state: State) -> None:
    reply = ask(state, setting(f"{ASKED}/h:queryId", extension="Q <&>"))

    assert told(reply, f"{ACT}/h:queryAck/h:queryId/@extension") == ["Q <&>"]
    assert told(reply, f"{ACT}/h:queryByParameter/h:queryId/@extension") == ["Q <&>"]
