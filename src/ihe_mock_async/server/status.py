"""Whether the server runs, whether it answers, and what it says of itself."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from ihe_mock_async.server import pid_file
from ihe_mock_async.server.listener import url_host
from ihe_mock_async.server.pid_file import Running

_PROBE_SECONDS = 3.0
_LARGEST_HEALTH = 1 << 20
_POLL_SECONDS = 0.05


class State(StrEnum):
    """The three states of a server; the value is what `status` prints."""

    RUNNING = "Running"
    STOPPED = "Stopped"
    NOT_ANSWERING = "Not answering"
    """Its process lives, but `/health` does not answer."""


@dataclass(frozen=True, slots=True)
class Health:
    """What `GET /health` says; a server that wants our certificate answers, but says nothing."""

    request_count: int | None = None
    endpoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A server's state; all the rest is None or empty when it is stopped."""

    state: State
    running: Running | None = None
    uptime_seconds: int | None = None
    request_count: int | None = None
    endpoints: tuple[str, ...] = ()


def status(pid_path: Path) -> Status:
    """The state of the server that owns the PID file."""
    running = pid_file.find(pid_path)
    if running is None:
        return Status(State.STOPPED)
    uptime = max(0, int((datetime.now(UTC) - running.started).total_seconds()))
    health = probe(running)
    if health is None:
        return Status(State.NOT_ANSWERING, running, uptime)
    return Status(State.RUNNING, running, uptime, health.request_count, health.endpoints)


def answers(running: Running, timeout: float) -> bool:
    """Whether `/health` answers within so many seconds."""
    deadline = time.monotonic() + timeout
    while probe(running) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def probe(running: Running, timeout: float = _PROBE_SECONDS) -> Health | None:
    """Ask `/health` once; None when the server does not answer.

    Proxies of the environment are not asked. The certificate is not verified: the address is
    one of this machine, and whose certificate it is, is what the user may be finding out.
    """
    connection = _connection(running, timeout)
    try:
        connection.connect()
        return _ask(connection, running.protocol)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _ask(connection: http.client.HTTPConnection, protocol: str) -> Health | None:
    try:
        connection.request("GET", "/health")
        return _health(connection.getresponse().read(_LARGEST_HEALTH))
    except (ssl.SSLError, ConnectionError):
        # TLS 1.3 with mutual authentication: the handshake went well on our side, and then the
        # server hung up, because it wants a client certificate that we do not have. It is alive.
        return Health() if protocol == "https" else None


def _connection(running: Running, timeout: float) -> http.client.HTTPConnection:
    host = url_host(running.host).strip("[]")
    if running.protocol == "http":
        return http.client.HTTPConnection(host, running.port, timeout=timeout)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, running.port, timeout=timeout, context=context)


def _health(body: bytes) -> Health | None:
    """The health that the body tells, or None when this is not our server."""
    try:
        document = json.loads(body)
        if not isinstance(document, Mapping):
            return None
        return Health(int(document["request_count"]), tuple(map(str, document["endpoints"])))
    except (ValueError, KeyError, TypeError):
        return None


_UNITS = (("d", 86400), ("h", 3600), ("m", 60))


def uptime_text(seconds: int) -> str:
    """Seconds for people, like `2h 15m 30s`."""
    parts: list[str] = []
    for unit, length in _UNITS:
        count, seconds = divmod(seconds, length)
        if count or parts:
            parts.append(f"{count}{unit}")
    return " ".join((*parts, f"{seconds}s"))
