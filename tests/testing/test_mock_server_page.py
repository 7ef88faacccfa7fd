"""Every code block of the page about the server in a test's process does what it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ihe_mock_async.testing import World
from ihe_mock_async.testing.pytest_plugin import ihe_mock

pytest_plugins = "pytester"
pytestmark = pytest.mark.usefixtures("imported")

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reference" / "mock-server.md").read_text("utf-8")
(CLIENT,) = re.findall(r"```python file=client.py\n(.*?)```", PAGE, re.DOTALL)
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
TESTS = [block for block in BLOCKS if "def test_" in block]
SCRIPTS = [block for block in BLOCKS if "def test_" not in block]


@pytest.fixture(autouse=True)
def folder(pytester: pytest.Pytester) -> Path:
    """Where a user has the client that is tested, and its messages."""
    (pytester.path / "client.py").write_text(CLIENT)
    shutil.copytree(DOCS / "tour", pytester.path / "docs" / "tour")
    return pytester.path


@pytest.mark.parametrize("block", TESTS)
def test_the_tests_of_the_page_pass(pytester: pytest.Pytester, block: str) -> None:
    pytester.makefile(
        ".ini",
        pytest="[pytest]\npythonpath = .\nasyncio_mode = auto\n"
        "asyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n",
    )
    pytester.makepyfile(test_page=block)

    pytester.runpytest("-n0").assert_outcomes(passed=block.count("def test_"))


@pytest.mark.parametrize("block", SCRIPTS)
def test_the_scripts_of_the_page_run(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(".")

    exec(compile(block, "mock-server.md", "exec"), {"__name__": "__main__"})  # noqa: S102 - ours


def test_the_page_names_every_method_of_a_world() -> None:
    methods = {name for name in vars(World) | dict(_inherited()) if not name.startswith("_")}

    assert [name for name in sorted(methods) if f"`{name}" not in PAGE] == []


def _inherited() -> list[tuple[str, object]]:
    return [item for each in World.__mro__[1:-1] for item in vars(each).items()]


def test_the_page_names_every_fixture() -> None:
    import ihe_mock_async.testing.pytest_plugin as plugin  # noqa: PLC0415 - its names

    fixtures = [name for name, each in vars(plugin).items() if type(each) is type(ihe_mock)]

    assert "ihe_mock_tls" in fixtures
    assert [name for name in fixtures if f"| `{name}` |" not in PAGE] == []
