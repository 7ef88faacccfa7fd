from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_mock_async.xds import datatypes as d


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (d.dtm, "2024"),
        (d.dtm, "202405"),
        (d.dtm, "20240517"),
        (d.dtm, "2024051708"),
        (d.dtm, "202405170830"),
        (d.dtm, "20240517083015"),
        (d.calendar_day, "20240229"),
        (d.calendar_day, "202402"),
        (d.calendar_day, "no time"),
        (d.oid, "2.999.1"),
        (d.oid, "129.6.58.92"),
        (d.registered_oid, "2.999.1"),
        (d.document_unique_id, "2.999.1"),
        (d.document_unique_id, "2.999.1^report-1"),
        (d.document_unique_id, "urn:uuid:00000000-0000-4000-8000-000000000001"),
        (d.patient_id, "LM-1979^^^&2.999.1&ISO"),
        (d.source_patient_id, "K^^^&3.4.5&ISO"),
        (d.source_patient_info, "PID-5|Musterfrau^Lara"),
        (d.source_patient_info, "PID-3|"),
        (d.language_code, "de-CH"),
        (d.language_code, "en-us"),
        (d.sha1, "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"),
        (d.size, "0"),
        (d.mime_type, "application/fhir+json"),
        (d.mime_type, "application/vnd.example!x#y"),
        (d.document_availability, "urn:ihe:iti:2010:DocumentAvailability:Offline"),
        (d.home_community_id, "urn:oid:2.999.7.8"),
        (d.reference_id, "A-1^^^&2.999.7.3&ISO^urn:ihe:iti:xds:2013:accession"),
        (d.reference_id, "2.999.5^^^^urn:ihe:iti:xds:2013:uniqueId"),
        (d.person, "^Sanitas^Otto"),
        (d.person, "7601^Sanitas^Otto^^^Dr.^^^&2.999.7.2&ISO"),
        (d.person, "7601^^^^^^^^IHE&2.999.7.2&ISO"),
        (d.organization, "Spital Muster"),
        (d.organization, "Spital Muster^^^^^^^^^2.999.7.4"),
        (d.organization, "Spital Muster^^^^^&2.999.7&ISO^^^^4711"),
        (d.telecommunication, "^^Internet^otto@example.org"),
        (d.recipient, "Praxis Beispiel"),
        (d.recipient, "|^Beispiel^Anna"),
        (d.recipient, "Praxis Beispiel|^Beispiel^Anna|^^Internet^anna@example.org"),
    ],
)
def test_values_of_the_right_form_pass(check: d.Check, text: str) -> None:
    assert check(text) is None


@pytest.mark.parametrize(
    ("check", "text", "hint"),
    [
        (d.dtm, "2024-05-16", "dashes"),
        (d.dtm, "2024-05-16T08:00:00Z", "dashes"),
        (d.dtm, "20240516080000+0200", "time zone"),
        (d.dtm, "20240516080000Z", "time zone"),
        (d.dtm, "20241316", "YYYY"),
        (d.dtm, "20240516.5", "YYYY"),
        (d.dtm, "16.5.24", "YYYY"),
        (d.dtm, "\u0662\u0660\u0662\u0664", "YYYY"),
        (d.calendar_day, "20230229", "28"),
        (d.calendar_day, "202404310830", "30"),
        (d.oid, "urn:oid:2.999.1", "without the prefix"),
        (d.oid, "2.0999.1", "leading zeros"),
        (d.oid, "2." + "9" * 63, "64"),
        (d.registered_oid, "129.6.58.92", "0, 1 or 2"),
        (d.document_unique_id, "2.999.1^" + "x" * 17, "16"),
        (d.document_unique_id, "report 1", "URI"),
        (d.document_unique_id, "urn:" + "x" * 125, "128"),
        (d.patient_id, "LM^^^SPITAL&2.999.1&ISO", "namespace"),
        (d.patient_id, "LM^^^&2.999.1&ISO^PI", "PI"),
        (d.patient_id, "'LM^^^&2.999.1&ISO'", "quotes"),
        (d.patient_id, "LM^^^&amp;2.999.1&amp;ISO", "twice"),
        (d.patient_id, "LM^^^&urn:oid:2.999.1&ISO", "urn:oid:"),
        (d.patient_id, "LM", "ID^^^"),
        (d.patient_id, "LM^^^&2.999.01&ISO", "ID^^^"),
        (d.source_patient_id, "LM", "at the source"),
        (d.source_patient_id, "LM^^^SPITAL&2.999.1&ISO", "namespace"),
        (d.source_patient_id, "LM^^^&2.999.1&ISO^PI", "PI"),
        (d.source_patient_authority, "K^^^&3.4.5&ISO", "OID"),
        (d.source_patient_info, "Musterfrau", "PID-n"),
        (d.source_patient_info, "PID-19|123-45-6789", "none of PID-2"),
        (d.language_code, "de_CH", "RFC 5646"),
        (d.sha1, "2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "base64"),
        (d.sha1, "da39", "40 hexadecimal"),
        (d.size, "-1", "octets"),
        (d.size, "\u0663\u0661", "octets"),
        (d.mime_type, "text", "subtype"),
        (d.document_availability, "Online", "urn:ihe:iti:2010"),
        (d.home_community_id, "2.999.7.8", "urn:oid:"),
        (d.home_community_id, "urn:oid:2." + "9" * 60, "64"),
        (d.reference_id, "A-1^^^&2.999.7.3&ISO", "CXi"),
        (d.person, "Otto Sanitas", "^Family^Given"),
        (d.person, "^^^", "XCN.1"),
        (d.person, "7601^^^^^^^^2.999", "XCN.9"),
        (d.organization, "^^^^^^^^^2.999.7.4", "XON.1"),
        (d.organization, "Spital^^^^^^^^^4711", "XON.10"),
        (d.telecommunication, "^^", "XTN"),
        (d.recipient, "||", "Organization"),
        (d.recipient, "a|b|c|d", "Organization"),
        (d.recipient, "Praxis|Anna", "XCN"),
    ],
)
def test_values_of_the_wrong_form_are_explained(check: d.Check, text: str, hint: str) -> None:
    assert hint in (check(text) or "passed")


@given(st.text(max_size=200))
def test_no_text_makes_a_check_fail_to_answer(text: str) -> None:
    checks = (d.dtm, d.document_unique_id, d.patient_id, d.person, d.organization, d.recipient)
    for check in checks:
        assert check(text) != ""
