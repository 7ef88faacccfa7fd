"""The options of `faults add`, gathered into what a plan is made of."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import click

from ihe_mock_async.cli import admin
from ihe_mock_async.cli.fault_plans import CONNECTION_FAULTS, EffectOptions, WhenOptions

_Function = Callable[..., Any]
_EFFECT = (
    click.option(
        "--status",
        type=click.IntRange(200, 599),
        help="Answer with this HTTP status (with --quota: beyond it).",
    ),
    click.option(
        "--header",
        "headers",
        type=admin.name_and_value,
        multiple=True,
        metavar="NAME=VALUE",
        help="Header field of that answer; may be repeated.",
    ),
    click.option("--body", metavar="TEXT", help="Body of that answer."),
    click.option(
        "--registry-error",
        "registry_errors",
        multiple=True,
        metavar="CODE",
        help="Answer Failure with this XDS error code; may be repeated.",
    ),
    click.option("--partial", is_flag=True, help="PartialSuccess instead of Failure."),
    click.option(
        "--hl7",
        type=click.Choice(["AE", "AR", "CE", "CR"], case_sensitive=False),
        metavar="CODE",
        help="Refuse with this HL7 acknowledgement: AE, AR, CE, CR.",
    ),
    click.option(
        "--soap-fault",
        type=click.Choice(
            ["Sender", "Receiver", "MustUnderstand", "VersionMismatch"], case_sensitive=False
        ),
        metavar="CODE",
        help="Answer a SOAP fault: Sender, Receiver, MustUnderstand, VersionMismatch.",
    ),
    click.option("--reason", metavar="TEXT", help="Reason of the fault, text of the refusal."),
    click.option(
        "--connection",
        type=click.Choice(
            [*CONNECTION_FAULTS, *sorted(CONNECTION_FAULTS.values())], case_sensitive=False
        ),
        metavar="NAME",
        help="Spoil the connection: reset, empty, garbage, ...",
    ),
    click.option("--corrupt", metavar="HOW", help="Damage the real answer: wrongHash, ..."),
    click.option(
        "--quota", metavar="N/TIME", help="Refuse those beyond N in a time: 5/1000ms, 100/1m."
    ),
    click.option(
        "--delay",
        metavar="MS",
        help="Hold the answer back: 500, uniform:100-300, lognormal:MEDIAN,SIGMA.",
    ),
    click.option(
        "--dribble", metavar="CHUNKS:MS", help="Send the answer in pieces over a time: 10:2000."
    ),
    click.option(
        "--ack-lost", is_flag=True, help="Store what was sent, then reset the connection."
    ),
    click.option(
        "--commit",
        type=click.Choice(["delivered", "before", "never"]),
        help="When what was sent is stored.  [default: delivered, with the real answer only]",
    ),
)
_WHEN = (
    click.option("--skip", type=click.IntRange(min=0), help="So many requests pass first."),
    click.option(
        "--times",
        "--fail",
        "times",
        type=click.IntRange(min=1),
        help="So many requests meet the fault.  [default: all, until the plan is deleted]",
    ),
    click.option("--probability", type=click.FloatRange(0, 1), help="Of each to meet the fault."),
    click.option("--seed", type=int, help="Makes the draws repeatable."),
    click.option(
        "--after",
        "after_ms",
        type=admin.time_span,
        metavar="TIME",
        help="Sleep so long first: 90s, 5m.",
    ),
    click.option(
        "--for", "for_ms", type=admin.time_span, metavar="TIME", help="Then be awake so long."
    ),
)


def effect_options(command: _Function) -> _Function:
    """The options that say what happens, as `effect`."""
    return _gathered(command, _EFFECT, EffectOptions, "effect")


def when_options(command: _Function) -> _Function:
    """The options that say which requests meet it, as `when`."""
    return _gathered(command, _WHEN, WhenOptions, "when")


def _gathered(
    command: _Function,
    decorators: tuple[Callable[[_Function], _Function], ...],
    kind: type[EffectOptions] | type[WhenOptions],
    name: str,
) -> _Function:
    names = [each.name for each in fields(kind)]

    @functools.wraps(command)
    def gathering(**given: Any) -> Any:  # noqa: ANN401 - as click calls it
        own = {each: given.pop(each) for each in names}
        return command(**given, **{name: kind(**own)})

    decorated: _Function = gathering
    for decorate in reversed(decorators):
        decorated = decorate(decorated)
    return decorated
