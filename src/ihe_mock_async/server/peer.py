"""Who is at the other end of a connection: addresses and the TLS client certificate."""

from __future__ import annotations

import ssl
from asyncio import BaseTransport
from dataclasses import dataclass
from typing import Any

TlsExtension = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Peer:
    """The ends of one connection, as an ASGI scope names them."""

    client: tuple[str, int] | None
    server: tuple[str, int] | None
    tls: TlsExtension | None
    """`scope["extensions"]["tls"]` (see `tls_extension`), or None without TLS."""

    @classmethod
    def of(cls, transport: BaseTransport) -> Peer:
        """Read the ends of a connected transport."""
        ssl_object = transport.get_extra_info("ssl_object")
        return cls(
            client=_address(transport.get_extra_info("peername")),
            server=_address(transport.get_extra_info("sockname")),
            tls=None if ssl_object is None else tls_extension(ssl_object),
        )

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return "http" if self.tls is None else "https"


def tls_extension(ssl_object: ssl.SSLObject) -> TlsExtension:
    """What the ASGI TLS extension 0.2 says about a connection.

    `client_cert_name` is the subject as an RFC 4514 string and `client_cert_chain` holds the
    certificate in PEM form; None and empty when the client showed none. A certificate that the
    CA of the clients did not sign ends in the handshake and is never seen here.
    """
    der = ssl_object.getpeercert(binary_form=True)
    cipher = ssl_object.cipher()
    return {
        "server_cert": None,
        "client_cert_chain": [ssl.DER_cert_to_PEM_cert(der)] if der else [],
        "client_cert_name": _subject(der) if der else None,
        "client_cert_error": None,
        "tls_version": _TLS_VERSIONS.get(ssl_object.version() or ""),
        "cipher_suite": None,
        "cipher": cipher[0] if cipher else None,
    }


_TLS_VERSIONS = {"TLSv1.2": 0x0303, "TLSv1.3": 0x0304}


def _subject(der: bytes) -> str:
    from cryptography import x509  # noqa: PLC0415 - only mutual TLS needs it

    return x509.load_der_x509_certificate(der).subject.rfc4514_string()


def _address(name: object) -> tuple[str, int] | None:
    # IPv6 addresses have a flow label and a scope, too, which ASGI does not name.
    return (name[0], name[1]) if isinstance(name, tuple) else None
