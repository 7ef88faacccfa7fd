"""The pattern that `requests wait`, `verify`, `count` look for, out of their options."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from ihe_mock_async.cli import admin

_Function = Callable[..., Any]
_NAMES = ("target", "outcome", "patient", "headers", "xpaths", "finding", "fault", "pattern")

OUTCOMES = ("served", "rejected", "fault", "unmatched")


def options(command: _Function) -> _Function:
    """The argument TARGET and the options of a pattern; the command gets it as `pattern`."""

    @functools.wraps(command)
    def gathering(**given: Any) -> Any:  # noqa: ANN401 - as click calls it
        own = {name: given.pop(name) for name in _NAMES}
        return command(**given, pattern=build(**own))

    decorated: _Function = gathering
    for decorate in reversed(_OPTIONS):
        decorated = decorate(decorated)
    return decorated


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
