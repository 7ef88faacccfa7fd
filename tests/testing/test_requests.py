"""What a test sees of the requests that came."""

from __future__ import annotations

import hashlib
import threading

import httpx
import pytest

from ihe_mock_async.testing import MockServer, Pattern
from tests.e2e.messages import MTOM, SOAP_XML, pix_add, submission
from tests.testing.exchanging import feed

ACK_CODE = "//hl7:acknowledgement/hl7:typeCode/@code"


def test_a_recorded_exchange_tells_all_of_request_and_response(ihe_mock: MockServer) -> None:
    reply = feed(ihe_mock, "P-1")

    seen = ihe_mock.last
    assert (seen.transaction, seen.method, seen.path) == ("ITI-44", "POST", "/pix/add")
    assert seen.outcome == "served"
    assert seen.patient_ids[0].startswith("P-1^^^")
    assert seen.headers["CONTENT-TYPE"] == SOAP_XML["Content-Type"]
    assert seen.body == seen.envelope
    assert b"P-1" in seen.body
    assert seen.xpath("//hl7:patient/hl7:id/@extension") == ["P-1"]
    assert seen.findings == ()
    assert seen.parts == []
    assert seen.fault is None
    assert seen.response.status == 200
    assert seen.response.body == reply.content
    assert seen.response.headers["content-type"] == reply.headers["content-type"]
    assert seen.response.xpath(ACK_CODE) == ["CA"]
    assert seen.curl.startswith("curl ")
    assert repr(seen) == "<RecordedExchange 1: ITI-44 POST /pix/add, served 200>"


def test_the_attachments_of_a_submission_are_its_parts(ihe_mock: MockServer) -> None:
    sent = submission("P-1", b"a document")

    httpx.post(ihe_mock.url_for("ITI-41"), content=sent.body, headers=MTOM)

    ihe_mock.assert_called("ITI-41", outcome="served", part={"sha256": sha256(b"a document")})
    assert [part.content for part in ihe_mock.last.parts] == [b"a document"]
    assert ihe_mock.last.parts[0].content_id == "letter@example.org"
    assert ihe_mock.last.xpath("//xds:Document//xop:Include/@href") == ["cid:letter%40example.org"]


def sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def test_requests_are_found_by_transaction_actor_path_action_and_pattern(
    ihe_mock: MockServer,
) -> None:
    feed(ihe_mock, "P-1")
    httpx.post(ihe_mock.url_for("ITI-41"), content=b"<x/>")

    for on in (
        "ITI-44",
        "iti44",
        "pix-manager",
        "/pix/add",
        "urn:hl7-org:v3:PRPA_IN201301UV02",
        {"bodyQName": "{urn:hl7-org:v3}PRPA_IN201301UV02"},
        Pattern(transaction="ITI-44"),
    ):
        assert [seen.id for seen in ihe_mock.requests(on)] == [1], on
    assert ihe_mock.call_count(patient_id="P-1") == 1
    assert ihe_mock.call_count("ITI-44", patient_id="P-2") == 0
    assert ihe_mock.call_count() == 2


def test_a_name_that_nothing_has_is_an_error_and_no_expectation(ihe_mock: MockServer) -> None:
    with pytest.raises(ValueError, match='no "ITI-4"; did you mean "ITI-4'):
        ihe_mock.assert_not_called("ITI-4")
    with pytest.raises(ValueError, match="did you mean"):
        ihe_mock.url_for("document-registri")
    with pytest.raises(ValueError, match='unknown key; did you mean "patientId"'):
        ihe_mock.requests(patient="P-1")
    with pytest.raises(ValueError, match="cannot name a namespace"):
        ihe_mock.namespace("a/b")


def test_no_request_at_all_has_no_last_one(ihe_mock: MockServer) -> None:
    with pytest.raises(AssertionError, match="No request has come"):
        _ = ihe_mock.last


# ---------------------------------------------------------------- expectations


def test_expectations_that_are_met_say_nothing(ihe_mock: MockServer) -> None:
    feed(ihe_mock)
    feed(ihe_mock)

    ihe_mock.assert_called("ITI-44")
    ihe_mock.assert_called("ITI-44", times=2)
    ihe_mock.assert_called("ITI-44", at_least=1, at_most=2)
    ihe_mock.assert_not_called("ITI-41")
    ihe_mock.assert_sequence(["ITI-44", {"patientId": "P-1"}], exact=True)


def test_too_few_requests_are_told_with_the_nearest_misses(ihe_mock: MockServer) -> None:
    feed(ihe_mock, "P-1")

    with pytest.raises(AssertionError) as raised:
        ihe_mock.assert_called("ITI-44", times=1, patient_id="P-2")

    assert str(raised.value).splitlines()[:2] == [
        'Expected exactly 1 request with transaction "ITI-44", patientId "P-2", but none came '
        "(1 in all).",
        "Nearest:",
    ]
    assert 'patientId: expected "P-2", received "P-1^^^' in str(raised.value)


def test_too_many_requests_are_listed(ihe_mock: MockServer) -> None:
    feed(ihe_mock, "P-1")

    with pytest.raises(AssertionError, match=r"no requests .*, but 1 came\.\nThey were:\n  #1 "):
        ihe_mock.assert_not_called("ITI-44")


def test_a_sequence_tells_which_request_is_missing(ihe_mock: MockServer) -> None:
    feed(ihe_mock, "P-2")
    feed(ihe_mock, "P-1")

    ihe_mock.assert_sequence([{"patientId": "P-2"}, {"patientId": "P-1"}])
    with pytest.raises(AssertionError, match="request 2 of 2") as raised:
        ihe_mock.assert_sequence([{"patientId": "P-1"}, {"patientId": "P-2"}])
    assert "One came too early: #1" in str(raised.value)
    with pytest.raises(AssertionError, match="no other"):
        ihe_mock.assert_sequence([{"patientId": "P-2"}], exact=True)


def test_waiting_ends_when_the_request_comes(ihe_mock: MockServer) -> None:
    sender = threading.Thread(target=feed, args=(ihe_mock,))
    sender.start()

    found = ihe_mock.wait_for("ITI-44", timeout=30, patient_id="P-1")

    sender.join()
    assert [seen.transaction for seen in found] == ["ITI-44"]


def test_waiting_in_vain_tells_what_came_instead(ihe_mock: MockServer) -> None:
    feed(ihe_mock)

    with pytest.raises(AssertionError, match=r"at least 2 requests .* but 1 came(.|\n)*Waited"):
        ihe_mock.wait_for("ITI-44", count=2, timeout=0.01)


async def test_the_asynchronous_form_awaits_what_takes_time() -> None:
    async with MockServer() as server, httpx.AsyncClient() as client:
        url = server.url_for("ITI-44")
        await client.post(url, content=pix_add("P-1"), headers=SOAP_XML)

        found = await server.wait_for("ITI-44")
        server.assert_called("ITI-44", times=1)
        with pytest.raises(AssertionError, match="Waited"):
            await server.wait_for("ITI-41", timeout=0.01)
        await server.reset()

        assert found[0].patient_ids
        assert server.requests() == []


def test_evidence_that_was_forgotten_is_not_guessed() -> None:
    with MockServer(journal_max_entries=1) as server:
        feed(server)
        feed(server)

        with pytest.raises(Exception, match="forgotten"):
            server.assert_not_called("ITI-41")
