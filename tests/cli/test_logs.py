"""`logs`: what the server has written."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
LOG = Path("mocks/logs/mock-server.log")
INFO = "2026-01-31 12:00:00,000 - ihe_mock_async.web - INFO - ITI-44 CA"
ERROR = (
    "2026-01-31 12:00:01,000 - ihe_mock_async.web - ERROR - it broke\n"
    "Traceback (most recent call last):\n"
    "  RuntimeError: out of coffee"
)


@pytest.fixture
def log() -> Path:
    LOG.parent.mkdir(parents=True)
    LOG.write_text(f"{INFO}\n{ERROR}\n")
    return LOG


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ((), f"{INFO}\n{ERROR}\n"),
        (("--tail", "1"), f"{ERROR}\n"),
        (("--tail", "0"), ""),
        (("--level", "warning"), f"{ERROR}\n"),
        (("--grep", "coffee"), f"{ERROR}\n"),
        (("--grep", "ITI-4[14]"), f"{INFO}\n"),
        (("--grep", "nowhere"), ""),
    ],
)
def test_the_wanted_records_are_shown_whole(
    run: Run, options: tuple[str, ...], shown: str
) -> None:
    result = run("logs", *options)

    assert (result.exit_code, result.stdout) == (0, shown)


def test_the_log_of_the_settings_is_read(run: Run, log: Path) -> None:
    log.rename("elsewhere.log")

    result = run("logs", env={"MOCK_SERVER_LOG_PATH": "elsewhere.log"})

    assert result.stdout.startswith(INFO)


def test_a_wrong_regular_expression_is_wrong_usage(run: Run) -> None:
    result = run("logs", "--grep", "(")

    assert result.exit_code == 2
    assert "is not a regular expression" in result.stderr


def test_no_log_file_is_told(run: Run) -> None:
    result = run("logs")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == (f"No log file at {LOG} yet; `ihe-mock-async start` makes it.\n")


def write_until(path: Path, enough: threading.Event) -> None:
    """Append a record again and again: what comes before the first look is not shown."""
    while not enough.wait(0.05):
        with path.open("a") as file:
            file.write(f"{INFO}\n")


def take_sigint() -> None:
    """A job that a shell has put into the background ignores it, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_following_shows_records_as_they_come_until_ctrl_c(log: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "ihe_mock_async", "logs", "--follow", "--tail", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=take_sigint,  # noqa: PLW1509 - no thread runs yet
    )
    killer = threading.Timer(20, process.kill)
    killer.start()
    assert process.stdout
    last = [process.stdout.readline() for _ in ERROR.splitlines()]
    enough = threading.Event()
    writer = threading.Thread(target=write_until, args=(log, enough))
    writer.start()
    followed = process.stdout.readline()
    enough.set()
    writer.join()
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate()
    killer.cancel()

    assert "".join(last) == f"{ERROR}\n"
    assert followed == f"{INFO}\n"
    assert (process.returncode, complaints) == (0, "")
