"""HTTP for the client: one POST, its answer, and what to do when there is none."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from ihe_mock_async.client.message import Message
from ihe_mock_async.errors import SendError


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP response."""

    status: int
    content_type: str
    body: bytes


Post = Callable[[str, Message], HttpAnswer]
"""Sends a message to a URL; raises `SendError` when there is no answer."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a server; times in seconds."""

    cacert: Path | None = None
    """Certificates to trust instead of those of the system, PEM."""
    cert: Path | None = None
    """The client's own certificate (ITI TF-2: 3.19), PEM."""
    key: Path | None = None
    """Its key; None: in the same file."""
    insecure: bool = False
    """Trust every certificate."""
    timeout: float = 60


@contextmanager
def connect(url: str, connection: Connection) -> Iterator[Post]:
    """Something that posts messages to the server of a URL.

    Proxies of the environment are not asked for a server on this machine. Raises `SendError`.
    """
    _check(url)
    verify = _tls(connection) if urlsplit(url).scheme == "https" else False
    with httpx.Client(
        verify=verify, timeout=connection.timeout, trust_env=not _is_loopback(url)
    ) as client:

        def post(endpoint: str, message: Message) -> HttpAnswer:
            return _post(client, endpoint, message)

        yield post


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an address in brackets that is none, a port that is no number
        usable = False
    if not usable:
        raise SendError(f'"{url}" is not the URL of a server; expected http://HOST:PORT.')


def _post(client: httpx.Client, url: str, message: Message) -> HttpAnswer:
    headers: Mapping[str, str] = {**message.headers, "Content-Type": message.content_type}
    try:
        response = client.post(url, content=message.body, headers=headers)
    except httpx.TimeoutException as error:
        raise SendError(f"{url} did not answer in time; --timeout gives it more.") from error
    # UnicodeError: of a host name that is no IDN
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise SendError(_explain(url, error)) from error
    return HttpAnswer(
        response.status_code, response.headers.get("content-type", ""), response.content
    )


def _explain(url: str, error: Exception) -> str:
    text = str(error).partition(": bytearray(")[0].rstrip(".")
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return (
            f"The certificate of {url} is not trusted: {text}. Name its CA with --cacert, or "
            "use --insecure."
        )
    if "WRONG_VERSION_NUMBER" in text:
        return f"There is no TLS at {url}: {text}. Does the server speak http?"
    if isinstance(error, httpx.ConnectError):
        return f"Nobody answers at {url}: {text}."
    told = f"{url} broke off the exchange: {text or type(error).__name__}."
    if isinstance(error, httpx.RemoteProtocolError) and url.startswith("http:"):
        told += " Does the server speak https?"
    return told


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _tls(connection: Connection) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(
            cafile=str(connection.cacert) if connection.cacert else None
        )
        if connection.cert is not None:
            context.load_cert_chain(connection.cert, connection.key)
    except OSError as error:  # ssl.SSLError is one
        files = [connection.cacert, connection.cert, connection.key]
        named = ", ".join(str(file) for file in files if file)
        raise SendError(
            f"Cannot use the certificates {named}: {error.strerror or error}."
        ) from error
    if connection.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
