"""The README's five minutes, pasted into a shell; what its tables say is what is served."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from ihe_mock_async.cli.main import command_line
from ihe_mock_async.ihe import Actor
from ihe_mock_async.transactions import served
from tests import markdown, shell_blocks
from tests.server_process import ServerProcess

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = [block.text for block in markdown.blocks(README) if block.language == "sh"]
WORLD = "/ns/readme"
"""The tour has fixed uniqueIds, and the server is shared with other tests."""


def paste(block: str, server: ServerProcess, world: str = WORLD) -> str:
    done = shell_blocks.paste(block, ROOT, f"{server.url}{world}")
    assert done.returncode == 0, done.stdout
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


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_what_the_tour_has_submitted_is_found_and_fetched(
    server: ServerProcess, tmp_path: Path
) -> None:
    feed, submit, _ = (b for b in BLOCKS if "curl" in b and "localhost:8080" in b)
    (find,) = (b for b in BLOCKS if "send ITI-18" in b)
    world = "/ns/readme-find"
    here = f"{server.url}{world}"
    command = f"{sys.executable} -m ihe_mock_async"
    text = re.sub(r"\.venv/bin/ihe-mock-async (send|seed)", rf"{command} \1 --url {here}", find)

    paste(feed, server, world)
    paste(submit, server, world)
    told = paste(text.replace("--save received", f"--save {tmp_path}"), server, world)

    assert "1 ExtrinsicObject" in told
    (letter,) = tmp_path.iterdir()
    assert letter.stem == "1.3.6.1.4.1.21367.2017.2.1.3001"
    assert "AA OK" in told
    rows = [line.split() for line in told.splitlines() if line]
    assert sum(row[0] == "document" and "new" in row for row in rows) == 9
    patients = {row[2] for row in rows if row[0] == "patient" and "new" in row}
    assert len(patients) == 5  # by family name; some have an id in several domains


def test_the_endpoints_of_the_table_are_those_that_are_served(client: httpx.Client) -> None:
    table = README.split("## Endpoints")[1].split("## ")[0]
    documented = {path for path in re.findall(r"`(/[a-z0-9/-]+)`", table) if "health" not in path}

    assert documented == set(client.get("/health").json()["endpoints"])


def test_the_transactions_of_the_table_are_those_of_each_actor() -> None:
    table = README.split("## Endpoints")[1].split("## ")[0]
    rows = (row.split("|")[2:4] for row in table.splitlines() if "ITI-" in row)
    documented = {actor.strip(): set(re.findall(r"ITI-\d+", told)) for actor, told in rows}
    expected = {
        actor.title: {each.number for each in served() if actor in each.actors} for actor in Actor
    }
    expected[Actor.PIX_MANAGER.title].add("ITI-46")  # which it sends

    assert documented == expected


def test_the_introduction_names_every_transaction() -> None:
    named = set(re.findall(r"\*\*(?:ITI-)?(\d\d)\*\*", README.split("## Run it")[0]))

    assert named == {each.number.removeprefix("ITI-") for each in served()} | {"46"}


def test_the_commands_of_the_table_are_those_that_there_are() -> None:
    table = README.split("## Commands")[1].split("## Endpoints")[0]
    firsts = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]

    assert {each for first in firsts for each in re.findall(r"`(\w+)`", first)} == {
        *command_line.commands
    }


def test_every_command_has_help() -> None:
    for command in command_line.commands:
        subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "ihe_mock_async", command, "--help"],
            check=True,
            capture_output=True,
        )
