"""Certificates for tests: a local CA, a server certificate, client certificates (RFC 5280).

Made for `ihe-mock-async certs` and mutual TLS (ITI TF-2: 3.19). They satisfy the strict checks
of OpenSSL 3 and Python 3.13 (VERIFY_X509_STRICT), and of clients that read only subjectAltName.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ihe_mock_async.errors import OperatorError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

DEFAULT_HOSTS = ("localhost", "127.0.0.1", "::1")
ORGANIZATION = "IHE Mock"

_CLIENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HOST = re.compile(r"(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.?)+")
_CLOCK_SKEW = timedelta(hours=1)
_MAX_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class _Issued:
    certificate: x509.Certificate
    key: EllipticCurvePrivateKey


def generate(
    out: Path,
    hosts: Sequence[str] = DEFAULT_HOSTS,
    days: int = 365,
    clients: Sequence[str] = (),
    *,
    force: bool = False,
) -> list[Path]:
    """Make a CA, a server certificate and client certificates; returns the files written.

    `ca.pem` is what clients trust; `cert.pem` and `key.pem` serve; `client-NAME.pem` and
    `client-NAME-key.pem` are for mutual TLS. Hosts are DNS names or IP addresses. Raises
    `OperatorError`, having written nothing, for a name that cannot stand in a certificate and
    for files that exist (unless `force`).
    """
    _check(hosts, days, clients)
    names = ["ca", "cert", *(f"client-{name}" for name in clients)]
    files = [out / f"{name}.pem" for name in names] + [out / _key_name(name) for name in names]
    _refuse_to_overwrite(files, force=force)
    validity = _Validity.starting_now(days)
    authority = _authority(validity)
    issued = [authority, _server(authority, hosts or DEFAULT_HOSTS, validity)]
    issued += [_client(authority, name, validity) for name in clients]
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, one in zip(names, issued, strict=True):
            _write(out / f"{name}.pem", _certificate_pem(one), 0o644)
            _write(out / _key_name(name), _key_pem(one), 0o600)
    except OSError as error:
        raise OperatorError(f"Cannot write certificates to {out}: {error.strerror}.") from error
    return files


@dataclass(frozen=True, slots=True)
class _Validity:
    start: datetime
    end: datetime

    @classmethod
    def starting_now(cls, days: int) -> _Validity:
        now = datetime.now(UTC).replace(microsecond=0)
        return cls(now - _CLOCK_SKEW, now + timedelta(days=days))


def _key_name(name: str) -> str:
    return "key.pem" if name == "cert" else f"{name}-key.pem"


def _check(hosts: Sequence[str], days: int, clients: Sequence[str]) -> None:
    if not 1 <= days <= _MAX_DAYS:
        raise OperatorError(f"A certificate cannot be valid for {days} days: give 1 to 36500.")
    for host in hosts:
        if not (_address(host) or _HOST.fullmatch(host)):
            raise OperatorError(
                f"{host!r} is no host name or IP address: give one like localhost or 10.0.0.5, "
                "without a scheme or a port."
            )
    for name in clients:
        if not _CLIENT_NAME.fullmatch(name):
            raise OperatorError(
                f"{name!r} cannot name a client certificate: use up to 64 letters, digits, "
                "dots, hyphens and underscores."
            )
    if len(set(clients)) != len(clients):
        raise OperatorError("A client is named twice: give each client a name of its own.")


def _refuse_to_overwrite(files: Sequence[Path], *, force: bool) -> None:
    existing = [str(path) for path in files if path.exists()]
    if existing and not force:
        raise OperatorError(
            f"These files exist and are not overwritten: {', '.join(existing)}. "
            "Use --force to replace them, or --out for another folder."
        )


def _authority(validity: _Validity) -> _Issued:
    from cryptography import x509  # noqa: PLC0415 - 60 ms that only this command needs

    usage = x509.KeyUsage(**(_NO_USAGE | {"key_cert_sign": True, "crl_sign": True}))
    return _issue(
        _name("IHE Mock local CA"),
        validity,
        None,
        [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (usage, True),
        ],
    )


def _server(authority: _Issued, hosts: Sequence[str], validity: _Validity) -> _Issued:
    from cryptography import x509  # noqa: PLC0415 - as above
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415 - as above

    names: list[x509.GeneralName] = []
    for host in dict.fromkeys(hosts):
        address = _address(host)
        names.append(x509.IPAddress(address) if address else x509.DNSName(host))
    common_name = hosts[0] if len(hosts[0]) <= 64 else "ihe-mock"  # noqa: PLR2004 - ub-common-name
    return _issue(
        _name(common_name),
        validity,
        authority,
        [
            (x509.SubjectAlternativeName(names), False),
            *_end_entity(ExtendedKeyUsageOID.SERVER_AUTH),
        ],
    )


def _client(authority: _Issued, name: str, validity: _Validity) -> _Issued:
    from cryptography import x509  # noqa: PLC0415 - as above
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415 - as above

    # Strict verifiers want a subjectAltName on every end entity, also on a client.
    alternative = x509.SubjectAlternativeName([x509.DNSName(name)])
    return _issue(
        _name(name),
        validity,
        authority,
        [(alternative, False), *_end_entity(ExtendedKeyUsageOID.CLIENT_AUTH)],
    )


_NO_USAGE = dict.fromkeys(
    (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ),
    False,
)


def _end_entity(purpose: x509.ObjectIdentifier) -> list[tuple[x509.ExtensionType, bool]]:
    from cryptography import x509  # noqa: PLC0415 - as above

    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.KeyUsage(**(_NO_USAGE | {"digital_signature": True})), True),
        (x509.ExtendedKeyUsage([purpose]), False),
    ]


def _issue(
    subject: x509.Name,
    validity: _Validity,
    issuer: _Issued | None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
) -> _Issued:
    """Sign a new key; without an issuer it signs itself."""
    from cryptography import x509  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as above

    key = ec.generate_private_key(ec.SECP256R1())
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.start)
        .not_valid_after(validity.end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
        )
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return _Issued(builder.sign(signer, hashes.SHA256()), key)


def _name(common_name: str) -> x509.Name:
    from cryptography import x509  # noqa: PLC0415 - as above

    return x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name),
        ]
    )


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _certificate_pem(issued: _Issued) -> bytes:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

    return issued.certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(issued: _Issued) -> bytes:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

    return issued.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    # A new file in its place: an existing one could be readable by others while it is written.
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
