"""`certs/generate_cert.sh`, for people with openssl only."""

from __future__ import annotations

import shutil
import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from ihe_mock_async.server import tls

SCRIPT = Path(__file__).parents[2] / "certs" / "generate_cert.sh"

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a blank in its name, and the script in it."""
    folder = tmp_path / "my certs"
    folder.mkdir()
    shutil.copy(SCRIPT, folder)
    return folder


def generate(
    folder: Path, answer: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own script
        ["/bin/sh", str(folder / SCRIPT.name)],
        input=answer,
        capture_output=True,
        text=True,
        cwd=folder.parent,
        check=False,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", **environment},
    )


def test_it_makes_a_certificate_for_localhost_that_the_server_takes(folder: Path) -> None:
    made = generate(folder)

    assert made.returncode == 0, made.stderr
    certificate = x509.load_pem_x509_certificate((folder / "cert.pem").read_bytes())
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 2048
    subject = certificate.subject
    assert [a.value for a in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["localhost"]
    assert [a.value for a in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == [
        "IHE Mock"
    ]
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [
        ip_address("127.0.0.1"),
        ip_address("::1"),
    ]
    validity = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert validity == timedelta(days=365)
    assert certificate.not_valid_before_utc <= datetime.now(UTC)
    material = tls.check(folder / "cert.pem", folder / "key.pem")
    assert isinstance(material.context, ssl.SSLContext)
    assert not material.warnings


def test_both_files_are_for_their_owner_only_and_nothing_else_is_left(folder: Path) -> None:
    generate(folder)

    assert {p.name for p in folder.iterdir()} == {"cert.pem", "key.pem", SCRIPT.name}
    for name in ("cert.pem", "key.pem"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_what_is_there_stays_unless_the_answer_is_yes(folder: Path, answer: str) -> None:
    (folder / "key.pem").write_text("precious")

    refused = generate(folder, answer)

    assert refused.returncode == 1
    assert "Overwrite them? [y/N]" in refused.stdout
    assert "Nothing was changed." in refused.stderr
    assert (folder / "key.pem").read_text() == "precious"
    assert not (folder / "cert.pem").exists()


def test_yes_overwrites(folder: Path) -> None:
    (folder / "key.pem").write_text("old")

    assert generate(folder, "yes\n").returncode == 0
    assert "PRIVATE KEY" in (folder / "key.pem").read_text()


def test_without_openssl_the_other_way_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "dirname").symlink_to(shutil.which("dirname") or "")

    refused = generate(folder, PATH=str(tmp_path))

    assert refused.returncode == 2
    assert "use 'ihe-mock-async certs' instead" in refused.stderr


def test_a_failing_openssl_leaves_the_old_pair(folder: Path, tmp_path: Path) -> None:
    (folder / "cert.pem").write_text("old")
    broken = tmp_path / "openssl"
    broken.write_text("#!/bin/sh\necho 'no entropy' >&2\nexit 1\n")
    broken.chmod(0o755)

    failed = generate(folder, "y\n", PATH=f"{tmp_path}:/usr/bin:/bin")

    assert failed.returncode == 2
    assert "no entropy" in failed.stderr
    assert (folder / "cert.pem").read_text() == "old"
    assert {p.name for p in folder.iterdir()} == {"cert.pem", SCRIPT.name}
