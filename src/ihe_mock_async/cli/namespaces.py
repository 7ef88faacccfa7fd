"""`namespaces`: the worlds of the running server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from ihe_mock_async.cli import admin, options
from ihe_mock_async.cli.table import aligned

_HEADS = ("NAME", "PATIENTS", "DOCUMENTS", "DELIVERIES", "REQUESTS", "FAULTS", "EXPIRES")
_COUNTS = ("patients", "documents", "deliveries", "requests", "faults")


@click.group(
    epilog="""\b
Examples:
  ihe-mock-async namespaces list
  ihe-mock-async namespaces delete team-a"""
)
def namespaces() -> None:
    """Show worlds, and delete them.

    Each has its own patients, documents, requests and faults, below /ns/NAME; it comes with its
    first use.
    """


@namespaces.command(
    "list",
    epilog="""\b
Examples:
  ihe-mock-async namespaces list
  ihe-mock-async namespaces list --json""",
)
@options.config_file
@options.as_json
def list_namespaces(config_file: Path | None, as_json: bool) -> None:
    """List the worlds, the default one first."""
    found = admin.client(config_file).ask("GET", "/namespaces")
    if as_json:
        options.echo_json(found)
    else:
        click.echo(_table(found["namespaces"]))


@namespaces.command(
    epilog="""\b
Examples:
  ihe-mock-async namespaces delete team-a"""
)
@click.argument("name")
@options.config_file
def delete(name: str, config_file: Path | None) -> None:
    """Delete a world with all that is in it."""
    admin.client(config_file).ask("DELETE", f"/namespaces/{quote(name, safe='')}")
    click.echo(f"Namespace {name} is deleted")


def _table(worlds: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            world["name"] or "(default)",
            *(str(world[count]) for count in _COUNTS),
            world["expires"] or "never",
        )
        for world in worlds
    ]
    return aligned([_HEADS, *rows])
