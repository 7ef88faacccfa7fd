"""The address that a client on this machine is told."""

from __future__ import annotations

# A server that listens on every interface is reached through the loopback one.
_CLIENT_HOSTS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, never bound


def client_host(host: str) -> str:
    """The host that a client on this machine connects to when the server listens on `host`."""
    return _CLIENT_HOSTS.get(host, host)


def base_url(protocol: str, host: str, port: int) -> str:
    """The URL without trailing slash, with an IPv6 address in brackets (RFC 3986: 3.2.2)."""
    name = client_host(host)
    return f"{protocol}://{f'[{name}]' if ':' in name else name}:{port}"
