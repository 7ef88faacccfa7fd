"""`clock`: the time of the running server, moved and stopped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ihe_mock_async.cli import admin, options

_MODES = {
    "machine": "the machine's time",
    "offset": "running, moved by {offset:+.3f} s",
    "frozen": "standing still",
}


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  ihe-mock-async clock
  ihe-mock-async clock advance 90s
  ihe-mock-async clock set 2026-01-31T12:00:00Z
  ihe-mock-async clock freeze
  ihe-mock-async clock run
  ihe-mock-async clock reset""",
)
@click.pass_context
def clock(ctx: click.Context) -> None:
    """Show, move or stop the server's time: times in messages, windows, expiries.

    Delays of faults are real time all the same.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(show)


@clock.command(
    epilog="""\b
Examples:
  ihe-mock-async clock show --json"""
)
@options.config_file
@options.as_json
def show(config_file: Path | None, as_json: bool) -> None:
    """Show the time."""
    _tell(admin.client(config_file).ask("GET", "/clock"), as_json=as_json)


@clock.command(
    epilog="""\b
Examples:
  ihe-mock-async clock advance 90s
  ihe-mock-async clock advance 24h"""
)
@click.argument("by", metavar="TIME", type=admin.time_span)
@options.config_file
@options.as_json
def advance(by: int, config_file: Path | None, as_json: bool) -> None:
    """Move the time forward: 500ms, 90s, 5m, 2h."""
    _change(config_file, {"advanceMs": by}, as_json=as_json)


@clock.command(
    "set",
    epilog="""\b
Examples:
  ihe-mock-async clock set 2026-01-31T12:00:00Z""",
)
@click.argument("now", metavar="ISO8601")
@options.config_file
@options.as_json
def set_time(now: str, config_file: Path | None, as_json: bool) -> None:
    """Make it another time; without a zone it is UTC."""
    _change(config_file, {"now": now}, as_json=as_json)


@clock.command(
    epilog="""\b
Examples:
  ihe-mock-async clock freeze"""
)
@options.config_file
@options.as_json
def freeze(config_file: Path | None, as_json: bool) -> None:
    """Let the time stand still."""
    _change(config_file, {"freeze": True}, as_json=as_json)


@clock.command(
    epilog="""\b
Examples:
  ihe-mock-async clock run"""
)
@options.config_file
@options.as_json
def run(config_file: Path | None, as_json: bool) -> None:
    """Let the time run on from what it shows."""
    _change(config_file, {"freeze": False}, as_json=as_json)


@clock.command(
    epilog="""\b
Examples:
  ihe-mock-async clock reset"""
)
@options.config_file
@options.as_json
def reset(config_file: Path | None, as_json: bool) -> None:
    """Show the machine's time again."""
    _tell(admin.client(config_file).ask("DELETE", "/clock"), as_json=as_json)


def _change(config_file: Path | None, change: Mapping[str, object], *, as_json: bool) -> None:
    _tell(admin.send(config_file, "POST", "/clock", change, namespace=""), as_json=as_json)


def _tell(told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        options.echo_json(told)
    else:
        mode = _MODES[told["mode"]].format(offset=told["offsetMs"] / 1000)
        click.echo(f"{told['now']} ({mode})")
