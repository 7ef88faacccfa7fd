"""Messages on their way out: SOAP 1.2 envelopes, packed as MTOM or not (ITI TF-2: V.3, V.8)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from lxml import etree

from ihe_mock_async import elements
from ihe_mock_async.elements import local_name, namespace_of
from ihe_mock_async.errors import MalformedMessageError, SendError
from ihe_mock_async.ihe import Transaction
from ihe_mock_async.soap import MtomWriter, SoapVersion, envelope, mtom, xop
from ihe_mock_async.soap.namespaces import ANONYMOUS
from ihe_mock_async.web.offline import message_file

_VERSIONS = {version.namespace: version for version in SoapVersion}
_LIMITS = elements.XmlLimits(max_bytes=1 << 30, huge_text=True)


@dataclass(frozen=True, slots=True)
class OutgoingPart:
    """An attachment."""

    content_id: str
    """Without brackets."""
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """An HTTP request body and what its headers say."""

    content_type: str
    body: bytes
    headers: Mapping[str, str]
    """Others than Content-Type."""
    message_id: str = ""
    """wsa:MessageID, when it is ours."""


@dataclass(frozen=True, slots=True)
class Content:
    """What goes into an envelope."""

    action: str
    """wsa:Action."""
    payload: bytes
    """The child of soap:Body, UTF-8 XML without declaration."""
    attachments: Sequence[OutgoingPart] = ()
    """What the payload includes (xop:Include)."""


@dataclass(frozen=True, slots=True)
class Packing:
    """How a user wants it packed and answered."""

    as_mtom: bool | None = None
    """None: as the transaction wants it."""
    reply_to: str = ""
    """Where an asynchronous answer goes; empty: the answer comes on the same connection."""

    def is_mtom(self, transaction: Transaction) -> bool:
        """Whether a message of the transaction is to be MTOM."""
        return transaction.mtom if self.as_mtom is None else self.as_mtom


DEFAULT_PACKING = Packing()


def wrap(
    content: Content,
    transaction: Transaction,
    packing: Packing,
    *,
    to: str,
    new_uuid: Callable[[], UUID],
) -> Message:
    """An envelope of SOAP 1.2, as MTOM or with its attachments as base64 text.

    `to` is the URL of the endpoint.
    """
    is_mtom = packing.is_mtom(transaction)
    message_id = f"urn:uuid:{new_uuid()}"
    document = envelope.write(
        content.payload if is_mtom else _inlined(content),
        version=SoapVersion.V1_2,
        action=content.action,
        message_id=message_id,
        to=to,
        reply_to=packing.reply_to or ANONYMOUS,
    )
    if is_mtom:
        message = _packed(document, content.action, content.attachments, new_uuid())
    else:
        content_type = f'{SoapVersion.V1_2.content_type}; action="{content.action}"'
        message = Message(content_type, document, {})
    return replace(message, message_id=message_id)


def _packed(
    document: bytes, action: str, attachments: Sequence[OutgoingPart], unique: UUID
) -> Message:
    boundary = f"MIMEBoundary-{unique}"
    writer = MtomWriter(
        boundary, document, action, root_id=f"root.{unique}@ihe-mock-async.example"
    )
    chunks = [writer.head()]
    for part in attachments:
        chunks += [writer.part_head(part.content_id, part.media_type), part.content]
    return Message(writer.content_type, b"".join([*chunks, writer.tail()]), {})


def _inlined(content: Content) -> bytes:
    """The payload with the content of each attachment where it is included."""
    if not content.attachments:
        return content.payload
    contents = {part.content_id: part.content for part in content.attachments}
    root = elements.parse(content.payload, _LIMITS)
    for include in list(root.iter(xop.INCLUDE)):
        element = include.getparent()
        octets = contents.get(mtom.cid_of(include.get("href", "")))
        if element is not None and octets is not None:
            element.remove(include)
            element.text = base64.b64encode(octets).decode("ascii")
    return etree.tostring(root, encoding="UTF-8")


# ---------------------------------------------------------------- files


def read_file(
    path: Path,
    transaction: Transaction,
    packing: Packing,
    *,
    to: str,
    new_uuid: Callable[[], UUID],
) -> Message:
    """The message in a file: a payload, an envelope, a MIME body or a whole HTTP request.

    A payload gets an envelope; everything else is sent as it is, octet by octet, except that an
    envelope may be packed as MTOM. Raises `SendError` saying what is wrong with the file.
    """
    try:
        with path.open("rb") as stream:
            found = message_file.read(stream)
            with found.stream as saved:
                saved.seek(found.body_at)
                body = saved.read()
    except OSError as error:
        raise SendError(f"Cannot read {path}: {error.strerror}.") from error
    if found.status:
        raise SendError(f"{path} holds an answer (HTTP {found.status}), not a request.")
    if found.form != "xml":
        _refuse_change(path, "a whole message", packing)
        return _verbatim(found.headers, body)
    root = _parse(path, body)
    version = _VERSIONS.get(namespace_of(root)) if local_name(root) == "Envelope" else None
    if version is not None:
        _refuse_change(path, "an envelope", replace(packing, as_mtom=None))
        return _enveloped(body, version, new_uuid(), as_mtom=packing.is_mtom(transaction))
    content = Content(_action(root, transaction), etree.tostring(root, encoding="UTF-8"))
    return wrap(content, transaction, packing, to=to, new_uuid=new_uuid)


def _parse(path: Path, body: bytes) -> etree._Element:
    try:
        return elements.parse(body, _LIMITS)
    except MalformedMessageError as error:
        raise SendError(f"{path}: {error}") from error


def _refuse_change(path: Path, form: str, packing: Packing) -> None:
    given = {
        "--reply-to": bool(packing.reply_to),
        "--mtom or --simple": packing.as_mtom is not None,
    }
    for option, is_given in given.items():
        if is_given:
            raise SendError(
                f"{path} is {form}, which is sent as it is: {option} cannot change it."
            )


def _verbatim(headers: Mapping[str, str], body: bytes) -> Message:
    """A message that was saved with its headers: those that belong to it go along."""
    kept = {name: value for name, value in headers.items() if name in _KEPT}
    return Message(headers.get("content-type", "application/soap+xml; charset=utf-8"), body, kept)


_KEPT = frozenset({"soapaction", "content-encoding", "mime-version"})


def _enveloped(body: bytes, version: SoapVersion, unique: UUID, *, as_mtom: bool) -> Message:
    if as_mtom and version is SoapVersion.V1_2:
        return _packed(body, "", (), unique)
    # SOAP 1.1, section 6.1.1: the header must be there, and may be empty.
    headers = {"SOAPAction": '""'} if version is SoapVersion.V1_1 else {}
    return Message(version.content_type, body, headers)


def _action(root: etree._Element, transaction: Transaction) -> str:
    """The wsa:Action that goes with a payload."""
    implied = transaction.roots.get(str(root.tag))
    if implied:
        return implied
    wanted = sorted({name.rpartition("}")[2] for name in transaction.roots})
    raise SendError(
        f"{local_name(root)} of {namespace_of(root) or 'no namespace'} is no message of "
        f"{transaction.number}, which takes {' or '.join(wanted)}. To send it nevertheless, put "
        "it into an envelope."
    )
