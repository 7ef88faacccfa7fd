"""The README's five minutes, pasted into a shell; what its tables say is what is served."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.server_process import ServerProcess

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
WORLD = "/ns/readme"
"""The tour has fixed uniqueIds, and the server is shared with other tests."""


def paste(block: str, server: ServerProcess) -> str:
    text = re.sub(r"http://localhost:8080", f"{server.url}{WORLD}", block)
    done = subprocess.run(  # noqa: S603 - the README's own words
        ["/bin/sh", "-c", text], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_the_tour_gives_the_answers_that_it_promises(server: ServerProcess) -> None:
    feed, submit, mistake = (b for b in BLOCKS if "curl" in b and "localhost:8080" in b)

    accepted, stored = paste(feed, server), paste(submit, server)
    again, broken = paste(submit, server), paste(mistake, server)

    assert '<typeCode code="CA"/>' in accepted
    assert "ResponseStatusType:Success" in stored
    assert "XDSDuplicateUniqueIdInRegistry" in again
    assert '<typeCode code="CE"/>' in broken
    assert broken.count("<acknowledgementDetail") >= 2


def test_the_endpoints_of_the_table_are_those_that_are_served(client: httpx.Client) -> None:
    table = README.split("## Endpoints")[1].split("## ")[0]
    documented = {path for path in re.findall(r"`(/[a-z0-9/-]+)`", table) if "health" not in path}

    assert documented == set(client.get("/health").json()["endpoints"])


@pytest.mark.parametrize("command", ["start", "stop", "status", "logs", "certs", "config"])
def test_the_commands_of_the_table_exist(command: str) -> None:
    assert f"`{command}`" in README.split("## Commands")[1].split("## Endpoints")[0]
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "ihe_mock_async", command, "--help"],
        check=True,
        capture_output=True,
    )
