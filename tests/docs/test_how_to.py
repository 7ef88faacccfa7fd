"""The how-to pages do what they say, block by block."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.docs.page_runner import STARTS_A_SERVER, PageRunner

PAGES = sorted((Path(__file__).parents[2] / "docs" / "how-to").glob("*.md"))


def _parameter(path: Path) -> ParameterSet:
    starts = STARTS_A_SERVER in path.read_text("utf-8")
    return pytest.param(path, id=path.stem, marks=[pytest.mark.integration] if starts else [])


@pytest.mark.timeout(600)  # each command of a page is a process, and machines may be busy
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("path", [_parameter(page) for page in PAGES])
def test_a_page_does_what_it_says(path: Path, tmp_path: Path) -> None:
    PageRunner(path.read_text("utf-8"), tmp_path).run()
