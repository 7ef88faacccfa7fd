"""HL7 V3 data types, read from elements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ihe_mock_async.elements import parse
from ihe_mock_async.hl7v3.datatypes import (
    InstanceIdentifier,
    PersonName,
    is_timestamp,
    is_timestamp_to_the_second,
    is_uid,
    read_code,
    read_identifier,
    read_name,
    timestamp,
)
from ihe_mock_async.identifiers import PatientIdentifier


def identifier(xml: str) -> InstanceIdentifier:
    return read_identifier(parse(xml.encode()))


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ('<id root="1.2.3" extension="9"/>', "1.2.3^9"),
        ('<id root="1.2.3"/>', "1.2.3"),
        ('<id nullFlavor="NA"/>', ""),
    ],
)
def test_an_identifier_is_written_as_root_and_extension(xml: str, text: str) -> None:
    assert identifier(xml).text == text


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ('<id root="1.2.3" extension="A-9"/>', PatientIdentifier("1.2.3", "A-9")),
        ('<id root="1.2.3"/>', None),
        ('<id extension="A-9"/>', None),
        ('<id root="urn:oid:1.2.3" extension="A-9"/>', None),
        ('<id root="1.2.3" extension="A^9"/>', None),
    ],
)
def test_a_patient_identifier_needs_oid_and_extension(
    xml: str, expected: PatientIdentifier | None
) -> None:
    assert identifier(xml).patient_identifier == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.2.840", True),
        ("5F1C2A0E-94f8-4c59-9f32-6f0d3f0f7a11", True),
        ("RESERVED-1", True),
        ("urn:oid:1.2", False),
        ("1.02", False),
        ("", False),
    ],
)
def test_the_schema_knows_three_kinds_of_uid(text: str, expected: bool) -> None:
    assert is_uid(text) is expected


def test_a_code_is_read_with_its_system() -> None:
    code = read_code(parse(b'<code code="F" codeSystem="2.16.840.1.113883.5.1"/>'))

    assert (code.code, code.code_system, code.null_flavor) == ("F", "2.16.840.1.113883.5.1", None)


@pytest.mark.parametrize(
    ("text", "is_time", "is_to_the_second"),
    [
        ("20260302104512", True, True),
        ("20260302104512.123+0100", True, True),
        ("20260302104512-0500", True, True),
        ("19580214", True, False),
        ("1958", True, False),
        ("202092393350", False, False),
        ("2026-03-02", False, False),
        ("20261302", False, False),
        ("", False, False),
    ],
)
def test_timestamps(text: str, is_time: bool, is_to_the_second: bool) -> None:
    assert is_timestamp(text) is is_time
    assert is_timestamp_to_the_second(text) is is_to_the_second


def test_a_timestamp_is_written_in_utc() -> None:
    moment = datetime(2026, 3, 2, 10, 45, 12, 500, tzinfo=timezone(timedelta(hours=1)))

    assert timestamp(moment) == "20260302094512+0000"
    assert timestamp(datetime(2026, 1, 1, tzinfo=UTC)) == "20260101000000+0000"


def test_a_name_is_read_by_its_parts() -> None:
    name = read_name(
        parse(
            b'<name xmlns="urn:hl7-org:v3" use="L"> <prefix>Dr.</prefix><given> Ada </given>'
            b"<given>Grete</given><family>Beispiel</family><delimiter>,</delimiter>"
            b"<suffix>III</suffix></name>"
        )
    )

    assert name == PersonName("L", ("Beispiel",), ("Ada", "Grete"), ("Dr.",), ("III",))
    assert not name.is_empty


def test_a_name_may_be_plain_text() -> None:
    name = read_name(parse(b"<name>\n Ada\n  Beispiel </name>"))

    assert name.text == "Ada Beispiel"


def test_a_null_name_is_empty() -> None:
    name = read_name(parse(b'<name nullFlavor="UNK"/>'))

    assert name.is_empty
    assert name.null_flavor == "UNK"
