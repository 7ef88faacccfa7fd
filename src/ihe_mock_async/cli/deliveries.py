"""`deliveries`: messages that the server posts to others, and how far they have come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from ihe_mock_async.cli import admin, options
from ihe_mock_async.cli.table import aligned

Document = Mapping[str, object]
"""A delivery as the admin API tells it."""
_STATES = ("pending", "delivered", "dead")
_ROWS = (
    ("State:", "state"),
    ("Kind:", "kind"),
    ("Transaction:", "transaction"),
    ("Namespace:", "namespace"),
    ("To:", "to"),
    ("Action:", "action"),
    ("MessageID:", "messageId"),
    ("RelatesTo:", "relatesTo"),
    ("Created:", "created"),
    ("Attempts:", "attempts"),
    ("Next attempt:", "nextAttempt"),
    ("Last error:", "lastError"),
    ("Last status:", "lastStatus"),
    ("Finished:", "finished"),
)


@click.group(
    epilog="""\b
Examples:
  ihe-mock-async deliveries list
  ihe-mock-async deliveries list --state dead
  ihe-mock-async deliveries show 12 --envelope
  ihe-mock-async deliveries redeliver 12"""
)
def deliveries() -> None:
    """Show what the server posts to others, and send it again.

    These are answers for a wsa:ReplyTo that is not anonymous, and notifications.
    """


@deliveries.command(
    "list",
    epilog="""\b
Examples:
  ihe-mock-async deliveries list
  ihe-mock-async deliveries list --state dead --json""",
)
@click.option("--state", type=click.Choice(_STATES), help="Only those in this state.")
@click.option("--namespace", metavar="NAME", help="Only those of this world; '' is the default.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help="How many at most, the newest.",
)
@options.config_file
@options.as_json
def list_deliveries(
    state: str | None, namespace: str | None, limit: int, config_file: Path | None, as_json: bool
) -> None:
    """List deliveries, the newest first."""
    query = {"limit": str(limit)}
    if state is not None:
        query["state"] = state
    if namespace is not None:
        query["namespace"] = namespace
    found = admin.client(config_file).ask("GET", "/deliveries", query)
    if as_json:
        options.echo_json(found)
    else:
        click.echo(_table(found["deliveries"], found["meta"]["total"]))


@deliveries.command(
    epilog="""\b
Examples:
  ihe-mock-async deliveries show 12
  ihe-mock-async deliveries show 12 --envelope"""
)
@click.argument("delivery", metavar="ID", type=click.IntRange(min=1))
@click.option("--envelope", is_flag=True, help="With its SOAP envelope.")
@options.config_file
@options.as_json
def show(delivery: int, envelope: bool, config_file: Path | None, as_json: bool) -> None:
    """Show one delivery."""
    query = {"envelope": "true"} if envelope else {}
    found = admin.client(config_file).ask("GET", f"/deliveries/{delivery}", query)
    if as_json:
        options.echo_json(found)
    else:
        click.echo(_text(found))


@deliveries.command(
    epilog="""\b
Examples:
  ihe-mock-async deliveries redeliver 12"""
)
@click.argument("delivery", metavar="ID", type=click.IntRange(min=1))
@options.config_file
def redeliver(delivery: int, config_file: Path | None) -> None:
    """Send a delivery that is dead or delivered once more."""
    found = admin.client(config_file).ask("POST", f"/deliveries/{delivery}/redeliver")
    click.echo(f"Delivery {delivery} is pending again, to {found['to']}")


def _table(listed: Sequence[Document], total: int) -> str:
    if not listed:
        return "No deliveries."
    heads = ("ID", "STATE", "ATTEMPTS", "TRANSACTION", "TO", "LAST ERROR")
    keys = ("id", "state", "attempts", "transaction", "to", "lastError")
    rows = [heads, *(tuple(_cell(each[key]) for key in keys) for each in listed)]
    rest = total - len(listed)
    return aligned(rows) + (f"\n({rest} older ones: --limit)" if rest else "")


def _text(delivery: Document) -> str:
    return "\n".join(_lines(delivery))


def _lines(delivery: Document) -> Iterator[str]:
    yield aligned([("ID:", _cell(delivery["id"])), *((k, _cell(delivery[v])) for k, v in _ROWS)])
    if "envelope" in delivery:
        yield ""
        yield str(delivery["envelope"])


def _cell(value: object) -> str:
    return "-" if value in (None, "") else str(value)
