"""A file goes through the server's own rules, and is told what they find in it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from lxml import etree

from ihe_mock_async import transactions
from ihe_mock_async.errors import IheMockError
from ihe_mock_async.findings import Severity
from ihe_mock_async.journal.recorder import Recorder
from ihe_mock_async.settings import Settings
from ihe_mock_async.soap.namespaces import SOAP11, SOAP12
from ihe_mock_async.web import pipeline
from ihe_mock_async.web.offline.circumstances import (
    PARTS_DEPENDENT,
    SETTINGS_DEPENDENT,
    STATE_DEPENDENT,
)
from ihe_mock_async.web.offline.examiner import examiner
from ihe_mock_async.web.rule_catalogue import catalogue
from ihe_mock_async.xsd import SchemaFolder
from tests.web.offline.examining import (
    ADD,
    MTOM,
    SUBMISSION,
    examined,
    http,
    one_document,
    rules_of,
    submission,
)
from tests.xds.submissions import replacement, uuid_urn

ENVELOPE = submission().envelope
PAYLOAD = ADD[ADD.index(b"<PRPA_IN201301UV02") : ADD.index(b"</s:Body>")]


async def test_a_submission_in_chunks_is_read_and_a_note_says_how_it_is_counted() -> None:
    plain = http(SUBMISSION, MTOM["Content-Type"])
    head, _, body = plain.partition(b"\r\n\r\n")
    pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]
    in_chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces)

    examination = await examined(
        head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + in_chunks + b"0\r\n\r\n"
    )

    assert examination.transaction is not None
    assert examination.transaction.number == "ITI-41"
    assert examination.remarks == (await examined(plain)).remarks
    assert any("in chunks" in note for note in examination.notes)


@pytest.mark.parametrize("start", [b"*   Trying 127.0.0.1:8080...", b"== Info: Trying"])
async def test_what_curl_tells_of_an_exchange_is_known(start: bytes) -> None:
    examination = await examined(start + b"\n> POST /pix/add HTTP/1.1\n> Host: a\n> \n")

    assert examination.refused
    assert any("curl -i -o FILE" in note for note in examination.notes)


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("envelope", ADD),
        ("payload", PAYLOAD),
        ("payload", b'<?xml version="1.0"?>\n' + PAYLOAD),
        (
            "payload",
            ('<?xml version="1.0" encoding="utf-16"?>' + PAYLOAD.decode()).encode("utf-16"),
        ),
        ("http", http(ADD, "application/soap+xml")),
    ],
)
async def test_a_conformant_feed_has_no_findings_in_any_form(form: str, content: bytes) -> None:
    examination = await examined(content)

    assert (examination.form, examination.kind) == (form, "request")
    assert examination.transaction is not None
    assert examination.transaction.number == "ITI-44"
    assert examination.root == "PRPA_IN201301UV02"
    assert rules_of(examination) == {}


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("mime", SUBMISSION),
        ("http", http(SUBMISSION, MTOM["Content-Type"])),
        ("envelope", ENVELOPE),
    ],
)
async def test_a_conformant_submission_has_no_findings(form: str, content: bytes) -> None:
    examination = await examined(content)

    assert examination.form == form
    assert examination.transaction is not None
    assert examination.transaction.number == "ITI-41"
    assert rules_of(examination) == {}


async def test_rules_of_all_layers_are_told_at_once() -> None:
    broken = ADD.replace(b' s:mustUnderstand="1"', b"").replace(b'"AL"', b'"XX"')
    broken = broken.replace(b' extension="FILE-1"', b"")

    examination = await examined(broken)

    assert set(rules_of(examination)) >= {
        "wsa-action-must-understand",
        "hl7v3-accept-ack-code",
        "iti44-patient-id",
    }
    assert [found.rule.id for found in examination.refused] == ["iti44-patient-id"]


@pytest.mark.parametrize(
    ("validation", "refused"), [("enforce", True), ("strict", True), ("report", False)]
)
async def test_the_mode_decides_what_is_refused_not_what_is_found(
    validation: str, *, refused: bool
) -> None:
    soap11 = ADD.replace(SOAP12.encode(), SOAP11.encode())

    examination = await examined(soap11, validation=validation)

    assert "soap-version" in rules_of(examination)
    assert bool(examination.refused) is refused


async def test_strict_refuses_warnings() -> None:
    blank = ADD.replace(b'"AL"', b'"XX"')

    assert not (await examined(blank)).refused
    assert (await examined(blank, validation="strict")).refused


# ---------------------------------------------------------------- lines


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b'<?xml version="1.0"?>\n',
        b"<?xml version='1.0'?>\n<!-- two\nlines -->",
        b"\n\n<!-- ... -->\n",
        b"POST / HTTP/1.1\r\nContent-Type: application/soap+xml\r\n\r\n",
    ],
)
@pytest.mark.parametrize("message", [ADD, PAYLOAD], ids=["envelope", "payload"])
async def test_a_line_is_that_of_the_file(before: bytes, message: bytes) -> None:
    content = before + message.replace(b' ITSVersion="XML_1.0"', b"")
    expected = content[: content.index(b"<PRPA_IN201301UV02")].count(b"\n") + 1

    examination = await examined(content)

    lines = {remark.finding.rule.id: remark.finding.line for remark in examination.remarks}
    if message is ADD or not before.startswith(b"POST"):  # no request without an envelope
        assert lines["hl7v3-its-version"] == expected


async def test_a_line_of_a_mime_part_is_that_of_the_file() -> None:
    content = SUBMISSION.replace(b'name="languageCode"', b'name="language"')
    expected = content[: content.index(b'"language"')].count(b"\n") + 1

    examination = await examined(content)

    lines = {remark.finding.rule.id: remark.finding.line for remark in examination.remarks}
    assert lines["xds-slot-unknown"] == expected


# ---------------------------------------------------------------- packaging


async def test_xml_of_an_mtom_transaction_is_packaged_and_says_so() -> None:
    examination = await examined(ENVELOPE)

    assert "mtom-required" in examination.notes[0]


async def test_simple_soap_on_the_wire_is_refused_for_an_mtom_transaction() -> None:
    examination = await examined(http(ENVELOPE, "application/soap+xml"))

    assert "mtom-required" in [found.rule.id for found in examination.refused]
    assert examination.notes == ()


async def test_documents_that_are_not_in_the_file_are_not_held_against_it() -> None:
    values = b"<rim:ValueList><rim:Value>99</rim:Value></rim:ValueList>"
    language = b'<rim:Slot name="languageCode">'
    sized = b'<rim:Slot name="size">' + values + b"</rim:Slot>" + language
    message = ENVELOPE.replace(language, sized)

    examination = await examined(message)

    assert "not in the file" in rules_of(examination)["xds-document-size"]
    assert not examination.refused


async def test_a_reference_that_no_header_can_hold_is_the_messages_fault() -> None:
    examination = await examined(ENVELOPE.replace(b"cid:letter%40", b"cid:letter%0A"))

    assert "xop-include-known" in rules_of(examination)


async def test_line_feeds_weigh_less_when_the_whole_file_has_lost_its_carriage_returns() -> None:
    content = http(SUBMISSION, MTOM["Content-Type"]).replace(b"\r\n", b"\n")

    lost = await examined(content)
    only_body = await examined(http(SUBMISSION.replace(b"\r\n", b"\n"), MTOM["Content-Type"]))

    assert "lost in saving" in rules_of(lost)["mime-line-ends"]
    assert rules_of(only_body)["mime-line-ends"] == ""


async def test_a_large_document_is_streamed() -> None:
    document = b"x" * 3_000_000

    examination = await examined(submission(document=document).body)

    assert rules_of(examination) == {}


# ---------------------------------------------------------------- state


async def test_what_depends_on_the_state_is_a_hint() -> None:
    examination = await examined(etree.tostring(replacement(10, uuid_urn(999))), "r.xml")

    (remark,) = [r for r in examination.remarks if r.finding.rule.id == "xds-reference-unresolved"]
    assert remark.severity is Severity.HINT
    assert "state" in remark.note
    assert remark.finding not in examination.refused


async def test_unknown_patients_are_accepted_whatever_the_settings_say() -> None:
    examination = await examined(SUBMISSION, unknown_patients="reject")

    assert rules_of(examination) == {}


async def test_files_know_nothing_of_each_other() -> None:
    with examiner(Settings()) as examining:
        twice = [await examining.examine("a", io.BytesIO(SUBMISSION)) for _ in range(2)]

    assert [rules_of(each) for each in twice] == [{}, {}]


def test_what_depends_on_circumstances_is_a_rule() -> None:
    known = {each.rule.id for each in catalogue(transactions.served())}

    for declared in (STATE_DEPENDENT, SETTINGS_DEPENDENT, PARTS_DEPENDENT):
        assert declared <= known


# ---------------------------------------------------------------- which transaction


async def test_a_root_element_that_leaves_a_choice_says_what_was_chosen() -> None:
    others = [t for t in transactions.served() if etree.tostring(one_document()) and t.roots]
    root = str(one_document().tag)
    served = [t.number for t in others if root in t.roots]

    examination = await examined(etree.tostring(one_document()))

    assert examination.transaction is not None
    assert examination.transaction.number == "ITI-42"
    assert any("--transaction" in note for note in examination.notes) == (len(served) > 1)


async def test_the_transaction_can_be_said() -> None:
    (register,) = [t for t in transactions.served() if t.number == "ITI-42"]

    with examiner(Settings(), transaction=register) as examining:
        examination = await examining.examine("x", io.BytesIO(ADD))

    assert examination.transaction is None
    assert examination.kind == "unknown"
    assert examination.refused


async def test_a_path_of_ours_is_where_the_message_goes() -> None:
    examination = await examined(http(ADD, "application/soap+xml", path="/document-repository"))

    assert [found.rule.id for found in examination.refused] == ["wsa-action-elsewhere"]


async def test_an_unknown_action_is_compared_with_those_of_all_endpoints() -> None:
    body = b"<x:Nothing xmlns:x='urn:x'/>"
    message = ADD[: ADD.index(b"<PRPA")] + body + ADD[ADD.index(b"</s:Body>") :]
    message = message.replace(
        b"urn:hl7-org:v3:PRPA_IN201301UV02", b"urn:ihe:iti:2007:RegisterDocumentSet-B"
    )

    (found,) = (await examined(message)).refused

    assert found.rule.id == "wsa-action-supported"
    assert found.expected == "urn:ihe:iti:2007:RegisterDocumentSet-b"


async def test_an_unknown_root_is_told_all_that_are_served() -> None:
    examination = await examined(b"<html/>")

    (found,) = examination.refused
    assert examination.kind == "unknown"
    assert found.rule.id == "soap-body-root"
    assert "PRPA_IN201301UV02" in found.expected
    assert "SubmitObjectsRequest" in found.expected


@pytest.mark.parametrize(
    ("rule_id", "content"),
    [
        ("xml-present", b""),
        ("xml-well-formed", b"MSH|^~\\&|A|B"),
        ("xml-doctype", b"<!DOCTYPE x><x/>"),
        ("soap-version-known", b"<s:Envelope xmlns:s='urn:soap'/>"),
        ("soap-body-payload", ADD.replace(PAYLOAD, b"")),
        ("http-content-type", http(ADD, "application/json")),
        ("http-content-encoding", b"Content-Type: text/xml\nContent-Encoding: gzip\n\n" + ADD),
        ("http-method", http(ADD, "application/soap+xml").replace(b"POST", b"PUT")),
        ("mime-body-complete", SUBMISSION[:-200]),
        ("mtom-root-present", http(SUBMISSION, MTOM["Content-Type"].replace("<root", "<tree"))),
    ],
)
async def test_what_cannot_be_read_is_told_as_by_the_server(rule_id: str, content: bytes) -> None:
    examination = await examined(content)

    assert rule_id in [found.rule.id for found in examination.refused]


async def test_xml_above_the_limit_is_not_read() -> None:
    examination = await examined(ADD, max_envelope_bytes=100)

    assert [found.rule.id for found in examination.refused] == ["http-too-large"]


# ---------------------------------------------------------------- schemas

SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:hl7-org:v3"
    elementFormDefault="qualified"><xs:element name="PRPA_IN201301UV02"><xs:complexType>
    <xs:sequence><xs:element name="identifier"/></xs:sequence></xs:complexType></xs:element>
    </xs:schema>"""


async def test_schemas_are_applied_to_the_payload(tmp_path: Path) -> None:
    (tmp_path / "feed.xsd").write_text(SCHEMA)
    with examiner(Settings(), schemas=SchemaFolder(tmp_path)) as examining:
        examination = await examining.examine("x", io.BytesIO(http(ADD, "application/soap+xml")))

    findings = [remark.finding for remark in examination.remarks]
    found = next(found for found in findings if found.location == "/PRPA_IN201301UV02/id")
    assert found.rule.id == "xsd-invalid"
    assert found.expected == "identifier"
    assert found.line == ADD[: ADD.index(b"<id root")].count(b"\n") + 1 + 4
    assert found in examination.refused


async def test_an_element_without_schema_is_noted(tmp_path: Path) -> None:
    (tmp_path / "feed.xsd").write_text(SCHEMA)
    with examiner(Settings(), schemas=SchemaFolder(tmp_path)) as examining:
        examination = await examining.examine("x", io.BytesIO(SUBMISSION))

    assert any("No schema" in note for note in examination.notes)


# ---------------------------------------------------------------- defects


async def test_a_defect_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_check_method", lambda _: 1 / 0)

    with pytest.raises(IheMockError, match="could not be examined"):
        await examined(ADD)


async def test_nothing_is_logged_or_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recorded: list[object] = []
    monkeypatch.setattr(Recorder, "record", lambda _, entry: recorded.append(entry))

    await examined(ADD)

    assert recorded == []
    assert not os.listdir(tmp_path)  # noqa: PTH208 - an async test, and this is quick


async def test_a_fault_that_a_captured_request_asks_for_does_not_happen() -> None:
    plain = http(SUBMISSION, MTOM["Content-Type"])
    head, _, body = plain.partition(b"\r\n\r\n")

    examination = await examined(head + b"\r\nX-Mock-Fault: http 503\r\n\r\n" + body)

    assert examination.transaction is not None
    assert examination.remarks == (await examined(plain)).remarks
