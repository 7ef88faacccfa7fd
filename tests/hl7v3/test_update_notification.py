"""Who is notified of changed cross-references, and what the message says."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ihe_mock_async.elements import parse
from ihe_mock_async.hl7v3 import transmission
from ihe_mock_async.hl7v3.feed import REVISE
from ihe_mock_async.hl7v3.transmission_check import check
from ihe_mock_async.hl7v3.update_notification import UpdateNotification, due, message
from ihe_mock_async.identifiers import PatientIdentifier
from ihe_mock_async.state import PatientRecord, PixConsumer

NOW = datetime(2026, 3, 2, 9, 45, 12, tzinfo=UTC)
NS = {"h": "urn:hl7-org:v3"}
CLINIC, INSURER = "1.2.276.0.76.3.1", "1.2.276.0.76.3.2"
A1, A2 = PatientIdentifier(CLINIC, 'A <1> & "so"'), PatientIdentifier(CLINIC, "A2")
B1 = PatientIdentifier(INSURER, "B1")
EVERYTHING = PixConsumer("http://consumer.example/pix")
OF_CLINIC = PixConsumer("http://clinic.example/pix", (CLINIC,), "1.2.276.0.76.9")

identifiers = st.lists(st.sampled_from([A1, A2, B1]), unique=True)


def patient(*ids: PatientIdentifier) -> PatientRecord:
    return PatientRecord(1, ids, b"<patient/>")


def told(before: list[PatientRecord], after: PatientRecord) -> list[str]:
    return [each.consumer.url for each in due([EVERYTHING, OF_CLINIC], before, after)]


def test_what_changes_in_other_domains_is_not_told() -> None:
    assert told([patient(A1), patient(B1)], patient(A1, B1)) == [EVERYTHING.url]
    assert told([patient(A1), patient(A2)], patient(A1, A2)) == [EVERYTHING.url, OF_CLINIC.url]


def test_a_patient_without_identifier_in_a_domain_cannot_be_told_there() -> None:
    assert told([patient(B1), patient(A1)], patient(B1)) == [EVERYTHING.url]


@given(identifiers)
def test_what_stays_is_not_told(ids: list[PatientIdentifier]) -> None:
    assert told([patient(*ids)], patient(*reversed(ids))) == []


@given(identifiers, identifiers)
def test_all_identifiers_of_the_domains_are_told(
    before: list[PatientIdentifier], after: list[PatientIdentifier]
) -> None:
    for notification in due([OF_CLINIC], [patient(*before)], patient(*after)):
        assert list(notification.identifiers) == [i for i in after if i.root == CLINIC]


def test_a_new_patient_is_told_of_with_a_lone_identifier() -> None:
    assert told([], patient(A1)) == [EVERYTHING.url, OF_CLINIC.url]
    assert told([], patient(B1)) == [EVERYTHING.url]


def test_a_notification_is_a_revision_without_breach() -> None:
    notification = UpdateNotification(OF_CLINIC, [A1, B1], b"<patient/>")
    xml = message(notification, "11111111-2222-4333-8444-555555555555", NOW)

    document = parse(xml)
    assert list(check(transmission.read(document), REVISE)) == []
    ids = document.findall(".//h:subject1/h:patient/h:id", NS)
    assert [(i.get("root"), i.get("extension")) for i in ids] == [
        (A1.root, A1.extension),
        (B1.root, B1.extension),
    ]
    assert document.xpath("string(h:receiver/h:device/h:id/@root)", namespaces=NS) == (
        OF_CLINIC.device_id
    )
    assert document.xpath("string(//h:patientPerson/h:name/@nullFlavor)", namespaces=NS) == "NA"


def test_a_notification_names_the_patient() -> None:
    demographics = b"""<q:patient xmlns:q="urn:hl7-org:v3"><q:patientPerson>
        <q:name nullFlavor="UNK"/><q:name use="L"><q:family>Beispiel</q:family></q:name>
        </q:patientPerson></q:patient>"""
    notification = UpdateNotification(EVERYTHING, [A1], demographics)

    document = parse(message(notification, "11111111-2222-4333-8444-555555555555", NOW))

    names = document.findall(".//h:patientPerson/h:name", NS)
    assert [(name.get("use"), name.findtext("h:family", "", NS)) for name in names] == [
        ("L", "Beispiel")
    ]
