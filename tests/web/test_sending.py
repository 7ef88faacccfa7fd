"""How responses go out where the server gives no hold on the connection, and who has left."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from ihe_mock_async.faults.plan import FaultPlan
from ihe_mock_async.ihe import Outcome
from ihe_mock_async.web import soap_endpoints
from ihe_mock_async.web.services import Services
from tests.web.fakes import NOW, SOAP_XML, entry_of, envelope, make_services, store_of

Message = MutableMapping[str, Any]


class Server:
    """An ASGI server's side of one request; `leave` closes the connection."""

    def __init__(self, body: bytes, *, http_version: str = "2") -> None:
        self.sent: list[Message] = []
        self.started = asyncio.Event()
        self.leave = asyncio.Event()
        self._body = body
        self._told = False
        self._http_version = http_version

    async def receive(self) -> Message:
        if not self._told:
            self._told = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        await self.leave.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        self.started.set()

    async def serve(self, services: Services) -> None:
        scope = {
            "type": "http",
            "http_version": self._http_version,
            "method": "POST",
            "path": "/pix/add",
            "headers": [(b"content-type", SOAP_XML["content-type"].encode())],
        }
        place = services.endpoints.find("/pix/add")
        assert place is not None
        async with asyncio.timeout(10):
            await soap_endpoints.serve(scope, self.receive, self.send, place, services)

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])


def armed(effect: dict[str, Any]) -> Services:
    services = make_services()
    services.faults.add("", FaultPlan.model_validate({"effect": effect}), NOW)
    return services


@pytest.mark.parametrize(
    "fault", ["EMPTY_RESPONSE", "RANDOM_DATA_THEN_CLOSE", "CONNECTION_RESET_BY_PEER"]
)
async def test_without_a_hold_on_the_connection_it_is_500_without_a_body(fault: str) -> None:
    services, server = armed({"fault": fault}), Server(envelope())

    await server.serve(services)

    assert server.sent[0]["status"] == 500
    assert server.body == b""
    entry = entry_of(services)
    assert (entry.outcome, entry.status) == (Outcome.FAULT, 500)
    assert store_of(services).namespaces == []


@pytest.mark.parametrize("fault", ["TRUNCATE", "MALFORMED_RESPONSE_CHUNK"])
async def test_what_is_broken_stops_short(fault: str) -> None:
    services, server = armed({"fault": fault}), Server(envelope())

    await server.serve(services)

    assert server.sent[0]["status"] == 200
    assert server.sent[-1]["more_body"] is True


async def test_what_hangs_ends_with_the_connection() -> None:
    services, server = armed({"fault": "HANG"}), Server(envelope())
    serving = asyncio.create_task(server.serve(services))
    await services.journal.wait("", lambda entry: True, seconds=10)
    server.leave.set()
    await serving

    assert server.sent == []
    assert entry_of(services).status == 0


async def test_a_client_that_leaves_during_a_delay_has_changed_nothing() -> None:
    services, server = armed({"pass": True, "delay": 600_000}), Server(envelope())
    serving = asyncio.create_task(server.serve(services))
    await services.journal.wait("", lambda entry: True, seconds=10)
    server.leave.set()
    await serving

    assert server.sent == []
    assert store_of(services).namespaces == []
    assert entry_of(services).summary == "the client went away"


async def test_a_client_that_leaves_in_the_middle_of_pieces_is_told_of_in_the_journal() -> None:
    dribble = {"chunkedDribbleDelay": {"numberOfChunks": 2, "totalDuration": 600_000}}
    services, server = armed({"pass": True, "delay": dribble}), Server(envelope())
    serving = asyncio.create_task(server.serve(services))
    await server.started.wait()
    server.leave.set()
    await serving

    entry = entry_of(services)
    assert entry.outcome is Outcome.SERVED
    assert entry.summary == "OK; the client went away in the middle of the answer"


async def test_an_answer_in_pieces_is_the_whole_answer() -> None:
    dribble = {"chunkedDribbleDelay": {"numberOfChunks": 7, "totalDuration": 7}}
    services, server = armed({"pass": True, "delay": dribble}), Server(envelope())

    await server.serve(services)

    length = int(dict(server.sent[0]["headers"])[b"content-length"])
    pieces = [message["body"] for message in server.sent[1:] if message["body"]]
    assert len(server.body) == length
    assert len(pieces) == 7
    assert {len(piece) for piece in pieces} == {length // 7, length // 7 + 1}
    assert entry_of(services).response_body.read() == server.body
