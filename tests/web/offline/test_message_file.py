"""The first lines of a file tell what it holds."""

from __future__ import annotations

import io

import pytest

from ihe_mock_async.web.offline import message_file
from ihe_mock_async.web.offline.message_file import MessageFile

XML = b"<Envelope>\n<Body/>\n</Envelope>"


async def body_of(file: MessageFile) -> bytes:
    return b"".join([chunk async for chunk in file.body()])


@pytest.mark.parametrize(
    "content",
    [XML, b"\xef\xbb\xbf" + XML, b"\n\n" + XML, XML.decode().encode("utf-16"), b"MSH|^~\\&|", b""],
)
async def test_what_has_no_headers_is_taken_as_xml(content: bytes) -> None:
    file = message_file.read(io.BytesIO(content))

    assert (file.form, file.headers) == ("xml", {})
    assert await body_of(file) == content


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b" \t\r\n"])
async def test_a_mime_body_tells_its_boundary(end: bytes) -> None:
    content = b"--uuid:1+id=5" + end + b"Content-Type: application/xop+xml" + end + end + XML

    file = message_file.read(io.BytesIO(content))

    assert file.form == "mime"
    assert file.headers["content-type"].endswith('boundary="uuid:1+id=5"')
    assert await body_of(file) == content


async def test_a_request_has_its_path_and_its_headers() -> None:
    head = b"POST /pix/add?x HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml;\r\n charset=utf-8\r\n"

    file = message_file.read(io.BytesIO(head + b"X-Twice: 1\r\nx-twice: 2\r\n\r\n" + XML))

    assert (file.form, file.method, file.path, file.status) == ("http", "POST", "/pix/add?x", "")
    assert file.headers == {
        "host": "a",
        "content-type": "text/xml; charset=utf-8",
        "x-twice": "1, 2",
    }
    assert not file.line_feeds
    assert await body_of(file) == XML


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b"POST /pix/add HTTP/2", "/pix/add"),
        (b"POST http://a:8080/pix/add", "http://a:8080/pix/add"),
        (b"### PIX Add\nPOST /pix/add", "/pix/add"),
    ],
)
async def test_other_request_lines_than_those_of_http_1_are_known(line: bytes, path: str) -> None:
    file = message_file.read(io.BytesIO(line + b"\nContent-Type: text/xml\n\n" + XML))

    assert (file.method, file.path) == ("POST", path)
    assert await body_of(file) == XML


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK", b"HTTP/2 200 ", b"HTTP/2 200"])
async def test_a_response_has_its_status(line: bytes) -> None:
    file = message_file.read(io.BytesIO(line + b"\nContent-Type: text/xml\n\n" + XML))

    assert (file.status, file.path) == ("200", "")
    assert file.line_feeds
    assert await body_of(file) == XML


async def test_a_tools_own_heading_in_front_of_the_request_line_is_left_out() -> None:
    head = b"DefaultHttpRequest(chunked: false)\nPOST /a HTTP/1.1\nContent-Type: text/xml\n\n"

    file = message_file.read(io.BytesIO(head + XML))

    assert file.path == "/a"
    assert await body_of(file) == XML


async def test_headers_need_neither_request_line_nor_blank_line() -> None:
    file = message_file.read(io.BytesIO(b"Content-Type: text/xml\n" + XML))

    assert (file.form, file.method) == ("http", "POST")
    assert await body_of(file) == XML


def test_lines_are_counted_in_the_file() -> None:
    file = message_file.read(io.BytesIO(b"Content-Type: text/xml\nA: b\n\n" + XML))

    assert file.lines_before(XML) == 3
    assert file.lines_before(b"something else") == 0


CHUNKED = b"Transfer-Encoding: Chunked\r\nContent-Type: text/xml\r\n\r\n"


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("kind", [io.BytesIO, Pipe])
async def test_a_body_in_chunks_is_joined(kind: type[io.BytesIO]) -> None:
    in_chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(XML), XML)

    file = message_file.read(kind(CHUNKED + in_chunks))

    assert file.joined
    assert await body_of(file) == XML
    file.stream.close()


async def test_a_body_that_a_tool_has_joined_is_taken_as_it_is() -> None:
    file = message_file.read(io.BytesIO(CHUNKED + XML))

    assert not file.joined
    assert await body_of(file) == XML


async def test_a_pipe_is_read_more_than_once() -> None:
    file = message_file.read(Pipe(XML))

    assert await body_of(file) == XML
    assert await body_of(file) == XML
    file.stream.close()
