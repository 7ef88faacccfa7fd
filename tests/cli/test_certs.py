"""`certs`: what HTTPS and mutual TLS need."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from cryptography import x509

from ihe_mock_async.server import tls

Run = Callable[..., Result]


def test_it_makes_what_the_server_needs_and_names_the_files(run: Run) -> None:
    result = run("certs", "--client", "portal")

    assert result.exit_code == 0
    files = {Path(line) for line in result.stdout.splitlines()}
    assert {
        Path("certs") / name
        for name in ("ca.pem", "cert.pem", "key.pem", "client-portal.pem", "client-portal-key.pem")
    } <= files
    assert files == set(Path("certs").iterdir())
    assert stat.S_IMODE(Path("certs/key.pem").stat().st_mode) == 0o600
    assert "Clients trust certs/ca.pem" in result.stderr
    assert not tls.check(Path("certs/cert.pem"), Path("certs/key.pem")).warnings


def test_hosts_days_and_folder_may_be_chosen(run: Run) -> None:
    run("certs", "--out", "tls", "--host", "mock.test", "--host", "10.0.0.5", "--days", "2")

    certificate = x509.load_pem_x509_certificate(Path("tls/cert.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mock.test"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.5"]
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days == 2


def test_nothing_is_overwritten_without_force(run: Run) -> None:
    run("certs")
    before = Path("certs/cert.pem").read_bytes()

    refused = run("certs")
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert Path("certs/cert.pem").read_bytes() == before

    assert run("certs", "--force").exit_code == 0
    assert Path("certs/cert.pem").read_bytes() != before
