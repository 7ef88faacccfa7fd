"""`start`, `stop`, `status`: the life of the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ihe_mock_async import __version__
from ihe_mock_async.cli import options
from ihe_mock_async.cli.table import aligned

if TYPE_CHECKING:
    from ihe_mock_async.server.launch import Launch, Ready
    from ihe_mock_async.server.status import Status

_ARGUMENTS = "ihe_mock_async.arguments"


class _StartCommand(click.Command):
    """Keeps the arguments as they were given: the server in the background gets them, too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_ARGUMENTS] = tuple(args)
        return super().parse_args(ctx, args)


def _moment(_ctx: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    """The aware datetime of an ISO 8601 text; without offset it is UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text} is not a time like 2026-01-31T12:00:00Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command(
    cls=_StartCommand,
    epilog="""\b
Examples:
  ihe-mock-async start
  ihe-mock-async start --https --host 127.0.0.1 --port 9443
  ihe-mock-async start -b --port 0          any free port; `status` tells which
  ihe-mock-async start --lenient            accept what can be parsed, record all findings
  ihe-mock-async start --clock 2026-01-31T12:00:00Z --seed 7      reproducible answers""",
)
@click.option(
    "--http/--https",
    "plain",
    default=True,
    help="Protocol.  [default: --http]",
)
@click.option("--host", help="Address to listen on.  [default: setting host]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port, 1-65535, or 0 for any free one.  [default: setting http_port or https_port]",
)
@options.config_file
@click.option("-b", "--background", is_flag=True, help="Return when the server answers.")
@click.option(
    "--lenient", is_flag=True, help="Accept whatever can be parsed (validation: report)."
)
@options.debug(help_text="Console log at DEBUG, and the trace of an unexpected error.")
@click.option(
    "--clock", metavar="ISO8601", callback=_moment, help="Let time stand still at this moment."
)
@click.option("--seed", type=int, help="Make ids reproducible: same requests, same answers.")
@click.option("--ready-fd", type=int, hidden=True)
@click.pass_context
def start(  # noqa: PLR0913 - an option each
    ctx: click.Context,
    *,
    plain: bool,
    host: str | None,
    port: int | None,
    config_file: Path | None,
    background: bool,
    lenient: bool,
    clock: datetime | None,
    seed: int | None,
    ready_fd: int | None,
) -> None:
    """Start the server.

    In the foreground, Ctrl+C stops it when the requests in flight are finished.
    """
    from ihe_mock_async.server.launch import Launch  # noqa: PLC0415 - pydantic

    protocol = "http" if plain else "https"
    overrides = {
        "host": host,
        f"{protocol}_port": port,
        "validation": "report" if lenient else None,
        "log_level": "DEBUG" if options.debugging(ctx) else None,
    }
    loaded = options.load_settings(config_file, overrides)
    launch = Launch(loaded.settings, protocol, loaded.config_file, clock, seed)
    if ready_fd is not None:
        _serve_for_parent(launch, ready_fd)
    elif background:
        _start_in_background(ctx.meta[_ARGUMENTS], launch)
    else:
        _serve(launch)


def _serve(launch: Launch) -> None:
    from ihe_mock_async.server import daemon  # noqa: PLC0415

    daemon.run(launch, lambda ready: click.echo(_announcement(ready)))


def _serve_for_parent(launch: Launch, ready_fd: int) -> None:
    """The server that `start --background` has spawned."""
    from ihe_mock_async.server import background, daemon  # noqa: PLC0415

    quiet = replace(launch, console=False)
    background.report_to(ready_fd, lambda on_ready: daemon.run(quiet, on_ready))


def _start_in_background(arguments: Sequence[str], launch: Launch) -> None:
    from ihe_mock_async.server.background import start_background  # noqa: PLC0415

    started = start_background(arguments, launch)
    for warning in started.warnings:
        click.echo(f"Warning: {warning}", err=True)
    click.echo(f"Started at {started.running.url} (pid {started.running.pid})")


def _announcement(ready: Ready) -> str:
    return "\n".join(
        (
            f"ihe-mock-async {__version__} serves at {ready.running.url}",
            aligned(ready.endpoints, indent="  "),
            f"Log file: {ready.log_path}",
            "Ctrl+C to stop",
        )
    )


@click.command(
    epilog="""\b
Examples:
  ihe-mock-async stop
  ihe-mock-async stop --timeout 60          let long uploads finish
  ihe-mock-async stop --force"""
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=10,
    show_default=True,
    metavar="S",
    help="Seconds for requests in flight; then it is killed.",
)
@click.option("-f", "--force", is_flag=True, help="Kill it at once.")
@options.config_file
def stop(timeout: float, force: bool, config_file: Path | None) -> None:
    """Stop the server.

    It finishes the requests in flight first, and is killed when that takes too long.
    """
    from ihe_mock_async.server import background  # noqa: PLC0415 - psutil

    settings = options.load_settings(config_file).settings
    stopped = background.stop(settings.pid_path, timeout=timeout, force=force)
    click.echo(f"{'Killed' if stopped.killed else 'Stopped'} (pid {stopped.running.pid})")


@click.command(
    epilog="""\b
Examples:
  ihe-mock-async status
  ihe-mock-async status --json
  ihe-mock-async status || ihe-mock-async start -b"""
)
@options.config_file
@options.as_json
@click.pass_context
def status(ctx: click.Context, config_file: Path | None, as_json: bool) -> None:
    """Show whether the server runs.

    Exit status 0 when it answers, 1 when it is stopped or does not answer.
    """
    from ihe_mock_async.server import status as server_status  # noqa: PLC0415 - psutil

    found = server_status.status(options.load_settings(config_file).settings.pid_path)
    if as_json:
        options.echo_json(_status_document(found))
    else:
        click.echo(_status_text(found))
    ctx.exit(0 if found.state is server_status.State.RUNNING else 1)


def _status_document(found: Status) -> dict[str, object]:
    return {
        "status": found.state.value.lower(),
        **(asdict(found.running) if found.running else {}),
        "url": found.running.url if found.running else None,
        "uptime_seconds": found.uptime_seconds,
        "request_count": found.request_count,
        "endpoints": list(found.endpoints),
    }


def _status_text(found: Status) -> str:
    from ihe_mock_async.server.status import uptime_text  # noqa: PLC0415

    running = found.running
    if running is None:
        return f"Status: {found.state}"
    count = "unknown" if found.request_count is None else str(found.request_count)
    rows = [
        ("Status:", str(found.state)),
        ("PID:", str(running.pid)),
        ("Protocol:", running.protocol),
        ("Host:", running.host),
        ("Port:", str(running.port)),
        ("URL:", running.url),
        ("Uptime:", uptime_text(found.uptime_seconds or 0)),
        ("Requests:", count),
        *(("Endpoint:", path) for path in found.endpoints),
    ]
    return aligned(rows)
