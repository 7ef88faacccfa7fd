"""Bodies in chunks, as they are on the wire, become one piece."""

from __future__ import annotations

import io

import pytest

from ihe_mock_async.web.offline import chunks

HEAD = b"POST / HTTP/1.1\r\n\r\n"


def joined(body: bytes) -> bytes | None:
    found = chunks.joined(io.BytesIO(HEAD + body), len(HEAD))
    if found is None:
        return None
    with found:
        found.seek(0)
        content = found.read()
    assert content.startswith(HEAD)
    return content.removeprefix(HEAD)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"3\r\n<a>\r\n4\r\n</a>\r\n0\r\n\r\n", b"<a></a>"),
        (b"3;name=value\r\n<a>\r\n0A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n", b"<a>0123456789"),
        (b"3\n<a>\n4\n</a>\n0\n\n", b"<a></a>"),
        (b"0\r\n\r\n", b""),
        (b"F\r\n<cut off", b"<cut off"),
        (b"3\r\n<a>\r\n", b"<a>"),
    ],
)
def test_chunks_are_joined_as_far_as_they_go(body: bytes, expected: bytes) -> None:
    assert joined(body) == expected


@pytest.mark.parametrize("body", [b"<a></a>", b"", b"-1\r\n<", b"2\r\n<a>\r\n0\r\n\r\n"])
def test_a_body_that_is_not_in_chunks_is_left_alone(body: bytes) -> None:
    assert joined(body) is None


def test_large_chunks_are_copied_octet_by_octet() -> None:
    content = bytes(range(256)) * 4000

    body = b"%x\r\n%b\r\n1\r\n!\r\n0\r\n\r\n" % (len(content), content)

    assert joined(body) == content + b"!"
