"""PDFs that a reader can open: every object where the table says, every line on a page."""

from __future__ import annotations

import re

import pytest

from ihe_mock_async import pdf


def shown(octets: bytes) -> list[list[str]]:
    """The lines of each page."""
    pages = re.findall(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", octets, re.DOTALL)
    assert all(int(length) == len(stream) for length, stream in pages)
    return [
        [line.decode("cp1252") for line in re.findall(rb"^\((.*)\) Tj T\*$", stream, re.MULTILINE)]
        for _, stream in pages
    ]


@pytest.mark.parametrize("count", [0, 1, 44, 45, 100])
def test_every_line_stands_on_a_page(count: int) -> None:
    lines = [f"line {number}" for number in range(count)]

    pages = shown(pdf.write(lines))

    assert [line for page in pages for line in page] == lines
    assert all(len(page) <= pdf.LINES_PER_PAGE for page in pages)
    assert len(pages) == max(1, -(-count // pdf.LINES_PER_PAGE))


@pytest.mark.parametrize("count", [1, 100])
def test_the_table_points_at_every_object_and_pages_at_their_contents(count: int) -> None:
    octets = pdf.write(["x"] * count)

    start = int(octets.rpartition(b"startxref\n")[2].split()[0])
    offsets = [int(each) for each in re.findall(rb"(\d{10}) 00000 n ", octets[start:])]
    assert octets[start:].startswith(b"xref\n0 %d\n" % (len(offsets) + 1))
    assert octets.count(b" 0 obj\n") == len(offsets)
    for number, offset in enumerate(offsets, 1):
        assert octets[offset:].startswith(b"%d 0 obj\n" % number)
    contents = [int(each) for each in re.findall(rb"/Contents (\d+) 0 R", octets)]
    assert all(octets[offsets[each - 1] :].partition(b"\n")[2][:9] == b"<< /Lengt"
               for each in contents)  # fmt: skip
    assert octets.endswith(b"%%EOF\n")


def test_brackets_umlauts_and_other_scripts_do_not_break_it() -> None:
    ((line,),) = shown(pdf.write(["(Übergang) \\ 漢"]))

    assert line == r"\(Übergang\) \\ ?"
