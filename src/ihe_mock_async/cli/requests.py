"""`requests`: what clients have sent to the server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ihe_mock_async.cli import admin, options, patterns, request_checks, request_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

_ID = click.argument("number", metavar="ID", type=click.IntRange(min=1))


@click.group(
    epilog="""\b
Examples:
  ihe-mock-async requests list --transaction ITI-41
  ihe-mock-async requests show 12
  ihe-mock-async requests wait ITI-41 --count 2 --timeout 10
  ihe-mock-async requests verify ITI-44 --times 2
  ihe-mock-async requests clear"""
)
def requests() -> None:
    """Show what clients have sent, wait for it, and verify it."""


@requests.command(
    "list",
    epilog="""\b
Examples:
  ihe-mock-async requests list
  ihe-mock-async requests list --outcome unmatched
  ihe-mock-async requests list --transaction ITI-41 --since 2026-01-31T12:00:00Z --json
  ihe-mock-async requests list --namespace team-a --limit 10""",
)
@click.option("--transaction", metavar="ITI-N", help="Only those of this transaction.")
@click.option("--outcome", type=click.Choice(patterns.OUTCOMES), help="Only those that ended so.")
@click.option("--service", metavar="NAME", help="Only those to this companion service.")
@click.option("--path", metavar="PATH", help="Only those to this path.")
@click.option("--since", metavar="TIME|ID", help="Only those from then on, or after that one.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help="How many at most, the newest.",
)
@admin.namespace
@options.config_file
@options.as_json
def list_requests(
    *, namespace: str, config_file: Path | None, as_json: bool, limit: int, **filters: str | None
) -> None:
    """List requests, the newest first."""
    query = {name: value for name, value in filters.items() if value is not None}
    found = admin.client(config_file).ask(
        "GET", "/requests", {**query, "limit": str(limit)}, namespace=namespace
    )
    if as_json:
        options.echo_json(found)
    else:
        click.echo("\n".join(_page(found)))


def _page(found: Mapping[str, Any]) -> Iterator[str]:
    listed, meta = found["requests"], found["meta"]
    yield request_texts.table(listed) if listed else "No requests."
    if rest := meta["total"] - len(listed):
        yield f"({rest} older ones: --limit)"
    if meta["evicted"]:
        yield f"({meta['evicted']} were forgotten because of the journal's bounds)"


@requests.command(
    epilog="""\b
Examples:
  ihe-mock-async requests unmatched"""
)
@admin.namespace
@options.config_file
@options.as_json
def unmatched(namespace: str, config_file: Path | None, as_json: bool) -> None:
    """List requests that nobody was there for, and what would have matched."""
    found = admin.client(config_file).ask("GET", "/requests/unmatched", namespace=namespace)
    if as_json:
        options.echo_json(found)
    elif found["unmatched"]:
        click.echo("\n".join(request_texts.unmatched(found)))
    else:
        click.echo("No unmatched requests.")


@requests.command(
    epilog="""\b
Examples:
  ihe-mock-async requests show 12
  ihe-mock-async requests show 12 --json
  ihe-mock-async requests show 12 --body > request.http-body
  ihe-mock-async requests show 12 --part 1 > letter.pdf
  ihe-mock-async requests show 12 --curl"""
)
@_ID
@click.option("--body", "contents", flag_value="body", help="Only the octets of its body.")
@click.option(
    "--response", "contents", flag_value="response", help="Only the octets of the response."
)
@click.option(
    "--part",
    type=click.IntRange(min=0),
    metavar="N",
    help="Only this MIME part; 0 is the SOAP envelope.",
)
@click.option("--curl", "contents", flag_value="curl", help="Only as a curl command.")
@admin.namespace
@options.config_file
@options.as_json
def show(  # noqa: PLR0913 - an option each
    *,
    number: int,
    contents: str | None,
    part: int | None,
    namespace: str,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Show a request and its answer."""
    if sum((contents is not None, part is not None, as_json)) > 1:
        raise click.UsageError(
            "--body, --response, --part, --curl and --json contradict each other: give one."
        )
    if contents or part is not None:
        _download(config_file, number, contents or f"parts/{part}", namespace)
        return
    told = admin.client(config_file).ask("GET", f"/requests/{number}", namespace=namespace)
    if as_json:
        options.echo_json(told)
    else:
        click.echo(request_texts.whole(told))


@requests.command(
    epilog="""\b
Examples:
  ihe-mock-async requests body 12
  ihe-mock-async requests body 12 --out request.http-body"""
)
@_ID
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write it here."
)
@admin.namespace
@options.config_file
def body(number: int, out: Path | None, namespace: str, config_file: Path | None) -> None:
    """Write the octets of a request's body, just as they came."""
    _download(config_file, number, "body", namespace, out)


def _download(
    config_file: Path | None, number: int, what: str, namespace: str, out: Path | None = None
) -> None:
    client = admin.client(config_file)
    pieces = client.download(f"/requests/{number}/{what}", namespace=namespace)
    first = next(pieces, b"")  # a refusal comes before a file is made
    with click.open_file(str(out or "-"), "wb") as file:
        file.write(first)
        for piece in pieces:
            file.write(piece)


@requests.command(
    epilog="""\b
Examples:
  ihe-mock-async requests clear
  ihe-mock-async requests clear --namespace team-a"""
)
@admin.namespace
@options.config_file
def clear(namespace: str, config_file: Path | None) -> None:
    """Forget all requests."""
    admin.client(config_file).ask("DELETE", "/requests", namespace=namespace)
    click.echo("The requests are forgotten")


for _command in (request_checks.wait, request_checks.verify, request_checks.count):
    requests.add_command(_command)
