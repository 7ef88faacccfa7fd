"""The command line in a folder of its own."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ihe_mock_async.cli.main import command_line
from tests.cli.a_world import World
from tests.server_process import ServerProcess, running

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


@pytest.fixture(scope="package")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server for tests that each have a world of their own."""
    with running(tmp_path_factory.mktemp("shared-server")) as process:
        yield process


_NUMBERS = itertools.count(1)


@pytest.fixture
def world(shared_server: ServerProcess, run: Run, folder: Path) -> World:
    """A world without anything in it, and the configuration that commands find its server by."""
    pid_path = shared_server.folder / "mocks" / ".mock-server.pid"
    (folder / "config.json").write_text(json.dumps({"pid_path": str(pid_path)}))
    return World(shared_server, f"world-{next(_NUMBERS)}", run)
