"""Markdown pages as tests read them: their code blocks, links and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(
    r"^(?P<fence>```+)(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=fence)[ ]*$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(?P<title>.+?) *#*$", re.MULTILINE)
_INLINE_CODE = re.compile(r"`[^`\n]+`")


@dataclass(frozen=True)
class Block:
    """A fenced code block."""

    language: str
    words: tuple[str, ...]
    """What stands behind the language."""
    text: str
    line: int
    """Of its fence, from 1."""


def blocks(page: str) -> list[Block]:
    """The code blocks of a page, in order."""
    return list(_blocks(page))


def _blocks(page: str) -> Iterator[Block]:
    for match in _FENCE.finditer(page):
        language, *words = match["info"].split() or [""]
        line = page.count("\n", 0, match.start()) + 1
        yield Block(language, tuple(words), match["text"], line)


def links(page: str) -> list[str]:
    """Where the page points to: URLs, paths, `path#anchor` and `#anchor`."""
    prose = _INLINE_CODE.sub("", _FENCE.sub("", page))
    return [match["target"] for match in _LINK.finditer(prose)]


def anchors(page: str) -> set[str]:
    """The names that headings can be pointed to by, as GitHub makes them."""
    found: dict[str, int] = {}
    names = set()
    for match in _HEADING.finditer(_FENCE.sub("", page)):
        words = re.sub(r"[^\w\- ]", "", match["title"].lower())
        name = words.strip().replace(" ", "-")
        count = found[name] = found.get(name, -1) + 1
        names.add(f"{name}-{count}" if count else name)
    return names
