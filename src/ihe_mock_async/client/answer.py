"""What an answer means: accepted or not, every problem that it tells, and what it brings.

Answers of any server are read, also those that are not quite as they should be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from ihe_mock_async import elements
from ihe_mock_async.client.connection import HttpAnswer
from ihe_mock_async.client.readings import (
    Contents,
    Problem,
    ReceivedDocument,
    child_value,
    read_payload,
)
from ihe_mock_async.elements import local_name
from ihe_mock_async.errors import MalformedMessageError, PeerError
from ihe_mock_async.soap import MtomParser, content_type, mtom

__all__ = ["Answer", "Problem", "ReceivedDocument", "read"]

_ACCEPTED_ASYNCHRONOUSLY = 202
_SHOWN = 500
"""How much of an answer that is no SOAP is shown, in characters."""
_LIMITS = elements.XmlLimits(max_bytes=1 << 30, huge_text=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read."""

    status: int
    """HTTP status."""
    outcome: str
    """In the words of the answer: `CA`, `Success`, `Fault Sender`."""
    accepted: bool
    problems: tuple[Problem, ...] = ()
    found: tuple[str, ...] = ()
    """A line for each patient or metadata object."""
    documents: tuple[ReceivedDocument, ...] = ()
    envelope: etree._Element | None = None
    message_root: str = ""
    """Root of the HL7 message id, for messages that refer to it."""


def read(response: HttpAnswer, message_id: str = "") -> Answer:
    """Read an HTTP response; `message_id` is the request's, which the answer must relate to."""
    status = response.status
    if status == _ACCEPTED_ASYNCHRONOUSLY and not response.body.strip():
        return Answer(status, "accepted, the answer will be sent to --reply-to", accepted=True)
    try:
        document, contents = _unpacked(response)
        envelope = elements.parse(document, _LIMITS)
    except PeerError as error:
        return _no_soap(response, error)
    payload = _payload(envelope)
    if payload is None:
        return _no_soap(response, None)
    reading = read_payload(payload, contents)
    return Answer(
        status,
        reading.outcome,
        reading.accepted,
        (*_unrelated(envelope, payload, message_id), *reading.problems),
        reading.found,
        reading.documents,
        envelope,
        child_value(payload, "id", "root"),
    )


def _unpacked(response: HttpAnswer) -> tuple[bytes, Contents]:
    """The envelope's octets, and the attachments."""
    if not response.content_type.lower().startswith("multipart/"):
        return response.body, {}
    parser = MtomParser(content_type.parse(response.content_type))
    root, contents = bytearray(), dict[str, bytearray]()
    current = root
    for event in (*parser.feed(response.body), *parser.close()):
        if isinstance(event, mtom.PartBegan):
            part = event.part
            current = root if part.is_root else contents.setdefault(part.content_id, bytearray())
        elif isinstance(event, mtom.PartData):
            current += event.data
    return bytes(root), {name: bytes(content) for name, content in contents.items()}


def _payload(envelope: etree._Element) -> etree._Element | None:
    body = next((child for child in envelope if local_name(child) == "Body"), None)
    return next(iter(body), None) if body is not None else None


def _no_soap(response: HttpAnswer, error: PeerError | None) -> Answer:
    shown = response.body[:_SHOWN].decode("utf-8", "replace").strip() or "an empty body"
    kind = response.content_type or "no Content-Type"
    problems = [Problem("error", "", f"The answer is no SOAP message ({kind}): {shown}")]
    if response.body.strip() and isinstance(error, MalformedMessageError):
        problems.append(Problem("error", "", str(error)))
    elif error is not None and not isinstance(error, MalformedMessageError):
        problems = [Problem("error", "", f"The answer cannot be unpacked: {error}")]
    return Answer(response.status, "no SOAP answer", accepted=False, problems=tuple(problems))


def _unrelated(
    envelope: etree._Element, payload: etree._Element, message_id: str
) -> Iterator[Problem]:
    relates_to = next((e for e in envelope.iter("{*}RelatesTo")), None)
    related = ((relates_to.text or "") if relates_to is not None else "").strip()
    if not related and local_name(payload) == "Fault":
        return  # of somebody who could not read the request, or did not try
    if message_id and related != message_id:
        text = f'wsa:RelatesTo is "{related}", expected the MessageID {message_id}'
        yield Problem("warning", "", text)
