"""`send`: a message to this server or to any other, and what the answer means."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO, cast

import click

from ihe_mock_async.cli import options
from ihe_mock_async.cli.table import aligned

if TYPE_CHECKING:
    from ihe_mock_async.client.sending import Sent
    from ihe_mock_async.settings import Settings

_FILE = click.Path(path_type=Path, dir_okay=False)
_STANDARD_INPUT = Path("-")


@click.command(
    epilog="""\b
Examples:
  ihe-mock-async send --list                      the examples and queries that there are
  ihe-mock-async send ITI-44 --example
  ihe-mock-async send ITI-44 --example merge
  ihe-mock-async send ITI-41 --document letter.pdf --patient 'P-1^^^&1.2.3.4&ISO'
  ihe-mock-async send ITI-18 --query FindDocuments --patient 'P-1^^^&1.2.3.4&ISO'
  ihe-mock-async send ITI-43 --id 1.2.3.4.5 --save received
  ihe-mock-async send ITI-45 query.xml --url https://registry.example/pix --cacert ca.pem
  ihe-mock-async send ITI-44 - < dump.http

\b
FILE is a payload, a SOAP envelope, or a whole MIME or HTTP message (sent as it is); `-` is
standard input.
Exit status: 0 accepted, 1 refused (also in part), 2 wrong usage or no answer."""
)
@click.argument("transaction", required=False)
@click.argument("file", required=False, type=_FILE)
@click.option(
    "--example",
    is_flag=False,
    flag_value="",
    metavar="[NAME]",
    help="Send an example, and first what it builds on.",
)
@click.option(
    "--query", metavar="NAME", default="", help="Send a stored query (ITI-18, ITI-38, ITI-51)."
)
@click.option(
    "--document",
    "documents",
    multiple=True,
    metavar="FILE[:TYPE]",
    help="Submit this document with the example of ITI-41 or ITI-42; may be repeated.",
)
@click.option(
    "--patient", metavar="CX", default="", help="Patient of the example or query: ID^^^&OID&ISO."
)
@click.option(
    "--id",
    "ids",
    multiple=True,
    metavar="ID",
    help="uniqueId or entryUUID of what is looked for; may be repeated.",
)
@click.option(
    "--mtom/--simple", "as_mtom", default=None, help="Packing.  [default: as it must be]"
)
@click.option("--reply-to", metavar="URL", default="", help="Ask for an asynchronous answer.")
@click.option(
    "--url", metavar="URL", help="A server, or an endpoint.  [default: the one that runs here]"
)
@click.option("--namespace", metavar="NAME", default="", help="World of this server to send to.")
@click.option("--cacert", type=_FILE, metavar="FILE", help="Trust these certificates, PEM.")
@click.option("--cert", type=_FILE, metavar="FILE", help="Client certificate, PEM.")
@click.option("--key", type=_FILE, metavar="FILE", help="Its key.  [default: in the same file]")
@click.option("--insecure", is_flag=True, help="Trust every server certificate.")
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=60, show_default=True, metavar="S",
    help="Seconds to wait for an answer.",
)  # fmt: skip
@click.option("--show", is_flag=True, help="Print the answer's XML and documents that are text.")
@click.option(
    "--save",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the answer's documents to this folder.",
)
@click.option("--list", "list_all", is_flag=True, help="List examples and queries.")
@options.config_file
@options.as_json
@click.pass_context
def send(  # noqa: PLR0913 - an option each
    ctx: click.Context,
    *,
    transaction: str | None,
    file: Path | None,
    example: str | None,
    query: str,
    documents: tuple[str, ...],
    patient: str,
    ids: tuple[str, ...],
    as_mtom: bool | None,
    reply_to: str,
    url: str | None,
    namespace: str,
    cacert: Path | None,
    cert: Path | None,
    key: Path | None,
    insecure: bool,
    timeout: float,
    show: bool,
    save: Path | None,
    list_all: bool,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Send a message of an IHE TRANSACTION, and say what the answer means.

    It goes to the server that runs in this folder, or to any other one with --url.
    """
    from ihe_mock_async.client import ordering, sending  # noqa: PLC0415 - lxml, httpx
    from ihe_mock_async.client.connection import Connection, connect  # noqa: PLC0415
    from ihe_mock_async.client.message import Packing  # noqa: PLC0415

    if list_all or transaction is None:
        click.echo(aligned(ordering.listing()))
        return
    settings = options.load_settings(config_file).settings
    order = ordering.make_order(
        transaction,
        file=file and ctx.with_resource(_readable(file)),
        query=query,
        example=example,
        values=[
            option
            for option, given in (("--document", documents), ("--patient", patient), ("--id", ids))
            if given
        ],
        packing=Packing(as_mtom, reply_to),
    )
    values = ordering.make_values(
        settings.affinity_domain(), patient=patient, ids=ids, documents=documents
    )
    if url is None:
        url, own_ca = _running_here(settings)
        cacert = cacert or own_ca
    connection = Connection(cacert, cert, key, insecure, timeout)
    with connect(url, connection) as post:
        exchanges = sending.send(order, sending.Target(url, namespace), post, values)
        accepted = _tell(exchanges, as_json=as_json, show=show, save=save)
    ctx.exit(0 if accepted else 1)


@contextmanager
def _readable(file: Path) -> Iterator[Path]:
    """The file; of standard input a copy, for as long as it is needed."""
    if file != _STANDARD_INPUT:
        yield file
        return
    with TemporaryDirectory(prefix="ihe-mock-async-") as folder:
        copy = Path(folder) / "standard input"
        with copy.open("wb") as octets:
            shutil.copyfileobj(cast("BinaryIO", click.open_file(str(file), "rb")), octets)
        yield copy


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


def _tell(exchanges: Iterator[Sent], *, as_json: bool, show: bool, save: Path | None) -> bool:
    """Print each exchange when it is over; whether all that was sent was accepted."""
    from ihe_mock_async.client import report  # noqa: PLC0415

    told = []
    for sent in exchanges:
        told.append(sent)
        if not as_json:
            click.echo(report.text(sent))
        if show and not as_json:
            click.echo("\n".join(report.contents(sent.answer)))
        for path in report.save(sent.answer, save) if save else ():
            click.echo(f"  wrote {path}", err=as_json)
    if as_json:
        options.echo_json([report.as_json(sent) for sent in told])
    return all(sent.answer.accepted for sent in told)
