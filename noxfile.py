"""The checks, one session each: `nox` runs what a newcomer needs, `nox -l` lists them all.

A session whose tool is not on the machine is skipped with its reason.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "architecture", "tests", "schemathesis", "wheel"]

PYTHONS = ["3.11", "3.12", "3.13"]
ROOT = Path(__file__).parent
CORPUS = Path(os.environ.get("IHE_CORPUS", ROOT.parent / "shared" / "corpus"))
SCHEMAS = Path(os.environ.get("IHE_SCHEMAS", ROOT.parent / "shared" / "schemas"))
CODE = ("src", "tests", "bench", "noxfile.py")


def install(session: nox.Session, *extra: str) -> None:
    """Install the package with its development tools."""
    session.install("-e", ".[dev]", *extra)


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff: style, docstrings, complexity, security."""
    session.install("ruff>=0.8")
    session.run("ruff", "check", *CODE)
    session.run("ruff", "format", "--check", *CODE)


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict."""
    install(session)
    session.run("mypy")


@nox.session
def architecture(session: nox.Session) -> None:
    """Import-linter: the layers, and one home per framework."""
    install(session)
    session.run("lint-imports")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests, in parallel; on the oldest Python with branch coverage of 90 % or more.

    Once is enough: hardly a line depends on the version, and measuring takes time.
    """
    install(session)
    env = {"COVERAGE_FILE": str(Path(session.create_tmp()).resolve() / ".coverage")}
    coverage = ("--cov", "--cov-report=term", "--cov-fail-under=90")
    measured = coverage if session.python == PYTHONS[0] else ()
    session.run("pytest", "-n", "2", *measured, *session.posargs, env=env)


@nox.session
def integration(session: nox.Session) -> None:
    """Only the tests that start a real server process and talk to it over real sockets."""
    install(session)
    session.run("pytest", "-m", "integration", *session.posargs)


@nox.session
def schemathesis(session: nox.Session) -> None:
    """Requests made of the admin API's OpenAPI document, right and wrong ones; 90 seconds."""
    install(session, "schemathesis>=4.32,<5")
    session.run("python", "-m", "tests.schemathesis", *session.posargs)


@nox.session
def corpus(session: nox.Session) -> None:
    """Real messages against a running server; skipped where the collection is absent."""
    runner = CORPUS / "run_corpus.py"
    if not runner.is_file():
        session.skip(f"no message collection at {CORPUS} (set IHE_CORPUS)")
    install(session)
    session.run("python", "-m", "tests.corpus", str(CORPUS), str(SCHEMAS), *session.posargs)


@nox.session
def load(session: nox.Session) -> None:
    """Locust against a server of its own: bounded in time, fails on any wrong answer."""
    install(session)
    session.install("locust>=2.32")
    session.run("python", "-m", "bench", "locust", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """The figures of PERFORMANCE.md; WireMock takes part where Java and npm are present."""
    install(session)
    session.run("python", "-m", "bench", *(session.posargs or ["all"]))


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it alone in a fresh environment, and run it."""
    session.install("build")
    out = Path(session.create_tmp()).resolve() / "dist"
    shutil.rmtree(out, ignore_errors=True)
    session.run("python", "-m", "build", "--wheel", "--outdir", str(out), ".")
    fresh = Path(session.create_tmp()).resolve() / "fresh"
    session.run(sys.executable, "-m", "venv", "--clear", str(fresh), external=True)
    python = str(fresh / "bin" / "python")
    session.run(python, "-m", "pip", "install", "-q", str(next(out.glob("*.whl"))), external=True)
    session.run(python, "-m", "ihe_mock_async", "--version", external=True)
    session.run(python, "-m", "ihe_mock_async", "transactions", external=True)
