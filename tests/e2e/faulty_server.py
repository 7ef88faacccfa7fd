"""The whole server in this process, on a real socket, with plain or encrypted connections."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ihe_mock_async.faults.plan import FaultPlan
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.server import certificates, tls
from ihe_mock_async.settings import Settings
from ihe_mock_async.web.app import MockServerApp, create_app
from tests.e2e.messages import SOAP_XML
from tests.server.serving import Client, Served, connected, serving


@cache
def _made() -> tuple[TemporaryDirectory[str], Path]:
    """Certificates for the whole test run; the folder goes with the process."""
    folder = TemporaryDirectory(prefix="ihe-mock-test-")
    certificates.generate(Path(folder.name))
    return folder, Path(folder.name)


@dataclass
class FaultyServer:
    """A server whose faults and journal are at hand."""

    app: MockServerApp
    served: Served
    trust: ssl.SSLContext | None

    def arm(self, effect: object, namespace: str = "", **plan: object) -> None:
        """Arm a fault plan: its effect, and whatever else it says."""
        made = FaultPlan.model_validate({"effect": effect, **plan})
        self.app.services.faults.add(namespace, made, self.app.services.clock.now())

    def client(self) -> contextlib.AbstractAsyncContextManager[Client]:
        return connected(self.served.port, self.trust)

    def entries(self, namespace: str = "") -> list[Entry]:
        return list(self.app.services.journal.entries(namespace))

    async def completed(self, count: int, namespace: str = "") -> list[Entry]:
        """That many entries, when they are complete."""
        found = await self.app.services.journal.wait(
            namespace, lambda entry: entry.completed, count=count, seconds=10
        )
        assert len(found) == count
        return list(found)

    async def understood(self, fits: Callable[[Entry], bool]) -> Entry:
        """The first request that fits, as soon as it is understood."""
        (found,) = await self.app.services.journal.wait("", fits, seconds=10)
        return found


@asynccontextmanager
async def faulty_server(
    folder: Path,
    *,
    scheme: str = "http",
    clock: datetime | None = None,
    seed: int | None = None,
    limits: Mapping[str, float] | None = None,
    **settings: object,
) -> AsyncIterator[FaultyServer]:
    own = {
        "database_url": "sqlite://",
        "data_dir": folder / "data",
        "log_path": folder / "logs" / "mock-server.log",
    }
    made = Settings.model_validate({**own, **settings})
    app = create_app(made, protocol=scheme, clock=clock, seed=seed)
    material = trust = None
    if scheme == "https":
        _, certs = _made()
        material = tls.check(certs / "cert.pem", certs / "key.pem")
        trust = ssl.create_default_context(cafile=certs / "ca.pem")
    async with (
        asyncio.timeout(60),
        serving(app, tls=material, **(limits or {})) as served,  # type: ignore[arg-type]  # as Hypercorn calls it
    ):
        yield FaultyServer(app, served, trust)


def post(path: str, body: bytes, headers: Mapping[str, str] = SOAP_XML) -> bytes:
    """The octets of a request."""
    fields = {"Host": "localhost", **headers, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body
