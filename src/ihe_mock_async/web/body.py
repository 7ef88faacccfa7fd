"""The request body: simple SOAP read whole, MTOM parsed as it arrives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http import HTTPStatus

from ihe_mock_async.elements import is_readable_encoding
from ihe_mock_async.findings import Finding
from ihe_mock_async.soap import content_type as media
from ihe_mock_async.soap import fault, mtom
from ihe_mock_async.soap.multipart import PartData
from ihe_mock_async.web import rules
from ihe_mock_async.web.http import Request
from ihe_mock_async.web.staging import Staging

_SIMPLE = frozenset({"application/soap+xml", "text/xml"})
MULTIPART = "multipart/related"
_LONGEST_LENGTH = 18
"""Digits of a Content-Length that are worth counting."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Sizes in octets."""

    max_request_bytes: int
    max_envelope_bytes: int


@dataclass(slots=True)
class ReceivedBody:
    """The envelope's octets; attachments are in the staging area."""

    envelope: bytes
    media_type: str
    """Of the envelope: `application/soap+xml`, `text/xml` or `application/xop+xml`."""
    mtom: bool
    findings: list[Finding] = field(default_factory=list)


def check_headers(request: Request, limits: BodyLimits) -> media.ContentType:
    """Judge what can be judged before the body, or raise `SoapFault` (400, 413, 415)."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise _unsupported(
            rules.CONTENT_ENCODING.found("header Content-Encoding", received=encoding)
        )
    header = request.headers.get("content-type", "").strip()
    if not header:
        raise _unsupported(
            rules.CONTENT_TYPE.found(received="no Content-Type", expected="application/soap+xml")
        )
    content_type = media.parse(header)
    _check_media_type(content_type)
    _check_length(request.headers.get("content-length", "0"), content_type, limits)
    return content_type


def _check_media_type(content_type: media.ContentType) -> None:
    where = "header Content-Type"
    if content_type.media_type not in _SIMPLE | {MULTIPART}:
        raise _unsupported(
            rules.CONTENT_TYPE.found(
                where, received=content_type.media_type, expected="application/soap+xml"
            )
        )
    charset = content_type.parameters.get("charset", "utf-8")
    if not is_readable_encoding(charset):
        raise _unsupported(rules.CHARSET.found(where, received=charset, expected="utf-8"))


def _unsupported(found: Finding) -> fault.SoapFault:
    return fault.refusal(found, http_status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def _check_length(length: str, content_type: media.ContentType, limits: BodyLimits) -> None:
    """Refuse an announced size: nothing of it needs to be read."""
    limit = limits.max_request_bytes
    if content_type.media_type != MULTIPART:
        limit = min(limit, limits.max_envelope_bytes)
    if length.isdecimal() and (len(length) > _LONGEST_LENGTH or int(length) > limit):
        raise _too_large(f"{length} octets", limit, "header Content-Length")


def _too_large(seen: str, limit: int, where: str) -> fault.SoapFault:
    found = rules.TOO_LARGE.found(where, received=seen, expected=f"at most {limit} octets")
    return fault.refusal(found, http_status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


async def receive(
    request: Request, content_type: media.ContentType, limits: BodyLimits, staging: Staging
) -> ReceivedBody:
    """Read the body to its end, attachments into `staging`, or raise `SoapFault`."""
    body = _bounded(request.body, limits.max_request_bytes)
    if content_type.media_type == MULTIPART:
        return await _receive_mtom(body, content_type, limits, staging)
    pieces: list[bytes] = []
    size = 0
    async for chunk in body:
        pieces.append(chunk)
        size += len(chunk)
        _check_envelope_size(size, limits)
    # A body in one piece is not copied.
    return ReceivedBody(b"".join(pieces), content_type.media_type, mtom=False)


async def _bounded(body: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    total = 0
    async for chunk in body:
        total += len(chunk)
        if total > limit:
            raise _too_large(f"{total} octets or more", limit, f"byte {limit}")
        yield chunk


def _check_envelope_size(size: int, limits: BodyLimits) -> None:
    if size > limits.max_envelope_bytes:
        raise _too_large(
            f"an XML part of {size} octets or more",
            limits.max_envelope_bytes,
            f"byte {limits.max_envelope_bytes}",
        )


async def _receive_mtom(
    body: AsyncIterator[bytes],
    content_type: media.ContentType,
    limits: BodyLimits,
    staging: Staging,
) -> ReceivedBody:
    parser = mtom.MtomParser(content_type, mtom.MtomLimits())
    parts = _Parts(staging, limits)
    try:
        async for chunk in body:
            for event in parser.feed(chunk):
                await parts.take(event)
        for event in parser.close():
            await parts.take(event)
    except fault.SoapFault as error:
        error.findings = (*error.findings, *parser.findings)
        raise
    return ReceivedBody(
        bytes(parts.root), "application/xop+xml", mtom=True, findings=parser.findings
    )


class _Parts:
    """Sorts the parser's events: the root into memory, everything else into staging."""

    def __init__(self, staging: Staging, limits: BodyLimits) -> None:
        self.root = bytearray()
        self._staging = staging
        self._limits = limits
        self._part: mtom.Part | None = None

    async def take(self, event: mtom.Event) -> None:
        if isinstance(event, PartData):
            await self._data(event.data)
        elif isinstance(event, mtom.PartBegan):
            self._part = event.part
            if not event.part.is_root:
                self._staging.begin()
        else:
            await self._ended()

    async def _data(self, data: bytes | memoryview) -> None:
        if self._part is not None and self._part.is_root:
            self.root += data
            _check_envelope_size(len(self.root), self._limits)
        else:
            await self._staging.write(bytes(data))

    async def _ended(self) -> None:
        part = self._part
        if part is not None and not part.is_root:
            media_type = part.media_type.media_type if part.media_type else ""
            await self._staging.end(part.content_id, media_type or "application/octet-stream")
