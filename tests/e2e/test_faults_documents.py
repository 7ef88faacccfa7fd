"""Faults and the journal where documents are large enough to be sent as they are read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.faulty_server import FaultyServer, faulty_server, post
from tests.e2e.messages import MTOM, submission
from tests.e2e.retrievals import ITI43, envelope, mtom
from tests.e2e.retrievals import MTOM as RETRIEVE_MTOM
from tests.server.serving import Client

DOCUMENT = bytes(range(256)) * 12_000
ONCE = {"times": 1}
RETRIEVAL = {"transaction": "ITI-43"}


@pytest.fixture(params=["http", "https"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[FaultyServer]:
    async with faulty_server(tmp_path, scheme=request.param) as running:
        yield running


async def provided(client: Client) -> bytes:
    """A request for a large document that the server has got."""
    message = submission("LARGE-1", DOCUMENT)
    await client.send(post("/iti41/submit", message.body, MTOM))
    assert b"ResponseStatusType:Success" in (await client.response())[2]
    retrieve = mtom(envelope(ITI43, message.unique_id))
    return post("/document-repository", retrieve, RETRIEVE_MTOM)


async def test_the_journal_has_both_bodies_octet_for_octet(server: FaultyServer) -> None:
    async with server.client() as client:
        request = await provided(client)
        await client.send(request)
        _, headers, body = await client.response()

    stored, retrieved = await server.completed(2)
    sent = await asyncio.to_thread(stored.request_body.read)
    answered = await asyncio.to_thread(retrieved.response_body.read)
    assert DOCUMENT in sent
    assert answered == body
    assert retrieved.response_body.size == int(headers["content-length"])


async def test_a_truncated_document_stops_in_the_middle(server: FaultyServer) -> None:
    async with server.client() as client:
        request = await provided(client)
        server.arm({"fault": "TRUNCATE"}, match=RETRIEVAL, when=ONCE)
        await client.send(request)
        head, _, body = (await client.rest()).partition(b"\r\n\r\n")

    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert len(body) == length // 2
    assert length > len(DOCUMENT)


async def test_a_document_in_pieces_is_whole(server: FaultyServer) -> None:
    dribble = {"numberOfChunks": 5, "totalDuration": 20}
    async with server.client() as client:
        request = await provided(client)
        server.arm(
            {"pass": True, "delay": {"chunkedDribbleDelay": dribble}},
            match=RETRIEVAL,
            when=ONCE,
        )
        await client.send(request)
        status, _, body = await client.response()

    assert status == 200
    assert DOCUMENT in body


async def test_a_client_that_leaves_its_document_is_told_of_in_the_journal(
    server: FaultyServer,
) -> None:
    dribble = {"numberOfChunks": 2, "totalDuration": 600_000}
    async with server.client() as client:
        request = await provided(client)
        server.arm(
            {"pass": True, "delay": {"chunkedDribbleDelay": dribble}},
            match=RETRIEVAL,
            when=ONCE,
        )
        await client.send(request)
        await client.reader.readuntil(b"\r\n\r\n")
        client.writer.transport.abort()

    _, left = await server.completed(2)
    assert left.summary.endswith("the client went away in the middle of the answer")
    assert left.response_body.size == 0


async def test_a_client_that_leaves_its_upload_is_remembered(server: FaultyServer) -> None:
    request = post("/iti41/submit", submission("LARGE-2", DOCUMENT).body, MTOM)
    async with server.client() as client:
        await client.send(request[:500_000])
        client.writer.transport.abort()

    (entry,) = await server.completed(1)
    assert entry.summary == "the client went away"
    assert entry.status == 0
    assert (await server.app.services.store.counts("")).documents == 0


async def test_an_upload_that_is_tried_out_leaves_no_document(server: FaultyServer) -> None:
    message = submission("LARGE-3", DOCUMENT)
    server.arm({"corrupt": "wrongRelatesTo"}, match={"transaction": "ITI-41"}, when=ONCE)
    async with server.client() as client:
        await client.send(post("/iti41/submit", message.body, MTOM))
        assert b"ResponseStatusType:Success" in (await client.response())[2]
        retrieve = mtom(envelope(ITI43, message.unique_id))
        await client.send(post("/document-repository", retrieve, RETRIEVE_MTOM))
        _, _, answer = await client.response()

    assert b"XDSDocumentUniqueIdError" in answer
    assert DOCUMENT not in answer
