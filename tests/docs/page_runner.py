"""How-to pages as programs: every code block of a page is run, and what it prints is compared.

=====================  =========================================================================
`sh`                   bash, in the folder of the page; it must succeed
`python`               a file of tests (or a `conftest.py`), named by the comment in its first
                       line; pytest runs them at the end, unless a `sh` block has
`python before`        what a page replaces: compiled only
`yaml`                 a companion service, loaded, at the path in the comment of its first line
`text`                 what the block in front of it prints; `...` stands for any lines
=====================  =========================================================================

A block of any other kind is an error, so that no page has a block that nobody tries.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ihe_mock_async.services import loading
from tests.markdown import Block, blocks
from tests.shell_blocks import DOCUMENTED, paste

STARTS_A_SERVER = "ihe-mock-async start"
_DOCS = Path(__file__).parents[2] / "docs"
_PID_FILE = Path("mocks", ".mock-server.pid")
# Without the plugins of our own tests, which would take longer to load than a page to run.
_PYTEST_INI = """\
[pytest]
addopts = -s -v --strict-markers --strict-config -p no:cacheprovider -p no:hypothesispytest
    -p no:schemathesis
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
_NAME = re.compile(r"# (?P<name>[\w./-]+\.(?:py|yaml))\n")
_ELISION = "..."
# What differs from run to run, and what is put in its place.
_MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?"), "TIME"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"\b2\.25\.\d+"), "OID"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), "HOST"),
    (re.compile(r"\bpid \d+"), "pid N"),
    (re.compile(r"\b\d+ octets"), "N octets"),
    (re.compile(r"\b\d+\.\d+( ?m?s\b|$)"), "DURATION"),
    (re.compile(r"={3,}"), ""),
    (re.compile(r"\s+"), " "),
)


class PageError(AssertionError):
    """A page does not do what it says."""


class PageRunner:
    """Runs the blocks of one page in a folder that is empty, or not there yet."""

    def __init__(self, page: str, folder: Path) -> None:
        self._blocks = blocks(page)
        self._folder = folder
        self._tests: list[str] = []
        self._printed: str | None = None
        self._expected_of_tests: list[Block] = []
        own = {k: v for k, v in os.environ.items() if not k.startswith(("MOCK_SERVER_", "PYTEST"))}
        self._environment: Mapping[str, str] = {
            **own,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}",
            "MOCK_SERVER_HOST": "127.0.0.1",
            "MOCK_SERVER_HTTP_PORT": "0",
        }

    def run(self) -> None:
        """Run all; raises `PageError` naming the line of the block that fails."""
        self._folder.mkdir(exist_ok=True)
        (self._folder / "docs").symlink_to(_DOCS)  # pages send its messages
        (self._folder / "pytest.ini").write_text(_PYTEST_INI)
        try:
            for block in self._blocks:
                _RUN.get((block.language, *block.words), PageRunner._refuse)(self, block)
            self._run_tests()
        finally:
            self._stop_server()

    def _refuse(self, block: Block) -> None:
        kind = " ".join((block.language, *block.words)) or "without a language"
        raise PageError(f"line {block.line}: a block {kind} is run by nobody")

    # ------------------------------------------------------------ sh

    def _shell(self, block: Block) -> None:
        done = paste(block.text, self._folder, self._url(block), self._environment)
        if done.returncode:
            raise PageError(f"line {block.line}: exit status {done.returncode}\n{done.stdout}")
        self._printed = done.stdout
        self._tests = [name for name in self._tests if name not in block.text.split()]

    def _url(self, block: Block) -> str:
        """Of the server that the page has started."""
        if DOCUMENTED not in block.text:
            return DOCUMENTED
        try:
            state = json.loads((self._folder / _PID_FILE).read_text())
        except FileNotFoundError:
            raise PageError(f"line {block.line}: no block before has started a server") from None
        return f"http://127.0.0.1:{state['port']}"

    def _stop_server(self) -> None:
        if (self._folder / _PID_FILE).exists():
            paste("ihe-mock-async stop --force", self._folder, DOCUMENTED, self._environment)

    # ------------------------------------------------------------ files

    def _python(self, block: Block) -> None:
        name = self._write(block)
        self._printed = None
        if name != "conftest.py":
            if "def test_" not in block.text:
                raise PageError(f"line {block.line}: {name} has no test, so that nobody runs it")
            self._tests.append(name)

    def _shown(self, block: Block) -> None:
        compile(block.text, f"line {block.line}", "exec")

    def _yaml(self, block: Block) -> None:
        loading.load_file(self._folder / self._write(block))

    def _write(self, block: Block) -> str:
        named = _NAME.match(block.text)
        if named is None:
            raise PageError(f"line {block.line}: the first line is no comment with a file's name")
        path = self._folder / named["name"]
        if path.exists():
            raise PageError(f"line {block.line}: {named['name']} is there already")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, "utf-8")
        return named["name"]

    def _run_tests(self) -> None:
        if not self._tests:
            return
        done = subprocess.run(  # noqa: S603 - tests of a page of ours
            [sys.executable, "-m", "pytest", *self._tests],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PageError(done.stdout + done.stderr)
        for expected in self._expected_of_tests:
            _compare(expected, done.stdout, whole=False)

    # ------------------------------------------------------------ text

    def _text(self, block: Block) -> None:
        if self._printed is not None:
            _compare(block, self._printed, whole=True)
            self._printed = None
        elif self._tests:
            self._expected_of_tests.append(block)
        else:
            raise PageError(f"line {block.line}: no block before prints this")


_RUN: Mapping[tuple[str, ...], Callable[[PageRunner, Block], None]] = {
    ("sh",): PageRunner._shell,
    ("python",): PageRunner._python,
    ("python", "before"): PageRunner._shown,
    ("yaml",): PageRunner._yaml,
    ("text",): PageRunner._text,
}


def _compare(expected: Block, printed: str, *, whole: bool) -> None:
    lines = [
        r"(?:.*\n)*?" if line.strip() == _ELISION else f"{re.escape(masked(line))}\n"
        for line in expected.text.splitlines()
    ]
    seen = "".join(f"{masked(line)}\n" for line in printed.splitlines())
    match = re.fullmatch if whole else re.search
    if match("".join(lines), seen) is None:
        raise PageError(f"line {expected.line} shows\n{expected.text}\nbut printed was\n{printed}")


def masked(line: str) -> str:
    """The line without what differs from run to run: times, ids, ports, widths of columns."""
    for mask, word in _MASKS:
        line = mask.sub(word, line)
    return line.strip()
