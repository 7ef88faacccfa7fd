"""ITI-45, one exchange per test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.findings import Severity, Validation
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.ihe import Answer, Exchange
from ihe_mock_async.state import AffinityDomain, State
from ihe_mock_async.transactions.iti45_pixv3_query import TRANSACTION, answer
from tests.transactions.identity_feed import (
    NS,
    Edit,
    adding,
    both,
    rule_ids,
    setting,
    twice,
    valid,
    without,
)
from tests.transactions.stored_state import stored_state
from tests.transactions.wrapper_breaches import WRAPPER

QUERY = Path(__file__).parents[1] / "fixtures" / "iti45" / "query.xml"
NOW = datetime(2026, 3, 2, 9, 45, 12, tzinfo=UTC)
HOME, CLINIC, INSURER = (f"1.3.6.1.4.1.21367.13.20.{n}000" for n in (1, 2, 3))
QUERIED = PatientIdentifier(HOME, "P-1001")

ACT = "h:controlActProcess"
ASKED = f"{ACT}/h:queryByParameter"
PARAMETERS = f"{ASKED}/h:parameterList"
FIRST_SOURCE, SECOND_SOURCE = (f"{PARAMETERS}/h:dataSource[{n}]" for n in (1, 2))
WHO = f"{PARAMETERS}/h:patientIdentifier"
XPATH = "/PRPA_IN201309UV02/controlActProcess/queryByParameter/parameterList"


@pytest.fixture
def state() -> Iterator[State]:
    """A patient with an identifier in each of two domains, and somebody in the third."""
    with stored_state() as opened:
        clinic = PatientIdentifier(CLINIC, "C-1")
        opened.patients.add([QUERIED, clinic], b"<patient/>", NOW)
        opened.patients.add([PatientIdentifier(INSURER, "I-9")], b"<patient/>", NOW)
        yield opened


def ask(state: State, edit: Edit = valid, domain: AffinityDomain | None = None) -> Answer:
    message = parse(QUERY.read_bytes())
    edit(message)
    return answer(
        Exchange(
            body=message,
            action="urn:hl7-org:v3:PRPA_IN201309UV02",
            attachments={},
            domain=domain or AffinityDomain(),
            now=NOW,
            new_uuid=lambda: "11111111-2222-4333-8444-555555555555",
            state=state,
        )
    )


def told(reply: Answer, path: str) -> list[str]:
    assert isinstance(reply.body, bytes)
    found = parse(reply.body).xpath(path, namespaces=NS)
    return [(item.text or "") if isinstance(item, etree._Element) else str(item) for item in found]


def identifiers(reply: Answer) -> list[str]:
    """`extension` of each id in the one patient of the answer."""
    return told(reply, f"{ACT}/h:subject/h:registrationEvent/h:subject1/h:patient/h:id/@extension")


def codes(reply: Answer) -> list[str]:
    """What acknowledgement and queryAck say."""
    return told(
        reply,
        "h:acknowledgement/h:typeCode/@code | //h:queryAck/h:statusCode/@code"
        " | //h:queryAck/h:queryResponseCode/@code",
    )


def details(reply: Answer, what: str) -> list[str]:
    return told(reply, f"h:acknowledgement/h:acknowledgementDetail/{what}")


ANYWHERE = both(without(SECOND_SOURCE), without(FIRST_SOURCE))
FOUND = ["AA", "deliveredResponse", "OK"]
NOTHING_FOUND = ["AA", "deliveredResponse", "NF"]
REFUSED = ["AE", "aborted", "AE"]
REJECTED = ["AR", "aborted", "QE"]


# ---------------------------------------------------------------- the cases of 3.45.4.2.3


def test_case_1_the_identifiers_in_the_requested_domains_are_told(state: State) -> None:
    reply = ask(state)

    assert codes(reply) == FOUND
    assert (reply.outcome, reply.summary, reply.findings) == ("served", "AA OK", [])
    assert identifiers(reply) == ["C-1"]
    assert list(reply.patient_ids) == [QUERIED.cx]


def test_case_2_without_data_sources_all_other_domains_are_told(state: State) -> None:
    state.patients.revise(1, [PatientIdentifier(INSURER, "I-1")], b"<patient/>", NOW)

    reply = ask(state, ANYWHERE)

    assert codes(reply) == FOUND
    assert identifiers(reply) == ["C-1", "I-1"]


def test_case_3_nothing_in_the_requested_domains_is_no_error(state: State) -> None:
    reply = ask(state, without(FIRST_SOURCE))

    assert codes(reply) == NOTHING_FOUND
    assert told(reply, "//h:subject | //h:acknowledgementDetail") == []
    assert reply.outcome == "served"


def test_case_4_an_unknown_identifier_is_an_error_with_its_place(state: State) -> None:
    reply = ask(state, setting(f"{WHO}/h:value", extension="P-9"))

    assert codes(reply) == REFUSED
    assert details(reply, "@typeCode") == ["E"]
    assert details(reply, "h:code/@code") == ["204"]
    assert details(reply, "h:code/@codeSystem") == ["2.16.840.1.113883.12.357"]
    assert details(reply, "h:location") == [f"{XPATH}/patientIdentifier/value"]
    assert f"P-9^^^&{HOME}&ISO" in details(reply, "h:text")[0]
    assert told(reply, "//h:subject") == []
    assert reply.outcome == "rejected"


def test_case_5_each_unknown_domain_has_a_detail_with_its_number(state: State) -> None:
    edit = both(
        setting(f"{FIRST_SOURCE}/h:value", root="1.2.3"),
        setting(f"{SECOND_SOURCE}/h:value", root="1.2.4"),
    )

    reply = ask(state, edit)

    assert codes(reply) == REFUSED
    assert details(reply, "h:code/@code") == ["204", "204"]
    assert details(reply, "h:location") == [f"{XPATH}/dataSource[{n}]/value" for n in (1, 2)]
    assert told(reply, "//h:subject") == []


def test_case_6_several_identifiers_in_one_domain_are_told_together(state: State) -> None:
    others = [PatientIdentifier(CLINIC, "C-0"), PatientIdentifier(HOME, "P-2")]
    state.patients.revise(1, others, b"<patient/>", NOW)

    reply = ask(state)

    assert codes(reply) == FOUND
    assert identifiers(reply) == ["C-1", "C-0"]
    assert told(reply, "//h:patient/@classCode") == ["PAT"]


# ---------------------------------------------------------------- identifiers and domains


def test_the_queried_identifier_is_never_told_but_others_of_its_domain_are(state: State) -> None:
    state.patients.revise(1, [PatientIdentifier(HOME, "P-2")], b"<patient/>", NOW)
    own_domain = both(without(SECOND_SOURCE), setting(f"{FIRST_SOURCE}/h:value", root=HOME))

    assert identifiers(ask(state, own_domain)) == ["P-2"]
    assert identifiers(ask(state, ANYWHERE)) == ["C-1", "P-2"]


def test_a_domain_that_is_configured_is_known_without_patients(state: State) -> None:
    edit = setting(f"{SECOND_SOURCE}/h:value", root="1.2.3")

    reply = ask(state, edit, AffinityDomain(assigning_authorities=frozenset({HOME, "1.2.3"})))

    assert codes(reply) == FOUND


def test_a_subsumed_identifier_is_unknown_and_its_survivor_is_named(state: State) -> None:
    survivor = PatientIdentifier(HOME, "P-2")
    key = state.patients.add([survivor], b"<patient/>", NOW)
    state.patients.subsume(QUERIED, survivor, NOW)
    state.patients.link(key, 1, NOW)

    reply = ask(state)
    by_survivor = ask(state, setting(f"{WHO}/h:value", extension="P-2"))

    assert codes(reply) == REFUSED
    assert details(reply, "h:code/@code") == ["204"]
    assert f"{survivor.cx}, into which it was merged" in details(reply, "h:text")[0]
    assert identifiers(by_survivor) == ["C-1"]


def test_the_state_is_not_changed() -> None:
    assert not TRANSACTION.writes


# ---------------------------------------------------------------- the form of the answer


def test_the_answer_repeats_the_query(state: State) -> None:
    reply = ask(state)

    assert isinstance(reply.body, bytes)
    sent, echoed = (
        etree.canonicalize(etree.tostring(query, with_tail=False, encoding="unicode"))
        for document in (QUERY.read_bytes(), reply.body)
        for query in parse(document).iterfind(".//h:queryByParameter", NS)
    )
    assert echoed == sent
    assert told(reply, "//h:queryAck/h:queryId/@extension") == ['"A" <1>']
    assert told(reply, "h:acknowledgement/h:targetMessage/h:id/@extension") == ["Q-4711"]
    assert reply.message_id == "1.3.6.1.4.1.21367.13.10.100^Q-4711"
    assert reply.action == "urn:hl7-org:v3:PRPA_IN201310UV02"


def test_an_answer_is_for_current_processing_whatever_the_query_says(state: State) -> None:
    reply = ask(state, setting("h:processingModeCode", code="A"))

    assert told(reply, "h:processingModeCode/@code") == ["T"]
    assert rule_ids(reply) == {"hl7v3-processing-mode-code"}


def test_the_patient_is_named_for_verification(state: State) -> None:
    name = b'<name use="L PRN"><given>Ada</given><family>Beispiel</family><nick>A</nick></name>'
    revised = b'<patient xmlns="urn:hl7-org:v3"><patientPerson>%b</patientPerson></patient>' % name
    (patient,) = state.patients.find([QUERIED]).values()
    state.patients.revise(patient.patient_key, [], revised, NOW)

    reply = ask(state)

    assert told(reply, "//h:patientPerson/h:name/@use") == ["L"]
    assert told(reply, "//h:patientPerson/h:name/*") == ["Ada", "Beispiel"]


def test_a_patient_without_a_name_has_a_null_one(state: State) -> None:
    reply = ask(state)

    assert told(reply, "//h:patientPerson/h:name/@nullFlavor") == ["NA"]
    assert told(reply, "//h:patientPerson/h:name/node()") == []
    assert len(told(reply, "//h:custodian/h:assignedEntity/h:id/@root")) == 1


def test_what_is_no_query_is_rejected(state: State) -> None:
    reply = ask(state, without(ASKED))

    assert codes(reply) == REJECTED
    assert reply.summary == "AR QE"
    assert told(reply, "//h:queryByParameter") == []


def test_a_rejected_wrapper_still_gets_its_query_back(state: State) -> None:
    reply = ask(state, without("h:id"))

    assert codes(reply) == REJECTED
    assert len(told(reply, "//h:queryByParameter/h:queryId")) == 1


def test_strict_validation_refuses_warnings(state: State) -> None:
    edit = setting(f"{ACT}/h:code", code="PRPA_IN201309UV02")

    assert codes(ask(state, edit)) == FOUND
    strict = ask(state, edit, AffinityDomain(validation=Validation.STRICT))
    assert codes(strict) == REFUSED
    assert details(strict, "@typeCode") == ["W"]


def test_unknown_keys_are_errors_in_report_mode_too(state: State) -> None:
    report = AffinityDomain(validation=Validation.REPORT)

    assert codes(ask(state, without(f"{ASKED}/h:queryId"), report)) == FOUND
    assert codes(ask(state, setting(f"{WHO}/h:value", extension="P-9"), report)) == REFUSED


# ---------------------------------------------------------------- every rule


def renamed(message: etree._Element) -> None:
    message.tag = "{urn:hl7-org:v3}PRPA_IN201301UV02"


def merged_before(state: State) -> None:
    state.patients.subsume(QUERIED, PatientIdentifier(INSURER, "I-9"), NOW)


NOTE = '<note xmlns="urn:hl7-org:v3"/>'

BREACHES: Mapping[str, Edit] = {
    **WRAPPER,
    "hl7v3-interaction": renamed,
    "hl7v3-element-repeated": twice(PARAMETERS),
    "hl7v3-interaction-id-extension": setting("h:interactionId", extension="PRPA_IN201309UV"),
    "hl7v3-control-act-mood": setting(ACT, moodCode="INT"),
    "hl7v3-trigger-event": setting(f"{ACT}/h:code", code="PRPA_TE201301UV02"),
    "hl7v3-trigger-event-sibling": setting(f"{ACT}/h:code", code="PRPA_IN201309UV02"),
    "hl7v3-query": without(ASKED),
    "hl7v3-query-single": twice(ASKED),
    "hl7v3-query-id": without(f"{ASKED}/h:queryId"),
    "hl7v3-query-status": setting(f"{ASKED}/h:statusCode", code="active"),
    "hl7v3-query-response-priority": setting(f"{ASKED}/h:responsePriorityCode", code="D"),
    "hl7v3-query-parameter-list": without(PARAMETERS),
    "iti45-patient-identifier": without(f"{WHO}/h:value"),
    "iti45-patient-identifier-single": twice(WHO),
    "iti45-patient-identifier-form": setting(f"{WHO}/h:value", root=f"urn:oid:{HOME}"),
    "iti45-data-source": twice(f"{FIRST_SOURCE}/h:value"),
    "iti45-data-source-extension": setting(f"{FIRST_SOURCE}/h:value", extension="1"),
    "iti45-semantics-text": without(f"{WHO}/h:semanticsText"),
    "iti45-parameter": adding(PARAMETERS, NOTE),
    "iti45-unknown-identifier": setting(f"{WHO}/h:value", extension="P-9"),
    "iti45-subsumed-identifier": valid,
    "iti45-unknown-domain": setting(f"{SECOND_SOURCE}/h:value", root="1.2.3"),
}
RULES = {rule.id: rule for rule in TRANSACTION.rules}


def test_every_rule_is_broken_by_a_message() -> None:
    assert set(BREACHES) == set(RULES)
    assert len(RULES) == len(TRANSACTION.rules)


@pytest.mark.parametrize("rule_id", BREACHES)
def test_a_message_that_breaks_a_rule_is_told_so(state: State, rule_id: str) -> None:
    if rule_id == "iti45-subsumed-identifier":
        merged_before(state)

    reply = ask(state, BREACHES[rule_id])

    assert rule_id in rule_ids(reply)
    refused = reply.outcome == "rejected"
    assert refused == any(f.severity is Severity.ERROR for f in reply.findings)
    assert refused == (RULES[rule_id].severity is Severity.ERROR)
    assert codes(reply)[0] in {"AE", "AR"} if refused else codes(reply) == FOUND
    assert all(f.location.startswith("/PRPA_IN2013") and f.line for f in reply.findings)


@pytest.mark.parametrize("edit", [without(f"{FIRST_SOURCE}/h:value"), without(WHO)])
def test_parameters_without_value_are_missed(state: State, edit: Edit) -> None:
    assert codes(ask(state, edit)) == REFUSED


def test_both_moods_of_a_query_are_taken(state: State) -> None:
    assert ask(state, setting(ACT, moodCode="RQO")).findings == []
