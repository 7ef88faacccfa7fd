"""ITI-44, one exchange per test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.ihe import Answer
from ihe_mock_async.state import (
    AffinityDomain,
    AvailabilityStatus,
    ObjectKind,
    PatientRecord,
    PatientSearch,
    PixConsumer,
    RegistryObject,
    State,
)
from ihe_mock_async.transactions.iti44_patient_identity_feed_hl7v3 import TRANSACTION, answer
from tests.transactions.identity_feed import (
    AUTHORITY,
    NOW,
    NS,
    OTHER_AUTHORITY,
    Edit,
    Given,
    all_of,
    both,
    exchange_of,
    known,
    merged,
    renamed,
    rule_ids,
    setting,
    twice,
    valid,
    without,
)
from tests.transactions.stored_state import stored_state

PATIENT = "h:controlActProcess/h:subject/h:registrationEvent/h:subject1/h:patient"
SUBSUMED = ".//h:priorRegisteredRole/h:id"
EVERYWHERE = AffinityDomain()
NOTHING = known()


@pytest.fixture
def state() -> Iterator[State]:
    with stored_state() as opened:
        yield opened


def send(
    name: str, edit: Edit = valid, given: Given = NOTHING, domain: AffinityDomain = EVERYWHERE
) -> Answer:
    """The answer of a server to which something has happened before."""
    with stored_state() as state:
        given(state)
        return send_to(state, name, edit, domain)


def send_to(
    state: State, name: str, edit: Edit = valid, domain: AffinityDomain = EVERYWHERE
) -> Answer:
    return answer(exchange_of(name, edit, state, domain))


def patients_of(state: State) -> list[PatientRecord]:
    found = state.patients.search(PatientSearch())
    return list(state.patients.records([patient.key for patient in found]))


def identifier(number: str, root: str = AUTHORITY) -> PatientIdentifier:
    return PatientIdentifier(root, number)


def survivor_of(state: State, number: str) -> PatientIdentifier | None:
    return state.patients.find([identifier(number)])[identifier(number)].subsumed_by


def told(reply: Answer, path: str) -> list[str]:
    """What XPath finds in the answer's body."""
    assert isinstance(reply.body, bytes)
    found = parse(reply.body).xpath(path, namespaces=NS)
    return [(item.text or "") if isinstance(item, etree._Element) else str(item) for item in found]


# ---------------------------------------------------------------- acknowledgement


def test_an_add_is_acknowledged_with_the_request_turned_around() -> None:
    reply = send("add")

    assert (reply.summary, reply.outcome) == ("CA", "served")
    assert reply.action == "urn:hl7-org:v3:MCCI_IN000002UV01"
    assert told(reply, "h:acknowledgement/h:typeCode/@code") == ["CA"]
    assert told(reply, "h:acknowledgement/h:targetMessage/h:id/@root") == [
        "5f1c2a0e-94f8-4c59-9f32-6f0d3f0f7a11"
    ]
    assert told(reply, "h:acknowledgement/h:targetMessage/h:id/@extension") == []
    assert told(reply, "h:receiver/h:device/h:id/@root") == ["1.3.6.1.4.1.21367.13.10.100"]
    assert told(reply, "h:sender/h:device/h:id/@root") == ["1.3.6.1.4.1.21367.13.10.200"]
    assert told(reply, "h:sender//h:representedOrganization/h:id/@root") == [
        "1.3.6.1.4.1.21367.13.10.201"
    ]
    assert told(reply, "h:acceptAckCode/@code | h:processingCode/@code") == ["T", "NE"]
    assert told(reply, "h:id/@root") == ["11111111-2222-4333-8444-555555555555"]
    assert told(reply, "h:creationTime/@value") == ["20260302094512+0000"]
    assert told(reply, "h:acknowledgement/h:acknowledgementDetail") == []


def test_both_parts_of_the_message_id_are_echoed() -> None:
    reply = send("revise", setting("h:id", extension='a "b" <c> & {d}'), known("P-1001"))

    assert told(reply, ".//h:targetMessage/h:id/@extension") == ['a "b" <c> & {d}']
    assert reply.message_id == '1.3.6.1.4.1.21367.13.10.100^a "b" <c> & {d}'


def test_wrong_content_is_answered_with_ce_and_every_problem() -> None:
    edit = both(
        setting(f"{PATIENT}/h:id", root="urn:oid:1.2.3"),
        setting("h:acceptAckCode", code="NE"),
        setting(".//h:birthTime", value="14.2.1958"),
    )

    reply = send("add", edit)

    assert (reply.summary, reply.outcome) == ("CE", "rejected")
    details = "h:acknowledgement/h:acknowledgementDetail"
    assert told(reply, f"{details}/@typeCode") == ["W", "E", "E", "W"]
    assert told(reply, f"{details}/h:location") == [
        "/PRPA_IN201301UV02/acceptAckCode/@code",
        *(
            f"/PRPA_IN201301UV02/controlActProcess/subject/registrationEvent/subject1/patient/{x}"
            for x in ("id/@root", "id", "patientPerson/birthTime/@value")
        ),
    ]
    assert "without urn:oid:" in told(reply, f"{details}[2]/h:text")[0]
    assert set(told(reply, f"{details}/h:code/@codeSystem")) == {"2.16.840.1.113883.5.1100"}


@pytest.mark.parametrize(
    "edit",
    [
        renamed,
        without("h:id"),
        without("h:interactionId"),
        setting("h:interactionId", extension="PRPA_IN201301UV"),
        without("h:controlActProcess"),
    ],
)
def test_what_cannot_be_processed_is_answered_with_cr(edit: Edit) -> None:
    reply = send("add", edit)

    assert (reply.summary, reply.outcome) == ("CR", "rejected")
    assert told(reply, "h:acknowledgement/h:typeCode/@code") == ["CR"]


@pytest.mark.parametrize(
    ("edit", "code"),
    [(valid, "AA"), (setting(f"{PATIENT}/h:id", root="x.y"), "AE"), (without("h:id"), "AR")],
)
def test_a_domain_may_ask_for_application_codes(edit: Edit, code: str) -> None:
    reply = send("add", edit, domain=AffinityDomain(ack_codes="AA"))

    assert reply.summary == code
    assert told(reply, "h:acknowledgement/h:typeCode/@code") == [code]


def test_warnings_are_recorded_but_not_told_to_who_is_accepted() -> None:
    reply = send("add", without(".//h:custodian"))

    assert reply.summary == "CA"
    assert rule_ids(reply) == {"iti44-custodian"}
    assert told(reply, "//h:acknowledgementDetail") == []


# ---------------------------------------------------------------- validation


def test_strict_validation_refuses_warnings() -> None:
    domain = AffinityDomain(validation=Validation.STRICT)

    assert send("add", without(".//h:custodian"), domain=domain).summary == "CE"


def test_reporting_validation_accepts_what_can_be_acted_on(state: State) -> None:
    domain = AffinityDomain(validation=Validation.REPORT)

    reply = send_to(state, "add", without("h:id"), domain)

    assert reply.summary == "CA"
    assert rule_ids(reply) == {"hl7v3-message-id"}
    assert len(patients_of(state)) == 1
    assert told(reply, ".//h:targetMessage/h:id/@nullFlavor") == ["NI"]
    assert send_to(state, "add", without(f"{PATIENT}/h:id"), domain).summary == "CE"


def test_what_the_transport_has_found_comes_first_and_counts(state: State) -> None:
    rule = Rule("mime-start", Severity.ERROR, "text", "section", "fix")
    found = rule.found("part <root>")
    exchange = exchange_of("add", without(".//h:custodian"), state)

    reply = answer(replace(exchange, findings=[found]))

    assert [f.rule.id for f in reply.findings] == ["mime-start", "iti44-custodian"]
    assert reply.summary == "CE"
    assert told(reply, ".//h:acknowledgementDetail[1]/h:code/@code") == ["SYN113"]
    assert told(reply, ".//h:acknowledgementDetail[1]/h:location") == []


# ---------------------------------------------------------------- add and revise


def test_an_added_patient_has_all_identifiers_of_the_message(state: State) -> None:
    reply = send_to(state, "add")

    (added,) = patients_of(state)
    assert added.identifiers == (identifier("P-1001"), identifier("N-77", OTHER_AUTHORITY))
    assert list(reply.patient_ids) == [
        f"P-1001^^^&{AUTHORITY}&ISO",
        f"N-77^^^&{OTHER_AUTHORITY}&ISO",
    ]


def test_the_stored_demographics_are_the_patient_element(state: State) -> None:
    send_to(state, "add")

    stored = parse(patients_of(state)[0].demographics)
    assert stored.tag == "{urn:hl7-org:v3}patient"
    assert stored.xpath("string(h:patientPerson/h:name/h:family)", namespaces=NS) == (
        "Müster-Beispiel"
    )


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (PatientSearch(family_prefixes=("muster-b",)), True),
        (PatientSearch(birth_prefix="1958", gender="F"), True),
        (PatientSearch(family_prefixes=("muster-b",), gender="M"), False),
    ],
)
def test_an_added_patient_is_found_by_its_traits(
    state: State, search: PatientSearch, found: bool
) -> None:
    send_to(state, "add")

    assert bool(state.patients.search(search)) is found


def test_adding_a_known_patient_revises_it(state: State) -> None:
    known("P-1001")(state)

    reply = send_to(state, "add")

    (revised,) = patients_of(state)
    assert reply.summary == "CA"
    assert revised.identifiers == (identifier("P-1001"), identifier("N-77", OTHER_AUTHORITY))


def test_a_revise_replaces_demographics_and_traits(state: State) -> None:
    send_to(state, "add")

    edit = setting(".//h:administrativeGenderCode", code="UN")
    assert send_to(state, "revise", edit).findings == []

    assert "Ahornallee 12" in patients_of(state)[0].demographics.decode()
    assert [r.key for r in state.patients.search(PatientSearch(gender="UN"))] == [1]


def test_a_revise_of_an_unknown_patient_adds_it(state: State) -> None:
    reply = send_to(state, "revise")

    assert (reply.summary, len(patients_of(state))) == ("CA", 1)


def test_identifiers_in_one_message_link_their_patients(state: State) -> None:
    all_of(known("P-1001", "P-2"), known("N-77", root=OTHER_AUTHORITY))(state)

    send_to(state, "revise")

    linked, other = patients_of(state)
    assert linked.identifiers == (identifier("P-1001"), identifier("N-77", OTHER_AUTHORITY))
    assert other.identifiers == (identifier("P-2"),)


def test_identifiers_of_other_authorities_are_ignored(state: State) -> None:
    edit = both(twice(f"{PATIENT}/h:id"), setting(f"({PATIENT}/h:id)[2]", root="1.2.3"))

    reply = send_to(state, "add", edit, AffinityDomain(assigning_authorities=[AUTHORITY]))

    assert reply.summary == "CA"
    assert patients_of(state)[0].identifiers == (identifier("P-1001"),)


def test_other_ids_of_another_role_are_no_patient_identifiers(state: State) -> None:
    send_to(state, "add", setting(".//h:asOtherIDs", classCode="SD"))

    assert patients_of(state)[0].identifiers == (identifier("P-1001"),)


def test_a_subsumed_identifier_is_refused_with_the_one_that_replaced_it() -> None:
    reply = send("revise", valid, merged(("P-1001", "P-1002")))

    assert reply.summary == "CE"
    (text,) = told(reply, ".//h:acknowledgementDetail/h:text")
    assert f"P-1002^^^&{AUTHORITY}&ISO, into which it was merged" in text


# ---------------------------------------------------------------- merge


def test_a_merge_subsumes_the_prior_identifier(state: State) -> None:
    known("P-1001", "P-1002")(state)

    reply = send_to(state, "merge")

    assert reply.summary == "CA"
    assert survivor_of(state, "P-1002") == identifier("P-1001")
    assert list(reply.patient_ids) == [
        f"P-1001^^^&{AUTHORITY}&ISO",
        f"P-1002^^^&{AUTHORITY}&ISO",
    ]


def test_a_merge_gives_the_other_identifiers_to_the_survivor(state: State) -> None:
    known("P-1001", "P-1002")(state)
    state.patients.revise(2, [identifier("N-2", OTHER_AUTHORITY)], b"<subsumed/>", NOW)

    send_to(state, "merge")

    assert patients_of(state) == [
        PatientRecord(1, (identifier("P-1001"), identifier("N-2", OTHER_AUTHORITY)), b"<patient/>")
    ]


def test_identifiers_that_one_patient_has_can_be_merged(state: State) -> None:
    state.patients.add([identifier("P-1001"), identifier("P-1002")], b"<patient/>", NOW)

    assert send_to(state, "merge").summary == "CA"
    assert patients_of(state)[0].identifiers == (identifier("P-1001"),)


def registered(number: str, kind: ObjectKind, xml: bytes) -> RegistryObject:
    return RegistryObject(
        kind,
        f"urn:uuid:{kind}-{number}",
        f"urn:uuid:{kind}-{number}",
        1,
        AvailabilityStatus.DEPRECATED,
        xml,
        patient_id=identifier(number).cx,
    )


PATIENT_ID_SCHEMES = {
    ObjectKind.DOCUMENT_ENTRY: "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427",
    ObjectKind.SUBMISSION_SET: "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446",
    ObjectKind.FOLDER: "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a",
}


@pytest.mark.parametrize("kind", PATIENT_ID_SCHEMES)
def test_a_merge_moves_all_objects_of_the_subsumed_patient(state: State, kind: ObjectKind) -> None:
    known("P-1001", "P-1002", "P-1003")(state)
    xml = (
        b'<rim:RegistryObject xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">'
        b'<rim:Slot name="sourcePatientId"><rim:ValueList><rim:Value>SOURCE</rim:Value>'
        b'</rim:ValueList></rim:Slot><rim:ExternalIdentifier identificationScheme="%b" '
        b'value="P-1002"/></rim:RegistryObject>' % PATIENT_ID_SCHEMES[kind].encode()
    )
    own, other = registered("P-1002", kind, xml), registered("P-1003", kind, xml)
    state.documents.register([own, other], NOW)

    send_to(state, "merge")

    moved = state.documents.by_id([own.id])[own.id]
    assert moved.patient_id == identifier("P-1001").cx
    assert moved.status is AvailabilityStatus.DEPRECATED
    assert identifier("P-1001").cx.encode().replace(b"&", b"&amp;") in moved.xml
    assert b"SOURCE" in moved.xml
    assert state.documents.by_id([other.id])[other.id] == other


def test_an_unknown_subsumed_identifier_is_named_with_code_204() -> None:
    reply = send("merge", valid, known("P-1001"))

    assert reply.summary == "CE"
    code = ".//h:acknowledgementDetail/h:code"
    assert told(reply, f"{code}/@code") == ["204"]
    assert told(reply, f"{code}/@codeSystem") == ["2.16.840.1.113883.12.357"]
    assert "P-1002" in told(reply, ".//h:acknowledgementDetail/h:text")[0]


def test_merges_chain(state: State) -> None:
    known("P-1001", "P-1002", "P-1003")(state)

    first = send_to(state, "merge")
    second = send_to(
        state,
        "merge",
        both(
            setting(f"{PATIENT}/h:id", extension="P-1003"),
            setting(SUBSUMED, extension="P-1001"),
        ),
    )

    assert (first.summary, second.summary) == ("CA", "CA")
    assert survivor_of(state, "P-1001") == survivor_of(state, "P-1002") == identifier("P-1003")
    assert [patient.identifiers for patient in patients_of(state)] == [(identifier("P-1003"),)]


def test_of_several_patient_ids_the_one_of_the_same_authority_survives(state: State) -> None:
    known("P-1001", "P-1002")(state)
    edit = both(
        twice(f"{PATIENT}/h:id"),
        setting(f"({PATIENT}/h:id)[1]", root=OTHER_AUTHORITY, extension="N-1"),
    )

    assert send_to(state, "merge", edit).summary == "CA"
    assert survivor_of(state, "P-1002") == identifier("P-1001")


def test_a_merge_into_an_unknown_identifier_gives_it_to_the_patient(state: State) -> None:
    assert send_to(state, "add", setting(f"{PATIENT}/h:id", extension="P-1002")).summary == "CA"

    reply = send_to(state, "merge")

    assert (reply.summary, rule_ids(reply)) == ("CA", {"iti44-merge-surviving-unknown"})
    assert survivor_of(state, "P-1002") == identifier("P-1001")
    (patient,) = patients_of(state)
    assert patient.identifiers == (identifier("N-77", OTHER_AUTHORITY), identifier("P-1001"))


@pytest.mark.parametrize(
    "path",
    [
        "h:controlActProcess/h:subject",
        "h:controlActProcess/h:subject/h:registrationEvent",
        "h:controlActProcess/h:subject/h:registrationEvent/h:subject1",
        PATIENT,
    ],
)
def test_no_patient_of_several_is_acknowledged_and_lost(path: str) -> None:
    reply = send("add", twice(path))

    assert (reply.summary, rule_ids(reply)) == ("CE", {"iti44-subject-single"})


@pytest.mark.parametrize("part", ["", "/..", "/../.."])
def test_no_subsumed_identifier_of_several_is_lost(part: str) -> None:
    reply = send("merge", twice(f"{SUBSUMED}{part}"), known("P-1001", "P-1002"))

    assert (reply.summary, rule_ids(reply)) == ("CE", {"iti44-merge-subsumed-id"})


def test_blanks_are_no_patient_id() -> None:
    reply = send("add", setting(f"{PATIENT}/h:id", extension="  "))

    assert rule_ids(reply) == {"iti44-patient-id", "iti44-patient-id-extension"}


def test_a_merge_needs_no_provider_organization() -> None:
    reply = send("merge", without(f"{PATIENT}/h:providerOrganization"), known("P-1001", "P-1002"))

    assert (reply.summary, reply.findings) == ("CA", [])


def test_identifiers_of_two_authorities_may_be_merged() -> None:
    given = all_of(known("P-1001"), known("P-1002", root=OTHER_AUTHORITY))

    reply = send("merge", setting(SUBSUMED, root=OTHER_AUTHORITY), given)

    assert reply.summary == "CA"
    assert rule_ids(reply) == {"iti44-merge-different-authorities"}


# ---------------------------------------------------------------- ITI-46


def notified(
    state: State, name: str, edit: Edit = valid, *domains: str
) -> list[list[tuple[str, str]]]:
    """The identifiers of each notification that a consumer gets."""
    consumer = PixConsumer("http://consumer.example/pix", domains)
    reply = send_to(state, name, edit, AffinityDomain(pix_consumers=(consumer,)))
    for notification in reply.notifications:
        assert (notification.to, notification.transaction) == (consumer.url, "ITI-46")
        assert notification.action == "urn:hl7-org:v3:PRPA_IN201302UV02"
    return [
        [(str(i.get("root")), str(i.get("extension"))) for i in parse(n.body).iterfind(ID, NS)]
        for n in reply.notifications
    ]


ID = ".//h:subject1/h:patient/h:id"
ALONE = without(".//h:asOtherIDs")


def test_an_add_of_a_lone_identifier_notifies_once(state: State) -> None:
    assert notified(state, "add", ALONE) == [[(AUTHORITY, "P-1001")]]
    assert notified(state, "add", ALONE) == []


def test_an_add_in_a_domain_of_no_interest_notifies_nobody(state: State) -> None:
    assert notified(state, "add", ALONE, OTHER_AUTHORITY) == []


def test_an_add_that_joins_domains_notifies(state: State) -> None:
    both_ids = [(AUTHORITY, "P-1001"), (OTHER_AUTHORITY, "N-77")]

    assert notified(state, "add") == [both_ids]
    assert notified(state, "revise") == []


def test_linked_patients_are_notified_once_for_each_consumer(state: State) -> None:
    all_of(known("P-1001"), known("N-77", root=OTHER_AUTHORITY))(state)
    consumers = (PixConsumer("http://a.example/"), PixConsumer("http://b.example/"))

    reply = send_to(state, "revise", valid, AffinityDomain(pix_consumers=consumers))

    assert [n.to for n in reply.notifications] == ["http://a.example/", "http://b.example/"]


def test_a_merge_notifies_with_the_identifiers_that_are_left(state: State) -> None:
    known("P-1001", "P-1002")(state)

    assert notified(state, "merge") == [[(AUTHORITY, "P-1001")]]


def test_a_consumer_is_told_of_its_domains_only(state: State) -> None:
    all_of(known("P-1001"), known("N-77", root=OTHER_AUTHORITY))(state)

    assert notified(state, "revise", valid, OTHER_AUTHORITY) == []
    known("P-1002")(state)
    state.patients.revise(1, [identifier("P-7", "1.2.3")], b"<patient/>", NOW)
    assert notified(state, "merge", valid, AUTHORITY, OTHER_AUTHORITY) == [
        [(AUTHORITY, "P-1001"), (OTHER_AUTHORITY, "N-77")]
    ]


def test_who_is_refused_notifies_nobody(state: State) -> None:
    known("P-1001")(state)

    assert notified(state, "merge") == []


# ---------------------------------------------------------------- the constant


def test_the_transaction_names_each_action_and_root() -> None:
    assert sorted(TRANSACTION.handlers) == sorted(TRANSACTION.response_actions)
    assert {action: re.sub(".*}", "", root) for root, action in TRANSACTION.roots.items()} == {
        f"urn:hl7-org:v3:PRPA_IN20130{n}UV02": f"PRPA_IN20130{n}UV02" for n in (1, 2, 4)
    }
    assert not TRANSACTION.needs_addressing
