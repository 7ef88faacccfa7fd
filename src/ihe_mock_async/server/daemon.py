"""The server process: check, lock, listen, serve until told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

from ihe_mock_async.errors import IheMockError
from ihe_mock_async.server import companion_ports, hypercorn, listener, logs, preflight
from ihe_mock_async.server.companion_ports import WithCompanions
from ihe_mock_async.server.connections import ServerLimits
from ihe_mock_async.server.launch import Launch, Ready
from ihe_mock_async.server.pid_file import PidFile, Running
from ihe_mock_async.server.tls import TlsMaterial

_LOG = logging.getLogger("ihe_mock_async.server.daemon")


class Application(WithCompanions, Protocol):
    """An ASGI application that knows its endpoints."""

    @property
    def endpoints(self) -> Iterable[tuple[str, str]]:
        """Path and description of each."""
        ...

    def close(self) -> None:
        """Let go of everything; called at the end in any case, maybe a second time."""
        ...

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Serve one connection of the ASGI specification."""
        ...


CreateApp = Callable[..., Application]
"""`create_app(settings, *, protocol, port, clock, seed, writer)`."""


def run(
    launch: Launch, on_ready: Callable[[Ready], None], create_app: CreateApp | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, drain the requests in flight, and return.

    `on_ready` is called once, when requests are answered. Raises `OperatorError` when something
    must be changed before it can start, and `DaemonError` when another server owns the PID file.
    """
    settings = launch.settings
    material = preflight.check(settings, launch.protocol)
    record = Running.this_process(
        protocol=launch.protocol,
        host=settings.host,
        port=launch.port,
        config_file=launch.config_file,
    )
    with (
        closing(PidFile.acquire(settings.pid_path, record)) as pid_file,
        # Closed by Hypercorn, and here when it does not get that far.
        listener.listen(settings.host, launch.port) as listening,
        logs.configure(settings.log_level, settings.log_path, console=launch.console) as log,
    ):
        pid_file.listening(listening.getsockname()[1])
        server = _Server(launch, pid_file.record, listening, material, log)
        _serve(server, on_ready, create_app or _web_app())


@dataclass(frozen=True, slots=True)
class _Server:
    """All that is needed to serve, in this process."""

    launch: Launch
    running: Running
    listening: socket.socket
    material: TlsMaterial | None
    log: logs.LogWriter

    def warnings(self) -> tuple[str, ...]:
        """What will surprise the operator."""
        return (
            *(self.material.warnings if self.material else ()),
            *(
                f"The setting {key} has no effect in this version."
                for key in self.launch.settings.without_effect()
            ),
        )


def _web_app() -> CreateApp:
    # 0.2 s of imports that a refused start does not need.
    from ihe_mock_async.web.app import create_app  # noqa: PLC0415

    return create_app


def _serve(server: _Server, on_ready: Callable[[Ready], None], create_app: CreateApp) -> None:
    """Run the event loop; what goes wrong unexpectedly stands in the log with its trace."""
    launch = server.launch
    try:
        app = create_app(
            launch.settings,
            protocol=launch.protocol,
            port=server.running.port,
            clock=launch.clock,
            seed=launch.seed,
            writer=server.log.writer,
        )
        with (
            closing(app),  # its threads would keep the process alive
            companion_ports.listening(app) as plain,
        ):
            _quieten_the_collector()
            ready = Ready(
                server.running, tuple(app.endpoints), launch.settings.log_path, server.warnings()
            )
            asyncio.run(_until_told(app, server, plain, lambda: _announce(ready, on_ready)))
        _LOG.info("stopped")
    except IheMockError as error:
        _LOG.error("cannot start: %s", error)
        raise
    except Exception:
        _LOG.exception("the server failed")
        raise


def _quieten_the_collector() -> None:
    """Spare the imported modules from garbage collection, and collect less often.

    A request makes hundreds of short-lived objects and hardly any cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _announce(ready: Ready, on_ready: Callable[[Ready], None]) -> None:
    _LOG.info("listening at %s (pid %d)", ready.running.url, ready.running.pid)
    for warning in ready.warnings:
        _LOG.warning("%s", warning)
    on_ready(ready)


async def _until_told(
    app: Application,
    server: _Server,
    plain: Sequence[socket.socket],
    serving: Callable[[], None],
) -> None:
    """Serve until a signal; `serving` is called when requests are answered."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        _LOG.info("%s: stopping, requests in flight are finished first", number.name)
        told.set()
        # The second Ctrl+C does not wait for anything.
        loop.remove_signal_handler(signal.SIGINT)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)

    async def shutdown() -> None:
        # Hypercorn waits for this when the application has started and connections are taken.
        serving()
        await told.wait()

    settings = server.launch.settings
    await hypercorn.serve(
        app,
        sockets=[server.listening],
        plain_sockets=plain,
        tls=server.material,
        limits=ServerLimits(
            connections=settings.max_connections,
            read_timeout=settings.read_timeout_seconds,
            drain_timeout=settings.drain_timeout_seconds,
        ),
        shutdown=shutdown,
    )
