"""Octets that clients sent or got, as downloads that no browser shows or runs."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from quart import Response

from ihe_mock_async.journal.body import RecordedBody
from ihe_mock_async.journal.entry import RawHeaders
from ihe_mock_async.web.admin.problems import Problem
from ihe_mock_async.web.threads import in_thread

PIECE = 256 * 1024
SIZE_HEADER = "X-Mock-Body-Size"
"""How many octets there were, when fewer are kept."""
_ANY_TYPE = "application/octet-stream"
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
# Whatever a page is made of, it is neither shown nor run (Content Security Policy 3, sandbox).
_SAFE = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


async def download(recorded: RecordedBody, headers: RawHeaders, name: str) -> Response:
    """The octets of a body as they were, with their Content-Type; those of a file are streamed.

    Raises `Problem` when they are not kept.
    """
    if recorded.size and not recorded.kept:
        raise gone(name)
    response = await _streamed(recorded.file, name) if recorded.file else Response(recorded.data)
    response.content_length = recorded.kept
    if not recorded.is_complete:
        response.headers[SIZE_HEADER] = str(recorded.size)
    return as_download(response, content_type(headers), name)


def gone(name: str) -> Problem:
    """What is said of a body that was kept once."""
    return Problem(
        HTTPStatus.GONE,
        f"The octets of {name} are not kept any more: the journal's files are bounded, and the "
        "oldest go first.",
    )


def as_download(response: Response, media_type: str, name: str) -> Response:
    """The response as a file to save."""
    response.headers.update(_SAFE)
    response.headers["Content-Type"] = media_type
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def content_type(headers: RawHeaders) -> str:
    """The Content-Type among them, if it can be said again, else that of any octets."""
    values = (value for name, value in headers if name.lower() == b"content-type")
    return sayable(next(values, b"").decode("latin-1").strip())


def sayable(media_type: str) -> str:
    """The media type, or that of any octets when no header can hold it."""
    return media_type if _PRINTABLE.fullmatch(media_type) else _ANY_TYPE


async def _streamed(path: Path, name: str) -> Response:
    try:
        # Opened before the status is sent; whoever removes the file meanwhile does no harm.
        file = await in_thread(lambda: path.open("rb"))
    except OSError as error:
        raise gone(name) from error
    response = Response(_pieces(file))
    response.timeout = None  # a slow reader is the business of the server's limits
    return response


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    try:
        while piece := await in_thread(lambda: file.read(PIECE)):
            yield piece
    finally:
        file.close()
