"""Bodies that were saved in chunks, as many clients send them (RFC 9112, 7.1)."""

from __future__ import annotations

import re
import tempfile
from typing import BinaryIO, cast

_PIECE = 256 * 1024
_LONGEST_LINE = 4096
_SIZE = re.compile(rb"(?P<size>[0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_LINE_ENDS = (b"\r\n", b"\n", b"")
"""Behind a chunk; nothing in a file that was cut off."""


def joined(stream: BinaryIO, body_at: int) -> BinaryIO | None:
    """A copy of a file with its body in one piece, for the caller to close.

    None when the body is not in chunks: tools take the header over, but save what they joined.
    """
    copy = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - the caller's
    stream.seek(0)
    copy.write(stream.read(body_at))
    try:
        if _join(stream, copy):
            return copy
    except BaseException:
        copy.close()
        raise
    copy.close()
    return None


def _join(source: BinaryIO, target: BinaryIO) -> bool:
    """Copy chunks up to the last one, or to the end of a file that was cut off."""
    size = _next_size(source)
    if size is None:
        return False
    while size:
        _copy(source, target, size)
        if source.readline(_LONGEST_LINE) not in _LINE_ENDS:
            return False
        size = _next_size(source)
    return True


def _next_size(source: BinaryIO) -> int | None:
    line = _SIZE.fullmatch(source.readline(_LONGEST_LINE))
    return int(line["size"], 16) if line else None


def _copy(source: BinaryIO, target: BinaryIO, size: int) -> None:
    while size and (piece := source.read(min(size, _PIECE))):
        target.write(piece)
        size -= len(piece)
