"""What an exchange leaves in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.batch_writer import BatchWriter
from ihe_mock_async.journal.entry import AppliedFault, Entry
from ihe_mock_async.journal.evidence import Evidence
from ihe_mock_async.journal.recorder import MAX_LOGGED, Recorder
from ihe_mock_async.state import Attachment

ERROR = Rule("x-error", Severity.ERROR, "An error", "TF 1", "Mend it.")
WARNING = Rule("x-warning", Severity.WARNING, "A warning", "TF 2", "Mend it.")
HINT = Rule("x-hint", Severity.HINT, "A hint", "TF 3", "Mend it.")


@pytest.fixture
def writer() -> Iterator[BatchWriter]:
    writer = BatchWriter()
    yield writer
    writer.close()


@pytest.fixture
def recorder(tmp_path: Path, writer: BatchWriter) -> Recorder:
    return Recorder(Evidence(tmp_path, writer, max_submissions=10))


def entry(**fields: object) -> Entry:
    whole = Entry(
        1,
        datetime(2024, 1, 5, tzinfo=UTC),
        "/pix/add",
        transaction="ITI-44",
        message_id="urn:uuid:1",
        application_message_id="1.2^3",
        patient_ids=("1^^^&1.2&ISO", "2^^^&1.2&ISO"),
        outcome=Outcome.SERVED,
        summary="CA",
        status=200,
        duration_ms=1.26,
    )
    for name, value in fields.items():
        setattr(whole, name, value)
    return whole


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_an_exchange_is_one_info_line(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "ihe_mock_async"):
        recorder.record(entry())

    assert lines(caplog) == [
        (
            "INFO",
            "ITI-44 /pix/add message=1.2^3 patient=1^^^&1.2&ISO,2^^^&1.2&ISO "
            "outcome=served (CA) http=200 1.3 ms",
        )
    ]


def test_what_is_not_known_is_a_hyphen_and_a_namespace_is_named(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = entry(
        transaction="", application_message_id="", message_id="", patient_ids=(), namespace="team"
    )
    with caplog.at_level(logging.INFO, "ihe_mock_async"):
        recorder.record(unknown)

    ((_, line),) = lines(caplog)
    assert line.startswith("- /pix/add message=- patient=- ")
    assert line.endswith(" ns=team")


def test_a_fault_that_struck_is_named(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    struck = entry(fault=AppliedFault("busy", "registry XDSRegistryBusy"))

    with caplog.at_level(logging.INFO, "ihe_mock_async"):
        recorder.record(struck)

    ((_, line),) = lines(caplog)
    assert line.endswith(" ms fault=registry XDSRegistryBusy")


def test_without_an_application_message_id_that_of_addressing_is_shown(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "ihe_mock_async"):
        recorder.record(entry(application_message_id=""))

    assert "message=urn:uuid:1 " in caplog.text


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        (Outcome.SERVED, "INFO"),
        (Outcome.REJECTED, "INFO"),
        (Outcome.FAULT, "WARNING"),
        (Outcome.UNMATCHED, "WARNING"),
    ],
)
def test_faults_are_warnings(
    outcome: Outcome, level: str, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "ihe_mock_async"):
        recorder.record(entry(outcome=outcome))

    assert caplog.records[0].levelname == level


def test_every_finding_is_a_line_of_its_own_level(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    found = (ERROR.found("/a"), WARNING.found(), HINT.found())

    with caplog.at_level(logging.DEBUG, "ihe_mock_async"):
        recorder.record(entry(findings=found))

    assert lines(caplog)[1:4] == [
        ("WARNING", "  An error at /a. Mend it. [x-error, TF 1]"),
        ("INFO", "  A warning. Mend it. [x-warning, TF 2]"),
        ("DEBUG", "  A hint. Mend it. [x-hint, TF 3]"),
    ]


def test_nobody_can_forge_a_line(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    evil = "1\n2024-01-05 00:00:00,000 - x - ERROR - forged\x1b[2J\u2028"

    with caplog.at_level(logging.INFO, "ihe_mock_async"):
        recorder.record(
            entry(
                path=evil,
                application_message_id=evil,
                patient_ids=(evil,),
                summary=evil,
                findings=(ERROR.found(evil, received=evil),),
            )
        )

    assert len(caplog.records) == 2
    for record in caplog.records:
        assert record.getMessage().isprintable()
        assert "\\u000a2024" in record.getMessage()


def test_soap_is_logged_at_debug_only(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    exchange = entry(request_envelope=b"<Question/>", response_envelope=b"<Answer/>")

    with caplog.at_level(logging.INFO, "ihe_mock_async"):
        recorder.record(exchange)
    before = caplog.text
    with caplog.at_level(logging.DEBUG, "ihe_mock_async"):
        recorder.record(exchange)

    assert "<Question/>" not in before
    assert ("DEBUG", "request\n<Question/>\nresponse\n<Answer/>") in lines(caplog)


def test_octets_that_are_no_text_are_logged_as_far_as_they_are(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "ihe_mock_async"):
        recorder.record(entry(request_envelope=b"a\xffb"))

    assert "request\na\ufffdb\nresponse\n" in caplog.text


def test_attachments_are_named_and_never_logged(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    parts = (
        Attachment("letter@x", "text/plain", 5, "5ha1", "5ha256"),
        Attachment("", "application/pdf", 6, "5ha1", "0ther"),
    )
    inline = (
        b'<Submit><xdsb:Document xmlns:xdsb="urn:x" id="d">\nU0VDUkVU\n</xdsb:Document>'
        b"<Document>U0VDUkVU</Document><DocumentEntry>kept</DocumentEntry></Submit>"
    )

    with caplog.at_level(logging.DEBUG, "ihe_mock_async"):
        recorder.record(entry(attachments=parts, request_envelope=inline))

    assert (
        "DEBUG",
        "  attachment letter@x: text/plain, 5 octets, sha256 5ha256",
    ) in lines(caplog)
    assert (
        "DEBUG",
        "  attachment without Content-ID: application/pdf, 6 octets, sha256 0ther",
    ) in lines(caplog)
    assert "U0VDUkVU" not in caplog.text
    assert caplog.text.count("(a document, left out)") == 2
    assert "<DocumentEntry>kept</DocumentEntry>" in caplog.text


def test_a_long_envelope_is_logged_up_to_a_limit(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "ihe_mock_async"):
        recorder.record(entry(request_envelope=b"x" * (MAX_LOGGED + 7)))

    soap = caplog.records[1].getMessage()
    assert soap.count("x") == MAX_LOGGED
    assert "\n(7 more octets, left out)\nresponse\n" in soap


def test_an_exchange_leaves_evidence(
    recorder: Recorder, writer: BatchWriter, tmp_path: Path
) -> None:
    recorder.record(entry())
    writer.flush()

    assert '"patientIds": ["1^^^&1.2&ISO"' in (tmp_path / "pix-add.log").read_text()


def test_redact_masks_log_and_evidence_but_not_the_entry_itself(
    writer: BatchWriter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder(Evidence(tmp_path, writer, max_submissions=10), redact=True)
    patient = b'<patient><id extension="SECRET" root="1.2"/><name>SECRET</name></patient>'
    exchange = entry(
        patient_ids=("SECRET^^^&1.2&ISO",),
        findings=(ERROR.found("/a", received="SECRET", expected="SECRET too"),),
        request_envelope=patient,
        response_envelope=b"<a><text>Received SECRET</text></a>",
    )

    with caplog.at_level(logging.DEBUG, "ihe_mock_async"):
        recorder.record(exchange)
    recorder.record(entry(transaction="ITI-41", request_envelope=patient))
    writer.flush()

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3
    assert not any("SECRET" in path.read_text() for path in files)
    assert "SECRET" not in caplog.text
    assert "x-error" in caplog.text
    assert exchange.patient_ids == ("SECRET^^^&1.2&ISO",)
    assert exchange.request_envelope == patient
