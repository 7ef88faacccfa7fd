"""`requests`: what clients have sent to the server, looked through, waited for and verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ihe_mock_async.cli import admin, options, patterns, request_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

_ID = click.argument("number", metavar="ID", type=click.IntRange(min=1))
Headers = Sequence[tuple[str, str]]


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
  ihe-mock-async requests wait ITI-41
  ihe-mock-async requests wait ITI-41 --count 2 --timeout 10 --outcome served
  ihe-mock-async requests wait ITI-44 --patient 'P-1^^^&1.2.3.4&ISO'
  ihe-mock-async requests wait ofd --header 'Idempotency-Key: 7'
  ihe-mock-async requests wait ITI-47 --xpath "//hl7:livingSubjectName"
  ihe-mock-async requests wait --pattern @pattern.json

\b
TARGET is a transaction (ITI-41), a companion service (ofd) or a path (/iti41/submit). Requests
that are there already count.
Exit status: 0 they came, 1 they did not; then stderr says what came near."""
)
@patterns.options
@click.option(
    "--count", type=click.IntRange(1, 10_000), default=1, show_default=True, help="How many."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, 600),
    default=5,
    show_default=True,
    metavar="S",
    help="Seconds to wait.",
)
@admin.namespace
@options.config_file
@options.as_json
def wait(  # noqa: PLR0913 - an option each
    *,
    count: int,
    timeout: float,
    namespace: str,
    config_file: Path | None,
    as_json: bool,
    pattern: Mapping[str, Any],
) -> None:
    """Wait until requests have come."""
    from ihe_mock_async.server.admin_client import RefusedError  # noqa: PLC0415 - psutil, ssl

    wanted = {
        "match": pattern,
        "count": count,
        "timeoutMs": round(timeout * 1000),
    }
    try:
        found = admin.send(
            config_file, "POST", "/requests/wait", wanted, namespace=namespace, patience=timeout
        )
    except RefusedError as error:
        if error.status == HTTPStatus.REQUEST_TIMEOUT:
            _tell_near_misses(error.problem)
        raise
    if as_json:
        options.echo_json(found)
    else:
        click.echo(request_texts.table(found["requests"]))


@requests.command(
    epilog="""\b
Examples:
  ihe-mock-async requests verify ITI-44 --times 2
  ihe-mock-async requests verify ITI-41 --at-least 1 --at-most 3 --outcome served
  ihe-mock-async requests verify ITI-18 --never
  ihe-mock-async requests verify --finding hl7v3-interaction-id --never

\b
Exit status: 0 it is so, 1 it is not; then stderr says why."""
)
@patterns.options
@click.option("--times", type=click.IntRange(min=0), help="Exactly so many.")
@click.option("--at-least", type=click.IntRange(min=0), help="So many or more.  [default: 1]")
@click.option("--at-most", type=click.IntRange(min=0), help="So many or fewer.")
@click.option("--never", is_flag=True, help="None.")
@admin.namespace
@options.config_file
@options.as_json
@click.pass_context
def verify(  # noqa: PLR0913 - an option each
    ctx: click.Context,
    *,
    times: int | None,
    at_least: int | None,
    at_most: int | None,
    never: bool,
    namespace: str,
    config_file: Path | None,
    as_json: bool,
    pattern: Mapping[str, Any],
) -> None:
    """Verify how many requests have come."""
    bounds = {"times": times, "atLeast": at_least, "atMost": at_most, "never": never or None}
    expectation = {
        "match": pattern,
        **{key: value for key, value in bounds.items() if value is not None},
    }
    result = admin.send(config_file, "POST", "/requests/verify", expectation, namespace=namespace)
    if as_json:
        options.echo_json(result)
    else:
        click.echo(
            f"{result['count']} matching, expected: {result['expected']}",
            err=not result["passed"],
        )
    if not result["passed"]:
        _tell_near_misses(result)
        ctx.exit(1)


def _tell_near_misses(document: Mapping[str, Any]) -> None:
    for line in request_texts.near_misses(document):
        click.echo(line, err=True)


@requests.command(
    epilog="""\b
Examples:
  ihe-mock-async requests count
  ihe-mock-async requests count ITI-41 --outcome rejected"""
)
@patterns.options
@admin.namespace
@options.config_file
@options.as_json
def count(
    *, namespace: str, config_file: Path | None, as_json: bool, pattern: Mapping[str, Any]
) -> None:
    """Count requests."""
    told = admin.send(config_file, "POST", "/requests/count", pattern, namespace=namespace)
    if as_json:
        options.echo_json(told)
    else:
        click.echo(told["count"])


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
