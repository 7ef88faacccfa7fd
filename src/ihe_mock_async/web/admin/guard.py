"""Who may use the admin API: who knows its token, else whoever is on this machine.

A page in a browser on this machine is not meant: it is told apart by the Host header (it has
another name when DNS was rebound to this address) and by the Origin header.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ihe_mock_async.web.admin.problems import Problem

if TYPE_CHECKING:
    from quart import Request

_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request tells of who sends it."""

    client: str
    """Address of the client's end of the connection."""
    server: str
    """Address of the server's end."""
    host: str
    """The headers of these names; empty when absent."""
    authorization: str = ""
    origin: str = ""

    @classmethod
    def of(cls, request: Request) -> Caller:
        """Who sends a request."""
        headers = request.headers
        return cls(
            client=request.remote_addr or "",
            server=(request.scope.get("server") or ("",))[0],
            host=headers.get("Host", ""),
            authorization=headers.get("Authorization", ""),
            origin=headers.get("Origin", ""),
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
            _check_token(self.token, caller.authorization)
        else:
            self._check_place(caller.client, caller.server, caller.host)
        _check_origin(caller.origin, caller.host)

    def _check_place(self, client: str, server: str, host: str) -> None:
        # Both ends have the same address only if both are this machine.
        if not _is_loopback(client) and client != server:
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "Without admin_token the admin API answers clients on its own machine only. Set "
                "admin_token, and send it as 'Authorization: Bearer TOKEN'.",
            )
        name = _hostname(host)
        known = {"localhost", self.host.lower(), server.lower()}
        if name not in known and not name.endswith(".localhost") and not _is_loopback(name):
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "The Host header names another machine. Address the admin API as localhost or "
                "127.0.0.1, or set admin_token.",
            )


def _check_token(token: str, authorization: str) -> None:
    given = authorization[len(_BEARER) :] if authorization.lower().startswith(_BEARER) else ""
    if not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "The admin API wants its token: send 'Authorization: Bearer TOKEN' with the value of "
            "the setting admin_token.",
            {"WWW-Authenticate": 'Bearer realm="ihe-mock-async admin API"'},
        )


def _check_origin(origin: str, host: str) -> None:
    if origin and urlsplit(origin).netloc.lower() != host.lower():
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "The admin API does not answer pages of other sites (the Origin header names one).",
        )


def _hostname(authority: str) -> str:
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(address: str) -> bool:
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)  # how `::` sees clients of IPv4
    return (mapped or parsed).is_loopback
