"""The short way must lead where h11 leads."""

from http import HTTPStatus

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ihe_mock_async.server.plain_http import (
    PlainRequest,
    Reading,
    read_request,
    write_response,
)

ZEEP = (
    b"POST /pix/add HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: Zeep/4.3\r\n"
    b"Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n"
    b'SOAPAction: "urn:hl7-org:v3:PRPA_IN201301UV02"\r\n'
    b"Content-Type: text/xml; charset=utf-8\r\nContent-Length: 5\r\n\r\n<a/>\n"
)


def by_h11(octets: bytes) -> tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes]:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(octets)
    request = connection.next_event()
    assert isinstance(request, h11.Request)
    body = b""
    while isinstance(event := connection.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert connection.next_event() is h11.NEED_DATA
    return request.method, request.target, list(request.headers), body


def plainly(octets: bytes) -> tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes]:
    request = read_request(octets)
    assert isinstance(request, PlainRequest)
    assert request.octets == octets
    head = request.head
    return head.method, head.target, head.headers, request.body


def test_a_usual_request_is_recognised() -> None:
    method, target, headers, body = plainly(ZEEP)

    assert (method, target, body) == (b"POST", b"/pix/add", b"<a/>\n")
    assert (b"soapaction", b'"urn:hl7-org:v3:PRPA_IN201301UV02"') in headers
    assert plainly(ZEEP) == by_h11(ZEEP)


def test_a_request_whose_body_is_on_its_way_is_unfinished() -> None:
    assert read_request(ZEEP[:-1]) is Reading.UNFINISHED


UNUSUAL = {
    "half a head": b"POST / HTTP/1.1\r\nHost: x\r\n",
    "pipelined": ZEEP + ZEEP,
    "HTTP/1.0": b"GET / HTTP/1.0\r\nHost: x\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "host twice": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "chunked": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "expect": b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
    "upgrade": b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n\r\n",
    "close": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na",
    "huge length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\na",
    "folded": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n",
    "bare LF": b"GET / HTTP/1.1\nHost: x\n\n",
    "bare LF inside": b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
    "bare CR inside": b"GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
    "not ASCII": b"GET / HTTP/1.1\r\nHost: x\r\nA: \xe4\r\n\r\n",
    "null": b"GET / HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n",
    "empty line first": b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("octets", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_anything_else_is_left_to_h11(octets: bytes) -> None:
    assert read_request(octets) is Reading.UNUSUAL


_PIECES = st.sampled_from(
    [
        b"POST / HTTP/1.1\r\n",
        b"GET /a?b=%20c HTTP/1.1\r\n",
        b"Host: x\r\n",
        b"host:y\r\n",
        b"Content-Length: 3\r\n",
        b"content-length:  0 \r\n",
        b"Connection: Keep-Alive\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"A: \t b\r\n",
        b"A-b:  c d  \r\n",
        b"Empty:\r\n",
        b" folded\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b":",
        b"abc",
        b"\xff",
    ]
)


@given(st.lists(_PIECES, max_size=9).map(b"".join) | st.binary(max_size=80))
@example(b"GET / HTTP/1.1\r\nHost: x\r\nEmpty:\r\nA-b:  c d  \r\n\r\n")
@example(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
def test_what_is_recognised_means_the_same_to_h11(octets: bytes) -> None:
    if isinstance(read_request(octets), PlainRequest):
        assert plainly(octets) == by_h11(octets)


Fields = list[tuple[bytes, bytes]]


def answer_by_h11(status: int, headers: Fields, body: bytes) -> bytes | None:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(ZEEP)
    while connection.their_state is not h11.DONE:
        connection.next_event()
    try:
        events = [
            h11.Response(
                status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode()
            ),
            h11.Data(body),
            h11.EndOfMessage(),
        ]
        return b"".join(connection.send(event) or b"" for event in events)
    except h11.LocalProtocolError:
        return None


_NAMES = st.sampled_from([b"content-type", b"X-a", b"date", b"set-cookie", b"bad name", b"a\r\n"])
_VALUES = st.sampled_from(
    [b"text/xml; charset=utf-8", b"", b"1", b" a", b"a ", b"a\r\nb: c", b"\x00"]
)
_FIELDS = st.lists(st.tuples(_NAMES, _VALUES), max_size=4)


@given(st.sampled_from([200, 202, 400, 503]), _FIELDS, st.binary(max_size=20))
def test_an_answer_is_the_same_octets_as_h11_s(status: int, fields: Fields, body: bytes) -> None:
    headers = [*fields, (b"Content-Length", b"%d" % len(body))]
    octets = write_response(status, headers, body)

    if octets is not None:
        assert octets == answer_by_h11(status, headers, body)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (204, [(b"content-length", b"1")]),
        (304, [(b"content-length", b"1")]),
        (101, [(b"content-length", b"1")]),
        (999, [(b"content-length", b"1")]),
        (200, []),
        (200, [(b"content-length", b"2")]),
        (200, [(b"content-length", b"1"), (b"Content-Length", b"1")]),
        (200, [(b"content-length", b"1"), (b"connection", b"close")]),
        (200, [(b"content-length", b"1"), (b"Transfer-Encoding", b"chunked")]),
        (200, [(b"content-length", b"1"), (b"a", b"b\r\nc: d")]),
    ],
)
def test_an_answer_out_of_the_ordinary_is_left_to_h11(status: int, headers: Fields) -> None:
    assert write_response(status, headers, b"x") is None
