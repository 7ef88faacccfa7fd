"""`requests wait`, `verify` and `count`: whether clients have sent what a pattern says."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import click

from ihe_mock_async.cli import admin, options, patterns, request_texts

_WAITED_FOR = ("requests", "nearMisses")
"""What `wait --json` tells, also when too few have come."""


@click.command(
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
            if as_json:
                options.echo_json({key: error.problem.get(key, []) for key in _WAITED_FOR})
        raise
    if as_json:
        options.echo_json(found)
    else:
        click.echo(request_texts.table(found["requests"]))


@click.command(
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


@click.command(
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
