"""What becomes of patients and documents when a fault strikes, looked up by queries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ihe_mock_async.ihe import Outcome
from tests.e2e.asking import documents_of, example, is_known
from tests.e2e.faulty_server import FaultyServer, faulty_server, post
from tests.e2e.messages import MTOM, envelope_of, pix_add, submission, text_of
from tests.e2e.retrievals import ITI43, envelope, mtom
from tests.e2e.retrievals import MTOM as RETRIEVE_MTOM
from tests.server.serving import Client
from tests.web.receiver import Receiver, receiving

ONCE = {"times": 1}
REPLACED: list[dict[str, Any]] = [
    {"fault": "EMPTY_RESPONSE"},
    {"fault": "TRUNCATE"},
    {"http": {"status": 503}},
    {"quota": {"limit": 0, "windowMs": 60_000}},
    {"soapFault": {"code": "Receiver"}},
    {"corrupt": "wrongRelatesTo"},
]
"""Effects for any transaction that do not send the real answer."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[FaultyServer]:
    async with faulty_server(tmp_path) as running:
        yield running


async def answer(client: Client) -> bytes:
    """All that comes: one response, or what there is until the end."""
    try:
        return (await client.response())[2]
    except asyncio.IncompleteReadError as error:
        return bytes(error.partial)


async def exchange(server: FaultyServer, request: bytes) -> bytes:
    async with server.client() as client:
        await client.send(request)
        return await answer(client)


def named(effects: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("effect", effects, ids=[str(next(iter(e))) for e in effects])


# ---------------------------------------------------------------- patients


@named([*REPLACED, {"hl7": {"ackCode": "AE"}}])
async def test_a_patient_whose_acknowledgement_is_not_sent_is_not_stored(
    server: FaultyServer, effect: dict[str, Any]
) -> None:
    server.arm(effect, match={"transaction": "ITI-44"}, when=ONCE)

    await exchange(server, example("ITI-44", "LOST-1"))

    assert not await is_known(server, "LOST-1")
    await exchange(server, example("ITI-44", "LOST-1"))
    assert await is_known(server, "LOST-1")


@named([*REPLACED, {"hl7": {"ackCode": "AE"}}])
async def test_with_before_it_is_stored_and_the_acknowledgement_is_lost(
    server: FaultyServer, effect: dict[str, Any]
) -> None:
    server.arm({**effect, "commit": "before"}, match={"transaction": "ITI-44"}, when=ONCE)

    octets = await exchange(server, example("ITI-44", "KEPT-1"))

    assert await is_known(server, "KEPT-1")
    entry = server.entries()[0]
    assert entry.fault is not None
    assert entry.patient_ids[0] == "KEPT-1^^^&1.3.6.1.4.1.21367.2017.2.5.1&ISO"
    if "corrupt" in effect:
        assert b'typeCode code="CA"' in octets
    else:
        assert "CA, stored; then" in entry.summary


async def test_with_never_the_real_answer_is_sent_and_nothing_is_stored(
    server: FaultyServer,
) -> None:
    server.arm({"pass": True, "commit": "never"}, match={"transaction": "ITI-44"}, when=ONCE)

    octets = await exchange(server, example("ITI-44", "NEVER-1"))

    assert b'typeCode code="CA"' in octets
    assert not await is_known(server, "NEVER-1")


async def test_the_journal_says_what_was_stored_for_a_client_that_did_not_wait(
    server: FaultyServer,
) -> None:
    server.arm({"http": {"status": 503}, "delay": 600_000, "commit": "before"}, when=ONCE)
    async with server.client() as client:
        await client.send(example("ITI-44", "KEPT-2"))
        await server.app.services.journal.wait("", lambda e: bool(e.fault), seconds=10)

    (entry,) = await server.completed(1)
    assert await is_known(server, "KEPT-2")
    assert entry.outcome is Outcome.FAULT
    assert entry.summary == "CA, stored; then the client went away"


async def test_a_client_that_closes_its_side_during_a_delay_gets_no_answer(
    server: FaultyServer,
) -> None:
    server.arm({"pass": True, "delay": 600_000}, when=ONCE)
    async with server.client() as client:
        await client.send(example("ITI-44", "GONE-1"))
        client.shut_writing()

        assert await client.rest() == b""

    assert not await is_known(server, "GONE-1")


async def test_a_delay_alone_changes_nothing_else(server: FaultyServer) -> None:
    server.arm({"pass": True, "delay": 20}, match={"transaction": "ITI-44"}, when=ONCE)

    octets = await exchange(server, example("ITI-44", "SLOW-1"))

    assert b'typeCode code="CA"' in octets
    assert await is_known(server, "SLOW-1")
    entry = server.entries()[0]
    assert entry.duration_ms >= 20
    assert entry.outcome is Outcome.SERVED


# ---------------------------------------------------------------- documents


@named(
    [
        *REPLACED,
        {"registry": {"errors": ["XDSRegistryBusy"]}},
        {"registry": {"status": "PartialSuccess", "errors": ["XDSRegistryBusy"]}},
    ]
)
@pytest.mark.parametrize("commit", ["delivered", "before", "never"])
async def test_a_document_is_stored_only_before_its_answer_is_lost(
    server: FaultyServer, effect: dict[str, Any], commit: str
) -> None:
    server.arm({**effect, "commit": commit}, match={"transaction": "ITI-41"}, when=ONCE)

    await exchange(server, example("ITI-41", "DOC-1"))

    assert await documents_of(server, "DOC-1") == (1 if commit == "before" else 0)
    counts = await server.app.services.store.counts("")
    assert counts.documents == (1 if commit == "before" else 0)


async def test_a_refused_submission_can_be_sent_again(server: FaultyServer) -> None:
    server.arm({"registry": {"errors": ["XDSRegistryBusy"]}}, when=ONCE)
    request = example("ITI-41", "AGAIN-1")

    refused = await exchange(server, request)
    accepted = await exchange(server, request)

    assert b"ResponseStatusType:Failure" in refused
    assert b'errorCode="XDSRegistryBusy"' in refused
    assert b"ResponseStatusType:Success" in accepted
    assert [entry.outcome for entry in server.entries()] == [Outcome.REJECTED, Outcome.SERVED]


# ---------------------------------------------------------------- answers elsewhere


async def test_a_refusal_is_posted_where_answers_go(server: FaultyServer) -> None:
    async with receiving(("202 Accepted", b"")) as elsewhere:
        server.arm({"hl7": {"ackCode": "AE", "text": "Not today."}}, when=ONCE)
        octets = await exchange(server, deferred(elsewhere, "ITI-44", "LATER-1"))
        (posted,) = await elsewhere.has(1)

    assert octets == b""
    assert b'typeCode code="CE"' in posted.body
    assert b"Not today." in posted.body
    assert not await is_known(server, "LATER-1")


async def test_a_soap_fault_is_posted_where_faults_go(server: FaultyServer) -> None:
    async with receiving(("202 Accepted", b"")) as elsewhere:
        fault = {"code": "Receiver", "subcode": "EndpointUnavailable", "reason": "Not today."}
        server.arm({"soapFault": fault}, when=ONCE)
        await exchange(server, deferred(elsewhere, "ITI-44", "LATER-2"))
        (posted,) = await elsewhere.has(1)

    envelope = envelope_of(posted.headers["content-type"], posted.body)
    assert text_of(envelope, "//soap:Reason/soap:Text") == "Not today."
    assert text_of(envelope, "//soap:Subcode/soap:Value") == "wsa:EndpointUnavailable"


@pytest.mark.parametrize("commit", ["delivered", "before"])
async def test_a_damaged_answer_is_what_is_posted_and_only_that(
    server: FaultyServer, commit: str
) -> None:
    async with receiving(("202 Accepted", b"")) as elsewhere:
        server.arm({"corrupt": "missingAction", "commit": commit}, when=ONCE)
        await exchange(server, deferred(elsewhere, "ITI-44", "LATER-3"))
        (posted,) = await elsewhere.has(1)

    assert b'typeCode code="CA"' in posted.body
    assert b"Action>" not in posted.body
    assert await is_known(server, "LATER-3") is (commit == "before")
    assert (await server.app.services.store.counts("")).deliveries == 1


async def test_a_connection_fault_concerns_the_202(server: FaultyServer) -> None:
    async with receiving(("202 Accepted", b"")) as elsewhere:
        server.arm({"fault": "EMPTY_RESPONSE", "commit": "before"}, when=ONCE)
        octets = await exchange(server, deferred(elsewhere, "ITI-44", "LATER-4"))
        (posted,) = await elsewhere.has(1)

    assert octets == b""
    assert b'typeCode code="CA"' in posted.body
    assert await is_known(server, "LATER-4")


@pytest.mark.parametrize("commit", ["delivered", "before", "never"])
async def test_a_deferred_answer_comes_only_if_it_was_accepted(
    server: FaultyServer, commit: str
) -> None:
    async with receiving(("202 Accepted", b"")) as elsewhere:
        server.arm({"corrupt": "wrongRelatesTo", "commit": commit}, when=ONCE)
        request = example("ITI-55", "LATER-6", name="discover-deferred", respond_to=elsewhere.url)
        assert b'typeCode code="CA"' in await exchange(server, request)
        if commit == "before":
            await elsewhere.has(1)

    deliveries = (await server.app.services.store.counts("")).deliveries
    assert deliveries == (1 if commit == "before" else 0)


async def test_a_202_that_is_truncated_stops_in_its_head(server: FaultyServer) -> None:
    server.arm({"fault": "TRUNCATE"}, when=ONCE)
    async with receiving(("202 Accepted", b"")) as elsewhere, server.client() as client:
        await client.send(deferred(elsewhere, "ITI-44", "LATER-5"))

        assert await client.rest() == b"HTTP/1.1 202 Accepted\r\n"

    (entry,) = await server.completed(1)
    assert (entry.status, entry.summary) == (202, "TRUNCATE")


def deferred(elsewhere: Receiver, number: str, patient: str) -> bytes:
    return example(number, patient, reply_to=elsewhere.url)


# ---------------------------------------------------------------- asked for by the client


async def test_a_client_asks_for_a_fault_by_name(server: FaultyServer) -> None:
    request = example("ITI-44", "HEADER-1")
    head, _, body = request.partition(b"\r\n\r\n")

    refused = await exchange(server, head + b"\r\nX-Mock-Fault: hl7 AE\r\n\r\n" + body)

    assert b'typeCode code="CE"' in refused
    fault = server.entries()[0].fault
    assert fault is not None
    assert (fault.plan, fault.effect) == ("", "hl7 AE")


async def test_an_unknown_name_is_a_fault_of_the_client_that_lists_them(
    server: FaultyServer,
) -> None:
    request = example("ITI-44", "HEADER-2")
    head, _, body = request.partition(b"\r\n\r\n")

    refused = await exchange(server, head + b"\r\nX-Mock-Fault: explode\r\n\r\n" + body)

    reason = text_of(envelope_of("application/soap+xml", refused), "//soap:Reason/soap:Text")
    assert "explode" in reason
    assert "CONNECTION_RESET_BY_PEER" in reason
    assert not await is_known(server, "HEADER-2")


async def test_messages_that_are_refused_meet_faults_too(server: FaultyServer) -> None:
    server.arm({"http": {"status": 502}}, when=ONCE)
    broken = pix_add("BAD-1").replace(b"</", b"<", 1)

    async with server.client() as client:
        request = b"POST /pix/add HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\n"
        await client.send(request + b"Content-Length: %d\r\n\r\n" % len(broken) + broken)
        status, _, _ = await client.response()

    assert status == 502
    assert server.entries()[0].outcome is Outcome.FAULT


async def test_a_message_that_no_application_gets_is_refused_as_ever(server: FaultyServer) -> None:
    server.arm({"registry": {"errors": ["XDSRegistryBusy"]}}, when=ONCE)

    # It is recognised, but ITI-41 is MTOM.
    octets = await exchange(server, post("/iti41/submit", submission().envelope))

    assert b"Fault>" in octets
    entry = server.entries()[0]
    assert (entry.outcome, entry.fault) == (Outcome.FAULT, None)
    (plan,) = server.app.services.faults.plans("")
    assert (plan.hits, plan.remaining) == (0, 1)


async def test_a_quota_tells_when_to_come_again(server: FaultyServer) -> None:
    server.arm({"quota": {"limit": 1, "windowMs": 60_000}})
    statuses = []
    async with server.client() as client:
        for number in range(2):
            await client.send(example("ITI-44", f"QUOTA-{number}"))
            status, headers, _ = await client.response()
            statuses.append((status, headers.get("retry-after")))

    assert statuses[0] == (200, None)
    assert statuses[1][0] == 429
    assert 1 <= int(statuses[1][1] or 0) <= 60


# ---------------------------------------------------------------- damaged MIME


async def retrieved(server: FaultyServer, kind: str) -> tuple[dict[str, str], bytes]:
    """Header fields and body of a damaged answer to ITI-43."""
    message = submission("MIME-1")
    retrieve = mtom(envelope(ITI43, message.unique_id))
    async with server.client() as client:
        await client.send(post("/iti41/submit", message.body, MTOM))
        assert b"ResponseStatusType:Success" in (await client.response())[2]
        server.arm({"corrupt": kind}, match={"transaction": "ITI-43"}, when=ONCE)
        await client.send(post("/document-repository", retrieve, RETRIEVE_MTOM))
        status, headers, body = await client.response()
    assert status == 200
    assert int(headers["content-length"]) == len(body)
    return headers, body


async def test_a_dropped_part_is_still_included(server: FaultyServer) -> None:
    headers, body = await retrieved(server, "dropMtomPart")

    assert headers["content-type"].startswith("multipart/related")
    assert body.count(b"Content-ID:") == 1
    assert b"Include" in body


async def test_a_part_with_another_content_id(server: FaultyServer) -> None:
    _, body = await retrieved(server, "wrongContentId")

    assert body.count(b"Content-ID: <other.") == 1
    assert b"cid:other." not in body


async def test_a_root_part_that_nothing_names_comes_second(server: FaultyServer) -> None:
    headers, body = await retrieved(server, "missingStart")

    assert "start=" not in headers["content-type"]
    first, second = body.split(b"Content-ID: ")[1:]
    assert not first.startswith(b"<root.")
    assert second.startswith(b"<root.")


async def test_an_answer_that_is_not_mtom_has_its_document_inline(server: FaultyServer) -> None:
    headers, body = await retrieved(server, "notMtom")

    assert headers["content-type"].startswith("application/soap+xml")
    assert b"Include" not in body


async def test_documents_inline_in_an_envelope_without_its_end(tmp_path: Path) -> None:
    message = submission("INLINE-1")
    async with faulty_server(tmp_path, validation="report") as server, server.client() as client:
        await client.send(post("/iti41/submit", message.body, MTOM))
        assert b"ResponseStatusType:Success" in (await client.response())[2]
        server.arm({"corrupt": "malformedXml"}, match={"transaction": "ITI-43"}, when=ONCE)
        await client.send(post("/document-repository", envelope(ITI43, message.unique_id)))
        status, _, body = await client.response()

    assert status == 200
    assert b"Envelope>" not in body
    assert body.rstrip().endswith(b"Body>")
    assert b"Include" not in body


async def test_a_document_with_another_hash(server: FaultyServer) -> None:
    _, body = await retrieved(server, "wrongHash")

    assert b"\r\n\r\nOora" in body  # `Nora` with one bit changed
    assert b"\r\n\r\nNora" not in body
