"""MIME parts of a recorded request, cut out of its raw body when somebody asks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from lxml import etree

from ihe_mock_async.elements import DEFAULT_LIMITS, parse
from ihe_mock_async.errors import IheMockError, MalformedMessageError
from ihe_mock_async.journal.body import RecordedBody
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.redaction import NOT_SHOWN, redact_body
from ihe_mock_async.soap import SoapFault, xop
from ihe_mock_async.soap import content_type as content_types
from ihe_mock_async.soap.content_type import ContentType
from ihe_mock_async.soap.mtom import Event, MtomParser, PartBegan
from ihe_mock_async.soap.multipart import PartData, PartEnded
from ihe_mock_async.soap.part import Part
from ihe_mock_async.state import Attachment

OCTETS = "application/octet-stream"
_MULTIPART = "multipart/related"
_CHUNK = 4096
"""Octets that are parsed at once: where a message breaks, what ended in front of it is lost."""

Content = tuple[str, bytes]
"""Media type and octets, transfer encoding undone."""


class NoSuchPartError(IheMockError):
    """The request has no part of that number."""


def part(entry: Entry, number: int, *, redact: bool = False) -> Content:
    """A part of the request: 0 is the SOAP envelope (or the whole of a body that has no parts).

    The others are `entry.attachments`, from 1 on, inline documents among them. Blocks on the
    disk. Raises `NoSuchPartError`, and `BodyNotKeptError` when it is not in what is kept.
    """
    if not 0 <= number <= len(entry.attachments):
        raise NoSuchPartError(
            f"The request has no part {number}; its parts are 0 to {len(entry.attachments)}."
        )
    if redact:
        return redact_body(entry.request_envelope) if number == 0 else ("text/plain", NOT_SHOWN)
    content_type = _content_type(entry)
    if content_type is None or content_type.media_type != _MULTIPART:
        return _of_simple_body(entry, number, content_type)
    found = _cut(entry.request_body, content_type, _wanted(entry, number))
    if found is None and number:
        found = _inline(entry.request_envelope, entry.attachments[number - 1])
    if found is None:
        raise _missing(entry.request_body, number)
    return found


def _content_type(entry: Entry) -> ContentType | None:
    """The one of the request; None when there is none, or none that can be read."""
    headers = (value for name, value in entry.headers if name.lower() == b"content-type")
    try:
        return content_types.parse(next(headers, b"").decode("latin-1"))
    except SoapFault:
        return None


def _of_simple_body(entry: Entry, number: int, content_type: ContentType | None) -> Content:
    if number == 0:
        return content_type.media_type if content_type else OCTETS, entry.request_body.whole()
    found = _inline(entry.request_envelope, entry.attachments[number - 1])
    if found is None:
        raise _missing(entry.request_body, number)
    return found


def _missing(body: RecordedBody, number: int) -> IheMockError:
    if not body.is_complete:
        return body.not_kept()
    return NoSuchPartError(f"The body of the request has no part {number} that can be read.")


# ---------------------------------------------------------------- MIME parts

_Wanted = Callable[[Part], bool]


def _wanted(entry: Entry, number: int) -> _Wanted:
    """Whether a part is that of the number; asked of each in the order of the body."""
    if number == 0:
        return lambda part: part.is_root
    content_id = entry.attachments[number - 1].content_id
    if content_id:
        return lambda part: part.content_id == content_id and not part.is_root
    before = sum(not other.content_id for other in entry.attachments[: number - 1])
    unnamed = iter(range(before + 1))  # so many without a name, and the last is the one

    def is_wanted(part: Part) -> bool:
        return not part.is_root and not part.content_id and next(unnamed, None) == before

    return is_wanted


@dataclass(slots=True)
class _Cutter:
    """Takes the parser's events; `found` when the wanted part has ended."""

    wanted: _Wanted
    found: Content | None = None
    _media_type: str | None = None
    _octets: bytearray = field(default_factory=bytearray)

    def take(self, event: Event) -> None:
        if isinstance(event, PartBegan):
            if self.wanted(event.part):
                media_type = event.part.media_type
                self._media_type = media_type.media_type if media_type else OCTETS
        elif self._media_type is None or self.found is not None:
            return
        elif isinstance(event, PartData):
            self._octets += event.data
        elif isinstance(event, PartEnded):
            self.found = self._media_type, bytes(self._octets)


def _cut(body: RecordedBody, content_type: ContentType, wanted: _Wanted) -> Content | None:
    """The wanted part; None when it is not there, or not before the message breaks off."""
    cutter = _Cutter(wanted)
    try:
        parser = MtomParser(content_type)
        for chunk in _chunks(body):
            for event in parser.feed(chunk):
                cutter.take(event)
            if cutter.found is not None:
                break
    except SoapFault:  # from here on it is not MIME
        pass
    except OSError as error:
        raise body.not_kept() from error
    return cutter.found


def _chunks(body: RecordedBody) -> Iterator[bytes]:
    if body.file is None:
        for start in range(0, len(body.data), _CHUNK):
            yield body.data[start : start + _CHUNK]
        return
    with body.file.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


# ---------------------------------------------------------------- inline documents


def _inline(envelope: bytes, document: Attachment) -> Content | None:
    """A document that stands in the envelope as base64, recognised by its octets."""
    try:
        root = parse(envelope, DEFAULT_LIMITS)
    except MalformedMessageError:
        return None
    contents = (_decoded(element) for element in root.iter("{*}Document"))
    for octets in contents:
        if octets is not None and sha256(octets).hexdigest() == document.sha256:
            return document.media_type, octets
    return None


def _decoded(element: etree._Element) -> bytes | None:
    try:
        return xop.decode_inline(element.text or "")
    except SoapFault:
        return None
