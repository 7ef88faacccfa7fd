"""Whom a message is about, read without its transaction."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ihe_mock_async.elements import parse
from ihe_mock_async.journal import patients
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.pattern import Pattern

FEED = b"""
<PRPA_IN201301UV02 xmlns="urn:hl7-org:v3"><id root="1.2.3" extension="message"/>
  <subject1><patient><id root="1.2.3.4" extension="P1"/><statusCode code="active"/>
    <patientPerson><asOtherIDs><id root="1.2.3.5" extension="other"/></asOtherIDs></patientPerson>
  </patient></subject1>
  <replacementOf><priorRegistration><subject1><priorRegisteredRole>
    <id root="1.2.3.4" extension="P2"/></priorRegisteredRole></subject1></priorRegistration>
  </replacementOf></PRPA_IN201301UV02>"""
PIX_QUERY = b"""
<PRPA_IN201309UV02 xmlns="urn:hl7-org:v3"><parameterList>
  <dataSource><value root="1.2.3.9"/></dataSource>
  <patientIdentifier><value root="1.2.3.4" extension="P1"/></patientIdentifier>
</parameterList></PRPA_IN201309UV02>"""
STORED_QUERY = b"""
<AdhocQuery xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">
  <Slot name="$XDSDocumentEntryPatientId"><ValueList>
    <Value>('O''Hara^^^&amp;1.2.3.4&amp;ISO','P2^^^&amp;1.2.3.4&amp;ISO')</Value></ValueList></Slot>
  <Slot name="$XDSDocumentEntryStatus"><ValueList><Value>('urn:x')</Value></ValueList></Slot>
</AdhocQuery>"""
SUBMISSION = b"""
<RegistryObjectList xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">
  <ExternalIdentifier identificationScheme="urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
    value="P1^^^&amp;1.2.3.4&amp;ISO"/>
  <ExternalIdentifier identificationScheme="urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
    value="P1^^^&amp;1.2.3.4&amp;ISO"/>
  <ExternalIdentifier identificationScheme="urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
    value="1.2.3.4.5.6"/>
</RegistryObjectList>"""


@pytest.mark.parametrize(
    ("message", "named"),
    [
        pytest.param(FEED, ["P1", "P2"], id="a feed that merges"),
        pytest.param(PIX_QUERY, ["P1"], id="a PIX query"),
        pytest.param(STORED_QUERY, ["O'Hara", "P2"], id="a stored query"),
        pytest.param(SUBMISSION, ["P1"], id="a submission, whose uniqueId is nobody's"),
        pytest.param(b"<nobody/>", [], id="another message"),
    ],
)
def test_the_patients_of_a_message_are_those_that_it_names(
    message: bytes, named: list[str]
) -> None:
    found = patients.named_in(parse(message))

    assert list(found) == [f"{extension}^^^&1.2.3.4&ISO" for extension in named]


def test_a_message_of_very_many_patients_is_not_read_to_its_end() -> None:
    many = b"".join(b'<patient><id root="1.2" extension="P%d"/></patient>' % n for n in range(500))

    found = patients.named_in(parse(b'<list xmlns="urn:hl7-org:v3">' + many + b"</list>"))

    assert len(found) == patients.MAX_PATIENTS


def entry(envelope: bytes) -> Entry:
    received = datetime(2026, 1, 31, tzinfo=UTC)
    return Entry(1, received, "/pix/add", request_envelope=envelope)


def test_what_the_transaction_has_told_counts_more() -> None:
    told = entry(FEED)
    told.patient_ids = ["P9^^^&1.2.3.4&ISO"]

    assert patients.of(told) == ["P9^^^&1.2.3.4&ISO"]


def test_what_cannot_be_read_names_nobody() -> None:
    assert patients.of(entry(b"<patient")) == ()


def test_a_pattern_finds_the_patient_of_a_message_that_no_transaction_has_seen() -> None:
    pattern = Pattern(patient_id="P1^^^&1.2.3.4&ISO")

    assert pattern.matches(entry(FEED))
    assert not pattern.matches(entry(STORED_QUERY))
