"""An app of a test and its sockets: opened, served until told to stop, closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, cast

from ihe_mock_async.server import companion_ports, hypercorn, listener
from ihe_mock_async.server.connections import ServerLimits
from ihe_mock_async.server.tls import check as check_certificates
from ihe_mock_async.testing import urls
from ihe_mock_async.testing.trust import Trust
from ihe_mock_async.web.app import create_app
from ihe_mock_async.web.endpoints import NAMESPACE_NAME

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from ihe_mock_async.server.asgi import AsgiApp
    from ihe_mock_async.server.tls import TlsMaterial
    from ihe_mock_async.settings import Settings
    from ihe_mock_async.testing.options import ServerOptions
    from ihe_mock_async.web.endpoints import Endpoint

# Nobody waits for an answer any more when a test is over.
_DRAIN_SECONDS = 0.25
_SWEEP_SECONDS = 0.0


class Site:
    """An app and its socket, not served yet; owned by who opened it, until `close`."""

    def __init__(self, options: ServerOptions) -> None:
        """Raises `OperatorError` when the options do not do, and leaves nothing behind then."""
        with ExitStack() as stack:
            stack.enter_context(_no_last_resort())
            self.trust = stack.enter_context(Trust.make()) if options.tls else None
            self.settings = options.effective(**_certificates(self.trust, options))
            self._material = _material(self.settings, tls=options.tls)
            port = self.settings.https_port if options.tls else self.settings.http_port
            self._socket: socket.socket = stack.enter_context(
                closing(listener.listen(self.settings.host, port))
            )
            self.port = int(self._socket.getsockname()[1])
            self.app = create_app(
                self.settings,
                protocol=options.protocol,
                port=self.port,
                clock=options.clock,
                seed=options.seed,
                evidence=False,
            )
            stack.callback(self.app.close)
            # Any free port, whatever they declare: tests run side by side.
            self._plain_sockets = stack.enter_context(
                companion_ports.listening(self.app, any_port=True)
            )
            self._resources = stack.pop_all()
        self.url = f"{options.protocol}://{listener.url_host(self.settings.host)}:{self.port}"

    @property
    def endpoints(self) -> Iterable[Endpoint]:
        """The SOAP endpoints of the default world."""
        return self.app.services.endpoints

    @property
    def transactions(self) -> list[str]:
        """The numbers of the IHE transactions that it serves, each once."""
        served = (each.number for e in self.endpoints for each in e.transactions)
        return sorted(set(served), key=lambda number: int(number.partition("-")[2]))

    @property
    def services(self) -> Sequence[str]:
        """The names of the companion services that it serves."""
        return self.settings.services

    def url_for(self, name: str, namespace: str) -> str:
        """URL of an endpoint; raises `ValueError` saying what there is."""
        return urls.url_for(self, name, self.checked_namespace(namespace))

    def checked_namespace(self, name: str) -> str:
        """The name itself, or `ValueError` saying what a namespace may be called."""
        if name and not NAMESPACE_NAME.fullmatch(name):
            raise ValueError(
                f'"{name}" cannot name a namespace: use up to 100 letters, digits, dots, hyphens '
                "and underscores, a letter or digit first."
            )
        return name

    async def serve(self, stop: asyncio.Event, on_ready: Callable[[], None]) -> None:
        """Answer requests until `stop` is set; `on_ready` is called when the first can come."""

        async def shutdown() -> None:
            on_ready()
            await stop.wait()

        await hypercorn.serve(
            cast("AsgiApp", self.app),  # Quart's messages are typed, ours are plain
            sockets=[self._socket],
            plain_sockets=self._plain_sockets,
            tls=self._material,
            limits=ServerLimits(
                connections=self.settings.max_connections,
                read_timeout=self.settings.read_timeout_seconds,
                drain_timeout=_DRAIN_SECONDS,
                sweep_delay=_SWEEP_SECONDS,
            ),
            shutdown=shutdown,
        )

    def close(self) -> None:
        """Let go of the store, the socket and the certificates; may be called again."""
        self._resources.close()


@contextmanager
def _no_last_resort() -> Iterator[None]:
    """Keep Python from writing our warnings to stderr where logging is not set up."""
    logger, handler = logging.getLogger("ihe_mock_async"), logging.NullHandler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _certificates(trust: Trust | None, options: ServerOptions) -> dict[str, Path]:
    """The settings that name the certificates."""
    if trust is None:
        return {}
    named = {"cert_path": trust.cert_path, "key_path": trust.key_path}
    asks = (options.settings or {}).get("client_auth", "none") != "none"
    return {**named, "client_ca_path": trust.ca_path} if asks else named


def _material(settings: Settings, *, tls: bool) -> TlsMaterial | None:
    if not tls:
        return None
    return check_certificates(
        settings.cert_path, settings.key_path, settings.client_ca_path, settings.client_auth
    )
