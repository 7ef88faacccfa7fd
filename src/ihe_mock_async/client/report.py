"""What has been sent and what came back, for people and for scripts."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from ihe_mock_async.client.answer import Answer, Problem, ReceivedDocument
from ihe_mock_async.client.sending import Sent
from ihe_mock_async.errors import SendError
from ihe_mock_async.findings import one_line

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_TEXTUAL = re.compile(r"text/.*|application/(?:.*\+)?(?:xml|json)")
_LONGEST_NAME = 150


def text(sent: Sent) -> str:
    """The exchange for people: one line for each problem, object and document."""
    answer = sent.answer
    head = f"{sent.transaction.number} {sent.name}  {sent.url}"
    lines = [
        f"HTTP {answer.status}  {answer.outcome}",
        *(problem(each) for each in answer.problems),
        *answer.found,
        *(_document(document) for document in answer.documents),
    ]
    return "\n".join([head, *(f"  {one_line(line)}" for line in lines)])


def problem(told: Problem) -> str:
    """One problem for people, in one line: severity, code, place and text."""
    where = f"at {told.location}" if told.location else ""
    head = " ".join(filter(None, (told.severity, told.code, where)))
    return one_line(f"{head}: {told.text}")


def _document(document: ReceivedDocument) -> str:
    made = f" made as {document.new_unique_id}" if document.new_unique_id else ""
    return (
        f"document {document.unique_id}{made}  {document.media_type}  "
        f"{len(document.content)} octets  sha1 {document.sha1}"
    )


def as_json(sent: Sent) -> dict[str, Any]:
    """The exchange for scripts."""
    answer = sent.answer
    return {
        "transaction": sent.transaction.number,
        "name": sent.name,
        "url": sent.url,
        "http_status": answer.status,
        "outcome": answer.outcome,
        "accepted": answer.accepted,
        "problems": [
            {
                "severity": each.severity,
                "code": each.code,
                "text": each.text,
                "location": each.location,
            }
            for each in answer.problems
        ],
        "found": list(answer.found),
        "documents": [
            {
                "unique_id": document.unique_id,
                "new_unique_id": document.new_unique_id or None,
                "media_type": document.media_type,
                "size": len(document.content),
                "sha1": document.sha1,
            }
            for document in answer.documents
        ],
    }


def contents(answer: Answer) -> Iterator[str]:
    """The answer's envelope, indented, and its documents as far as they are text."""
    if answer.envelope is not None:
        etree.indent(answer.envelope)
        yield etree.tostring(answer.envelope, encoding="unicode", with_tail=False)
    for document in answer.documents:
        if _TEXTUAL.fullmatch(document.media_type.partition(";")[0].strip().lower()):
            yield document.content.decode("utf-8", "replace")


def save(answer: Answer, folder: Path) -> list[Path]:
    """Write each document to a file named by its own uniqueId, and return the paths.

    The name holds no character that a path could be made of. Raises `SendError`.
    """
    paths = []
    for document in answer.documents:
        suffix = mimetypes.guess_extension(document.media_type.partition(";")[0].strip()) or ""
        unique_id = document.new_unique_id or document.unique_id
        name = _UNSAFE.sub("_", unique_id)[:_LONGEST_NAME].lstrip(".") or "document"
        path = folder / f"{name}{suffix}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(document.content)
        except OSError as error:
            raise SendError(f"Cannot write {path}: {error.strerror}.") from error
        paths.append(path)
    return paths
