"""`logs`: what the server has written."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from ihe_mock_async.cli import options


@click.command(
    epilog="""\b
Examples:
  ihe-mock-async logs --follow
  ihe-mock-async logs --level WARNING --tail 200
  ihe-mock-async logs --grep 'ITI-4[14]'"""
)
@click.option(
    "--tail",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    metavar="N",
    help="The last N records.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on as records come; Ctrl+C ends it.")
@click.option(
    "--level",
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False),
    help="Records of this level and above.",
)
@click.option("--grep", metavar="REGEX", help="Records that the regular expression is found in.")
@options.config_file
def logs(
    tail: int, follow: bool, level: str | None, grep: str | None, config_file: Path | None
) -> None:
    """Show the log file.

    Continuation lines (a trace, say) stay with their record.
    """
    from ihe_mock_async.server import log_reader  # noqa: PLC0415 - a third of a second

    path = options.load_settings(config_file).settings.log_path
    # Opened before the last records are read: what comes in between is shown, not lost.
    records = log_reader.follow(path, level, grep) if follow else iter(())
    last = log_reader.tail(path, tail, level, grep)
    if not path.exists():
        click.echo(f"No log file at {path} yet; `ihe-mock-async start` makes it.", err=True)
    elif last:
        click.echo("\n".join(last))
    # Ctrl+C is how following ends, not how it fails.
    with suppress(KeyboardInterrupt):
        for record in records:
            click.echo(record)
