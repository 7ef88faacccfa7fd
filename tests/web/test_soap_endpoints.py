"""The adapter between ASGI and the pipeline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ihe_mock_async.web import soap_endpoints
from ihe_mock_async.web.pipeline import Services
from tests.web.fakes import MTOM, entry_of, envelope, make_services

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
        await soap_endpoints.serve(whole, wire.receive, wire.send, place, services)
    return wire


async def test_a_request_is_answered_with_its_length() -> None:
    wire = await serve(make_services(), piece(envelope()))

    assert wire.status == 200
    assert wire.headers == {
        "content-type": "application/soap+xml; charset=utf-8",
        "content-length": str(len(wire.body)),
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
    monkeypatch.setattr(soap_endpoints, "MAX_DRAINED", 2500)
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
