"""One attempt to deliver a message: an HTTP POST on a connection of its own (ITI TF-2: V.5)."""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from ihe_mock_async import __version__
from ihe_mock_async.errors import CertificateError
from ihe_mock_async.soap import SoapFault, SoapVersion
from ihe_mock_async.store import DeliveryKind
from ihe_mock_async.web import acknowledgements
from ihe_mock_async.web.packing import Framing, pack_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import httpx

    from ihe_mock_async.settings import Settings
    from ihe_mock_async.store import Delivery
    from ihe_mock_async.web.http import Response
    from ihe_mock_async.web.outgoing import Outgoing

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
"""For the receiver to take each part of the message, to begin to answer, and to end."""
MAX_ANSWER = 256 * 1024
"""Octets of an answer that are read."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt ended."""

    error: str = ""
    """What went wrong; empty when the receiver has taken the message."""
    status: int | None = None
    """HTTP status, if there was an answer."""
    final: bool = False
    """Whether another attempt can only end the same way."""


def receiver_trust(settings: Settings, protocol: str) -> ssl.SSLContext | None:
    """How receivers with https are checked; None: against the CAs of the system, as by default.

    A server that serves https and asks for client certificates has one for its own calls, too.
    Raises `CertificateError` when a file of the settings cannot be used.
    """
    presents = protocol == "https" and settings.client_auth != "none"
    if settings.delivery_ca_path is None and not presents:
        return None
    context = ssl.create_default_context()
    if settings.delivery_ca_path is not None:
        _load_authorities(context, settings.delivery_ca_path)
    if presents:
        context.load_cert_chain(settings.cert_path, settings.key_path)
    return context


def _load_authorities(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        cause = (not isinstance(error, ssl.SSLError) and error.strerror) or "no certificate in it"
        raise CertificateError(
            f"delivery_ca_path is {path}, which cannot be read ({cause}): name a PEM file with "
            "the CA certificates of receivers, or set it to null."
        ) from error


class Poster:
    """Posts messages; each attempt is independent of all others."""

    def __init__(
        self, outgoing: Outgoing, trust: ssl.SSLContext | None = None, *, redact: bool = False
    ) -> None:
        self._outgoing = outgoing
        self._trust = trust
        self._redact = redact

    async def post(self, delivery: Delivery, envelope: bytes) -> Attempt:
        """Send a message once, packed as its request was (ITI TF-2: V.8.1)."""
        framing = Framing(delivery.version, mtom=delivery.mtom)
        try:
            packed = await pack_answer(envelope, delivery, framing, self._outgoing)
        except SoapFault as error:
            busy = error.http_status == HTTPStatus.SERVICE_UNAVAILABLE
            return Attempt(f"not sent: {error.reason}", final=not busy)
        try:
            return await self._send(delivery, packed)
        finally:
            packed.close()

    async def _send(self, delivery: Delivery, packed: Response) -> Attempt:
        # An import of 0.1 s that a server does not need until it has something to post.
        import httpx  # noqa: PLC0415

        try:
            async with (
                httpx.AsyncClient(
                    verify=await self._context(delivery.to),
                    trust_env=False,
                    timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
                    headers=_EVERY_TIME,
                ) as client,
                client.stream(
                    "POST",
                    delivery.to,
                    content=packed.body if packed.rest is None else packed.chunks(),
                    headers=_headers(delivery, packed),
                ) as answer,
            ):
                return self._judge(delivery, answer, await _read(answer))
        except (httpx.InvalidURL, UnicodeError) as error:  # the latter of names that are no IDN
            return Attempt(f"the URL cannot be used: {error}", final=True)
        except httpx.HTTPError as error:
            return Attempt(_explain(error))

    async def _context(self, url: str) -> ssl.SSLContext:
        if not url.lower().startswith("https:"):
            return _NO_TRUST
        if self._trust is None:
            self._trust = await asyncio.to_thread(ssl.create_default_context)
        return self._trust

    def _judge(self, delivery: Delivery, answer: httpx.Response, content: bytes) -> Attempt:
        status = answer.status_code
        if not answer.is_success:
            moved = "; redirects are not followed" if answer.has_redirect_location else ""
            return Attempt(f"HTTP {status}{moved}{self._quoted(content)}", status)
        if delivery.kind is DeliveryKind.NOTIFICATION:
            problem = acknowledgements.refusal(content)
            if problem:
                return Attempt(f"HTTP {status}, {problem}{self._quoted(content)}", status)
        return Attempt(status=status)

    def _quoted(self, content: bytes) -> str:
        # The receiver's own words may be of the patient.
        words = "" if self._redact else acknowledgements.explanation(content)
        return f": {words}" if words else ""


_EVERY_TIME = {
    "User-Agent": f"ihe-mock-async/{__version__}",
    "Accept-Encoding": "identity",  # so that the bound on what is read is one on memory
}
_NO_TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For http: spares the work of reading the system's CAs."""


def _headers(delivery: Delivery, packed: Response) -> Mapping[str, str]:
    headers = {**packed.headers, "Content-Length": str(packed.length)}
    if delivery.version is SoapVersion.V1_1:
        headers["SOAPAction"] = f'"{delivery.action}"'  # SOAP 1.1, 6.1.1
    return headers


async def _read(answer: httpx.Response) -> bytes:
    """The first octets of the answer; what is not there in time is left."""
    content = bytearray()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            async for chunk in answer.aiter_raw():
                content += chunk
                if len(content) >= MAX_ANSWER:
                    break
    except TimeoutError:
        pass
    return bytes(content[:MAX_ANSWER])


def _explain(error: httpx.HTTPError) -> str:
    """What a failed connection means, and what to do where something can be done."""
    name = type(error).__name__
    if name in _TIMEOUTS:
        return _TIMEOUTS[name]
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"the receiver's certificate is not trusted ({cause.verify_message}); set "
                "delivery_ca_path to the certificate of its CA"
            )
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed ({cause.reason})"
        if isinstance(cause, OSError) and cause.errno:
            # asyncio puts the address in place of the system's words; name servers' are its own.
            words = os.strerror(cause.errno) if cause.errno > 0 else cause.strerror
            return f"no connection ({words})"
    return f"the connection broke ({_words(error) or name})"


def _words(error: Exception) -> str:
    """What a client library says, without octets in Python's notation."""
    return str(error).partition(": bytearray(")[0]


_TIMEOUTS = {
    "ConnectTimeout": f"no connection within {CONNECT_SECONDS:.0f} s",
    "ReadTimeout": f"no answer within {ANSWER_SECONDS:.0f} s",
    "WriteTimeout": f"the receiver took nothing for {ANSWER_SECONDS:.0f} s",
}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        group = getattr(error, "exceptions", ())
        error = group[0] if group else error.__cause__ or error.__context__
