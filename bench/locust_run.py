"""Locust against a server of its own, bounded in time; any wrong answer fails the run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import contestants, harness

LOCUSTFILE = Path(__file__).with_name("locustfile.py")


@dataclass(frozen=True, slots=True)
class Effort:
    """How many users, and for how long."""

    users: int = 50
    seconds: int = 30


QUICK = Effort(users=20, seconds=5)


def run(effort: Effort) -> int:
    """Locust's exit status: 0 only when every answer was right."""
    locust = _locust()
    command = [
        locust, "--headless", "--locustfile", str(LOCUSTFILE), "--only-summary",
        "--users", str(effort.users), "--spawn-rate", str(effort.users),
        "--run-time", f"{effort.seconds}s", "--stop-timeout", "10",
    ]  # fmt: skip
    with (
        harness.running(contestants.ihe_mock_async()) as server,
        harness.on_core(harness.LOAD_CORE),
    ):
        return subprocess.run(
            [*command, "--host", server.target.url],
            env=harness.environment(),
            timeout=effort.seconds + 60,
            check=False,
        ).returncode


def _locust() -> str:
    """The command: beside this Python, or on the PATH (from an environment of its own)."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("locust", path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if found is None:
        raise harness.Unavailable("no locust on the PATH: `pip install locust`")
    return found
