"""TLS material, checked before the server starts (ITI TF-2: 3.19 for mutual authentication).

Hypercorn serves plain HTTP when a key is missing and starts with an expired certificate
without a word; each of these is an operator's error here, in one line.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ihe_mock_async.errors import CertificateError

if TYPE_CHECKING:
    from cryptography import x509

_HOW_TO_MAKE = "make one with `ihe-mock-async certs`"


class ClientAuth(StrEnum):
    """Whether clients must show a certificate (the setting `client_auth`)."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


_VERIFY_MODES = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.OPTIONAL: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRED: ssl.CERT_REQUIRED,
}


@dataclass(frozen=True, slots=True)
class TlsMaterial:
    """A certificate and key that go together, ready to serve."""

    context: ssl.SSLContext
    cert_path: Path
    key_path: Path
    not_after: datetime
    warnings: tuple[str, ...] = field(default=())
    """What will trouble clients but does not keep the server from starting, a line each."""


def check(
    cert_path: Path,
    key_path: Path,
    client_ca_path: Path | None = None,
    client_auth: ClientAuth | str = ClientAuth.NONE,
) -> TlsMaterial:
    """Load the server's certificate chain, its key and the CA of its clients.

    Raises `CertificateError` with one line that says what is wrong and what to do.
    """
    auth = ClientAuth(client_auth)
    certificate = _certificate(cert_path)
    _check_key(key_path, certificate, cert_path)
    _check_validity(certificate, cert_path)
    return TlsMaterial(
        context=_context(cert_path, key_path, client_ca_path, auth),
        cert_path=cert_path,
        key_path=key_path,
        not_after=certificate.not_valid_after_utc,
        warnings=tuple(_warnings(certificate, cert_path)),
    )


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CertificateError(f"No {what} at {path}: {_HOW_TO_MAKE}.") from None
    except OSError as error:
        raise CertificateError(f"Cannot read the {what} {path}: {error.strerror}.") from error


def _certificate(path: Path) -> x509.Certificate:
    from cryptography import x509  # noqa: PLC0415 - 60 ms that plain HTTP does not need

    data = _read(path, "certificate")
    if b"-----BEGIN CERTIFICATE-----" not in data:
        raise CertificateError(
            f"{path} holds no certificate in PEM form (`-----BEGIN CERTIFICATE-----`): "
            f"convert it with openssl, or {_HOW_TO_MAKE}."
        )
    try:
        return x509.load_pem_x509_certificates(data)[0]
    except ValueError as error:
        raise CertificateError(
            f"The certificate {path} is damaged: export it again, or {_HOW_TO_MAKE}."
        ) from error


def _check_key(path: Path, certificate: x509.Certificate, cert_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

    data = _read(path, "private key")
    if b"PRIVATE KEY" not in data:
        raise CertificateError(
            f"{path} holds no private key in PEM form: "
            f"give the key that belongs to {cert_path}, or {_HOW_TO_MAKE}."
        )
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except TypeError as error:
        raise CertificateError(
            f"The private key {path} is encrypted, and a server starts unattended: "
            f"decrypt it (`openssl pkey -in {path} -out plain-key.pem`)."
        ) from error
    except ValueError as error:
        raise CertificateError(
            f"The private key {path} is damaged: export it again, or {_HOW_TO_MAKE}."
        ) from error
    if key.public_key() != certificate.public_key():
        raise CertificateError(
            f"The private key {path} does not belong to the certificate {cert_path}: "
            f"give the pair that was made together, or {_HOW_TO_MAKE}."
        )


def _check_validity(certificate: x509.Certificate, path: Path) -> None:
    now = datetime.now(UTC)
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > end:
        raise CertificateError(
            f"The certificate {path} expired on {end:%Y-%m-%d %H:%M} UTC: "
            "make a new one with `ihe-mock-async certs --force`."
        )
    if now < start:
        raise CertificateError(
            f"The certificate {path} is not valid before {start:%Y-%m-%d %H:%M} UTC and it is "
            f"{now:%Y-%m-%d %H:%M} UTC: check this machine's clock, or wait."
        )


def _context(
    cert_path: Path, key_path: Path, client_ca_path: Path | None, auth: ClientAuth
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(cert_path, key_path)
    except (ssl.SSLError, OSError) as error:
        raise CertificateError(
            f"OpenSSL refuses the certificate {cert_path} with the key {key_path} "
            f"({_reason(error)}): {_HOW_TO_MAKE}."
        ) from error
    if auth is not ClientAuth.NONE:
        _trust_clients(context, client_ca_path, auth)
    context.verify_mode = _VERIFY_MODES[auth]
    return context


def _trust_clients(context: ssl.SSLContext, path: Path | None, auth: ClientAuth) -> None:
    if path is None:
        raise CertificateError(
            f"client_auth is {auth.value}, which needs client_ca_path: the PEM file of the CA "
            "that signed the clients' certificates (`ihe-mock-async certs` makes ca.pem)."
        )
    _read(path, "client CA certificate")
    try:
        context.load_verify_locations(cafile=path)
    except (ssl.SSLError, OSError) as error:
        raise CertificateError(
            f"The client CA file {path} holds no certificates in PEM form "
            f"({_reason(error)}): give the CA that signed the clients' certificates."
        ) from error


def _reason(error: OSError) -> str:
    reason = str(getattr(error, "reason", None) or error.strerror or "unknown reason")
    return reason.lower().replace("_", " ")  # OpenSSL's own are like EE_KEY_TOO_SMALL


def _warnings(certificate: x509.Certificate, path: Path) -> list[str]:
    from cryptography import x509  # noqa: PLC0415 - as above

    try:
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return [
            f"The certificate {path} has no subjectAltName: requests, zeep and browsers will "
            f"refuse it whatever its CN says; {_HOW_TO_MAKE}."
        ]
    return []
