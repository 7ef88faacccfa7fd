"""Every link of a page leads to a file that is there, and to a heading that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import markdown

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "mocks").glob("*.md")]
)
INDEX = ROOT / "docs" / "README.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    found = markdown.links(page.read_text("utf-8"))

    assert [target for target in found if not _leads_somewhere(page, target)] == []


def _leads_somewhere(page: Path, target: str) -> bool:
    if target.startswith(("http://", "https://", "mailto:")):
        return True  # no business of a test without a network
    name, _, anchor = target.partition("#")
    file = page.parent / name if name else page
    return file.exists() and (not anchor or anchor in markdown.anchors(file.read_text("utf-8")))


def test_the_index_leads_to_every_page_of_the_documentation() -> None:
    linked = {INDEX.parent / each for each in markdown.links(INDEX.read_text("utf-8"))}

    assert {each for each in PAGES if each.is_relative_to(INDEX.parent)} - linked == {INDEX}
