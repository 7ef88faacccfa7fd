"""How long connections live: half-close, disconnect, deadlines, limits, back-pressure, drain."""

import asyncio
import socket
import struct

import pytest

from ihe_mock_async.server.asgi import Receive, Scope, Send
from tests.server.serving import App, Client, Served, connected, post, respond, serving

CROWD = 100


class Slow(App):
    """Works until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = asyncio.Event()
        self.crowded = asyncio.Event()
        self.go_on = asyncio.Event()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.read(receive)
        self.entered.set()
        if len(self.bodies) == CROWD:
            self.crowded.set()
        await self.go_on.wait()
        await respond(send, b"done")


async def test_a_half_closed_client_gets_its_whole_answer() -> None:
    app = Slow()
    async with serving(app) as server, connected(server.port) as client:
        await client.send(post(b"abc"))
        client.shut_writing()
        await app.entered.wait()
        await asyncio.sleep(0.05)
        app.go_on.set()
        answer = await client.rest()

    assert answer.endswith(b"\r\n\r\ndone")
    assert not app.disconnected.is_set()


async def test_a_half_closed_client_gets_the_answers_to_all_it_pipelined() -> None:
    async with serving(App()) as server, connected(server.port) as client:
        await client.send(post(b"1") + post(b"2") + post(b"3"))
        client.shut_writing()
        answer = await client.rest()

    assert [answer.count(b"/x %d" % n) for n in (1, 2, 3)] == [1, 1, 1]


async def test_a_body_that_ends_early_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    class Insistent(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.read(receive)
            assert (await receive())["type"] == "http.disconnect"

    caplog.set_level("INFO", "ihe_mock_async.server")
    async with serving(Insistent()) as server, connected(server.port) as client:
        await client.send(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        client.shut_writing()
        await client.rest()

    assert caplog.text.count("400") == 1


@pytest.mark.parametrize(
    "fields", [b"Content-Length: 10", b"Content-Length: 10\r\nConnection: close"]
)
async def test_a_body_that_ends_early_is_refused_and_reported(fields: bytes) -> None:
    app = App()
    async with serving(app) as server, connected(server.port) as client:
        await client.send(b"POST /x HTTP/1.1\r\nHost: x\r\n%s\r\n\r\nabc" % fields)
        client.shut_writing()
        status, _, body = await client.response()
        await app.disconnected.wait()

    assert status == 400
    assert b"received 3 bytes, expected 10" in body


async def test_a_client_that_resets_is_reported_to_the_application() -> None:
    class Waiting(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.read(receive)
            assert (await receive())["type"] == "http.disconnect"
            await respond(send, b"nobody is there")
            self.disconnected.set()

    app = Waiting()
    async with serving(app) as server, connected(server.port) as client:
        await client.send(post(b"abc"))
        await asyncio.sleep(0.05)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.writer.transport.abort()
        await asyncio.wait_for(app.disconnected.wait(), 5)


async def test_an_idle_client_that_closes_is_forgotten_at_once() -> None:
    async with serving(App(), connections=1) as server:
        for _ in range(5):
            async with connected(server.port) as client:
                await client.send(post(b"abc"))
                status, _, _ = await client.response()
            await asyncio.sleep(0.02)

            assert status == 200


async def test_an_idle_connection_is_closed_after_keep_alive() -> None:
    async with serving(App(), keep_alive=0.1) as server, connected(server.port) as client:
        await client.send(post(b"abc"))
        await client.response()
        rest = await asyncio.wait_for(client.rest(), 5)

    assert rest == b""


STALLS = {
    "in the request line": b"POST /x HT",
    "in the header": b"POST /x HTTP/1.1\r\nHost: x\r\n",
    "before the body": b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
    "in the body": b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
    "in a chunk": b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
}


@pytest.mark.parametrize("octets", STALLS.values(), ids=STALLS.keys())
async def test_a_client_that_stalls_is_answered_408(octets: bytes) -> None:
    async with serving(App(), read_timeout=0.1) as server, connected(server.port) as client:
        await client.send(octets)
        status, fields, body = await asyncio.wait_for(client.response(), 5)

    assert status == 408
    assert fields["connection"] == "close"
    assert body.startswith(b"The request did not arrive in time")


async def dribble(client: Client, octets: bytes) -> None:
    for octet in octets:
        await client.send(bytes([octet]))
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "head",
    [b"", b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"],
    ids=["header", "body"],
)
async def test_a_client_that_dribbles_is_answered_408(head: bytes) -> None:
    async with serving(App(), read_timeout=0.2) as server, connected(server.port) as client:
        await client.send(head)
        dribbling = asyncio.create_task(dribble(client, b"POST /x HTTP/1.1\r\n" + b"x" * 500))
        status, _, _ = await asyncio.wait_for(client.response(), 5)
        dribbling.cancel()

    assert status == 408


async def test_the_application_hears_of_a_body_that_stalled() -> None:
    app = App()
    async with serving(app, read_timeout=0.1) as server, connected(server.port) as client:
        await client.send(STALLS["in the body"])
        await asyncio.wait_for(app.disconnected.wait(), 5)

    assert app.scopes[0]["path"] == "/x"


async def test_a_slow_application_is_not_a_slow_client() -> None:
    class Working(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(0.3)
            await super().answer(scope, receive, send)

    head = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\nabc"
    async with serving(Working(), read_timeout=0.1) as server, connected(server.port) as client:
        await client.send(head)
        await client.reader.readuntil(b"\r\n\r\n")
        await client.send(b"def")
        status, _, body = await client.response()

    assert (status, body) == (200, b"/x abcdef")


class Flood(App):
    """Answers with more than any buffer holds."""

    def __init__(self) -> None:
        super().__init__()
        self.finished = asyncio.Event()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"x" * (64 << 20))
        self.finished.set()


async def test_a_client_that_stops_reading_is_cut_off() -> None:
    app = Flood()
    async with serving(app, send_timeout=0.2) as server, connected(server.port) as client:
        await client.send(post(b""))
        await asyncio.wait_for(app.finished.wait(), 5)
        client.writer.transport.abort()


async def test_a_client_that_reads_slowly_gets_everything() -> None:
    total = 0
    async with serving(Flood(), send_timeout=0.5) as server, connected(server.port) as client:
        await client.send(post(b"", b"/x", b"Connection: close"))
        while data := await client.reader.read(8 << 20):
            total += len(data)
            if total < (1 << 20):
                await asyncio.sleep(0.1)

    assert total > 64 << 20


async def test_one_connection_too_many_is_told_to_come_back() -> None:
    app = Slow()
    async with (
        serving(app, connections=2) as server,
        connected(server.port),
        connected(server.port) as second,
    ):
        await asyncio.sleep(0.05)
        async with connected(server.port) as third:
            await third.send(post(b"abc"))
            status, fields, body = await third.response()
        await second.send(post(b"abc"))
        app.go_on.set()
        served, _, _ = await second.response()

    assert (status, fields["retry-after"]) == (503, "1")
    assert body.startswith(b"2 connections are open")
    assert served == 200


async def test_a_body_waits_for_a_slow_application_in_the_client() -> None:
    class Hesitating(Slow):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            self.entered.set()
            await self.go_on.wait()
            size = 0
            while (message := await receive()).get("more_body"):
                size += len(message["body"])
            await respond(send, b"%d" % (size + len(message["body"])))

    app = Hesitating()
    total = 200 << 20
    sent = 0

    async def upload(client: Client) -> None:
        nonlocal sent
        piece = b"x" * (1 << 16)
        while sent < total:
            await client.send(piece)
            sent += len(piece)

    async with serving(app) as server, connected(server.port) as client:
        # Keep what the kernel holds out of the measurement.
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        await client.send(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % total)
        uploading = asyncio.create_task(upload(client))
        await app.entered.wait()
        await asyncio.sleep(0.3)
        sent_while_waiting = sent
        app.go_on.set()
        await uploading
        _, _, body = await client.response()

    assert sent_while_waiting < 16 << 20  # the server's 0.5 MB and the kernel's socket buffers
    assert body == b"%d" % total


async def test_an_early_answer_reaches_a_client_that_is_still_uploading() -> None:
    class Refusing(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"too large", 413)

    async with serving(Refusing()) as server, connected(server.port) as client:
        await client.send(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n")
        for _ in range(50):
            await client.send(b"x" * 1_000_000)
        status, fields, _ = await client.response()

    assert (status, fields["connection"]) == (413, "close")


async def test_a_shutdown_lets_a_hundred_requests_finish() -> None:
    app = Slow()

    async def exchange(server: Served) -> bytes:
        async with connected(server.port) as client:
            await client.send(post(b"abc"))
            return await client.rest()

    async with serving(app) as server, connected(server.port) as idle:
        exchanges = [asyncio.create_task(exchange(server)) for _ in range(CROWD)]
        await app.crowded.wait()
        server.stop.set()
        idle_end = await asyncio.wait_for(idle.rest(), 5)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))
        assert not server.done.done()
        app.go_on.set()
        answers = await asyncio.gather(*exchanges)

    assert idle_end == b""
    assert all(answer.endswith(b"\r\n\r\ndone") for answer in answers)
    assert all(b"connection: close" in answer.lower() for answer in answers)
    assert app.lifespan == ["lifespan.startup", "lifespan.shutdown"]


async def test_what_is_not_done_when_the_drain_ends_is_cancelled() -> None:
    app = Slow()
    async with serving(app, drain_timeout=0.2) as server, connected(server.port) as client:
        await client.send(post(b"abc"))
        await app.entered.wait()
        server.stop.set()
        await asyncio.wait_for(server.done, 5)
        rest = await client.rest()

    assert rest == b""


async def test_serving_can_be_cancelled() -> None:
    app = Slow()
    async with serving(app, drain_timeout=0.1) as server, connected(server.port) as client:
        await client.send(post(b"abc"))
        await app.entered.wait()
        server.done.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(server.done, 5)
