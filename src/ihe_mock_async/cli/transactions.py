"""`transactions`: what is served, and where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ihe_mock_async.cli import options
from ihe_mock_async.cli.table import aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ihe_mock_async.ihe import Transaction


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
    from ihe_mock_async.web import served_transactions  # noqa: PLC0415
    from ihe_mock_async.web.endpoints import Endpoints  # noqa: PLC0415

    endpoints = Endpoints(options.load_settings(config_file).settings, served())
    if as_json:
        options.echo_json(served_transactions.described(endpoints))
        return
    texts = (
        _text(one, served_transactions.paths(one, endpoints)) for one in endpoints.transactions
    )
    click.echo("\n\n".join(texts))


def _text(transaction: Transaction, paths: Sequence[str]) -> str:
    """A heading, and one line per actor, action and path."""
    rows = [
        *(("actor", actor.title) for actor in transaction.actors),
        *(("action", action) for action in transaction.handlers),
        *(("path", path) for path in paths),
    ]
    heading = f"{transaction.number}  {transaction.name} ({transaction.section})"
    return f"{heading}\n{aligned(rows, indent='  ')}"
