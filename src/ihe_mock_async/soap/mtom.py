"""MTOM messages: multipart/related with a SOAP root part (ITI TF-2: V.8; RFC 2387; XOP 1.0).

Reading streams: `MtomParser` takes the body as it arrives, and tells parts and their content.
Writing streams, too: `MtomWriter` gives what stands around the attachments' octets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from ihe_mock_async.findings import Finding
from ihe_mock_async.soap import content_type as content_types
from ihe_mock_async.soap import rules
from ihe_mock_async.soap.content_type import ContentType
from ihe_mock_async.soap.fault import SoapFault, refusal
from ihe_mock_async.soap.multipart import MultipartReader, PartData, PartEnded, PartHeaders
from ihe_mock_async.soap.part import Part, read_headers, without_brackets
from ihe_mock_async.soap.transfer_encoding import DECODERS, IDENTITY, Decoder

__all__ = [
    "SOAP_XML",
    "XOP_XML",
    "Event",
    "MtomLimits",
    "MtomParser",
    "MtomWriter",
    "Part",
    "PartBegan",
    "PartData",
    "PartEnded",
    "cid_of",
    "href_of",
]

XOP_XML = "application/xop+xml"
SOAP_XML = "application/soap+xml"
_LISTED = 20
"""How many Content-IDs a finding lists."""
_SHOWN = 200
"""How much of a header is shown, in characters."""


@dataclass(frozen=True, slots=True)
class MtomLimits:
    """The gates of the parser; the size of the whole body is the caller's to limit."""

    max_parts: int = 1000
    max_header_bytes: int = 16 * 1024
    """Of the headers of one part, and of what stands before the first part."""


@dataclass(frozen=True, slots=True)
class PartBegan:
    """A part begins; what follows up to `PartEnded` is its content."""

    part: Part


Event = PartBegan | PartData | PartEnded


class MtomParser:
    """Reads one MTOM body as it arrives, each part's transfer encoding undone.

    Warnings gather in `findings`; what makes the message unusable raises a `SoapFault`, and
    nothing may be fed after it.
    """

    def __init__(self, content_type: ContentType, limits: MtomLimits | None = None) -> None:
        boundary = content_type.parameters.get("boundary", "")
        if content_type.media_type != "multipart/related" or not boundary:
            raise refusal(
                rules.MULTIPART_RELATED.found(
                    "Content-Type", received=content_type.media_type, expected="multipart/related"
                ),
                http_status=415,
            )
        self._limits = limits or MtomLimits()
        self._reader = MultipartReader(boundary, self._limits.max_header_bytes)
        self._start = without_brackets(content_type.parameters.get("start", ""))
        self._findings = list(_parameter_findings(content_type.parameters))
        self._parts = 0
        self._content_ids: dict[str, None] = {}
        self._location = ""
        self._root_seen = False
        self._decoder: Decoder | None = None

    @property
    def findings(self) -> list[Finding]:
        """The warnings so far."""
        return [*self._findings, *self._reader.findings]

    def feed(self, data: bytes) -> list[Event]:
        """Take the next octets of the body; raises `SoapFault`."""
        return self._events(self._reader.feed(data))

    def close(self) -> list[Event]:
        """The body is over; raises `SoapFault` when it was cut off or has no root part."""
        events = self._events(self._reader.close())
        if not self._root_seen:
            raise self._no_root()
        return events

    def _events(self, raw: Iterable[PartHeaders | PartData | PartEnded]) -> list[Event]:
        events: list[Event] = []
        for event in raw:
            if isinstance(event, PartHeaders):
                events.append(self._begin(event))
            elif self._decoder is None:
                events.append(event)
            else:
                events.extend(self._decode(event, self._decoder))
        return events

    def _decode(self, event: PartData | PartEnded, decoder: Decoder) -> Iterable[Event]:
        try:
            data = decoder.feed(event.data) if isinstance(event, PartData) else decoder.close()
        except ValueError as error:
            location = f"{self._location} before byte {self._reader.offset}"
            raise refusal(rules.TRANSFER_ENCODED.found(location, received=str(error))) from error
        if data:
            yield PartData(data)
        if isinstance(event, PartEnded):
            yield event

    # ------------------------------------------------ the start of a part

    def _begin(self, raw: PartHeaders) -> PartBegan:
        self._location = f"part at byte {raw.offset}"
        self._count()
        headers = read_headers(raw)
        content_id = self._content_id(headers.get("content-id", ""))
        is_root = content_id == self._start if self._start else not self._root_seen
        media_type = self._media_type(headers.get("content-type", ""))
        if is_root:
            self._root_seen = True
            self._check_root(media_type, headers.get("content-type", ""))
        encoding = headers.get("content-transfer-encoding", "binary").lower()
        self._decoder = self._new_decoder(encoding)
        return PartBegan(Part(headers, content_id, media_type, encoding, is_root))

    def _count(self) -> None:
        self._parts += 1
        if self._parts > self._limits.max_parts:
            limit = f"at most {self._limits.max_parts} parts"
            raise refusal(rules.PART_COUNT.found(self._location, expected=limit))

    def _content_id(self, header: str) -> str:
        content_id = without_brackets(header)
        self._location = f"part <{content_id[:_SHOWN]}>" if content_id else self._location
        if content_id and content_id in self._content_ids:
            raise refusal(rules.CONTENT_ID_UNIQUE.found(self._location))
        if not content_id or content_id == header:
            self._findings.append(rules.CONTENT_ID.found(self._location, received=header[:_SHOWN]))
        self._content_ids[content_id] = None
        return content_id

    def _media_type(self, header: str) -> ContentType | None:
        if header.lower().startswith("multipart/"):
            raise refusal(rules.NOT_NESTED.found(self._location, received=header[:_SHOWN]))
        if not header:
            return None
        try:
            return content_types.parse(header)
        except SoapFault:
            found = rules.PART_CONTENT_TYPE.found(self._location, received=header[:_SHOWN])
            self._findings.append(found)
            return None

    def _check_root(self, media_type: ContentType | None, header: str) -> None:
        if media_type is None or media_type.media_type != XOP_XML:
            seen = header[:_SHOWN] or "no Content-Type"
            raise refusal(
                rules.ROOT_MEDIA_TYPE.found(self._location, received=seen, expected=XOP_XML)
            )
        root_type = media_type.parameters.get("type", "")
        if not _is_soap_xml(root_type):
            self._findings.append(
                rules.ROOT_TYPE.found(
                    self._location, received=root_type[:_SHOWN], expected=SOAP_XML
                )
            )

    def _new_decoder(self, encoding: str) -> Decoder | None:
        if encoding in IDENTITY:
            return None
        if encoding not in DECODERS:
            raise refusal(
                rules.TRANSFER_ENCODING.found(self._location, received=encoding[:_SHOWN])
            )
        return DECODERS[encoding]()

    def _no_root(self) -> SoapFault:
        if not self._content_ids:
            return refusal(rules.ROOT_PRESENT.found(received="no part at all"))
        listed = list(self._content_ids)[:_LISTED]
        seen = ", ".join(f"<{content_id}>" if content_id else "none" for content_id in listed)
        return refusal(
            rules.ROOT_PRESENT.found(
                "Content-Type; start", received=f"<{self._start}>", expected=f"one of {seen}"
            )
        )


def _parameter_findings(parameters: Mapping[str, str]) -> Iterable[Finding]:
    media_type = parameters.get("type", "")
    if media_type.lower() != XOP_XML:
        yield rules.TYPE.found("Content-Type; type", received=media_type, expected=XOP_XML)
    start = parameters.get("start", "")
    if start and not start.startswith("<"):
        yield rules.START_BRACKETS.found(
            "Content-Type; start", received=start, expected=f"<{start}>"
        )
    start_info = parameters.get("start-info", "")
    if not _is_soap_xml(start_info):
        yield rules.START_INFO.found(
            "Content-Type; start-info", received=start_info, expected=SOAP_XML
        )


def _is_soap_xml(value: str) -> bool:
    # JAX-WS appends the action: application/soap+xml;action="..."
    return value.partition(";")[0].strip().lower() == SOAP_XML


# ---------------------------------------------------------------- cid: URLs (RFC 2392)


def cid_of(href: str) -> str:
    """The Content-ID, without brackets, that a `cid:` URL names: %XX decoded once, `+` kept."""
    return unquote(href.strip()[len("cid:") :])


def href_of(content_id: str) -> str:
    """The `cid:` URL of a Content-ID without brackets."""
    return "cid:" + quote(content_id, safe="@")


# ---------------------------------------------------------------- writing

_SAFE_MEDIA_TYPE = re.compile(r"[\x20-\x7e]+")
# RFC 5322, 3.6.4, and a little more: whatever stands between the brackets in one line.
_CONTENT_ID = re.compile(r"[!-;=?-~]+")


@dataclass(frozen=True, slots=True)
class MtomWriter:
    """One MTOM message: `head()`, for each attachment `part_head()` and its octets, `tail()`."""

    boundary: str
    """Must not occur in any part: take a new UUID."""
    root: bytes
    """The SOAP 1.2 envelope, UTF-8."""
    action: str
    """wsa:Action; left out of the Content-Type when empty."""
    root_id: str
    """Content-ID of the root part, without brackets."""
    has_start: bool = True
    """False: the Content-Type does not say which part is the root."""

    @property
    def content_type(self) -> str:
        """The HTTP Content-Type of the message (ITI TF-2: V.8)."""
        action = f'; action="{_quoted(self.action)}"' if self.action else ""
        start = f'start="<{_quoted(self.root_id)}>"; ' if self.has_start else ""
        return (
            f'multipart/related; type="{XOP_XML}"; boundary="{self.boundary}"; '
            f'{start}start-info="{SOAP_XML}"{action}'
        )

    def head(self) -> bytes:
        """All up to the end of the root part."""
        media_type = f'{XOP_XML}; charset=UTF-8; type="{SOAP_XML}"'
        return b"--" + self._part(self.root_id, media_type) + self.root

    def part_head(self, content_id: str, media_type: str) -> bytes:
        """What stands before an attachment's octets.

        A media type that no header can hold becomes application/octet-stream; a content id (no
        brackets) that none can hold raises ValueError.
        """
        if not _CONTENT_ID.fullmatch(content_id):
            raise ValueError(f"{content_id!r} cannot be a Content-ID")
        safe = media_type if _SAFE_MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream"
        return b"\r\n--" + self._part(content_id, safe)

    def tail(self) -> bytes:
        """What stands after the last part."""
        return f"\r\n--{self.boundary}--\r\n".encode("ascii")

    def single(self) -> bytes:
        """The whole body of a message without attachments."""
        return self.head() + self.tail()

    def _part(self, content_id: str, media_type: str) -> bytes:
        return (
            f"{self.boundary}\r\nContent-Type: {media_type}\r\n"
            f"Content-Transfer-Encoding: binary\r\nContent-ID: <{content_id}>\r\n\r\n"
        ).encode("ascii")


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
