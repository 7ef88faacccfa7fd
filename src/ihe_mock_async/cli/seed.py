"""`seed`: something to query, retrieve and merge, at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ihe_mock_async.cli import options
from ihe_mock_async.cli.table import aligned

if TYPE_CHECKING:
    from ihe_mock_async.client.seed import Planted
    from ihe_mock_async.settings import Settings

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog="""\b
Examples:
  ihe-mock-async seed
  ihe-mock-async seed --namespace demo --patients 20
  ihe-mock-async seed --url http://mock:8080 --json

\b
Exit status: 0 all of it is there, 1 something was refused, 2 wrong usage or no answer."""
)
@click.option(
    "--namespace", metavar="NAME", default="", help="World of the server.  [default: its own]"
)
@click.option(
    "--patients",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    metavar="N",
    help="How many patients.",
)
@click.option("--url", metavar="URL", help="The server.  [default: the one that runs here]")
@click.option("--cacert", type=_FILE, metavar="FILE", help="Trust these certificates, PEM.")
@options.config_file
@options.as_json
@click.pass_context
def seed(  # noqa: PLR0913 - one argument for each option
    ctx: click.Context,
    *,
    namespace: str,
    patients: int,
    url: str | None,
    cacert: Path | None,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Load patients and documents into the running server.

    Patients of three assigning authorities with cross-references and a merged duplicate; text,
    PDF and CDA documents, a folder, a replacement and an addendum: sent as ITI-44 and ITI-41
    messages. The ids are the same in every run, and a second run changes nothing.
    """
    from ihe_mock_async.client import report  # noqa: PLC0415 - lxml
    from ihe_mock_async.client.connection import Connection, connect  # noqa: PLC0415 - httpx
    from ihe_mock_async.client.seed import cast, plant  # noqa: PLC0415 - lxml
    from ihe_mock_async.client.sending import Target  # noqa: PLC0415

    settings = options.load_settings(config_file).settings
    if url is None:
        url, own_ca = _running_here(settings)
        cacert = cacert or own_ca
    with connect(url, Connection(cacert=cacert)) as post:
        domain = cast(patients, settings.affinity_domain())
        planted = list(plant(domain, Target(url, namespace), post))
    if as_json:
        options.echo_json([_described(each) for each in planted])
    else:
        click.echo(_table(planted))
    refused = [each for each in planted if each.problems]
    for problem in dict.fromkeys(problem for each in refused for problem in each.problems):
        click.echo(report.problem(problem), err=True)
    ctx.exit(1 if refused else 0)


def _running_here(settings: Settings) -> tuple[str, Path | None]:
    """URL of the server of the PID file, and the certificate by which it can be trusted."""
    from ihe_mock_async.errors import SendError  # noqa: PLC0415
    from ihe_mock_async.server import pid_file  # noqa: PLC0415 - psutil

    running = pid_file.find(settings.pid_path)
    if running is None:
        raise SendError(
            "No server runs here. Start one with `ihe-mock-async start -b`, or name one: --url URL"
        )
    candidates = (settings.cert_path.parent / "ca.pem", settings.cert_path)
    return running.url, next((path for path in candidates if path.is_file()), None)


def _table(planted: Sequence[Planted]) -> str:
    rows = [
        (each.kind, each.id, each.label, each.state.value, each.note or _patient(each))
        for each in planted
    ]
    return aligned([("WHAT", "ID", "NAME", "STATE", "ABOUT"), *rows])


def _patient(planted: Planted) -> str:
    """Whose document or folder it is."""
    return "" if planted.kind == "patient" else f"of {planted.patient}"


def _described(planted: Planted) -> dict[str, Any]:
    return {
        "kind": planted.kind,
        "id": planted.id,
        "label": planted.label,
        "state": planted.state.value,
        "patient": planted.patient,
        "note": planted.note or None,
    }
