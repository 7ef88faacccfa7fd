"""Listening sockets, bound before anything is served.

Binding ourselves makes an ephemeral port known in advance, lets clients connect while the
application starts, and lets a refusal be explained in one line.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator

from ihe_mock_async.errors import AddressError

BACKLOG = 2048
"""Connects that may queue; 100 (the usual default) costs clients seconds under a burst."""

_HIGHEST_PORT = 65535
_FIRST_UNPRIVILEGED_PORT = 1024


_WITH_AN_OPTION = "with --port"


def listen(
    host: str, port: int, *, backlog: int = BACKLOG, chosen: str = _WITH_AN_OPTION
) -> socket.socket:
    """Bind and listen on a TCP address; port 0 takes any free one (see `getsockname`).

    The host is a name, an IPv4 or an IPv6 address; `::` serves IPv4, too. A name with several
    addresses is bound to its IPv4 address. Raises `AddressError` in one line: what is wrong and
    what to do; `chosen` says where another port is chosen. The caller owns the socket, which is
    non-blocking.
    """
    if not 0 <= port <= _HIGHEST_PORT:
        raise AddressError(
            f"Port {port} does not exist: choose one from 1 to 65535, or 0 for any free port."
        )
    family, address = _resolve(host, port)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        _bind(listener, address, host)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise AddressError(_explain(error, host, port, chosen)) from error
    listener.setblocking(False)
    return listener


def url_host(host: str) -> str:
    """The host as a client on this machine writes it in a URL: `0.0.0.0` is `127.0.0.1`."""
    connectable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared with, not bound to
    return f"[{connectable}]" if ":" in connectable else connectable


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError) as error:
        raise AddressError(
            f"Unknown host {host!r}: give a name or an IP address of this machine, "
            "like 127.0.0.1, or 0.0.0.0 for all of them."
        ) from error
    # One socket serves one family, and more clients try 127.0.0.1 than ::1.
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    family, _, _, _, address = found[0]
    return family, address


def _bind(listener: socket.socket, address: tuple[object, ...], host: str) -> None:
    if os.name == "posix":  # elsewhere it would share the port with another server
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
    listener.bind(address)


def _explain(error: OSError, host: str, port: int, chosen: str) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            holder = ", ".join(_holders(port))
            return (
                f"Port {port} on {host} is in use{f' by {holder}' if holder else ''}: "
                f"stop that program, or choose another port {chosen} (0 takes any free one)."
            )
        case errno.EACCES | errno.EPERM if port < _FIRST_UNPRIVILEGED_PORT:
            return (
                f"Port {port} is privileged (below {_FIRST_UNPRIVILEGED_PORT}) and this user may "
                f"not listen on it: choose a higher one {chosen}, like 8080."
            )
        case errno.EADDRNOTAVAIL:
            return (
                f"Host {host} is not an address of this machine: use 127.0.0.1, "
                "or 0.0.0.0 for all its addresses."
            )
    return f"Cannot listen on {host} port {port}: {error.strerror or error}."


def _holders(port: int) -> Iterator[str]:
    """Who listens on the port, as far as this user may know."""
    import psutil  # noqa: PLC0415 - 20 ms that only this error needs

    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return
    pids = {
        c.pid
        for c in connections
        if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port and c.pid
    }
    for pid in sorted(pids):
        try:
            yield f"{psutil.Process(pid).name()} (pid {pid})"
        except psutil.Error:
            yield f"pid {pid}"
