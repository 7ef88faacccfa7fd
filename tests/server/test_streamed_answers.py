"""Answers that an application sends in many pieces, their length told in front."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from ihe_mock_async.server import certificates, listener, tls
from ihe_mock_async.server.asgi import Receive, Scope, Send
from tests.server.serving import App, connected, post, serving

PIECE = bytes(range(256)) * 2048


@dataclass
class Streaming(App):
    """Sends pieces until all are sent or the client is gone, as the SOAP endpoints do."""

    pieces: int = 8
    sent: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def whole(self) -> bytes:
        return PIECE * self.pieces

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.read(receive)
        sending = asyncio.ensure_future(self.send_all(send))
        leaving = asyncio.ensure_future(receive())
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done():
            self.gone.set()
        for task in (sending, leaving):
            task.cancel()

    async def send_all(self, send: Send) -> None:
        headers = [(b"content-length", b"%d" % len(self.whole))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(self.pieces):
            await asyncio.sleep(0)  # others get their turn, as they do while a file is read
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
            self.sent += 1
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("certs")
    certificates.generate(out)
    return out


def checked(made: Path) -> tls.TlsMaterial:
    return tls.check(made / "cert.pem", made / "key.pem")


def trusting(made: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=made / "ca.pem")


async def test_a_connection_stays_open_after_an_answer_in_pieces() -> None:
    app = Streaming()
    async with serving(app) as server, connected(server.port) as client:
        answers = []
        for _ in range(2):
            await client.send(post(b"abc"))
            answers.append(await client.response())

    for status, fields, body in answers:
        assert status == 200
        assert "transfer-encoding" not in fields
        assert fields.get("connection") is None
        assert body == app.whole


async def test_a_request_that_was_sent_meanwhile_is_answered_next() -> None:
    app = Streaming()
    async with serving(app) as server, connected(server.port) as client:
        await client.send(post(b"abc"), post(b"def"))
        first, second = await client.response(), await client.response()

    assert first[2] == second[2] == app.whole
    assert app.bodies == [b"abc", b"def"]


async def test_a_client_that_waits_for_100_continue_gets_its_pieces() -> None:
    app = Streaming()
    async with serving(app) as server, connected(server.port) as client:
        head, _, body = post(b"abc", b"/x", b"Expect: 100-continue").partition(b"\r\n\r\n")
        await client.send(head + b"\r\n\r\n")
        invitation = await client.reader.readuntil(b"\r\n\r\n")
        await client.send(body)
        _, _, answer = await client.response()

    assert invitation.startswith(b"HTTP/1.1 100 ")
    assert answer == app.whole


async def test_head_gets_the_length_and_no_pieces() -> None:
    app = Streaming()
    async with serving(app) as server, connected(server.port) as client:
        await client.send(post(b"").replace(b"POST", b"HEAD"))
        status, fields, _ = await client.response(head_only=True)
        await client.send(post(b"abc"))
        _, _, body = await client.response()

    assert (status, int(fields["content-length"])) == (200, len(app.whole))
    assert body == app.whole


async def test_pieces_wait_for_a_client_that_does_not_read() -> None:
    app = Streaming(pieces=200)
    async with serving(app) as server, connected(server.port) as client:
        await client.send(post(b"abc"))
        await asyncio.sleep(0.5)
        waiting = app.sent
        _, _, body = await client.response()

    # What the kernel takes on both sides of a local connection is a few MB; the rest waits.
    assert waiting < 100
    assert body == app.whole


@pytest.mark.parametrize("secure", [False, True], ids=["HTTP", "HTTPS"])
async def test_an_application_hears_that_its_client_has_left(made: Path, secure: bool) -> None:
    app = Streaming(pieces=200)
    async with serving(app, tls=checked(made) if secure else None) as server:
        async with connected(server.port, trusting(made) if secure else None) as client:
            await client.send(post(b"abc"))
            await client.reader.readexactly(100)
            client.writer.transport.abort()
        await asyncio.wait_for(app.gone.wait(), 10)

    assert app.sent < 200


async def test_pieces_go_out_over_http2(made: Path) -> None:
    app = Streaming(pieces=20)
    async with (
        serving(app, tls=checked(made), http2=True) as server,
        httpx.AsyncClient(verify=trusting(made), http2=True, timeout=30) as client,
    ):
        url = f"https://localhost:{server.port}/x"
        answers = await asyncio.gather(*(client.post(url, content=b"abc") for _ in range(3)))

    assert {answer.http_version for answer in answers} == {"HTTP/2"}
    for answer in answers:
        assert answer.headers["content-length"] == str(len(app.whole))
        assert answer.content == app.whole


async def test_pieces_wait_and_stop_over_http2_too(made: Path) -> None:
    app = Streaming(pieces=200)
    async with serving(app, tls=checked(made), http2=True) as server:
        async with httpx.AsyncClient(verify=trusting(made), http2=True, timeout=30) as client:
            url = f"https://localhost:{server.port}/x"
            async with client.stream("POST", url, content=b"abc") as answer:
                await anext(answer.aiter_raw())
                await asyncio.sleep(0.3)
                waiting = app.sent
        await asyncio.wait_for(app.gone.wait(), 10)

    assert waiting < 100
    assert app.sent < 200


async def test_a_connection_that_closes_while_octets_wait_ends_without_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listen = listener.listen

    def listen_with_little_room(host: str, port: int) -> socket.socket:
        listening = listen(host, port)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return listening

    monkeypatch.setattr(listener, "listen", listen_with_little_room)
    wrong: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
    async with serving(App()) as server:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        reader, writer = await asyncio.open_connection(sock=connection, limit=1000)
        writer.write(post(b"x" * 60_000, b"/x", b"connection: close"))
        answer = await reader.read()
        writer.close()

    assert answer.endswith(b"x" * 60_000)
    assert wrong == []
