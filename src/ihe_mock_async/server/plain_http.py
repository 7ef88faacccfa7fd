"""The everyday request and response, read and written without a state machine.

h11 costs two thirds of a small exchange. What nearly every client sends is a head of plain
fields and a body of known length; exactly that is recognised here, by patterns that are
stricter than RFC 9112, and everything else is left to h11. Tests hold both to the same result.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from http import HTTPStatus
from typing import Final, cast

Headers = list[tuple[bytes, bytes]]


class Reading(Enum):
    """What octets are that are not a whole everyday request."""

    UNFINISHED = "its head is fine, more of the body must come"
    UNUSUAL = "for h11"


@dataclass(frozen=True, slots=True)
class RequestHead:
    """Request line and header fields; names are in lower case."""

    method: bytes
    target: bytes
    http_version: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A request that is there as a whole."""

    head: RequestHead
    body: bytes
    octets: bytes
    """All of it as received, to tell h11 in case that the response is not an everyday one."""


_MAX_HEAD: Final = 16 * 1024
_MAX_BODY: Final = 256 * 1024
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rb"(%b) ([!-~]+) HTTP/1\.1\r\n" % _TOKEN)
_FIELD = re.compile(rb"^(%b): *([ -~]*)\r\n" % _TOKEN, re.MULTILINE)
_MEANINGFUL = frozenset({b"expect", b"transfer-encoding", b"upgrade"})
_RESPONSE_FIELD = re.compile(rb"%b: (?:[!-~](?:[ -~]*[!-~])?)?\r\n" % _TOKEN)
_FRAMING = frozenset({b"connection", b"transfer-encoding", b"upgrade"})
_BODILESS = frozenset({204, 304})
_STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode() for s in HTTPStatus}


def read_request(octets: bytes) -> PlainRequest | Reading:
    """Recognise one whole request, with nothing after it."""
    end = octets.find(b"\r\n\r\n", 0, _MAX_HEAD)
    line = _REQUEST_LINE.match(octets)
    if end < 0 or line is None or line[1] == b"CONNECT":
        return Reading.UNUSUAL
    fields = octets[line.end() : end + 2]
    headers = [(name.lower(), value.rstrip()) for name, value in _FIELD.findall(fields)]
    length = _length(headers)
    # Each match is a line from its start to its end; as many as lines means all of them.
    if length is None or len(headers) != fields.count(b"\n"):
        return Reading.UNUSUAL
    missing = end + 4 + length - len(octets)
    if missing:
        return Reading.UNFINISHED if missing > 0 else Reading.UNUSUAL
    head = RequestHead(line[1], line[2], b"1.1", headers)
    return PlainRequest(head, octets[end + 4 :], octets)


def _length(headers: Headers) -> int | None:
    """The body's length, or None when the fields ask for more than an everyday request."""
    fields = dict(headers)
    length = fields.get(b"content-length", b"0")
    everyday = (
        len(fields) == len(headers)
        and b"host" in fields
        and fields.keys().isdisjoint(_MEANINGFUL)
        and fields.get(b"connection", b"keep-alive").lower() == b"keep-alive"
        and length.isdigit()
        and len(length) <= len(str(_MAX_BODY))
    )
    return int(length) if everyday and int(length) <= _MAX_BODY else None


def write_response(
    status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes
) -> bytes | None:
    """The octets of a whole response on a connection that stays open; None if that is for h11.

    The headers must hold one content-length that is right.
    """
    names = [name.lower() for name, _ in headers]
    line = _STATUS_LINES.get(status)
    if (
        line is None
        or status < HTTPStatus.OK
        or status in _BODILESS
        or names.count(b"content-length") != 1
        or not _FRAMING.isdisjoint(names)
    ):
        return None
    fields = [_response_field(*field) for field in headers]
    if None in fields or headers[names.index(b"content-length")][1] != b"%d" % len(body):
        return None
    return b"".join((line, *cast("list[bytes]", fields), b"\r\n", body))


@lru_cache(maxsize=512)  # responses differ in their length and by the second
def _response_field(name: bytes, value: bytes) -> bytes | None:
    """The line of a header field, or None if it would not be one line."""
    field = b"%b: %b\r\n" % (name, value)
    return field if _RESPONSE_FIELD.fullmatch(field) else None
