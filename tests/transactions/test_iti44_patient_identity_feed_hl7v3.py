"""ITI-44, one exchange per test."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.ihe import Answer
from ihe_mock_async.state import AffinityDomain
from ihe_mock_async.transactions.iti44_patient_identity_feed_hl7v3 import TRANSACTION, answer
from tests.transactions.identity_feed import (
    AUTHORITY,
    NS,
    OTHER_AUTHORITY,
    Edit,
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
from tests.transactions.memory_patients import MemoryPatients

PATIENT = "h:controlActProcess/h:subject/h:registrationEvent/h:subject1/h:patient"
SUBSUMED = ".//h:priorRegisteredRole/h:id"
EVERYWHERE = AffinityDomain()


def send(
    name: str,
    edit: Edit = valid,
    patients: MemoryPatients | None = None,
    domain: AffinityDomain = EVERYWHERE,
) -> Answer:
    return answer(exchange_of(name, edit, patients or known(), domain))


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


def test_reporting_validation_accepts_what_can_be_acted_on() -> None:
    domain = AffinityDomain(validation=Validation.REPORT)
    patients = known()

    reply = send("add", without("h:id"), patients, domain)

    assert reply.summary == "CA"
    assert rule_ids(reply) == {"hl7v3-message-id"}
    assert patients.changes == ["add"]
    assert told(reply, ".//h:targetMessage/h:id/@nullFlavor") == ["NI"]
    assert send("add", without(f"{PATIENT}/h:id"), patients, domain).summary == "CE"


def test_what_the_transport_has_found_comes_first_and_counts() -> None:
    rule = Rule("mime-start", Severity.ERROR, "text", "section", "fix")
    found = rule.found("part <root>")
    exchange = exchange_of("add", without(".//h:custodian"), known(), AffinityDomain())

    reply = answer(replace(exchange, findings=[found]))

    assert [f.rule.id for f in reply.findings] == ["mime-start", "iti44-custodian"]
    assert reply.summary == "CE"
    assert told(reply, ".//h:acknowledgementDetail[1]/h:code/@code") == ["SYN113"]
    assert told(reply, ".//h:acknowledgementDetail[1]/h:location") == []


# ---------------------------------------------------------------- add and revise


def test_an_added_patient_has_all_identifiers_of_the_message() -> None:
    patients = known()

    reply = send("add", valid, patients)

    assert patients.changes == ["add"]
    assert patients.keys("P-1001") == patients.keys("N-77", root=OTHER_AUTHORITY)
    assert list(reply.patient_ids) == [
        f"P-1001^^^&{AUTHORITY}&ISO",
        f"N-77^^^&{OTHER_AUTHORITY}&ISO",
    ]


def test_the_stored_demographics_are_the_patient_element() -> None:
    patients = known()

    send("add", valid, patients)

    stored = parse(patients.demographics[1])
    assert stored.tag == "{urn:hl7-org:v3}patient"
    assert stored.xpath("string(h:patientPerson/h:name/h:family)", namespaces=NS) == (
        "Müster-Beispiel"
    )


def test_adding_a_known_patient_revises_it() -> None:
    patients = known("P-1001")

    reply = send("add", valid, patients)

    assert reply.summary == "CA"
    assert patients.changes == ["revise"]
    assert patients.keys("P-1001") == patients.keys("N-77", root=OTHER_AUTHORITY)


def test_a_revise_replaces_the_demographics() -> None:
    patients = known("P-1001")

    assert send("revise", valid, patients).findings == []
    assert "Ahornallee 12" in patients.demographics[1].decode()


def test_a_revise_of_an_unknown_patient_adds_it() -> None:
    patients = known()

    reply = send("revise", valid, patients)

    assert (reply.summary, patients.changes) == ("CA", ["add"])


def test_identifiers_in_one_message_link_their_patients() -> None:
    patients = known("P-1001", "P-2")
    patients.add([PatientIdentifier(OTHER_AUTHORITY, "N-77")], b"<patient/>", None)  # type: ignore[arg-type]

    send("revise", valid, patients)

    assert patients.changes[-2:] == ["link", "revise"]
    assert patients.keys("P-1001") == patients.keys("N-77", root=OTHER_AUTHORITY)
    assert patients.keys("P-1001") != patients.keys("P-2")


def test_identifiers_of_other_authorities_are_ignored() -> None:
    patients = known()
    edit = both(twice(f"{PATIENT}/h:id"), setting(f"({PATIENT}/h:id)[2]", root="1.2.3"))

    reply = send("add", edit, patients, AffinityDomain(assigning_authorities=[AUTHORITY]))

    assert reply.summary == "CA"
    assert list(patients.registered) == [PatientIdentifier(AUTHORITY, "P-1001")]


def test_other_ids_of_another_role_are_no_patient_identifiers() -> None:
    patients = known()

    send("add", setting(".//h:asOtherIDs", classCode="SD"), patients)

    assert list(patients.registered) == [PatientIdentifier(AUTHORITY, "P-1001")]


def test_a_subsumed_identifier_is_refused_with_the_one_that_replaced_it() -> None:
    reply = send("revise", valid, merged(("P-1001", "P-1002")))

    assert reply.summary == "CE"
    (text,) = told(reply, ".//h:acknowledgementDetail/h:text")
    assert f"P-1002^^^&{AUTHORITY}&ISO, into which it was merged" in text


# ---------------------------------------------------------------- merge


def test_a_merge_subsumes_the_prior_identifier() -> None:
    patients = known("P-1001", "P-1002")

    reply = send("merge", valid, patients)

    assert (reply.summary, patients.changes) == ("CA", ["subsume"])
    subsumed = patients.registered[PatientIdentifier(AUTHORITY, "P-1002")]
    assert subsumed.subsumed_by == PatientIdentifier(AUTHORITY, "P-1001")
    assert list(reply.patient_ids) == [
        f"P-1001^^^&{AUTHORITY}&ISO",
        f"P-1002^^^&{AUTHORITY}&ISO",
    ]


def test_an_unknown_subsumed_identifier_is_named_with_code_204() -> None:
    reply = send("merge", valid, known("P-1001"))

    assert reply.summary == "CE"
    code = ".//h:acknowledgementDetail/h:code"
    assert told(reply, f"{code}/@code") == ["204"]
    assert told(reply, f"{code}/@codeSystem") == ["2.16.840.1.113883.12.357"]
    assert "P-1002" in told(reply, ".//h:acknowledgementDetail/h:text")[0]


def test_merges_chain() -> None:
    patients = known("P-1001", "P-1002", "P-1003")

    first = send("merge", valid, patients)
    second = send(
        "merge",
        both(
            setting(f"{PATIENT}/h:id", extension="P-1003"),
            setting(SUBSUMED, extension="P-1001"),
        ),
        patients,
    )

    assert (first.summary, second.summary) == ("CA", "CA")
    survivors = {
        patients.registered[PatientIdentifier(AUTHORITY, number)].subsumed_by
        for number in ("P-1001", "P-1002")
    }
    assert survivors == {PatientIdentifier(AUTHORITY, "P-1003")}


def test_of_several_patient_ids_the_one_of_the_same_authority_survives() -> None:
    patients = known("P-1001", "P-1002")
    edit = both(
        twice(f"{PATIENT}/h:id"),
        setting(f"({PATIENT}/h:id)[1]", root=OTHER_AUTHORITY, extension="N-1"),
    )

    assert send("merge", edit, patients).summary == "CA"
    subsumed = patients.registered[PatientIdentifier(AUTHORITY, "P-1002")]
    assert subsumed.subsumed_by == PatientIdentifier(AUTHORITY, "P-1001")


def test_identifiers_of_two_authorities_may_be_merged() -> None:
    patients = known("P-1001")
    patients.registered |= known("P-1002", root=OTHER_AUTHORITY).registered

    reply = send("merge", setting(SUBSUMED, root=OTHER_AUTHORITY), patients)

    assert reply.summary == "CA"
    assert rule_ids(reply) == {"iti44-merge-different-authorities"}


# ---------------------------------------------------------------- the constant


def test_the_transaction_names_each_action_and_root() -> None:
    assert sorted(TRANSACTION.handlers) == sorted(TRANSACTION.response_actions)
    assert {action: re.sub(".*}", "", root) for root, action in TRANSACTION.roots.items()} == {
        f"urn:hl7-org:v3:PRPA_IN20130{n}UV02": f"PRPA_IN20130{n}UV02" for n in (1, 2, 4)
    }
    assert not TRANSACTION.needs_addressing
