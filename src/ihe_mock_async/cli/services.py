"""`services`: companion services, what they have recorded, and whether declarations are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from ihe_mock_async.cli import admin, options
from ihe_mock_async.cli.table import aligned

if TYPE_CHECKING:
    from ihe_mock_async.settings import Settings

_LONGEST = 60


@click.group(
    epilog="""\b
Examples:
  ihe-mock-async services list
  ihe-mock-async services records ofd receipts
  ihe-mock-async services validate mocks/services/shop.yaml
  ihe-mock-async services reload"""
)
def services() -> None:
    """Other HTTP services that are mocked: declared in YAML, enabled by the setting services."""


@services.command(
    "list",
    epilog="""\b
Examples:
  ihe-mock-async services list
  ihe-mock-async services list --json""",
)
@options.config_file
@options.as_json
def list_services(config_file: Path | None, as_json: bool) -> None:
    """List the companion services of the running server."""
    found = admin.client(config_file).ask("GET", "/services")
    if as_json:
        options.echo_json(found)
    else:
        click.echo(_table(found["services"]))
        _warn(found["problems"])


@services.command(
    epilog="""\b
Examples:
  ihe-mock-async services reload"""
)
@options.config_file
def reload(config_file: Path | None) -> None:
    """Read the declarations again; when one is wrong, nothing changes."""
    found = admin.client(config_file).ask("POST", "/services/reload")
    names = ", ".join(each["name"] for each in found["services"])
    click.echo(f"Reloaded: {names or 'no service is enabled'}")


@services.command(
    epilog="""\b
Examples:
  ihe-mock-async services records ofd receipts
  ihe-mock-async services records twilio messages --json
  ihe-mock-async services records ofd receipts --clear"""
)
@click.argument("service")
@click.argument("record")
@click.option("--clear", is_flag=True, help="Forget them.")
@admin.namespace
@options.config_file
@options.as_json
def records(  # noqa: PLR0913 - an option each
    *,
    service: str,
    record: str,
    clear: bool,
    namespace: str,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Show the requests that SERVICE has recorded as RECORD."""
    path = f"/services/{quote(service, safe='')}/records/{quote(record, safe='')}"
    client = admin.client(config_file)
    if clear:
        client.ask("DELETE", path, namespace=namespace)
        return
    found = client.ask("GET", path, namespace=namespace)
    if as_json:
        options.echo_json(found)
    else:
        click.echo(_records(found))


@services.command(
    epilog="""\b
Examples:
  ihe-mock-async services validate                      all that can be enabled
  ihe-mock-async services validate mocks/services/shop.yaml

\b
Exit status: 0 all are right, 1 something is wrong."""
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@options.config_file
@click.pass_context
def validate(ctx: click.Context, files: Sequence[Path], config_file: Path | None) -> None:
    """Check declarations without a server; every problem with file, line and column."""
    from ihe_mock_async.services import loading  # noqa: PLC0415 - pydantic, YAML

    chosen = files or _all_files(options.load_settings(config_file).settings)
    complaints = loading.complaints(chosen)
    for line in complaints:
        click.echo(line, err=True)
    if complaints:
        ctx.exit(1)
    click.echo(f"Right: {', '.join(path.stem for path in chosen)}")


def _all_files(settings: Settings) -> Sequence[Path]:
    from ihe_mock_async.services import loading  # noqa: PLC0415

    return tuple(loading.available(settings.services_dir).values())


def _warn(problems: Sequence[str]) -> None:
    if problems:
        click.echo("The last reload has changed nothing:", err=True)
    for line in problems:
        click.echo(f"  {line}", err=True)


def _table(listed: Sequence[Mapping[str, Any]]) -> str:
    if not listed:
        return 'No companion service is enabled; the setting services does it: ["ofd"].'
    heads = ("NAME", "URL OR PATH", "RECORDS", "DESCRIPTION")
    rows = [
        (
            each["name"],
            each["url"] or each["path"],
            ", ".join(each["records"]) or "-",
            each["description"] or "-",
        )
        for each in listed
    ]
    return aligned([heads, *rows])


def _records(found: Mapping[str, Any]) -> str:
    listed = found["records"]
    if not listed:
        return "No records."
    heads = ("REQUEST", "RECEIVED", "METHOD", "PATH", "STATUS", "BODY")
    rows = [
        (
            str(each["request"]),
            each["received"],
            each["method"],
            each["path"],
            str(each["status"]),
            _cut(each["body"]),
        )
        for each in listed
    ]
    dropped = f"\n({found['dropped']} older ones were dropped)" if found["dropped"] else ""
    return aligned([heads, *rows]) + dropped


def _cut(body: str | None) -> str:
    if not body:
        return "-"
    line = " ".join(body.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
