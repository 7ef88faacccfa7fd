"""`clock`, with a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.a_world import Run, World

CONFIG = ("--config", "config.json")


@pytest.fixture
def clocked(world: World) -> Iterator[World]:
    """A world; its clock, which is that of all worlds, is left as it was."""
    yield world
    world.run("clock", "reset", *CONFIG)


def told(world: World, *words: str) -> dict[str, Any]:
    result = world.run("clock", *words, "--json", *CONFIG)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_the_time_is_shown(clocked: World) -> None:
    result = clocked.run("clock", "show", *CONFIG)

    assert result.output.endswith(" (the machine's time)\n")


def test_the_time_is_set_stopped_and_moved(clocked: World) -> None:
    frozen = told(clocked, "freeze")
    moved = told(clocked, "set", "2026-01-31T12:00:00Z")
    advanced = told(clocked, "advance", "90s")

    assert frozen["mode"] == "frozen"
    assert moved["now"] == "2026-01-31T12:00:00.000000Z"
    assert advanced["now"] == "2026-01-31T12:01:30.000000Z"
    shown = clocked.run("clock", "show", *CONFIG)
    assert shown.output == "2026-01-31T12:01:30.000000Z (standing still)\n"


def test_the_time_runs_on_and_is_the_machines_again(clocked: World) -> None:
    told(clocked, "freeze")
    told(clocked, "set", "2026-01-31T12:00:00Z")

    running = clocked.run("clock", "run", *CONFIG)
    reset = told(clocked, "reset")

    assert running.output.startswith("2026-01-31T12:00:")
    assert "(running, moved by " in running.output
    assert (reset["mode"], reset["offsetMs"]) == ("machine", 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("advance", "90"), "'90' is no time span: 500ms, 90s, 5m or 2h, say."),
        (("set", "tomorrow"), "is no time"),
    ],
)
def test_what_is_no_time_is_wrong_usage(clocked: World, words: tuple[str, ...], said: str) -> None:
    result = clocked.run("clock", *words, *CONFIG)

    assert result.exit_code == 2
    assert said in result.stderr


def test_without_a_server_the_way_to_start_one_is_told(run: Run) -> None:
    result = run("clock")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Not running: ")
