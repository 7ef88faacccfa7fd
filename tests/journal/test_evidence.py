"""The files that other test tools pick up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.batch_writer import BatchWriter
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.evidence import Evidence
from ihe_mock_async.state import Attachment

NOW = datetime(2024, 1, 5, 10, 15, 0, 123456, tzinfo=UTC)
RULE = Rule("x-rule", Severity.WARNING, "A rule", "TF 1", "Mend it.")
LETTER = Attachment("letter@x", "text/plain", 5, "5ha1", "5ha256")


@pytest.fixture
def writer() -> Iterator[BatchWriter]:
    writer = BatchWriter()
    yield writer
    writer.close()


def submission(sequence: int) -> Entry:
    return Entry(
        sequence,
        NOW + timedelta(seconds=sequence),
        "/iti41/submit",
        transaction="ITI-41",
        request_envelope=b"<Envelope/>",
    )


def submissions_in(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "iti41-submissions").glob("*"))


def test_an_identity_feed_is_one_line_of_json(tmp_path: Path, writer: BatchWriter) -> None:
    evidence = Evidence(tmp_path, writer, max_submissions=10)
    entry = Entry(
        7,
        NOW,
        "/pix/add",
        namespace="team",
        client="192.0.2.1:4711",
        transaction="ITI-44",
        action="urn:hl7-org:v3:PRPA_IN201301UV02",
        message_id="urn:uuid:1",
        application_message_id="1.2^3",
        patient_ids=("1^^^&1.2&ISO",),
        findings=(RULE.found("/a", received="Müller\n", expected="x", line=3),),
        outcome=Outcome.SERVED,
        summary="CA",
        duration_ms=1.23456,
    )

    evidence.write(entry)
    evidence.write(entry)
    writer.flush()

    lines = (tmp_path / "pix-add.log").read_text("utf-8").splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0]) == {
        "sequence": 7,
        "time": "2024-01-05T10:15:00.123456Z",
        "namespace": "team",
        "client": "192.0.2.1:4711",
        "transaction": "ITI-44",
        "action": "urn:hl7-org:v3:PRPA_IN201301UV02",
        "messageId": "urn:uuid:1",
        "applicationMessageId": "1.2^3",
        "patientIds": ["1^^^&1.2&ISO"],
        "outcome": "served",
        "summary": "CA",
        "durationMs": 1.235,
        "documents": [],
        "findings": [
            {
                "rule": "x-rule",
                "severity": "warning",
                "text": "A rule",
                "section": "TF 1",
                "location": "/a",
                "line": 3,
                "received": "Müller\n",
                "expected": "x",
                "fix": "Mend it.",
            }
        ],
    }
    assert "Müller" in lines[0]


def test_a_submission_is_its_envelope_and_a_summary(tmp_path: Path, writer: BatchWriter) -> None:
    entry = submission(1)
    entry.documents = (("1.2.3", LETTER),)

    Evidence(tmp_path, writer, max_submissions=10).write(entry)
    writer.flush()

    name = "20240105T101501.123456Z-000001"
    folder = tmp_path / "iti41-submissions"
    assert submissions_in(tmp_path) == [f"{name}.json", f"{name}.xml"]
    assert (folder / f"{name}.xml").read_bytes() == b"<Envelope/>"
    assert json.loads((folder / f"{name}.json").read_bytes())["documents"] == [
        {
            "uniqueId": "1.2.3",
            "contentId": "letter@x",
            "mediaType": "text/plain",
            "size": 5,
            "sha1": "5ha1",
            "sha256": "5ha256",
        }
    ]


@pytest.mark.parametrize("transaction", ["", "ITI-42"])
def test_other_exchanges_leave_no_files(
    transaction: str, tmp_path: Path, writer: BatchWriter
) -> None:
    entry = submission(1)
    entry.transaction = transaction

    Evidence(tmp_path, writer, max_submissions=10).write(entry)
    writer.flush()

    assert list(tmp_path.iterdir()) == []


def test_the_oldest_submissions_go_when_there_are_too_many(
    tmp_path: Path, writer: BatchWriter
) -> None:
    evidence = Evidence(tmp_path, writer, max_submissions=2)

    for sequence in range(1, 6):
        evidence.write(submission(sequence))
    writer.flush()

    names = {name.rpartition("-")[2] for name in submissions_in(tmp_path)}
    assert names == {"000004.json", "000004.xml", "000005.json", "000005.xml"}


def test_submissions_of_earlier_runs_count(tmp_path: Path, writer: BatchWriter) -> None:
    earlier = Evidence(tmp_path, writer, max_submissions=10)
    for sequence in (1, 2, 3):
        earlier.write(submission(sequence))
    writer.flush()

    Evidence(tmp_path, writer, max_submissions=2).write(submission(4))
    writer.flush()

    names = {name.rpartition("-")[2] for name in submissions_in(tmp_path)}
    assert names == {"000003.json", "000003.xml", "000004.json", "000004.xml"}


def test_half_a_submission_of_a_killed_run_counts(tmp_path: Path, writer: BatchWriter) -> None:
    folder = tmp_path / "iti41-submissions"
    folder.mkdir()
    (folder / "20230101T000000.000000Z-000001.xml").write_text("<Envelope/>")

    Evidence(tmp_path, writer, max_submissions=1).write(submission(1))
    writer.flush()

    assert all(name.startswith("2024") for name in submissions_in(tmp_path))


def test_a_submission_of_the_same_name_replaces_the_old_one_and_is_not_pruned(
    tmp_path: Path, writer: BatchWriter
) -> None:
    for _ in range(3):  # runs with a clock that stands still
        evidence = Evidence(tmp_path, writer, max_submissions=1)
        evidence.write(submission(1))
        writer.flush()

    assert len(submissions_in(tmp_path)) == 2


def test_none_kept_is_none_written(tmp_path: Path, writer: BatchWriter) -> None:
    Evidence(tmp_path, writer, max_submissions=0).write(submission(1))
    writer.flush()

    assert list(tmp_path.iterdir()) == []
