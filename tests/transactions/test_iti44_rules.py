"""Every rule of ITI-44 has a message that breaks it, made from a valid one by one edit."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ihe_mock_async.findings import Severity
from ihe_mock_async.ihe import Answer
from ihe_mock_async.state import AffinityDomain, PatientRecord, PatientSearch, State
from ihe_mock_async.transactions.iti44_patient_identity_feed_hl7v3 import TRANSACTION, answer
from tests.transactions.identity_feed import (
    AUTHORITY,
    OTHER_AUTHORITY,
    Edit,
    Given,
    adding,
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
from tests.transactions.wrapper_breaches import WRAPPER

# ---------------------------------------------------------------- the table

ACT = "h:controlActProcess"
SUBJECT = f"{ACT}/h:subject"
EVENT = f"{SUBJECT}/h:registrationEvent"
PATIENT = f"{EVENT}/h:subject1/h:patient"
PERSON = f"{PATIENT}/h:patientPerson"
OTHER_IDS = f"{PERSON}/h:asOtherIDs"
PROVIDER = f"{PATIENT}/h:providerOrganization"
PRIOR = f"{EVENT}/h:replacementOf/h:priorRegistration"
SUBSUMED = f"{PRIOR}/h:subject1/h:priorRegisteredRole/h:id"
SURVIVING = f"{PATIENT}/h:id"
REPLACEMENT_OF = (
    '<replacementOf xmlns="urn:hl7-org:v3" typeCode="RPLC"><priorRegistration/></replacementOf>'
)

BROKEN_ADDS: Mapping[str, Edit] = {
    **WRAPPER,
    "hl7v3-interaction": renamed,
    "hl7v3-element-repeated": twice(ACT),
    "hl7v3-interaction-id-extension": setting("h:interactionId", extension="PRPA_IN201301UV"),
    "hl7v3-control-act-mood": setting(ACT, moodCode="RQO"),
    "hl7v3-trigger-event": setting(f"{ACT}/h:code", code="PRPA_TE201304UV02"),
    "hl7v3-trigger-event-sibling": setting(f"{ACT}/h:code", code="PRPA_TE201302UV02"),
    "iti44-subject": without(EVENT),
    "iti44-subject-single": twice(SUBJECT),
    "iti44-subject-class": setting(SUBJECT, contextConductionInd="true"),
    "iti44-registration-class": without(EVENT, "classCode"),
    "iti44-registration-status": setting(f"{EVENT}/h:statusCode", code="obsolete"),
    "iti44-patient": without(PATIENT),
    "iti44-custodian": without(f"{EVENT}/h:custodian"),
    "iti44-replacement-not-merge": adding(EVENT, REPLACEMENT_OF),
    "iti44-patient-class": setting(PATIENT, classCode="PSN"),
    "iti44-patient-status": without(f"{PATIENT}/h:statusCode"),
    "iti44-patient-id": setting(SURVIVING, nullFlavor="NA", extension=""),
    "iti44-patient-id-root": both(twice(SURVIVING), without(f"({SURVIVING})[2]", "root")),
    "iti44-patient-id-oid": setting(SURVIVING, root=f"urn:oid:{AUTHORITY}"),
    "iti44-patient-id-extension": without(SURVIVING, "extension"),
    "iti44-patient-id-characters": setting(SURVIVING, extension="P^1001"),
    "iti44-patient-person": twice(PERSON),
    "iti44-patient-person-class": without(PERSON, "determinerCode"),
    "iti44-person-name": without(f"{PERSON}/h:name"),
    "iti44-gender": setting(f"{PERSON}/h:administrativeGenderCode", code="f"),
    "iti44-birth-time": setting(f"{PERSON}/h:birthTime", value="1958-02-14"),
    "iti44-other-ids-class": setting(OTHER_IDS, classCode="CIT"),
    "iti44-other-ids-scope": setting(f"{OTHER_IDS}/h:scopingOrganization/h:id", root=AUTHORITY),
    "iti44-scoping-organization-extension": setting(
        f"{OTHER_IDS}/h:scopingOrganization/h:id", extension="N"
    ),
    "iti44-provider-organization": without(PROVIDER),
    "iti44-provider-organization-id": without(f"{PROVIDER}/h:id"),
    "iti44-provider-organization-id-extension": setting(f"{PROVIDER}/h:id", extension="K"),
    "iti44-provider-organization-contact": without(f"{PROVIDER}/h:contactParty"),
}

BROKEN_MERGES: Mapping[str, Edit] = {
    "iti44-merge-replacement": without(f"{EVENT}/h:replacementOf"),
    "iti44-merge-replacement-single": twice(f"{EVENT}/h:replacementOf"),
    "iti44-merge-prior-status": setting(f"{PRIOR}/h:statusCode", code="active"),
    "iti44-merge-subsumed-id": without(SUBSUMED, "extension"),
    "iti44-provider-organization-root": setting(f"{PROVIDER}/h:id", root="1.2.3"),
    "iti44-merge-name": without(f"{PERSON}/h:name"),
    "iti44-merge-same-identifier": setting(SUBSUMED, extension="P-1001"),
    "iti44-merge-subsumed-unknown": setting(SUBSUMED, extension="P-9999"),
    "iti44-merge-surviving-unknown": setting(SURVIVING, extension="P-9999"),
    "iti44-merge-different-authorities": setting(SUBSUMED, root=OTHER_AUTHORITY),
}


TWO_PATIENTS = all_of(known("P-1001"), known("N-77", root=OTHER_AUTHORITY))


FOREIGN = AffinityDomain(assigning_authorities=["1.2.3"])
OWN_AND_OTHER = AffinityDomain(assigning_authorities=[OTHER_AUTHORITY])

Case = tuple[str, Edit, Given, AffinityDomain]

BY_STATE: Mapping[str, Case] = {
    "iti44-add-existing": ("add", valid, known("P-1001"), AffinityDomain()),
    "iti44-revise-unknown": ("revise", valid, known(), AffinityDomain()),
    "iti44-patients-linked": ("revise", valid, TWO_PATIENTS, AffinityDomain()),
    "iti44-patient-id-authority": ("add", valid, known(), OWN_AND_OTHER),
    "iti44-patient-id-no-authority": ("add", valid, known(), FOREIGN),
    "iti44-patient-id-subsumed": (
        "revise",
        valid,
        merged(("P-1001", "P-1002")),
        AffinityDomain(),
    ),
    "iti44-merge-surviving-authority": (
        "merge",
        setting(SUBSUMED, root="1.2.3"),
        known("P-1001", "P-1002"),
        FOREIGN,
    ),
    "iti44-merge-subsumed-authority": ("merge", valid, known("P-1001", "P-1002"), FOREIGN),
    "iti44-merge-surviving-subsumed": (
        "merge",
        valid,
        merged(("P-1001", "P-1003")),
        AffinityDomain(),
    ),
    "iti44-merge-subsumed-subsumed": (
        "merge",
        valid,
        merged(("P-1002", "P-1003")),
        AffinityDomain(),
    ),
}

CASES: Mapping[str, Case] = {
    **{rule: ("add", edit, known(), AffinityDomain()) for rule, edit in BROKEN_ADDS.items()},
    **{
        rule: ("merge", edit, known("P-1001", "P-1002"), AffinityDomain())
        for rule, edit in BROKEN_MERGES.items()
    },
    **BY_STATE,
}
RULES = {rule.id: rule for rule in TRANSACTION.rules}


def test_every_rule_is_broken_by_a_message() -> None:
    assert set(CASES) == set(RULES)
    assert len(RULES) == len(TRANSACTION.rules)


def patients_of(state: State) -> list[PatientRecord]:
    found = state.patients.search(PatientSearch())
    return list(state.patients.records([patient.key for patient in found]))


def send(case: Case) -> tuple[Answer, list[PatientRecord], list[PatientRecord]]:
    """The answer, and all patients before and after the exchange."""
    name, edit, given, domain = case
    with stored_state() as state:
        given(state)
        before = patients_of(state)
        reply = answer(exchange_of(name, edit, state, domain))
        return reply, before, patients_of(state)


@pytest.mark.parametrize("rule_id", CASES)
def test_a_message_that_breaks_a_rule_is_told_so(rule_id: str) -> None:
    reply, *_ = send(CASES[rule_id])

    assert rule_id in rule_ids(reply)
    refused = reply.outcome == "rejected"
    assert refused == any(f.severity is Severity.ERROR for f in reply.findings)
    assert refused >= (RULES[rule_id].severity is Severity.ERROR)


@pytest.mark.parametrize("rule_id", [r for r in CASES if RULES[r].severity is Severity.ERROR])
def test_a_refused_message_changes_nothing(rule_id: str) -> None:
    reply, before, after = send(CASES[rule_id])

    assert reply.outcome == "rejected"
    assert after == before


@pytest.mark.parametrize("name", ["add", "revise", "merge"])
def test_a_valid_message_breaks_no_rule(name: str) -> None:
    given = known() if name == "add" else known("P-1001", "P-1002")
    reply, before, after = send((name, valid, given, AffinityDomain()))

    assert reply.findings == []
    assert after != before


@pytest.mark.parametrize("rule_id", BROKEN_ADDS)
def test_locations_are_paths_from_the_interaction(rule_id: str) -> None:
    reply, *_ = send(CASES[rule_id])

    (finding, *_) = [f for f in reply.findings if f.rule.id == rule_id]
    root = "PRPA_IN201309UV02" if rule_id == "hl7v3-interaction" else "PRPA_IN201301UV02"
    assert finding.location.split("/")[:2] == ["", root]
    assert finding.line
