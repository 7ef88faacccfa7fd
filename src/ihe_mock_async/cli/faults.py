"""`faults`: let the server fail on demand, and see how often it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from ihe_mock_async.cli import admin, fault_plans, fault_sentences, options
from ihe_mock_async.cli.fault_options import effect_options, when_options
from ihe_mock_async.cli.table import aligned


@click.group(
    epilog="""\b
Examples:
  ihe-mock-async faults add ITI-41 --fail 3 --status 503
  ihe-mock-async faults add ITI-42 --registry-error XDSRegistryBusy
  ihe-mock-async faults list
  ihe-mock-async faults clear"""
)
def faults() -> None:
    """Let the server fail on demand.

    A plan says which requests meet which fault. Plans are looked at from the oldest on; the
    first that strikes, counts.
    """


@faults.command(
    epilog="""\b
Examples:
  ihe-mock-async faults add ITI-41 --fail 3 --status 503 --header 'Retry-After: 5'
  ihe-mock-async faults add ITI-42 --registry-error XDSRegistryBusy --times 1
  ihe-mock-async faults add ITI-44 --hl7 AE
  ihe-mock-async faults add ITI-18 --soap-fault Receiver --reason 'Out of order'
  ihe-mock-async faults add ITI-41 --connection reset
  ihe-mock-async faults add ITI-41 --ack-lost --times 1     stored, but nobody is told
  ihe-mock-async faults add ITI-43 --corrupt wrongHash
  ihe-mock-async faults add ITI-47 --delay lognormal:80,0.4
  ihe-mock-async faults add ofd --status 503 --probability 0.5 --seed 7
  ihe-mock-async faults add /iti41/submit --quota 5/1000ms
  ihe-mock-async faults add --plan @plan.json

\b
TARGET is a transaction (ITI-41), a companion service (ofd) or a path (/iti41/submit); without
one every request is meant. Connection faults: empty, reset, garbage, bad-chunk, truncate, hang."""
)
@click.argument("target", required=False)
@effect_options
@when_options
@click.option(
    "--plan",
    "document",
    type=admin.json_document,
    metavar="JSON|@FILE|-",
    help="The whole plan, instead of all these.",
)
@admin.namespace
@options.config_file
@options.as_json
def add(  # noqa: PLR0913 - an option each
    *,
    target: str | None,
    effect: fault_plans.EffectOptions,
    when: fault_plans.WhenOptions,
    document: Mapping[str, Any] | None,
    namespace: str,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Arm a fault plan, and say what will happen."""
    if document is not None:
        _check_alone()
    plan = document if document is not None else fault_plans.plan(target, effect, when)
    armed = admin.send(config_file, "POST", "/faults", plan, namespace=namespace)
    if as_json:
        options.echo_json(armed)
    else:
        click.echo(f"{armed['id']}: {fault_sentences.sentence(armed)}")


def _check_alone() -> None:
    """Refuse what a whole plan leaves no place for."""
    ctx = click.get_current_context()
    beside = {"document", "namespace", "config_file", "as_json"}
    given = [
        parameter.opts[0] if isinstance(parameter, click.Option) else "TARGET"
        for parameter in ctx.command.params
        if parameter.name not in beside and _is_given(ctx, parameter)
    ]
    if given:
        raise click.UsageError(f"--plan says it all: leave out {' and '.join(given)}.")


def _is_given(ctx: click.Context, parameter: click.Parameter) -> bool:
    source = ctx.get_parameter_source(parameter.name or "")
    return source is click.core.ParameterSource.COMMANDLINE


@faults.command(
    "list",
    epilog="""\b
Examples:
  ihe-mock-async faults list
  ihe-mock-async faults list --namespace team-a --json""",
)
@admin.namespace
@options.config_file
@options.as_json
def list_faults(namespace: str, config_file: Path | None, as_json: bool) -> None:
    """List the plans, the oldest first: it is asked first, too."""
    found = admin.client(config_file).ask("GET", "/faults", namespace=namespace)
    if as_json:
        options.echo_json(found)
    else:
        click.echo(_table(found["faults"]))


@faults.command(
    epilog="""\b
Examples:
  ihe-mock-async faults show f-1"""
)
@click.argument("plan", metavar="ID")
@admin.namespace
@options.config_file
@options.as_json
def show(plan: str, namespace: str, config_file: Path | None, as_json: bool) -> None:
    """Show one plan."""
    found = admin.client(config_file).ask("GET", _one(plan), namespace=namespace)
    if as_json:
        options.echo_json(found)
    else:
        click.echo(_table([found]))


@faults.command(
    epilog="""\b
Examples:
  ihe-mock-async faults delete f-1"""
)
@click.argument("plan", metavar="ID")
@admin.namespace
@options.config_file
def delete(plan: str, namespace: str, config_file: Path | None) -> None:
    """Disarm one plan."""
    admin.client(config_file).ask("DELETE", _one(plan), namespace=namespace)
    click.echo(f"Fault plan {plan} is deleted")


@faults.command(
    epilog="""\b
Examples:
  ihe-mock-async faults clear
  ihe-mock-async faults clear --namespace team-a"""
)
@admin.namespace
@options.config_file
@options.as_json
def clear(namespace: str, config_file: Path | None, as_json: bool) -> None:
    """Disarm all plans."""
    told = admin.client(config_file).ask("DELETE", "/faults", namespace=namespace)
    if as_json:
        options.echo_json(told)
    else:
        click.echo(f"Deleted: {told['deleted']}")


@faults.command(
    epilog="""\b
Examples:
  ihe-mock-async faults rearm f-1
  ihe-mock-async faults rearm            all of them"""
)
@click.argument("plan", metavar="[ID]", required=False)
@admin.namespace
@options.config_file
@options.as_json
def rearm(plan: str | None, namespace: str, config_file: Path | None, as_json: bool) -> None:
    """Start a plan, or all, from the beginning: counts, windows, draws."""
    path = f"{_one(plan)}/rearm" if plan else "/faults/rearm"
    told = admin.client(config_file).ask("POST", path, namespace=namespace)
    if as_json:
        options.echo_json(told)
    else:
        click.echo(_table([told] if plan else told["faults"]))


def _one(plan: str) -> str:
    return f"/faults/{quote(plan, safe='')}"


def _table(plans: Sequence[Mapping[str, Any]]) -> str:
    if not plans:
        return "No fault plans."
    rows = [
        (
            plan["id"],
            "no end" if plan["remaining"] is None else str(plan["remaining"]),
            str(plan["hits"]),
            fault_sentences.sentence(plan),
        )
        for plan in plans
    ]
    return aligned([("ID", "REMAINING", "HITS", "PLAN"), *rows])
