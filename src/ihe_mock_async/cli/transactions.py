"""`transactions`: what is served, and where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ihe_mock_async.cli import options
from ihe_mock_async.cli.table import aligned

if TYPE_CHECKING:
    from ihe_mock_async.ihe import Transaction
    from ihe_mock_async.web.endpoints import Endpoints


@click.command(
    epilog="""\b
Examples:
  ihe-mock-async transactions
  ihe-mock-async transactions --json"""
)
@options.config_file
@options.as_json
def transactions(config_file: Path | None, as_json: bool) -> None:
    """List the IHE transactions served.

    Each with its number, name, actors, actions (wsa:Action) and the paths of its endpoints.
    """
    from ihe_mock_async.transactions import served  # noqa: PLC0415 - lxml, pydantic
    from ihe_mock_async.web.endpoints import Endpoints  # noqa: PLC0415

    endpoints = Endpoints(options.load_settings(config_file).settings, served())
    if as_json:
        options.echo_json([_described(one, endpoints) for one in endpoints.transactions])
    else:
        click.echo("\n\n".join(_text(one, endpoints) for one in endpoints.transactions))


def _paths(transaction: Transaction, endpoints: Endpoints) -> list[str]:
    return [one.path for one in endpoints if transaction in one.transactions]


def _described(transaction: Transaction, endpoints: Endpoints) -> dict[str, object]:
    return {
        "number": transaction.number,
        "name": transaction.name,
        "section": transaction.section,
        "actors": [actor.title for actor in transaction.actors],
        "actions": list(transaction.handlers),
        "paths": _paths(transaction, endpoints),
    }


def _text(transaction: Transaction, endpoints: Endpoints) -> str:
    """A heading, and one line per actor, action and path."""
    rows = [
        *(("actor", actor.title) for actor in transaction.actors),
        *(("action", action) for action in transaction.handlers),
        *(("path", path) for path in _paths(transaction, endpoints)),
    ]
    heading = f"{transaction.number}  {transaction.name} ({transaction.section})"
    return f"{heading}\n{aligned(rows, indent='  ')}"
