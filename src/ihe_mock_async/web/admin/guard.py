"""Who may use the admin API: who knows its token, else whoever is on this machine.

A page in a browser on this machine is not meant. It is told apart by the Host header (it names
another host when DNS was rebound to this address, CWE-350), by the Origin header (RFC 6454) and by
Fetch Metadata (Sec-Fetch-Site). What proxies say of their clients (X-Forwarded-For) is not heeded:
anybody can say it.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from ihe_mock_async.web.admin.problems import Problem

if TYPE_CHECKING:
    from quart import Request

_BEARER = re.compile(r"bearer +(?P<token>\S.*)", re.IGNORECASE | re.DOTALL)
# A registered name or an IPv4 address, or an IPv6 address in brackets (RFC 3986, 3.2.2); no user.
_AUTHORITY = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_ORIGIN = re.compile(rf"(?P<scheme>https?)://(?P<authority>{_AUTHORITY.pattern})")
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_OWN_PAGES = frozenset({"same-origin", "none"})
_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request tells of who sends it; of headers all fields of a name."""

    client: str
    """Address of the client's end of the connection."""
    server: str
    """Address of the server's end."""
    hosts: tuple[str, ...]
    authorizations: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    fetch_sites: tuple[str, ...] = ()
    """Sec-Fetch-Site."""
    scheme: str = "http"

    @classmethod
    def of(cls, request: Request) -> Caller:
        """Who sends a request; the addresses are those of the connection itself."""
        scope, headers = request.scope, request.headers
        return cls(
            client=_address(scope.get("client")),
            server=_address(scope.get("server")),
            hosts=tuple(headers.getlist("Host")),
            authorizations=tuple(headers.getlist("Authorization")),
            origins=tuple(headers.getlist("Origin")),
            fetch_sites=tuple(headers.getlist("Sec-Fetch-Site")),
            scheme=scope.get("scheme", "http"),
        )


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides about requests to the admin API."""

    token: str | None
    """The setting `admin_token`: who has it is let in; None: whoever is on this machine."""
    host: str
    """The setting `host`: a name of this server besides those of loopback addresses."""

    def check(self, caller: Caller) -> None:
        """Let a request pass, or raise `Problem`."""
        if self.token is not None:
            _check_token(self.token, caller.authorizations)
        else:
            _check_place(caller.client, caller.server)
            self._check_host(caller)
        _check_origin(caller)
        _check_site(caller.fetch_sites)

    def _check_host(self, caller: Caller) -> None:
        name = _authority(caller.hosts)[0]
        known = {*_LOCAL_NAMES, _in_url(self.host)}
        if _is_loopback(caller.server):
            known.add(_in_url(caller.server))
        if name not in known:
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "The Host header does not name this machine. Address the admin API as localhost "
                "or 127.0.0.1, or set admin_token.",
            )


def _check_place(client: str, server: str) -> None:
    # Both ends have the same address only if both are this machine.
    if not _is_loopback(client) and (not client or client != server):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "Without admin_token the admin API answers clients on its own machine only. Set "
            "admin_token, and send it as 'Authorization: Bearer TOKEN'.",
        )


def _check_token(token: str, authorizations: tuple[str, ...]) -> None:
    # Two fields may be read differently by whoever is in between: neither counts.
    bearer = _BEARER.fullmatch(authorizations[0]) if len(authorizations) == 1 else None
    given = bearer["token"].strip() if bearer else ""
    # Octets of a header come as Latin-1 text (ASGI); what was sent may be UTF-8.
    if not hmac.compare_digest(given.encode("latin-1", "replace"), token.encode()):
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "The admin API wants its token: send 'Authorization: Bearer TOKEN' with the value of "
            "the setting admin_token.",
            {"WWW-Authenticate": 'Bearer realm="ihe-mock-async admin API"'},
        )


def _check_origin(caller: Caller) -> None:
    if not caller.origins:
        return
    origin = _ORIGIN.fullmatch(caller.origins[0]) if len(caller.origins) == 1 else None
    if origin is not None:
        named = (origin["scheme"], *_authority((origin["authority"],), origin["scheme"]))
        if named == (caller.scheme, *_authority(caller.hosts, caller.scheme)):
            return
    raise Problem(
        HTTPStatus.FORBIDDEN,
        "The admin API does not answer pages of other sites (the Origin header names one).",
    )


def _check_site(fetch_sites: tuple[str, ...]) -> None:
    if not _OWN_PAGES.issuperset(fetch_sites):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "The admin API does not answer what pages of other sites ask for (Sec-Fetch-Site "
            "says so). Enter its address yourself.",
        )


def _authority(hosts: tuple[str, ...], scheme: str = "http") -> tuple[str, str]:
    """Name (IPv6 addresses in brackets) and port of the one host; empty when there is none."""
    match = _AUTHORITY.fullmatch(hosts[0]) if len(hosts) == 1 else None
    return (match["name"].lower(), match["port"] or _PORTS.get(scheme, "")) if match else ("", "")


def _address(end: tuple[str, int | None] | None) -> str:
    return end[0] if end else ""


def _in_url(host: str) -> str:
    """A name or address as it stands in a Host header."""
    address = _parsed(host)
    if address is None:
        return host.lower()
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)


def _is_loopback(address: str) -> bool:
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)  # how `::` sees clients of IPv4
    return mapped or parsed
