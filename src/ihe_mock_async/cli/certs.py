"""`certs`: what HTTPS and mutual TLS need."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(
    epilog="""\b
Examples:
  ihe-mock-async certs
  ihe-mock-async certs --host localhost --host mock.test --host 10.0.0.5
  ihe-mock-async certs --client portal --force"""
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("certs"),
    show_default=True,
    metavar="DIR",
    help="Directory of the files.",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Host name or IP address of the server; may be repeated.  [default: localhost, "
    "127.0.0.1, ::1]",
)
@click.option(
    "--days", type=click.IntRange(min=1), default=365, show_default=True, help="Validity."
)
@click.option(
    "--client",
    "clients",
    multiple=True,
    metavar="NAME",
    help="Make a client certificate of this name, too; may be repeated.",
)
@click.option("--force", is_flag=True, help="Overwrite what is there.")
def certs(
    out: Path, hosts: tuple[str, ...], days: int, clients: tuple[str, ...], force: bool
) -> None:
    """Make certificates for HTTPS and mutual TLS.

    A local CA, a server certificate signed by it, and client certificates if wanted. Clients
    trust the CA's certificate; private keys are readable for their owner only.
    """
    from ihe_mock_async.server import certificates  # noqa: PLC0415 - cryptography

    for path in certificates.generate(out, hosts, days, clients, force=force):
        click.echo(str(path))
    click.echo(f"Clients trust {out / 'ca.pem'}; cert.pem and key.pem serve.", err=True)
