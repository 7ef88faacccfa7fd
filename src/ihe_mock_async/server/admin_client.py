"""The admin API of the server that runs here, asked by commands."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ihe_mock_async.errors import DaemonError, OperatorError
from ihe_mock_async.server import pid_file
from ihe_mock_async.server.listener import url_host

if TYPE_CHECKING:
    from ihe_mock_async.server.pid_file import Running
    from ihe_mock_async.settings import Settings

_PREFIX = "/__admin"
_SECONDS = 30.0
_PIECE = 64 * 1024
_WRONG_REQUEST = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_NOTHING: Mapping[str, str] = {}
_NO_PROBLEM: Mapping[str, Any] = {}


class RefusedError(DaemonError):
    """The admin API answers with a problem (RFC 9457); the text is its detail and its errors."""

    def __init__(self, text: str, status: int, problem: Mapping[str, Any] = _NO_PROBLEM) -> None:
        super().__init__(text)
        self.status = status
        self.problem = problem
        """The whole document."""


class WrongRequestError(RefusedError, OperatorError):
    """What was asked for is wrong in itself, whatever the server has remembered."""


@dataclass(frozen=True, slots=True)
class AdminClient:
    """Asks one server."""

    running: Running
    token: str | None = None
    """The setting `admin_token`."""

    def ask(  # noqa: PLR0913 - what a request has, by name
        self,
        method: str,
        path: str,
        query: Mapping[str, str] = _NOTHING,
        *,
        body: object = None,
        namespace: str = "",
        patience: float = 0.0,
    ) -> Any:  # noqa: ANN401 - whatever the JSON is
        """What the admin API answers below `/__admin`, or below that of a namespace.

        `body` is sent as JSON, unless it is None. `patience` is how many seconds the server may
        take longer than usual, because it was asked to wait. Raises `RefusedError` for a problem
        that the server tells, else `DaemonError`, saying what to do.
        """
        target = _target(path, query, namespace)
        with self._answer(method, target, body, patience) as response:
            octets = response.read()
        try:
            return json.loads(octets) if octets else None
        except ValueError as error:
            raise self._not_json(response.status) from error

    def download(self, path: str, *, namespace: str = "") -> Iterator[bytes]:
        """The octets that the admin API answers, piece by piece; raises as `ask` does."""
        with self._answer("GET", _target(path, _NOTHING, namespace), None, 0.0) as response:
            while piece := response.read(_PIECE):
                yield piece

    @contextmanager
    def _answer(
        self, method: str, target: str, body: object, patience: float
    ) -> Iterator[http.client.HTTPResponse]:
        """An answer that is no error, not read yet."""
        connection = _connection(self.running, _SECONDS + patience)
        headers = dict(self._headers())
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, target, content, headers)
            response = connection.getresponse()
            if response.status >= HTTPStatus.BAD_REQUEST:
                raise self._refusal(response.status, response.read())
            yield response
        except (ssl.SSLError, ConnectionError) as error:
            raise self._hung_up() from error
        except (OSError, http.client.HTTPException) as error:
            raise DaemonError(f"{self._name} does not answer ({error}).") from error
        finally:
            connection.close()

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

    def _not_json(self, status: int) -> DaemonError:
        return DaemonError(
            f"{self._name} answers HTTP {status} without JSON: is it another version?"
        )

    def _refusal(self, status: int, octets: bytes) -> DaemonError:
        if status == HTTPStatus.UNAUTHORIZED:
            return DaemonError(
                f"{self._name} wants another admin_token than this command has: run it with the "
                "settings that the server was started with (--config, MOCK_SERVER_ADMIN_TOKEN)."
            )
        try:
            problem = json.loads(octets) if octets else None
        except ValueError:
            return self._not_json(status)
        if not isinstance(problem, dict):
            problem = {}
        detail = problem.get("detail") or f"{self._name} answers HTTP {status}."
        refused = WrongRequestError if status in _WRONG_REQUEST else RefusedError
        return refused("\n".join([detail, *_errors(problem)]), status, problem)


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


def _target(path: str, query: Mapping[str, str], namespace: str) -> str:
    world = f"/ns/{quote(namespace, safe='')}" if namespace else ""
    return f"{world}{_PREFIX}{path}" + (f"?{urlencode(query)}" if query else "")


def _errors(problem: Mapping[str, Any]) -> Iterator[str]:
    """A line for each wrong key of a document that was sent."""
    for error in problem.get("errors", ()):
        allowed = f" (allowed: {error['allowed']})" if error.get("allowed") else ""
        yield f"  {error.get('key') or 'the document'}: {error.get('problem')}{allowed}"


def _connection(running: Running, seconds: float) -> http.client.HTTPConnection:
    host = url_host(running.host).strip("[]")
    if running.protocol == "http":
        return http.client.HTTPConnection(host, running.port, timeout=seconds)
    # Not verified: it is the process of the PID file, on this machine.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, running.port, timeout=seconds, context=context)
