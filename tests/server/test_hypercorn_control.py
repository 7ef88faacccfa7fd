"""Connection faults that the application may ask for, octet by octet."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ihe_mock_async.server.asgi import Receive, Scope, Send
from ihe_mock_async.server.transport_control import EXTENSION, TransportControl
from tests.server.serving import App, connected, post, respond, serving

Fault = Callable[[TransportControl], Awaitable[None]]


class Faulty(App):
    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault
        self.finished = asyncio.Event()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.read(receive)
        await self.fault(scope["extensions"][EXTENSION])
        await respond(send, b"this must not be sent")
        self.finished.set()


async def answer_to(fault: Fault, request: bytes = post(b"abc")) -> bytes:
    async with serving(Faulty(fault)) as server, connected(server.port) as client:
        await client.send(request)
        return await asyncio.wait_for(client.rest(), 5)


async def test_an_empty_response() -> None:
    async def fault(control: TransportControl) -> None:
        control.close()

    assert await answer_to(fault) == b""


async def test_octets_that_are_no_http() -> None:
    async def fault(control: TransportControl) -> None:
        control.write_raw(b"\x00\xff no http")
        control.write_raw(b" at all")

    assert await answer_to(fault) == b"\x00\xff no http at all"


async def test_a_truncated_response_on_a_pipelined_connection() -> None:
    truncated = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"

    async def fault(control: TransportControl) -> None:
        control.write_raw(truncated)
        await control.drain()
        control.close()

    assert await answer_to(fault, post(b"1") + post(b"2")) == truncated


async def test_a_reset_connection() -> None:
    async def fault(control: TransportControl) -> None:
        control.abort_rst()

    with pytest.raises(ConnectionResetError):
        await answer_to(fault)


async def test_a_reset_after_some_octets() -> None:
    async def fault(control: TransportControl) -> None:
        control.write_raw(b"HTTP/1.1 200 OK\r\n")
        await asyncio.sleep(0.05)
        control.abort_rst()

    async with serving(Faulty(fault)) as server, connected(server.port) as client:
        await client.send(post(b"abc"))
        first = await client.reader.readexactly(17)
        with pytest.raises(ConnectionResetError):
            await client.rest()

    assert first == b"HTTP/1.1 200 OK\r\n"


async def test_hanging_until_the_client_gives_up() -> None:
    async def fault(control: TransportControl) -> None:
        await control.peer_gone()
        control.close()

    app = Faulty(fault)
    async with serving(app) as server:
        async with connected(server.port) as client:
            await client.send(post(b"abc"))
            await asyncio.sleep(0.05)
            assert not app.finished.is_set()
        await asyncio.wait_for(app.finished.wait(), 5)


async def test_a_complete_response_cannot_be_taken_back() -> None:
    errors: list[str] = []

    class Late(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            await super().answer(scope, receive, send)
            control: TransportControl = scope["extensions"][EXTENSION]
            for act in (control.close, control.abort_rst, lambda: control.write_raw(b"x")):
                try:
                    act()
                except RuntimeError as error:
                    errors.append(str(error))

    async with serving(Late()) as server, connected(server.port) as client:
        await client.send(post(b"one"))
        await client.response()
        await client.send(post(b"two"))
        _, _, body = await client.response()

    assert body == b"/x two"
    assert errors[:3] == ["The response of this request is complete"] * 3
