"""MIME multipart bodies cut into parts as they arrive, exact to the octet (RFC 2046, 5.1).

Sans-io: octets in, events out. A line that only looks like a delimiter stays content, and nothing
is held back but what could be the start of a delimiter.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from ihe_mock_async.findings import Finding
from ihe_mock_async.soap import rules
from ihe_mock_async.soap.fault import SoapFault, refusal

_SHOWN = 100
"""How much of a broken body is shown, in octets."""


@dataclass(frozen=True, slots=True)
class PartHeaders:
    """A part begins: its header lines, unparsed, without the empty line after them."""

    block: bytes
    offset: int
    """Of the header lines in the body, in octets."""


@dataclass(frozen=True, slots=True)
class PartData:
    """Some content of a part, never empty."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnded:
    """The content of the part is complete."""


_Event = PartHeaders | PartData | PartEnded


class _Kind(Enum):
    """What the octets after line end, hyphens and boundary make of them."""

    NEXT = auto()
    """The delimiter in front of another part."""
    LAST = auto()
    """The closing delimiter."""
    CONTENT = auto()
    """No delimiter, it only looks like one."""
    UNDECIDED = auto()
    """More octets are needed to tell."""


# RFC 2046, 5.1.1: blanks may follow a boundary; so many that it is no accident are content.
_TO_LINE_END = re.compile(rb"[ \t]{0,128}(?=\r?\n)")
_TO_CR_LF = re.compile(rb"[ \t]{0,128}(?=\r\n)")
_TO_LF = re.compile(rb"[ \t]{0,128}(?=\n)")
_CLOSING = re.compile(rb"--(?=[ \t\r\n])")
_UNDECIDED = re.compile(rb"-{0,2}|[ \t]{0,128}\r?")


class MultipartReader:
    """Cuts one body into parts; raises `SoapFault` where it breaks the rules of MIME.

    Lines end with CR LF; a body whose first delimiter line ends with LF alone is read with LF
    throughout, and the finding says so.
    """

    def __init__(self, boundary: str, max_header_bytes: int) -> None:
        self.findings: list[Finding] = []
        self._marker = b"--" + boundary.encode("ascii")
        self._max_header_bytes = max_header_bytes
        self._line_end = b"\r\n"
        self._delimiter = self._line_end + self._marker
        self._to_line_end = _TO_LINE_END
        self._buffer = b""
        self._at = 0
        self._skip = 0
        self._received = 0
        self._closed = False
        self._state: Callable[[list[_Event]], bool] = self._preamble

    def feed(self, data: bytes) -> list[_Event]:
        """Take the next octets of the body, and tell what they brought."""
        self._received += len(data)
        self._buffer = self._buffer + data if self._buffer else data
        return self._run()

    def close(self) -> list[_Event]:
        """The body is over: tell the rest, or raise when it was cut off."""
        self._closed = True
        events = self._run()
        if self._state == self._preamble:
            raise self._no_delimiter()
        if self._state != self._epilogue:
            raise self._cut_off()
        return events

    @property
    def offset(self) -> int:
        """Of the first octet of the body that is not yet told, in octets."""
        return self._received - len(self._buffer) + self._at

    def _run(self) -> list[_Event]:
        events: list[_Event] = []
        while self._state(events):
            pass
        self._buffer = self._buffer[self._at :]
        self._at = 0
        return events

    # ------------------------------------------------ states; True: look at the rest, too

    def _preamble(self, _: list[_Event]) -> bool:
        found = self._buffer.find(self._marker)
        while found >= 0:
            kind, end = self._classify(found + len(self._marker))
            if kind is _Kind.UNDECIDED:
                return False
            if kind is not _Kind.CONTENT and self._starts_line(found):
                self._learn_line_end(end)
                return self._pass_delimiter(kind, end)
            found = self._buffer.find(self._marker, found + 1)
        if len(self._buffer) > self._max_header_bytes:
            raise self._no_delimiter()
        return False

    def _headers(self, events: list[_Event]) -> bool:
        # Starts at the line end of the delimiter, so that an empty line may follow at once.
        end = self._buffer.find(self._line_end * 2, self._at)
        size = (len(self._buffer) if end < 0 else end) - self._at
        if size > self._max_header_bytes:
            raise self._headers_too_large()
        if end < 0:
            return False
        start = self._at + len(self._line_end)
        events.append(PartHeaders(self._buffer[start:end], self.offset + len(self._line_end)))
        # The empty line may be the start of the next delimiter: then there is no content.
        self._at = end + len(self._line_end)
        self._skip = len(self._line_end)
        self._state = self._content
        return True

    def _content(self, events: list[_Event]) -> bool:
        buffer, delimiter = self._buffer, self._delimiter
        found = buffer.find(delimiter, self._at)
        while found >= 0:
            kind, end = self._classify(found + len(delimiter))
            if kind is not _Kind.CONTENT:
                self._take(events, found)
                if kind is _Kind.UNDECIDED:
                    return False
                events.append(PartEnded())
                return self._pass_delimiter(kind, end)
            found = buffer.find(delimiter, found + 1)
        self._take(events, self._possible_delimiter())
        return False

    def _epilogue(self, _: list[_Event]) -> bool:
        self._at = len(self._buffer)
        return False

    # ------------------------------------------------ delimiters

    def _classify(self, position: int) -> tuple[_Kind, int]:
        """What follows the boundary, and where its line end starts."""
        buffer = self._buffer
        if line := self._to_line_end.match(buffer, position):
            return _Kind.NEXT, line.end()
        if closing := _CLOSING.match(buffer, position):
            return _Kind.LAST, closing.end()
        if self._closed and buffer[position:] == b"--":
            return _Kind.LAST, len(buffer)
        if not self._closed and _UNDECIDED.fullmatch(buffer, position):
            return _Kind.UNDECIDED, position
        return _Kind.CONTENT, position

    def _starts_line(self, position: int) -> bool:
        return position == 0 or self._buffer.startswith(b"\n", position - 1)

    def _pass_delimiter(self, kind: _Kind, end: int) -> bool:
        self._at = end
        self._state = self._headers if kind is _Kind.NEXT else self._epilogue
        return True

    def _learn_line_end(self, end: int) -> None:
        """From the first delimiter: the whole body has the same."""
        self._to_line_end = _TO_CR_LF
        if self._buffer.startswith(b"\n", end):
            self._line_end, self._to_line_end = b"\n", _TO_LF
            self._delimiter = self._line_end + self._marker
            found = rules.LINE_ENDS.found(f"byte {end}", received="LF", expected="CR LF")
            self.findings.append(found)

    def _possible_delimiter(self) -> int:
        """Where a delimiter may have started that the next octets complete, or the end."""
        buffer, delimiter = self._buffer, self._delimiter
        # A delimiter's first octet is CR or LF, which no boundary holds: the last one decides.
        start = buffer.rfind(delimiter[:1], max(self._at, len(buffer) - len(delimiter) + 1))
        return start if start >= 0 and delimiter.startswith(buffer[start:]) else len(buffer)

    def _take(self, events: list[_Event], stop: int) -> None:
        """Tell the content up to `stop`; the line end of the empty line is not content."""
        if stop == self._at:
            return
        start = self._at + self._skip
        if stop > start:
            events.append(PartData(self._buffer[start:stop]))
        self._at, self._skip = stop, 0

    # ------------------------------------------------ faults

    def _no_delimiter(self) -> SoapFault:
        lines = (line for line in self._buffer.splitlines() if line.startswith(b"--"))
        seen = next(lines, self._buffer)[:_SHOWN]
        return refusal(
            rules.BOUNDARY_FOUND.found(
                "byte 0",
                received=_readable(seen) if seen else "an empty body",
                expected=_readable(self._marker),
            )
        )

    def _headers_too_large(self) -> SoapFault:
        return refusal(
            rules.PART_HEADERS_SIZE.found(
                f"byte {self.offset}",
                received=f"more than {self._max_header_bytes} octets",
                expected=f"at most {self._max_header_bytes} octets",
            )
        )

    def _cut_off(self) -> SoapFault:
        where = "the headers" if self._state == self._headers else "the content"
        return refusal(
            rules.BODY_COMPLETE.found(
                f"byte {self._received}",
                received=f"the end of the body in {where} of a part",
                expected=f"{_readable(self._marker)}--",
            )
        )


def _readable(octets: bytes) -> str:
    return octets.decode("ascii", "replace")
