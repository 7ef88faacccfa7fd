"""The HTTP request of a file's message; what the file lacks is added as it should be.

A payload gets an envelope with all headers, and a message of an MTOM transaction that was saved
as XML gets its MIME packaging, with an empty part for each xop:Include. What the file has is
sent as it is.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ihe_mock_async.soap import SoapVersion, envelope, mtom, xop
from ihe_mock_async.soap.namespaces import ANONYMOUS
from ihe_mock_async.web.http import Request

if TYPE_CHECKING:
    from ihe_mock_async.ihe import Transaction
    from ihe_mock_async.web.endpoints import Endpoint
    from ihe_mock_async.web.offline.message_file import MessageFile
    from ihe_mock_async.web.offline.recognition import Recognised

_SIMPLE = "application/soap+xml; charset=UTF-8"
_MESSAGE_ID = "urn:uuid:00000000-0000-4000-8000-000000000000"
_BOUNDARY = "MIMEBoundary-9c1f2a7e5d8b4e0fa3c6b2d4e8f01735"
_ROOT_ID = "root.message@ihe-mock-async.localhost"
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*\?>[ \t]*\r?\n?")
_HEADER_SAFE = re.compile(r"[!-;=?-~]+")
_KEPT_HEADERS = frozenset({"content-type", "content-encoding"})
"""Of a saved request: the others say how it was sent, not what it is."""


@dataclass(frozen=True, slots=True)
class Repackaged:
    """A request, and how it differs from the file."""

    request: Request
    lines_added: int = 0
    """In front of the XML, compared to the file; negative when the file has more."""
    without_parts: bool = False
    """The MIME parts were added: they are empty."""
    notes: tuple[str, ...] = ()


def implied(seen: Recognised, endpoint: Endpoint) -> tuple[Transaction | None, str]:
    """The transaction of a message at an endpoint and its action, by wsa:Action, else by root."""
    transaction = endpoint.by_action.get(seen.action)
    if transaction is not None:
        return transaction, seen.action
    return endpoint.by_root.get(seen.root, (None, ""))


async def repackage(file: MessageFile, seen: Recognised, endpoint: Endpoint) -> Repackaged:
    """Make the request of a file's message to an endpoint."""
    if file.form != "xml":
        headers = {k: v for k, v in file.headers.items() if k in _KEPT_HEADERS}
        lines = file.lines_before(seen.content)
        request = Request(file.method, endpoint.path, headers, file.body())
        return Repackaged(request, lines_added=-lines)
    transaction, action = implied(seen, endpoint)
    content, lines, notes = seen.content, 0, []
    if seen.document is not None and not seen.enveloped and not _claims_envelope(seen):
        content, lines = _wrapped(seen, action)
        notes.append("The file has no SOAP envelope: one was put around its element.")
    if transaction is None or not transaction.mtom:
        request = Request("POST", endpoint.path, {"content-type": _SIMPLE}, _once(content))
        return Repackaged(request, lines, notes=tuple(notes))
    notes.append(
        f"The file has no MIME parts: it was packaged as MTOM, as {transaction.number} must be, "
        "with an empty part for each xop:Include; sent as simple SOAP it breaks mtom-required."
    )
    packaged, content_type = _mtom(content, seen)
    request = Request("POST", endpoint.path, {"content-type": content_type}, _once(packaged))
    return Repackaged(request, lines, without_parts=True, notes=tuple(notes))


def _claims_envelope(seen: Recognised) -> bool:
    """Whether the root is an Envelope, of a namespace that is not SOAP's."""
    return seen.root.rpartition("}")[2] == "Envelope"


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _wrapped(seen: Recognised, action: str) -> tuple[bytes, int]:
    """The payload in an envelope, and by how many lines it has moved down."""
    payload = _text_of(seen)
    declaration = _DECLARATION.match(payload)
    if declaration is not None:
        payload = payload[declaration.end() :]
    content = envelope.write(
        payload.encode(),
        version=SoapVersion.V1_2,
        action=action,
        message_id=_MESSAGE_ID,
        reply_to=ANONYMOUS,
    )
    removed = declaration[0].count("\n") if declaration is not None else 0
    return content, content[: content.find(b":Body>")].count(b"\n") - removed


def _text_of(seen: Recognised) -> str:
    encoding = "utf-8-sig"
    if seen.document is not None:
        declared = (seen.document.getroottree().docinfo.encoding or "").lower()
        encoding = "utf-16" if declared.startswith(("utf-16", "utf16")) else encoding
    return seen.content.decode(encoding, "replace")


def _mtom(content: bytes, seen: Recognised) -> tuple[bytes, str]:
    """The message with an empty part for each xop:Include, and its Content-Type."""
    writer = mtom.MtomWriter(_BOUNDARY, content, action="", root_id=_ROOT_ID)
    parts = (writer.part_head(cid, "application/octet-stream") for cid in _content_ids(seen))
    return b"".join((writer.head(), *parts, writer.tail())), writer.content_type


def _content_ids(seen: Recognised) -> list[str]:
    """Those that the xop:Includes name and that a MIME header can hold, each once."""
    if seen.payload is None:
        return []
    hrefs = (each.get("href", "") for each in seen.payload.iter(xop.INCLUDE))
    names = dict.fromkeys(mtom.cid_of(href) for href in hrefs if href.startswith("cid:"))
    return [name for name in names if name != _ROOT_ID and _HEADER_SAFE.fullmatch(name)]
