"""The ports that companion services have to themselves: bound before anything is served.

They speak plain HTTP, whatever the server does at its own port.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Protocol

from ihe_mock_async.server import listener


class WantedPort(Protocol):
    """A port that a service wants."""

    @property
    def service(self) -> str:
        """Its name."""
        ...

    @property
    def host(self) -> str:
        """Address or name to listen on."""
        ...

    @property
    def port(self) -> int:
        """0: any free one."""
        ...


class WithCompanions(Protocol):
    """An application whose companion services may listen on ports of their own."""

    @property
    def listeners(self) -> Iterable[WantedPort]:
        """The ports that they want."""
        ...

    def listening(self, service: str, port: int, url: str) -> None:
        """A service has got its port."""
        ...


@contextmanager
def listening(app: WithCompanions, *, any_port: bool = False) -> Iterator[Sequence[socket.socket]]:
    """The sockets of all companion services; the application is told the ports.

    With `any_port` each gets a free one, whatever it wants. Raises `AddressError`, and then
    nothing is left open. The sockets are closed at the end.
    """
    with ExitStack() as stack:
        sockets = []
        for wanted in app.listeners:
            chosen = f"for {wanted.service} in the setting services_listen"
            bound = stack.enter_context(
                listener.listen(wanted.host, 0 if any_port else wanted.port, chosen=chosen)
            )
            port = bound.getsockname()[1]
            app.listening(wanted.service, port, f"http://{listener.url_host(wanted.host)}:{port}")
            sockets.append(bound)
        yield sockets
