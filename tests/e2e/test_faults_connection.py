"""Connection faults as a client sees them, octet for octet, and their neighbours in peace."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from ihe_mock_async.ihe import Outcome
from ihe_mock_async.server import http11
from tests.e2e.faulty_server import FaultyServer, faulty_server, post
from tests.e2e.messages import pix_add
from tests.server.serving import Client

SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])
FAULT_ONCE = {"times": 1}


async def broken(server: FaultyServer, effect: str) -> bytes:
    """All that a client gets of an answer that is broken by this fault; a neighbour is served."""
    server.arm({"fault": effect}, when=FAULT_ONCE)
    async with server.client() as neighbour, server.client() as client:
        await client.send(post("/pix/add", pix_add("FAULT-1")))
        octets = await client.rest()

        await neighbour.send(post("/pix/add", pix_add("FAULT-2")))
        status, _, _ = await neighbour.response()
        assert status == 200
    return octets


async def the_fault(server: FaultyServer, effect: str) -> None:
    """The journal knows of both requests, and what happened to the first."""
    faulted, served = await server.completed(2)
    assert faulted.fault is not None
    assert faulted.fault.effect == effect
    assert (faulted.outcome, faulted.summary) == (Outcome.FAULT, effect)
    assert (served.outcome, served.fault) == (Outcome.SERVED, None)


@SCHEMES
async def test_an_empty_response_is_the_end_without_an_octet(scheme: str, tmp_path: Path) -> None:
    async with faulty_server(tmp_path, scheme=scheme) as server:
        assert await broken(server, "EMPTY_RESPONSE") == b""

        await the_fault(server, "EMPTY_RESPONSE")
        assert server.entries()[0].status == 0


@SCHEMES
async def test_a_malformed_chunk_comes_after_an_orderly_head(scheme: str, tmp_path: Path) -> None:
    async with faulty_server(tmp_path, scheme=scheme) as server:
        octets = await broken(server, "MALFORMED_RESPONSE_CHUNK")

        head, garbage = octets.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"\r\ntransfer-encoding: chunked" in head.lower()
        assert len(garbage) == 64
        assert not re.match(rb"[0-9A-Fa-f]", garbage)
        await the_fault(server, "MALFORMED_RESPONSE_CHUNK")
        assert server.entries()[0].response_body.read() == garbage


@SCHEMES
async def test_random_data_is_no_http(scheme: str, tmp_path: Path) -> None:
    async with faulty_server(tmp_path, scheme=scheme) as server:
        octets = await broken(server, "RANDOM_DATA_THEN_CLOSE")

        assert len(octets) == 64
        assert b"HTTP" not in octets
        await the_fault(server, "RANDOM_DATA_THEN_CLOSE")
        assert server.entries()[0].response_body.read() == octets


@SCHEMES
async def test_garbage_is_the_same_again_under_the_same_seed(scheme: str, tmp_path: Path) -> None:
    message = post("/pix/add", pix_add("FAULT-3"))
    seen = []
    for _ in range(2):
        async with faulty_server(tmp_path, scheme=scheme, seed=7) as server:
            server.arm({"fault": "RANDOM_DATA_THEN_CLOSE"})
            async with server.client() as client:
                await client.send(message)
                seen.append(await client.rest())

    assert seen[0] == seen[1] != b""


@SCHEMES
async def test_a_reset_is_a_reset(scheme: str, tmp_path: Path) -> None:
    async with faulty_server(tmp_path, scheme=scheme) as server:
        with pytest.raises(ConnectionResetError):
            await broken(server, "CONNECTION_RESET_BY_PEER")

        async with server.client() as neighbour:
            await neighbour.send(post("/pix/add", pix_add("FAULT-2")))
            assert (await neighbour.response())[0] == 200
        await the_fault(server, "CONNECTION_RESET_BY_PEER")


@SCHEMES
async def test_a_truncated_answer_has_the_head_of_the_whole_and_half_its_body(
    scheme: str, tmp_path: Path
) -> None:
    async with faulty_server(tmp_path, scheme=scheme) as server:
        octets = await broken(server, "TRUNCATE")

        head, body = octets.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]  # it is there
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"transfer-encoding" not in head.lower()
        assert len(body) == length // 2
        assert b"Envelope" in body
        await the_fault(server, "TRUNCATE")
        assert server.entries()[0].status == 200
        assert server.entries()[0].response_body.read() == body


@SCHEMES
async def test_a_request_that_hangs_ends_when_its_client_leaves(
    scheme: str, tmp_path: Path
) -> None:
    async with faulty_server(tmp_path, scheme=scheme) as server:
        server.arm({"fault": "HANG"}, when=FAULT_ONCE)
        async with server.client() as client, server.client() as neighbour:
            await client.send(post("/pix/add", pix_add("FAULT-1")))
            await server.understood(lambda entry: entry.transaction == "ITI-44")
            await neighbour.send(post("/pix/add", pix_add("FAULT-2")))
            assert (await neighbour.response())[0] == 200
            assert [entry.completed for entry in server.entries()] == [False, True]

        await the_fault(server, "HANG")


@SCHEMES
async def test_a_client_that_leaves_in_its_upload_ends_what_hangs(
    scheme: str, tmp_path: Path
) -> None:
    upload = b"x" * 4_000_000
    async with faulty_server(tmp_path, scheme=scheme) as server:
        server.arm({"fault": "HANG"})
        async with server.client() as client:
            # It is refused without being read, if it were answered.
            await client.send(post("/pix/add", upload, {"Content-Type": "text/html"}))

        (entry,) = await server.completed(1)
        assert entry.status == 0


async def test_a_client_that_leaves_in_its_upload_ends_a_delay(tmp_path: Path) -> None:
    async with faulty_server(tmp_path) as server:
        server.arm({"http": {"status": 503}, "delay": 600_000})
        async with server.client() as client:
            refused = post("/pix/add", b"x" * 4_000_000, {"Content-Type": "text/html"})
            await client.send(refused[:3_000_000])

        (entry,) = await server.completed(1)
        assert entry.summary == "the client went away"


async def test_what_is_sent_behind_a_request_that_hangs_does_not_hide_that_the_client_left(
    tmp_path: Path,
) -> None:
    async with faulty_server(tmp_path) as server:
        server.arm({"fault": "HANG"})
        async with server.client() as client:
            request = post("/pix/add", pix_add("FAULT-1"))
            await client.send(*[request] * (4_000_000 // len(request)))

        (entry,) = await server.completed(1)
        assert entry.summary == "HANG"


@SCHEMES
async def test_a_request_that_hangs_does_not_delay_the_end_of_the_server(
    scheme: str, tmp_path: Path
) -> None:
    limits = {"drain_timeout": 3600.0}
    async with faulty_server(tmp_path, scheme=scheme, limits=limits) as server:
        server.arm({"fault": "HANG"})
        async with server.client() as client:
            await client.send(post("/pix/add", pix_add("FAULT-1")))
            await server.understood(lambda entry: entry.transaction == "ITI-44")

            server.served.stop.set()

            assert await client.rest() == b""
        await server.served.done


@SCHEMES
async def test_requests_before_and_behind_on_the_same_connection(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http11, "_LINGER", 3600.0)
    async with faulty_server(tmp_path, scheme=scheme) as server:
        server.arm({"fault": "EMPTY_RESPONSE"}, when={"skip": 1, "times": 1})
        async with server.client() as client:
            # Pipelined: the third one meets a connection that is closed.
            await client.send(*(post("/pix/add", pix_add(f"PIPE-{n}")) for n in range(3)))
            status, _, _ = await client.response()
            rest = await client.rest()

        assert (status, rest) == (200, b"")
        served, faulted = await server.completed(2)
        assert served.outcome is Outcome.SERVED
        assert faulted.fault is not None


@SCHEMES
async def test_a_dribbled_answer_is_whole_and_the_connection_stays(
    scheme: str, tmp_path: Path
) -> None:
    async with faulty_server(tmp_path, scheme=scheme) as server:
        dribble = {"numberOfChunks": 4, "totalDuration": 40}
        server.arm({"pass": True, "delay": {"chunkedDribbleDelay": dribble}}, when=FAULT_ONCE)
        async with server.client() as client:
            answers = []
            for number in range(2):
                await client.send(post("/pix/add", pix_add(f"DRIP-{number}")))
                answers.append(await client.response())

        for status, fields, body in answers:
            assert status == 200
            assert int(fields["content-length"]) == len(body)
            assert body.endswith(b"Envelope>")
        slow, quick = await server.completed(2)
        assert slow.duration_ms >= 40
        assert slow.outcome is quick.outcome is Outcome.SERVED


async def test_http_faults_leave_the_connection_open(tmp_path: Path) -> None:
    async with faulty_server(tmp_path) as server:
        effect = {"http": {"status": 503, "headers": {"X-Why": "test"}, "body": "busy"}}
        server.arm(effect, when=FAULT_ONCE)
        async with server.client() as client:
            await client.send(post("/pix/add", pix_add("HTTP-1")))
            status, fields, body = await client.response()
            await client.send(post("/pix/add", pix_add("HTTP-2")))
            again, _, _ = await client.response()

        assert (status, fields["x-why"], body) == (503, "test", b"busy")
        assert again == 200


async def test_a_field_that_a_fault_sets_is_there_once(tmp_path: Path) -> None:
    async with faulty_server(tmp_path, seed=1) as server:
        date = "Mon, 05 Jan 2026 10:00:00 GMT"
        server.arm({"http": {"status": 503, "headers": {"Date": date, "Connection": "close"}}})
        async with server.client() as client:
            # Refused unread, which would close the connection, too.
            await client.send(post("/pix/add", b"<a/>", {"Content-Type": "text/html"}))
            head = (await client.rest()).lower()

        assert head.count(b"\r\ndate: ") == 1
        assert date.lower().encode() in head
        assert head.count(b"\r\nconnection: ") == 1


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_that_has_no_body_has_no_length(status: int, tmp_path: Path) -> None:
    async with faulty_server(tmp_path) as server:
        server.arm({"http": {"status": status}}, when=FAULT_ONCE)
        async with server.client() as client:
            await client.send(post("/pix/add", pix_add("HTTP-1")))
            seen, fields, _ = await client.response()
            await client.send(post("/pix/add", pix_add("HTTP-2")))
            again, _, _ = await client.response()

        assert (seen, again) == (status, 200)
        assert "content-length" not in fields


async def test_a_client_that_leaves_during_a_delay_has_changed_nothing(tmp_path: Path) -> None:
    async with faulty_server(tmp_path) as server:
        server.arm({"pass": True, "delay": 600_000})
        async with server.client() as client:
            await client.send(post("/pix/add", pix_add("GONE-1")))
            await server.understood(lambda entry: entry.transaction == "ITI-44")

        (entry,) = await server.completed(1)
        counts = await server.app.services.store.counts("")
        assert entry.summary == "the client went away"
        assert counts.patients == 0


async def _status(client: Client, number: int) -> int:
    await client.send(post("/pix/add", pix_add(f"MANY-{number}")))
    return (await client.response())[0]


async def test_of_a_thousand_requests_at_once_exactly_a_hundred_meet_the_fault(
    tmp_path: Path,
) -> None:
    async with faulty_server(tmp_path) as server:
        server.arm({"http": {"status": 503}}, when={"times": 100})
        numbers = iter(range(1000))

        async def worker() -> list[int]:
            async with server.client() as client:
                return [await _status(client, number) for number in numbers]

        seen = await asyncio.gather(*(worker() for _ in range(40)))

        statuses = [status for each in seen for status in each]
        assert (statuses.count(503), statuses.count(200)) == (100, 900)
        assert (await server.app.services.store.counts("")).patients == 900
