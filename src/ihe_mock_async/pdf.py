"""A PDF of plain lines: A4 pages, in a font that every reader has (ISO 32000-1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LINES_PER_PAGE = 44
LINE_LENGTH = 80
"""Characters that fit between the margins; longer lines are cut off by the edge of the page."""
_CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
    b"/Resources << /Font << /F1 3 0 R >> >> >>"
)
_FIRST_PAGE = 4
"""Object number, after the catalog, the list of pages and the font."""


def write(lines: Sequence[str]) -> bytes:
    """The lines on as many pages as they need; what Windows-1252 does not have becomes `?`."""
    pages = [
        lines[start : start + LINES_PER_PAGE]
        for start in range(0, max(len(lines), 1), LINES_PER_PAGE)
    ]
    numbers = range(_FIRST_PAGE, _FIRST_PAGE + 2 * len(pages), 2)
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    objects = [_CATALOG, b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)), _FONT]
    for number, page in zip(numbers, pages, strict=True):
        shown = _shown(page)
        stream = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown)
        objects += (_PAGE % (number + 1), stream)
    return _file(objects)


def _shown(lines: Iterable[str]) -> bytes:
    text = "".join(f"({_escaped(line)}) Tj T*\n" for line in lines)
    return f"BT /F1 12 Tf 16 TL 72 770 Td\n{text}ET".encode("cp1252", "replace")


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _file(objects: Iterable[bytes]) -> bytes:
    """Header, objects, cross-reference table (entries of 20 octets) and trailer."""
    file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    table = [b"0000000000 65535 f \n"]
    for number, content in enumerate(objects, 1):
        table.append(b"%010d 00000 n \n" % len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(file)
    file += b"xref\n0 %d\n%s" % (len(table), b"".join(table))
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(table), start)
    return bytes(file)
