"""What all commands have in common: help, version, and what an error looks like."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Never

import click
import pytest
from click.testing import Result

from ihe_mock_async import __version__
from ihe_mock_async.cli import options
from ihe_mock_async.cli.main import command_line

Run = Callable[..., Result]
COMMANDS = sorted(command_line.commands)
SUBCOMMANDS = [
    (name, sub)
    for name, group in sorted(command_line.commands.items())
    if isinstance(group, click.Group)
    for sub in sorted(group.commands)
]


def test_the_commands_are_the_documented_ones() -> None:
    assert COMMANDS == [
        "certs",
        "clock",
        "config",
        "deliveries",
        "faults",
        "logs",
        "namespaces",
        "requests",
        "rules",
        "seed",
        "send",
        "services",
        "start",
        "status",
        "stop",
        "transactions",
        "validate",
    ]


def test_help_imports_no_command() -> None:
    imported = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "ihe_mock_async", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stderr

    ours = {line.rpartition("|")[2].strip() for line in imported.splitlines()}
    assert {name for name in ours if name.startswith("ihe_mock_async.")} == {
        "ihe_mock_async.cli",
        "ihe_mock_async.cli.lazy_commands",
        "ihe_mock_async.cli.main",
        "ihe_mock_async.cli.options",
        "ihe_mock_async.errors",
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_of_a_command_what_the_command_says_of_itself(run: Run, command: str) -> None:
    words = command_line.commands[command].get_short_help_str(limit=200)

    assert words in " ".join(run("--help").output.split())


def test_a_mistyped_command_is_told_the_right_one(run: Run) -> None:
    result = run("requets")

    assert result.exit_code == 2
    assert "Did you mean one of: 'requests'" in result.output


@pytest.mark.parametrize("command", [[], *([one] for one in COMMANDS)])
def test_every_command_has_help_with_examples(run: Run, command: list[str]) -> None:
    result = run(*command, "--help")

    assert result.exit_code == 0
    assert "Examples:\n  " in result.output
    assert f"ihe-mock-async {command[0] if command else 'start'}" in result.output


@pytest.mark.parametrize("names", SUBCOMMANDS, ids=" ".join)
def test_every_subcommand_has_help_with_examples(run: Run, names: tuple[str, str]) -> None:
    result = run(*names, "--help")

    assert result.exit_code == 0
    assert "Examples:\n  " in result.output
    assert f"ihe-mock-async {' '.join(names)}" in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_does(command: str) -> None:
    undocumented = [
        option.name
        for option in command_line.commands[command].params
        if isinstance(option, click.Option) and not option.help and not option.hidden
    ]

    assert undocumented == []


def test_the_version_is_the_packages(run: Run) -> None:
    result = run("--version")

    assert result.output == f"ihe-mock-async, version {__version__}\n"


def test_help_needs_nothing_heavy() -> None:
    heavy = "quart hypercorn pydantic lxml sqlalchemy psutil httpx cryptography asyncio ssl"
    program = (
        "import sys, ihe_mock_async.__main__; "
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )

    loaded = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert loaded.stdout == "[]\n"


def test_the_module_is_the_command() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "ihe_mock_async", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert shown.stdout == f"ihe-mock-async, version {__version__}\n"


def test_wrong_settings_are_one_line_each_on_stderr_and_exit_2(run: Run, folder: Path) -> None:
    (folder / "my.json").write_text('{"htp_port": 1, "redact": 5}')

    result = run("status", "--config", "my.json")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        'Error: my.json: unknown key "htp_port"; did you mean "http_port"?\n'
        "my.json: redact is 5; allowed: true or false\n"
    )


def test_an_unknown_command_is_wrong_usage(run: Run) -> None:
    result = run("strat")

    assert result.exit_code == 2
    assert "No such command" in result.stderr


def broken(*_arguments: object) -> Never:
    raise RuntimeError("out of coffee")


def test_a_defect_is_one_line_that_says_how_to_get_the_trace(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "load_settings", broken)

    result = run("status")

    assert result.exit_code == 1
    assert result.stderr == (
        "Error: Unexpected RuntimeError: out of coffee. This is a defect: run it again as "
        "`ihe-mock-async --debug COMMAND` and report the trace.\n"
    )


@pytest.mark.parametrize("arguments", [("--debug", "status"), ("start", "--debug")])
def test_debug_shows_the_trace_of_a_defect(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr(options, "load_settings", broken)

    result = run(*arguments)

    assert isinstance(result.exception, RuntimeError)
