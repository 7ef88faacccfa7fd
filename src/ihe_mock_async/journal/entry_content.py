"""The content of an entry for conditions: its envelope when it is SOAP, else its body.

Reading is costly, keeping what was read is, too: an entry holds it weakly, and the last few small
ones are kept so that several patterns (fault plans, say) read an entry once.
"""

from __future__ import annotations

import weakref
from collections import deque

from ihe_mock_async.journal.content import MAX_OCTETS, Content
from ihe_mock_async.journal.entry import Entry, text_of

_KEY = "content"
_LARGEST_KEPT = 256 << 10
"""Octets; the tree of a larger one is gone when its conditions have been looked at."""

_recent: deque[Content] = deque(maxlen=8)


def content_of(entry: Entry) -> Content:
    """What conditions look at; may read a file, and raises nothing."""
    source = entry.request_envelope or entry.request_body
    cached = entry.cache.get(_KEY)
    if isinstance(cached, _Kept):
        content = cached.content()
        if content is not None and cached.source is source:
            return content
    content = _read(entry)
    entry.cache[_KEY] = _Kept(source, weakref.ref(content))
    if len(content.octets) <= _LARGEST_KEPT:
        _recent.append(content)
    return content


class _Kept:
    __slots__ = ("content", "source")

    def __init__(self, source: object, content: weakref.ref[Content]) -> None:
        self.source = source
        self.content = content


def _read(entry: Entry) -> Content:
    content_type = header(entry, "content-type")
    if entry.request_envelope:
        return Content(entry.request_envelope, content_type)
    body = entry.request_body
    if body.kept > MAX_OCTETS:
        return Content(b"", content_type, f"the body has {body.size} octets, too many to look at")
    try:
        octets = body.read()
    except OSError:
        return Content(b"", content_type, "the body is no longer kept")
    if not body.is_complete:
        return Content(octets, content_type, f"only {body.kept} of {body.size} octets are kept")
    return Content(octets, content_type)


def header(entry: Entry, name: str) -> str:
    """The first header field of a (lower-case) name, or an empty text."""
    return next(iter(header_values(entry, name)), "")


def header_values(entry: Entry, name: str) -> list[str]:
    """All header fields of a (lower-case) name."""
    wanted = name.encode("latin-1", "replace")
    return [text_of(value) for key, value in entry.headers if key.lower() == wanted]
