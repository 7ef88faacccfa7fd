"""The admin API of the server that runs here, asked by commands."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ihe_mock_async.errors import DaemonError
from ihe_mock_async.server import pid_file
from ihe_mock_async.server.listener import url_host

if TYPE_CHECKING:
    from ihe_mock_async.server.pid_file import Running
    from ihe_mock_async.settings import Settings

_PREFIX = "/__admin"
_SECONDS = 30.0
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class AdminClient:
    """Asks one server."""

    running: Running
    token: str | None = None
    """The setting `admin_token`."""

    def ask(self, method: str, path: str, query: Mapping[str, str] = _NOTHING) -> Any:  # noqa: ANN401 - whatever the JSON is
        """What the admin API answers below `/__admin`; raises `DaemonError`, saying what to do."""
        target = f"{_PREFIX}{path}" + (f"?{urlencode(query)}" if query else "")
        connection = _connection(self.running)
        try:
            connection.request(method, target, headers=self._headers())
            response = connection.getresponse()
            status, body = response.status, response.read()
        except (ssl.SSLError, ConnectionError) as error:
            raise self._hung_up() from error
        except (OSError, http.client.HTTPException) as error:
            raise DaemonError(f"{self._name} does not answer ({error}).") from error
        finally:
            connection.close()
        return self._read(status, body)

    @property
    def _name(self) -> str:
        return f"The server at {self.running.url} (pid {self.running.pid})"

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _hung_up(self) -> DaemonError:
        if self.running.protocol == "https":
            # TLS 1.3 with mutual authentication: it hangs up after the handshake.
            return DaemonError(
                f"{self._name} hung up: it may want a client certificate, which this command does "
                f"not have. Ask {self.running.url}{_PREFIX} with `curl --cert` instead."
            )
        return DaemonError(f"{self._name} hung up; its log may say why.")

    def _read(self, status: int, body: bytes) -> Any:  # noqa: ANN401 - as above
        if status == HTTPStatus.UNAUTHORIZED:
            raise DaemonError(
                f"{self._name} wants another admin_token than this command has: run it with the "
                "settings that the server was started with (--config, MOCK_SERVER_ADMIN_TOKEN)."
            )
        try:
            document = json.loads(body) if body else None
        except ValueError as error:
            raise DaemonError(
                f"{self._name} answers HTTP {status} without JSON: is it another version?"
            ) from error
        if status >= HTTPStatus.BAD_REQUEST:
            detail = document.get("detail") if isinstance(document, dict) else None
            raise DaemonError(str(detail or f"{self._name} answers HTTP {status}."))
        return document


def find(settings: Settings) -> AdminClient:
    """The server of these settings; raises `DaemonError` when it does not run."""
    running = pid_file.find(settings.pid_path)
    if running is None:
        raise DaemonError(
            "Not running: only a server that runs can be asked. Start it with `ihe-mock-async "
            "start`, or name its configuration with --config."
        )
    token = settings.admin_token
    return AdminClient(running, token.get_secret_value() if token else None)


def _connection(running: Running) -> http.client.HTTPConnection:
    host = url_host(running.host).strip("[]")
    if running.protocol == "http":
        return http.client.HTTPConnection(host, running.port, timeout=_SECONDS)
    # Not verified: it is the process of the PID file, on this machine.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, running.port, timeout=_SECONDS, context=context)
