"""Requests and responses as clients of HTTP/1.1 send and expect them (RFC 9110, RFC 9112)."""

import asyncio

import pytest

from ihe_mock_async.server.asgi import Receive, Scope, Send
from tests.server.serving import App, connected, post, respond, serving


async def test_a_request_is_answered_and_the_connection_is_kept() -> None:
    app = App()
    async with serving(app) as server, connected(server.port) as client:
        await client.send(post(b"one", b"/pix/add?a=b"))
        first = await client.response()
        await client.send(post(b"two", b"http://localhost/iti41/submit"))
        second = await client.response()

    assert first[0] == 200
    assert first[1]["date"].endswith("GMT")
    assert first[2] == b"/pix/add one"
    assert second[2] == b"/iti41/submit two"
    assert app.scopes[0]["query_string"] == b"a=b"
    assert app.scopes[0]["client"][0] == "127.0.0.1"
    assert app.scopes[0]["headers"] == [(b"host", b"localhost"), (b"content-length", b"3")]
    assert app.lifespan == ["lifespan.startup", "lifespan.shutdown"]


async def test_a_request_in_many_small_pieces_is_read_like_a_whole_one() -> None:
    app = App()
    request = post(b"x" * 30) + post(b"y" * 20)
    async with serving(app) as server, connected(server.port) as client:
        for octet in request:
            await client.send(bytes([octet]))
            await asyncio.sleep(0)
        await client.response()
        await client.response()

    assert app.bodies == [b"x" * 30, b"y" * 20]


async def test_a_body_that_follows_its_head_is_waited_for() -> None:
    app = App()
    head, _, body = post(b"later").partition(b"\r\n\r\n")
    async with serving(app) as server, connected(server.port) as client:
        await client.send(head + b"\r\n\r\n")
        await asyncio.sleep(0.05)
        await client.send(body[:2])
        await asyncio.sleep(0.05)
        await client.send(body[2:])
        await client.response()

    assert app.bodies == [b"later"]


async def test_a_chunked_body_is_put_together() -> None:
    app = App()
    head = b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving(app) as server, connected(server.port) as client:
        await client.send(head, b"3\r\nabc\r\n", b"2;ext=1\r\nde\r\n0\r\n\r\n")
        _, _, body = await client.response()

    assert body == b"/x abcde"


async def test_a_client_that_expects_100_continue_is_told_to_continue() -> None:
    async with serving(App()) as server, connected(server.port) as client:
        head, _, body = post(b"abc", b"/x", b"Expect: 100-continue").partition(b"\r\n\r\n")
        await client.send(head + b"\r\n\r\n")
        interim = await client.reader.readuntil(b"\r\n\r\n")
        await client.send(body)
        status, _, answer = await client.response()

    assert interim.startswith(b"HTTP/1.1 100 ")
    assert (status, answer) == (200, b"/x abc")


async def test_a_refusal_spares_the_client_its_body_when_it_expects_100_continue() -> None:
    class Refusing(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"too large", 413)

    head, _, _ = post(b"abc", b"/x", b"Expect: 100-continue").partition(b"\r\n\r\n")
    async with serving(Refusing()) as server, connected(server.port) as client:
        await client.send(head + b"\r\n\r\n")
        status, fields, _ = await client.response()
        rest = await client.rest()

    assert status == 413
    assert fields["connection"] == "close"
    assert rest == b""


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving(App()) as server, connected(server.port) as client:
        await client.send(b"".join(post(b"%d" % n) for n in range(20)))
        answers = [(await client.response())[2] for _ in range(20)]

    assert answers == [b"/x %d" % n for n in range(20)]


async def test_an_empty_line_around_a_request_is_forgiven() -> None:
    async with serving(App()) as server, connected(server.port) as client:
        await client.send(b"\r\n" + post(b"one") + b"\r\n")
        first = await client.response()
        await client.send(post(b"two"))
        second = await client.response()

    assert (first[2], second[2]) == (b"/x one", b"/x two")


@pytest.mark.parametrize("path", [b"/whole", b"/stream"])
async def test_the_answer_to_head_has_no_body(path: bytes) -> None:
    class Streaming(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            fields = [(b"content-length", b"5")]
            await send({"type": "http.response.start", "status": 200, "headers": fields})
            more = scope["path"] == "/stream"
            await send({"type": "http.response.body", "body": b"hello", "more_body": more})
            if more:
                await send({"type": "http.response.body"})

    async with serving(Streaming()) as server, connected(server.port) as client:
        await client.send(b"HEAD %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
        _, fields, _ = await client.response(head_only=True)
        await client.send(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
        _, _, body = await client.response()

    assert fields["content-length"] == "5"
    assert body == b"hello"


async def test_a_streamed_answer_is_chunked() -> None:
    class Streaming(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
            await send({"type": "http.response.body", "body": b"two"})

    async with serving(Streaming()) as server, connected(server.port) as client:
        await client.send(post(b"", b"/x", b"Connection: close"))
        answer = await client.rest()

    assert answer.endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


async def test_http_1_0_is_answered_and_closed() -> None:
    async with serving(App()) as server, connected(server.port) as client:
        await client.send(b"GET /old HTTP/1.0\r\n\r\n")
        answer = await client.rest()

    assert answer.endswith(b"\r\n\r\n/old ")


MALFORMED = {
    "no http": b"hello world\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "space in a name": b"GET / HTTP/1.1\r\nHost: x\r\nBad Name: x\r\n\r\n",
    "length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
    "lengths": b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
}


@pytest.mark.parametrize("request_", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed_http_is_explained_and_closed(request_: bytes) -> None:
    app = App()
    async with serving(app) as server, connected(server.port) as client:
        await client.send(request_)
        status, fields, body = await client.response()
        client.shut_writing()
        rest = await client.rest()

    assert status == 400
    assert fields["content-type"] == "text/plain; charset=utf-8"
    assert fields["connection"] == "close"
    assert body.startswith(b"This is not HTTP/1.1 as RFC 9112 has it: ")
    assert b"b'" not in body
    assert b"bytearray" not in body
    assert rest == b""
    assert app.scopes == []


async def test_a_tunnel_is_refused() -> None:
    app = App()
    async with serving(app) as server, connected(server.port) as client:
        await client.send(b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")
        status, _, body = await client.response()

    assert status == 501
    assert body.startswith(b"This is no proxy")
    assert app.scopes == []


async def test_tls_on_the_plain_port_is_recognised() -> None:
    async with serving(App()) as server, connected(server.port) as client:
        await client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        _, _, body = await client.response()

    assert body == b"This port speaks plain HTTP, not TLS: use an http:// URL.\n"


async def test_a_bad_chunk_is_refused_and_the_application_hears_of_it() -> None:
    app = App()
    head = b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving(app) as server, connected(server.port) as client:
        await client.send(head, b"zz\r\n")
        status, _, _ = await client.response()
        await app.disconnected.wait()

    assert status == 400
    assert app.bodies == []


@pytest.mark.parametrize("ending", [b"\r\n\r\n", b""], ids=["complete", "incomplete"])
async def test_a_header_block_over_64_kib_is_refused(ending: bytes) -> None:
    app = App()
    fields = b"".join(b"x-%d: %s\r\n" % (n, b"v" * 1000) for n in range(70))
    async with serving(app) as server, connected(server.port) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + fields + ending)
        status, _, body = await client.response()

    assert status == 431
    assert b"65536" in body
    assert app.scopes == []


async def test_an_application_that_fails_is_answered_500_without_its_words() -> None:
    class Failing(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            raise ValueError("secret")

    async with serving(Failing()) as server, connected(server.port) as client:
        await client.send(post(b"abc"))
        status, _, body = await client.response()

    assert status == 500
    assert b"secret" not in body


async def test_an_answer_that_stops_short_does_not_look_complete() -> None:
    class Failing(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
            raise ValueError("secret")

    async with serving(Failing()) as server, connected(server.port) as client:
        await client.send(post(b"abc"))
        head = await client.reader.readuntil(b"\r\n\r\n")
        rest = await client.rest()

    assert b"chunked" in head
    assert rest == b"3\r\none\r\n"


async def test_header_injection_is_not_written() -> None:
    class Injecting(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"", 200, (b"x-echo", b"a\r\nset-cookie: b"))

    async with serving(Injecting()) as server, connected(server.port) as client:
        await client.send(post(b"abc"))
        status, fields, _ = await client.response()

    assert status == 500
    assert "set-cookie" not in fields


async def test_asgi_messages_out_of_order_are_the_application_s_error() -> None:
    class Wrong(App):
        async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.body", "body": b"no head"})

    async with serving(Wrong()) as server, connected(server.port) as client:
        await client.send(post(b"abc"))
        status, _, _ = await client.response()

    assert status == 500
