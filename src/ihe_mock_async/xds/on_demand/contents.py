"""The octets of a summary, by media type: plain text, HTML, PDF, and CDA as text/xml."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from textwrap import wrap

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async import pdf
from ihe_mock_async.xds.on_demand import clinical_document
from ihe_mock_async.xds.on_demand.summary import Summary
from ihe_mock_async.xds.on_demand.wording import facts, heading, items

_HTML = ElementMaker()
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s;"]*)', re.IGNORECASE)


def can_write(mime_type: str) -> bool:
    """Whether a summary can be made in a mimeType, which may have parameters."""
    charset = _CHARSET.search(mime_type)
    in_utf_8 = charset is None or charset[1].lower() == "utf-8"
    return in_utf_8 and _media_type(mime_type) in _WRITERS


def write(summary: Summary, mime_type: str) -> bytes:
    """The summary as a document; it must be one that `can_write`."""
    return _WRITERS[_media_type(mime_type)](summary)


def _media_type(mime_type: str) -> str:
    return mime_type.partition(";")[0].strip().lower()


def _text(summary: Summary) -> bytes:
    return "\n".join((*_lines(summary), "")).encode()


def _pdf(summary: Summary) -> bytes:
    lines = (wrap(line, pdf.LINE_LENGTH) or [""] for line in _lines(summary))
    return pdf.write([part for parts in lines for part in parts])


def _lines(summary: Summary) -> Iterator[str]:
    yield summary.title
    yield ""
    yield from facts(summary)
    yield ""
    yield heading(summary)
    for item in items(summary):
        yield f"- {item}"


def _html(summary: Summary) -> bytes:
    page = _HTML.html(
        _HTML.head(_HTML.meta(charset="utf-8"), _HTML.title(summary.title)),
        _HTML.body(
            _HTML.h1(summary.title),
            *map(_HTML.p, facts(summary)),
            _HTML.h2(heading(summary)),
            _HTML.ul(*map(_HTML.li, items(summary))),
        ),
        lang="en",
    )
    return etree.tostring(page, method="html", encoding="UTF-8", doctype="<!DOCTYPE html>")


_WRITERS: Mapping[str, Callable[[Summary], bytes]] = {
    "text/plain": _text,
    "text/html": _html,
    "text/xml": clinical_document.write,
    "application/pdf": _pdf,
}
MEDIA_TYPES = tuple(_WRITERS)
"""In which a summary can be made; texts are in UTF-8."""
