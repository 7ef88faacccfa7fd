"""The strictest affinity domain there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.in_process import InProcess, in_process


@pytest.fixture
def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcess]:
    """Refuses warnings, and patients that nobody has fed."""
    with in_process(
        tmp_path, monkeypatch, validation="strict", unknown_patients="reject"
    ) as domain:
        yield domain
