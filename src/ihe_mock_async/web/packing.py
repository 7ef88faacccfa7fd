"""Packing an envelope into an HTTP response: simple SOAP or MTOM, as the request came (V.8.1)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ihe_mock_async.faults import corruption
from ihe_mock_async.faults.corruption import Changes
from ihe_mock_async.soap import SoapVersion, mtom, xop
from ihe_mock_async.state import Attachment
from ihe_mock_async.web import body
from ihe_mock_async.web.http import Request, Response
from ihe_mock_async.web.outgoing import OpenContents, Outgoing

_GATHERED = 64 * 1024
"""Octets in a chunk at least: small parts go out together."""


@dataclass(slots=True)
class Framing:
    """How the answer is packed: as the request was (ITI TF-2: V.8.1)."""

    version: SoapVersion = SoapVersion.V1_2
    mtom: bool = False
    message_id: str = ""
    """wsa:MessageID of the request."""
    changes: Changes = field(default_factory=Changes)
    """How it is damaged on demand."""

    @property
    def multipart(self) -> bool:
        """Whether the answer is MTOM: never in SOAP 1.1."""
        return self.mtom and self.version is SoapVersion.V1_2 and not self.changes.simple


class Sendable(Protocol):
    """What an envelope is packed with: an answer, or a delivery of one."""

    @property
    def action(self) -> str:
        """wsa:Action of the envelope."""
        ...

    @property
    def attachments(self) -> Sequence[Attachment]:
        """Stored contents that its xop:Includes name."""
        ...


def assumed_framing(request: Request) -> Framing:
    """What the Content-Type promises: all that is known while the message cannot be read."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    version = SoapVersion.V1_1 if media_type == "text/xml" else SoapVersion.V1_2
    return Framing(version, mtom=media_type == body.MULTIPART)


def pack(status: int, payload: bytes, action: str, framing: Framing) -> Response:
    """The HTTP response of an envelope without attachments."""
    if not framing.multipart:
        return Response(status, payload, _content_type(framing.version.content_type, framing))
    writer = _writer(payload, action, framing)
    return Response(status, writer.single(), _content_type(writer.content_type, framing))


async def pack_answer(
    payload: bytes, answer: Sendable, framing: Framing, outgoing: Outgoing
) -> Response:
    """The HTTP response of an answer, whose envelope is `payload`, with its attachments.

    MTOM has one part for each attachment; in simple SOAP they take the places of their
    xop:Includes as base64. They are open when this returns, and stay so until the response is
    closed. Raises `SoapFault` (Receiver) when they cannot be opened.
    """
    if not answer.attachments:
        return pack(200, payload, answer.action, framing)
    contents = await outgoing.open(answer.attachments)
    try:
        if framing.multipart:
            return _multipart(payload, answer, framing, contents)
        return _inline(payload, answer.attachments, framing, contents)
    except BaseException:
        contents.close()
        raise


def _multipart(
    payload: bytes, answer: Sendable, framing: Framing, contents: OpenContents
) -> Response:
    changes = framing.changes
    writer = _writer(payload, answer.action, framing, answer.attachments)
    (first, *others) = answer.attachments
    first_id = first.content_id
    if changes.renames_first_part:
        first_id = corruption.other_content_id(first_id)
    pieces: list[bytes | Attachment] = []
    if changes.has_first_part:
        pieces += (writer.part_head(first_id, first.media_type), first)
    head = writer.head()
    if not changes.has_start:
        # The line break in front of a delimiter belongs to it (RFC 2046: 5.1.1).
        pieces.append(b"\r\n" + head)
        head = b""
    for part in others:
        pieces += (writer.part_head(part.content_id, part.media_type), part)
    pieces.append(writer.tail())
    headers = _content_type(writer.content_type, framing)
    stream = AttachmentStream(pieces, contents, damaged=changes.damages_documents)
    return Response(200, head, headers, stream)


def _content_type(right: str, framing: Framing) -> dict[str, str]:
    return {"Content-Type": framing.changes.content_type or right}


def _inline(
    payload: bytes, attachments: Iterable[Attachment], framing: Framing, contents: OpenContents
) -> Response:
    by_id = {attachment.content_id: attachment for attachment in attachments}
    (first, *texts), content_ids = xop.split_at_includes(payload, by_id)
    pieces: list[bytes | Attachment] = []
    for content_id, text in zip(content_ids, texts, strict=True):
        pieces += (by_id[content_id], text)
    headers = _content_type(framing.version.content_type, framing)
    damaged = framing.changes.damages_documents
    stream = AttachmentStream(pieces, contents, encoded=True, damaged=damaged)
    return Response(200, first, headers, stream)


def _writer(
    payload: bytes, action: str, framing: Framing, parts: Iterable[Attachment] = ()
) -> mtom.MtomWriter:
    return mtom.MtomWriter(
        _boundary(payload, parts),
        payload,
        action=action if framing.changes.has_action else "",
        has_start=framing.changes.has_start,
        root_id="root.message@ihe-mock-async.localhost",
    )


def _boundary(payload: bytes, parts: Iterable[Attachment]) -> str:
    """A boundary that no part can hold, and that the same parts get again."""
    digest = hashlib.sha256(payload)
    for part in parts:
        digest.update(part.sha256.encode())
    return f"MIMEBoundary-{digest.hexdigest()[:32]}"


# ---------------------------------------------------------------- what follows the envelope


@dataclass(frozen=True, slots=True)
class AttachmentStream:
    """Attachments and what stands between them (`web.http.BodyStream`)."""

    pieces: Sequence[bytes | Attachment]
    contents: OpenContents
    encoded: bool = False
    """Attachments become base64."""
    damaged: bool = False
    """Attachments get another first octet."""

    @property
    def length(self) -> int:
        """Octets in all."""
        return sum(map(self._length_of, self.pieces))

    async def chunks(self) -> AsyncIterator[bytes]:
        """The octets, small pieces together; raises OSError."""
        gathered: list[bytes] = []
        size = 0
        async for octets in self._octets():
            gathered.append(octets)
            size += len(octets)
            if size >= _GATHERED:
                yield b"".join(gathered)
                gathered, size = [], 0
        if gathered:
            yield b"".join(gathered)

    def close(self) -> None:
        """Close the attachments."""
        self.contents.close()

    async def _octets(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            whole = not self.damaged
            async for chunk in self.contents.read(piece):
                octets = chunk if whole else corruption.damaged(chunk)
                whole = True
                yield base64.b64encode(octets) if self.encoded else octets

    def _length_of(self, piece: bytes | Attachment) -> int:
        if isinstance(piece, bytes):
            return len(piece)
        return (piece.size + 2) // 3 * 4 if self.encoded else piece.size
