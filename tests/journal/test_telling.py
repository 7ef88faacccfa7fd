"""Entries as the admin API tells them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.body import RecordedBody
from ihe_mock_async.journal.documents import EntryDocument, EntrySummary
from ihe_mock_async.journal.entry import AppliedFault, Entry
from ihe_mock_async.journal.telling import absolute_url, tell, tell_briefly, timestamp
from ihe_mock_async.state import Attachment

NOW = datetime(2024, 1, 5, 10, 15, 0, 123456, tzinfo=UTC)
RULE = Rule("x-rule", Severity.WARNING, "A rule", "TF 1", "Mend it.")


def submission() -> Entry:
    return Entry(
        7,
        NOW,
        "/ns/team/iti41/submit",
        namespace="team",
        client="192.0.2.1:4711",
        tls_subject="CN=client",
        scheme="https",
        target="/ns/team/iti41/submit?patient=Nora&empty=&tag=a&tag=b",
        headers=(
            (b"Host", b"mock.example:8443"),
            (b"Content-Type", b"multipart/related"),
            (b"X-Tag", b"one"),
            (b"x-tag", b"M\xc3\xbcller"),
            (b"Authorization", b"Bearer SECRET"),
            (b"X-Old", b"M\xfcller"),
        ),
        request_body=RecordedBody(b"1234", None, 4, 9),
        transaction="ITI-41",
        transaction_name="Provide and Register Document Set-b",
        actor="document-repository",
        soap_version="1.2",
        action="urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
        message_id="urn:uuid:1",
        body_name="{urn:ihe:iti:xds-b:2007}ProvideAndRegisterDocumentSetRequest",
        patient_ids=("NORA^^^&1.2&ISO",),
        attachments=(Attachment("letter@x", "text/plain", 5, "5ha1", "5ha256"),),
        documents=(("1.2.3", Attachment("letter@x", "text/plain", 5, "5ha1", "5ha256")),),
        findings=(RULE.found("/a", received="NORA", expected="x", line=3),),
        outcome=Outcome.REJECTED,
        summary="Failure XDSRegistryBusy",
        fault=AppliedFault("busy", "registry XDSRegistryBusy"),
        status=200,
        response_headers=((b"content-type", b"text/xml"), (b"set-cookie", b"SECRET")),
        response_body=RecordedBody.of(b"<Answer/>"),
        duration_ms=1.23456,
        completed=True,
    )


def test_all_of_an_entry_is_told() -> None:
    content = {
        "contentId": "letter@x",
        "mediaType": "text/plain",
        "size": 5,
        "sha1": "5ha1",
        "sha256": "5ha256",
    }

    assert tell(submission()) == {
        "id": 7,
        "namespace": "team",
        "receivedAt": "2024-01-05T10:15:00.123456Z",
        "completed": True,
        "durationMs": 1.235,
        "outcome": "rejected",
        "summary": "Failure XDSRegistryBusy",
        "client": "192.0.2.1:4711",
        "tlsSubject": "CN=client",
        "transaction": "ITI-41",
        "transactionName": "Provide and Register Document Set-b",
        "actor": "document-repository",
        "service": "",
        "mapping": "",
        "applicationMessageId": "",
        "patientIds": ["NORA^^^&1.2&ISO"],
        "request": {
            "method": "POST",
            "url": "https://mock.example:8443/ns/team/iti41/submit"
            "?patient=Nora&empty=&tag=a&tag=b",
            "path": "/ns/team/iti41/submit",
            "queryParameters": {"patient": "Nora", "empty": "", "tag": ["a", "b"]},
            "headers": {
                "Host": "mock.example:8443",
                "Content-Type": "multipart/related",
                "X-Tag": ["one", "Müller"],
                "Authorization": "***",
                "X-Old": "Müller",
            },
            "bodySize": 9,
            "bodyKept": 4,
            "soapVersion": "1.2",
            "soapAction": "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
            "messageId": "urn:uuid:1",
            "bodyQName": "{urn:ihe:iti:xds-b:2007}ProvideAndRegisterDocumentSetRequest",
        },
        "parts": [{"index": 1, **content}],
        "documents": [{"uniqueId": "1.2.3", **content}],
        "findingCount": 1,
        "findings": [
            {
                "rule": "x-rule",
                "severity": "warning",
                "text": "A rule",
                "section": "TF 1",
                "location": "/a",
                "line": 3,
                "received": "NORA",
                "expected": "x",
                "fix": "Mend it.",
            }
        ],
        "fault": {"plan": "busy", "effect": "registry XDSRegistryBusy"},
        "response": {
            "status": 200,
            "headers": {"content-type": "text/xml", "set-cookie": "***"},
            "bodySize": 9,
            "bodyKept": 9,
        },
    }


def test_a_list_shows_less_of_it_under_the_same_keys() -> None:
    short, full = tell_briefly(submission()), tell(submission())

    assert short["request"] == {
        "method": "POST",
        "url": "https://mock.example:8443/ns/team/iti41/submit?patient=Nora&empty=&tag=a&tag=b",
        "path": "/ns/team/iti41/submit",
        "bodySize": 9,
    }
    assert short["response"] == {"status": 200}
    same = short.keys() - {"request", "response"}
    assert {key: short[key] for key in same} == {key: full[key] for key in same}
    assert "findings" not in short


def test_what_is_not_known_yet_of_a_request_in_flight_is_null() -> None:
    for told in (tell(Entry(1, NOW, "/pix/add")), tell_briefly(Entry(1, NOW, "/pix/add"))):
        assert told["completed"] is False
        assert told["outcome"] is None
        assert told["durationMs"] is None
        assert told["response"] is None
        assert told["fault"] is None


def test_with_redact_nothing_of_the_patient_is_told() -> None:
    told = json.dumps([tell(submission(), redact=True), tell_briefly(submission(), redact=True)])

    assert "nora" not in told.lower()
    assert "x-rule" in told
    assert "patient=***&empty=&tag=***" in told


def test_the_documents_are_those_of_their_schema() -> None:
    full = EntryDocument.model_json_schema(mode="serialization")
    short = EntrySummary.model_json_schema(mode="serialization")

    assert set(full["required"]) == set(tell(submission()))
    assert set(short["required"]) == set(tell_briefly(submission()))
    assert full["properties"]["receivedAt"]["format"] == "date-time"


@pytest.mark.parametrize(
    ("headers", "url"),
    [([(b"host", b"h:1")], "http://h:1/a%20b"), ([], "/a%20b")],
)
def test_the_url_is_as_absolute_as_the_request(
    headers: list[tuple[bytes, bytes]], url: str
) -> None:
    assert absolute_url(Entry(1, NOW, "/a b", target="/a%20b", headers=headers)) == url


def test_times_are_utc() -> None:
    moscow = timezone(timedelta(hours=3))

    assert timestamp(datetime(2024, 1, 5, 1, 2, 3, tzinfo=moscow)) == "2024-01-04T22:02:03.000000Z"
