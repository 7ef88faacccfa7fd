"""The command line in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ihe_mock_async.cli.main import command_line

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No configuration but the one that a test writes."""
    for name in os.environ:
        if name.upper().startswith("MOCK_SERVER_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run() -> Run:
    """Run a command in this process, and return click's result."""

    def invoke(
        *arguments: str, env: Mapping[str, str] | None = None, stdin: bytes | None = None
    ) -> Result:
        return CliRunner().invoke(
            command_line, arguments, env=env, input=stdin, prog_name="ihe-mock-async"
        )

    return invoke
