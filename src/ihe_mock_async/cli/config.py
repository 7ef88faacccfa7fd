"""`config`: what holds, and why."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ihe_mock_async.cli import options
from ihe_mock_async.cli.table import aligned


@click.command(
    epilog="""\b
Examples:
  ihe-mock-async config
  MOCK_SERVER_HTTP_PORT=9090 ihe-mock-async config --json"""
)
@options.config_file
@options.as_json
def config(config_file: Path | None, as_json: bool) -> None:
    """Show the settings and where each comes from.

    Secrets are masked. A command-line option wins over an environment variable
    MOCK_SERVER_<KEY>, that over the configuration file, that over the default.
    """
    loaded = options.load_settings(config_file)
    described = loaded.settings.described()
    if as_json:
        options.echo_json(described)
        return
    rows = [
        (key, json.dumps(each["value"], ensure_ascii=False), str(each["source"]))
        for key, each in described.items()
    ]
    click.echo(aligned([("KEY", "VALUE", "SOURCE"), *rows]))
