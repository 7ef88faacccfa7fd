"""A message that was saved to a file: XML, a MIME body, or a whole HTTP request or response.

Which of them it is shows in its first lines. Files that were saved with LF line ends are read,
too: version control and editors leave them so.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

from ihe_mock_async.web.offline import chunks

HEAD = 64 * 1024
"""Octets at the start of a file in which its headers must end."""
_CHUNK = 256 * 1024

_START_LINE = re.compile(
    rb"^(?:(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[1-3][.01]*"
    # Files of editors' HTTP clients need not tell the version.
    rb"|POST (?P<target>(?:https?:/)?/\S*)"
    rb"|HTTP/[1-3][.01]* (?P<status>\d{3})[^\r\n]*)"
    rb"[ \t]*\r?\n",
    re.MULTILINE,
)
_HEADER = re.compile(rb"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?P<value>[^\r\n]*)\r?\n")
_FOLDED = re.compile(rb"[ \t]+(?P<value>[^\r\n]+)\r?\n")
_BLANKS = b"\xef\xbb\xbf \t\r\n"
"""A byte order mark is one of them here."""
_BLANK_LINE = re.compile(rb"\r?\n")
_DELIMITER = re.compile(rb"\s*--(?P<boundary>[^\r\n]+?)[ \t]*\r?\n")
_CONTENT_TYPE = 'multipart/related; type="application/xop+xml"; start-info="application/soap+xml"'


@dataclass(frozen=True, slots=True)
class MessageFile:
    """What a file says of its message, and where the body begins."""

    stream: BinaryIO
    """Can be read from any place, more than once."""
    form: str
    """`xml`, `mime` or `http`."""
    headers: Mapping[str, str]
    """Lower-case names; for a MIME body without headers a Content-Type with its boundary."""
    body_at: int
    """Octets in front of the body."""
    line_feeds: bool = False
    """Whether its HTTP headers end with LF, which no client sends."""
    method: str = "POST"
    path: str = ""
    """Of the request line; empty without one."""
    status: str = ""
    """Of the status line: the file holds a response."""
    joined: bool = False
    """Whether the body was in chunks; those of `stream` are in one piece."""

    async def body(self) -> AsyncIterator[bytes]:
        """The body from its start, chunk by chunk."""
        self.stream.seek(self.body_at)
        while chunk := self.stream.read(_CHUNK):
            yield chunk

    def starts_with(self, prefixes: tuple[bytes, ...]) -> bool:
        """Whether the file begins with one of these octets."""
        self.stream.seek(0)
        return self.stream.read(max(map(len, prefixes))).startswith(prefixes)

    def lines_before(self, content: bytes) -> int:
        """How many lines of the file stand in front of a content that begins in its head."""
        self.stream.seek(0)
        head = self.stream.read(HEAD + _CHUNK)
        at = head.find(content[:1024], self.body_at)
        return head.count(b"\n", 0, at) if at > 0 else 0


def read(stream: BinaryIO) -> MessageFile:
    """Look at the first lines of a file.

    What stands in front of the request or status line (a tool's own heading) is left out. A
    stream that cannot be read twice, or has its body in chunks, is copied to disk; the caller
    closes what is not the stream that it gave.
    """
    if not stream.seekable():
        return _read(_copy(stream), stream)
    return _read(stream, stream)


def _read(stream: BinaryIO, given: BinaryIO) -> MessageFile:
    stream.seek(0)
    head = stream.read(HEAD)
    if head.lstrip(_BLANKS).startswith((b"<", b"--")):
        return _without_headers(stream, head)
    start = _START_LINE.search(head)
    headers, end = _headers(head, start.end() if start else 0)
    if start is None and not headers:
        return _without_headers(stream, head)
    told = {name: _text(value) for name, value in start.groupdict(b"").items()} if start else {}
    found = MessageFile(
        stream,
        "http",
        headers,
        end,
        line_feeds=b"\r\n" not in head[:end],
        method=told.get("method") or "POST",
        path=told.get("path") or told.get("target", ""),
        status=told.get("status", ""),
    )
    return _joined(found, given)


def _joined(file: MessageFile, given: BinaryIO) -> MessageFile:
    """The file with its chunks in one piece, if it has some."""
    if "chunked" not in file.headers.get("transfer-encoding", "").lower():
        return file
    copy = chunks.joined(file.stream, file.body_at)
    if copy is None:
        return file
    if file.stream is not given:
        file.stream.close()
    return replace(file, stream=copy, joined=True)


def _headers(head: bytes, at: int) -> tuple[dict[str, str], int]:
    """The header lines from an offset on, and where the body begins."""
    headers: dict[str, str] = {}
    name = ""
    while True:
        if line := _HEADER.match(head, at):
            name, value = _text(line["name"]).lower(), _text(line["value"]).strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        elif name and (line := _FOLDED.match(head, at)):
            headers[name] += f" {_text(line['value']).strip()}"
        else:
            break
        at = line.end()
    blank = _BLANK_LINE.match(head, at)
    return headers, blank.end() if blank else at


def _without_headers(stream: BinaryIO, head: bytes) -> MessageFile:
    delimiter = _DELIMITER.match(head)
    if delimiter is None:
        return MessageFile(stream, "xml", {}, 0)
    boundary = _text(delimiter["boundary"]).replace("\\", "\\\\").replace('"', '\\"')
    return MessageFile(
        stream, "mime", {"content-type": f'{_CONTENT_TYPE}; boundary="{boundary}"'}, 0
    )


def _copy(stream: BinaryIO) -> BinaryIO:
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the message file
    shutil.copyfileobj(stream, copy)
    return cast("BinaryIO", copy)


def _text(octets: bytes) -> str:
    return octets.decode("latin-1")
