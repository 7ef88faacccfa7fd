"""The adapter between ASGI and the pipeline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ihe_mock_async.ihe import Answer, Exchange, Outcome
from ihe_mock_async.state import Attachment
from ihe_mock_async.web import asgi, outgoing, sending, soap_endpoints
from ihe_mock_async.web.pipeline import Services
from tests.web.fakes import (
    FAKE_MTOM,
    MTOM,
    RESPONSE_ACTION,
    answering,
    entry_of,
    envelope,
    make_services,
    mime,
    root,
    store_of,
)

Message = MutableMapping[str, Any]
SOAP_XML = (b"content-type", b"application/soap+xml")
GZIP = (b"content-encoding", b"gzip")
CHUNKED = (b"Transfer-Encoding", b"chunked")


@dataclass
class Wire:
    """The server's side of one request: messages to receive, and what was sent."""

    incoming: list[Message]
    sent: list[Message] = field(default_factory=list)
    received: int = 0
    sent_when_received: list[int] = field(default_factory=list)
    """How much had been answered each time something was received."""

    async def receive(self) -> Message:
        self.sent_when_received.append(len(self.sent))
        if self.received == len(self.incoming):
            await asyncio.Event().wait()  # as a server does that waits for its client
        self.received += 1
        return self.incoming[self.received - 1]

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def headers(self) -> dict[str, str]:
        return {k.decode(): v.decode("latin-1") for k, v in self.sent[0]["headers"]}

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])


def piece(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def serve(
    services: Services,
    *incoming: Message,
    headers: Iterable[tuple[bytes, bytes]] = (SOAP_XML, CHUNKED),
    **scope: Any,  # noqa: ANN401 - as the ASGI scope has it
) -> Wire:
    wire = Wire(list(incoming))
    await run(services, wire, headers=headers, **scope)
    return wire


async def run(
    services: Services,
    wire: Wire,
    send: asgi.Send | None = None,
    receive: asgi.Receive | None = None,
    headers: Iterable[tuple[bytes, bytes]] = (
        (b"content-type", MTOM["content-type"].encode()),
        CHUNKED,
    ),
    **scope: Any,  # noqa: ANN401 - as the ASGI scope has it
) -> None:
    whole = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/pix/add",
        "headers": list(headers),
        "client": ("192.0.2.1", 4711),
        **scope,
    }
    place = services.endpoints.find(whole["path"])
    assert place is not None
    async with asyncio.timeout(10):
        await soap_endpoints.serve(
            whole, receive or wire.receive, send or wire.send, place, services
        )


async def test_a_request_is_answered_with_its_length() -> None:
    wire = await serve(make_services(), piece(envelope()))

    assert wire.status == 200
    assert wire.headers == {
        "content-type": "application/soap+xml; charset=utf-8",
        "content-length": str(len(wire.body)),
        "date": "Fri, 05 Jan 2024 10:15:00 GMT",
    }
    assert [m["type"] for m in wire.sent] == ["http.response.start", "http.response.body"]
    assert wire.sent[-1]["more_body"] is False


async def test_a_body_may_come_in_pieces_empty_ones_included() -> None:
    message = envelope()

    wire = await serve(
        make_services(),
        piece(message[:20], more=True),
        piece(b"", more=True),
        {"type": "http.request", "more_body": True},
        piece(message[20:], more=True),
        {"type": "http.request"},
    )

    assert wire.status == 200
    assert wire.received == 5


async def test_the_entry_knows_client_certificate_and_namespace() -> None:
    services = make_services()
    tls = {"tls": {"client_cert_name": "CN=source"}}

    await serve(services, piece(envelope()), path="/ns/a/pix/add", extensions=tls)

    entry = entry_of(services)
    assert entry.client == "192.0.2.1:4711"
    assert entry.tls_subject == "CN=source"
    assert entry.namespace == "a"
    assert entry.path == "/ns/a/pix/add"


@pytest.mark.parametrize("extensions", [{}, {"tls": None}, {"tls": {}}])
async def test_a_client_without_address_or_certificate_is_served(
    extensions: dict[str, Any],
) -> None:
    services = make_services()

    wire = await serve(services, piece(envelope()), client=None, extensions=extensions)

    assert wire.status == 200
    assert (entry_of(services).client, entry_of(services).tls_subject) == ("", "")


async def test_headers_sent_twice_are_joined() -> None:
    headers = [SOAP_XML, (b"Content-Encoding", b"identity"), (b"content-encoding", b"gzip")]

    wire = await serve(make_services(), piece(b"x"), headers=headers)

    assert wire.status == 415
    assert b"identity, gzip" in wire.body


async def test_an_early_refusal_is_answered_before_the_body_is_read() -> None:
    wire = await serve(
        make_services(),
        piece(b"x" * 1000, more=True),
        piece(b"x" * 1000),
        headers=(SOAP_XML, GZIP, (b"content-length", b"2000")),
    )

    assert wire.status == 415
    assert wire.headers["connection"] == "close"
    assert wire.sent_when_received == [2, 2]
    assert [m.get("more_body") for m in wire.sent] == [None, True, False]
    assert int(wire.headers["content-length"]) == len(wire.body)


async def test_a_refused_upload_is_read_to_a_limit_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "MAX_DRAINED", 2500)
    endless = [piece(b"x" * 1000, more=True) for _ in range(100)]

    wire = await serve(make_services(), *endless, headers=(SOAP_XML, GZIP, CHUNKED))

    assert wire.received == 3
    assert wire.sent[-1]["more_body"] is False


async def test_a_refused_client_may_leave_at_once() -> None:
    wire = await serve(
        make_services(), {"type": "http.disconnect"}, headers=(SOAP_XML, GZIP, CHUNKED)
    )

    assert wire.status == 415
    assert wire.sent[-1]["more_body"] is False


async def test_a_chunked_request_above_the_limit_is_answered_in_the_middle() -> None:
    services = make_services()
    million = b"x" * 1_000_000

    wire = await serve(services, piece(million, more=True), piece(million, more=True), piece(b""))

    assert wire.status == 413
    assert wire.headers["connection"] == "close"
    assert wire.received == 3


async def test_http_2_has_no_connection_header() -> None:
    wire = await serve(make_services(), piece(b"x"), headers=(SOAP_XML, GZIP), http_version="2")

    assert wire.status == 415
    assert "connection" not in wire.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_a_request_without_body_is_refused_on_a_connection_that_stays(
    method: str,
) -> None:
    wire = await serve(make_services(), piece(b""), method=method, headers=())

    assert wire.status == 405
    assert wire.headers["allow"] == "POST"
    assert "connection" not in wire.headers
    assert len(wire.sent) == 2


async def test_a_body_of_no_octets_is_a_fault_on_a_connection_that_stays() -> None:
    wire = await serve(make_services(), piece(b""), headers=(SOAP_XML, (b"content-length", b"0")))

    assert wire.status == 400
    assert b"xml-present" in wire.body
    assert "connection" not in wire.headers


@pytest.mark.parametrize("content_type", ["application/soap+xml", MTOM["content-type"]])
async def test_a_client_that_goes_away_gets_no_answer(
    content_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    services = make_services()
    headers = ((b"content-type", content_type.encode()), CHUNKED)

    with caplog.at_level(logging.INFO, "ihe_mock_async"):
        wire = await serve(
            services, piece(b"--", more=True), {"type": "http.disconnect"}, headers=headers
        )

    assert wire.sent == []
    assert "192.0.2.1:4711 went away" in caplog.text
    assert entry_of(services).summary == "the client went away"


# ---------------------------------------------------------------- answers with documents

INCLUDE = (
    b'<D xmlns="urn:example"><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" '
    b'href="cid:document@x"/></D>'
)
REQUEST = piece(mime(root(envelope())))
MTOM_HEADERS = ((b"content-type", MTOM["content-type"].encode()), CHUNKED)


def documents(content: bytes) -> tuple[Services, list[bool]]:
    """A server that has one document to send, and a list that tells when it is closed."""
    kept: list[Attachment] = []

    def answer(exchange: Exchange) -> Answer:
        return Answer(RESPONSE_ACTION, INCLUDE, Outcome.SERVED, "OK", attachments=kept)

    services = make_services(answering(answer, FAKE_MTOM))
    staged = store_of(services).content.begin()
    staged.write(content)
    size, sha1, sha256 = staged.finish()
    store_of(services).content.keep([staged])
    kept.append(Attachment("document@x", "text/plain", size, sha1, sha256))
    return services, closings(services)


def closings(services: Services) -> list[bool]:
    closed: list[bool] = []
    release = services.outgoing._release

    def released(files: int) -> None:
        closed.append(True)
        release(files)

    services.outgoing._release = released  # type: ignore[method-assign]
    return closed


async def test_a_document_is_sent_in_pieces_of_known_length_and_closed() -> None:
    content = bytes(range(256)) * 10_000
    services, closed = documents(content)

    wire = await serve(services, REQUEST, headers=MTOM_HEADERS)

    assert wire.status == 200
    assert int(wire.headers["content-length"]) == len(wire.body)
    assert content in wire.body
    assert len(wire.sent) > 4
    assert [message["more_body"] for message in wire.sent[1:]] == [True] * (len(wire.sent) - 2) + [
        False
    ]
    assert closed == [True]
    assert b"xop/include" in entry_of(services).response_envelope
    assert len(entry_of(services).response_envelope) < 2000


async def test_each_piece_waits_until_the_one_before_is_taken() -> None:
    services, closed = documents(b"x" * 10 * outgoing.CHUNK)
    wire = Wire([REQUEST])
    taken, full = asyncio.Semaphore(4), asyncio.Event()

    async def slow_send(message: Message) -> None:
        if taken.locked():
            full.set()
        await taken.acquire()
        await wire.send(message)

    serving = asyncio.create_task(run(services, wire, slow_send))
    async with asyncio.timeout(10):
        await full.wait()
    await asyncio.sleep(0.05)  # in which another one would come

    assert len(wire.sent) == 4
    assert not closed
    for _ in range(20):
        taken.release()
    async with asyncio.timeout(10):
        await serving
    assert int(wire.headers["content-length"]) == len(wire.body)
    assert closed == [True]


async def test_a_client_that_leaves_during_its_answer_ends_the_reading(
    caplog: pytest.LogCaptureFixture,
) -> None:
    services, closed = documents(b"x" * 10 * outgoing.CHUNK)
    left = asyncio.Event()
    wire = Wire([REQUEST])

    async def receive() -> Message:
        if wire.received < len(wire.incoming):
            return await wire.receive()
        await left.wait()
        return {"type": "http.disconnect"}

    async def stuck_send(message: Message) -> None:
        await wire.send(message)
        if len(wire.sent) == 3:
            left.set()
            await asyncio.Event().wait()  # as a server may that has lost its client

    with caplog.at_level(logging.INFO, "ihe_mock_async"):
        await run(services, wire, stuck_send, receive)

    assert len(wire.sent) == 3
    assert closed == [True]
    assert "192.0.2.1:4711 went away in the middle of its answer" in caplog.text


async def test_a_document_that_cannot_be_read_any_more_breaks_the_answer_off() -> None:
    services, closed = documents(b"x" * 10 * outgoing.CHUNK)
    wire = Wire([REQUEST])

    async def failing_send(message: Message) -> None:
        await wire.send(message)
        if len(wire.sent) == 3:
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        await run(services, wire, failing_send)

    assert closed == [True]
    assert wire.sent[-1]["more_body"] is True


async def test_a_document_that_was_removed_meanwhile_is_a_fault() -> None:
    services, _ = documents(b"x" * 100_000)
    store_of(services).content._kept.clear()

    wire = await serve(services, REQUEST, headers=MTOM_HEADERS)

    assert wire.status == 500
    assert b"was removed" in wire.body
    assert entry_of(services).outcome is Outcome.FAULT


async def test_a_cancelled_answer_is_closed() -> None:
    services, closed = documents(b"x" * 10 * outgoing.CHUNK)
    wire = Wire([REQUEST])
    begun = asyncio.Event()

    async def stuck_send(message: Message) -> None:
        await wire.send(message)
        begun.set()
        await asyncio.Event().wait()

    serving = asyncio.create_task(run(services, wire, stuck_send))
    await begun.wait()
    serving.cancel()

    with pytest.raises(asyncio.CancelledError):
        await serving
    assert closed == [True]
