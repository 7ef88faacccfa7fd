"""The pattern that `requests wait`, `verify`, `count` look for, out of their options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from ihe_mock_async.cli import admin

_Command = TypeVar("_Command", bound=Callable[..., Any])

OUTCOMES = ("served", "rejected", "fault", "unmatched")


def options(command: _Command) -> _Command:
    """The argument TARGET and the options of a pattern, gathered by `build`."""
    for decorate in reversed(_OPTIONS):
        command = decorate(command)
    return command


def build(  # noqa: PLR0913 - an option each
    target: str | None = None,
    *,
    outcome: str | None = None,
    patient: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    xpaths: Sequence[str] = (),
    finding: str | None = None,
    fault: str | None = None,
    pattern: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The pattern as JSON; `click.UsageError` when --pattern says otherwise than an option."""
    own: dict[str, Any] = dict(admin.target_pattern(target)) if target else {}
    told = {
        "outcome": outcome,
        "patientId": patient,
        "headers": dict(headers),
        "xpath": list(xpaths),
        "finding": finding,
        "fault": fault,
    }
    own.update({key: value for key, value in told.items() if value})
    twice = own.keys() & (pattern or {}).keys()
    if twice:
        raise click.UsageError(
            f"--pattern has {' and '.join(sorted(twice))} already, which an option says, too."
        )
    return {**(pattern or {}), **own}


_OPTIONS = (
    click.argument("target", required=False),
    click.option("--outcome", type=click.Choice(OUTCOMES), help="Only those that ended so."),
    click.option(
        "--patient", metavar="ID", help="Only those about this patient: ID, or ID^^^&OID&ISO."
    ),
    click.option(
        "--header",
        "headers",
        type=admin.name_and_value,
        multiple=True,
        metavar="NAME=VALUE",
        help="Only those with this header; may be repeated.",
    ),
    click.option(
        "--xpath",
        "xpaths",
        multiple=True,
        metavar="EXPR",
        help="Only those where this XPath 1.0 selects something; may be repeated.",
    ),
    click.option("--finding", metavar="RULE", help="Only those that break this rule."),
    click.option(
        "--fault", metavar="NAME", help="Only those that met this fault, or this plan; *: any."
    ),
    click.option(
        "--pattern",
        type=admin.json_document,
        metavar="JSON|@FILE|-",
        help="A pattern of the admin API.",
    ),
)
