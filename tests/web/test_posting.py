"""One attempt at a time, over real connections."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from ihe_mock_async.errors import CertificateError
from ihe_mock_async.settings import Settings
from ihe_mock_async.soap import SoapVersion
from ihe_mock_async.soap.namespaces import SOAP12
from ihe_mock_async.state import Attachment
from ihe_mock_async.store import Delivery, DeliveryKind, DeliveryState
from ihe_mock_async.store.memory_content import MemoryContentStore
from ihe_mock_async.web import posting
from ihe_mock_async.web.outgoing import Outgoing
from ihe_mock_async.web.posting import Attempt, Poster, receiver_trust
from tests.web.receiver import receiving, serving

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ENVELOPE = b"<Envelope/>"


def delivery(to: str, *, attachments: Sequence[Attachment] = (), mtom: bool = False) -> Delivery:
    return Delivery(
        id=1,
        namespace="",
        kind=DeliveryKind.RESPONSE,
        transaction="ITI-43",
        to=to,
        action="urn:example:Answer",
        message_id="urn:uuid:1",
        relates_to="urn:uuid:0",
        version=SoapVersion.V1_2,
        mtom=mtom,
        attachments=tuple(attachments),
        size=len(ENVELOPE),
        created=NOW,
        state=DeliveryState.PENDING,
        attempts=0,
        next_attempt=NOW,
        last_error="",
        last_status=None,
        finished=None,
    )


def notification(to: str) -> Delivery:
    return replace(delivery(to), kind=DeliveryKind.NOTIFICATION, transaction="ITI-46")


class Contents:
    """A content store with the documents of a test."""

    def __init__(self) -> None:
        self.store = MemoryContentStore()
        self.outgoing = Outgoing(self.store)

    def keep(self, content: bytes, content_id: str = "doc@x") -> Attachment:
        staged = self.store.begin()
        staged.write(content)
        digest = staged.finish()
        self.store.keep([staged])
        return Attachment(content_id, "text/plain", digest.size, digest.sha1, digest.sha256)


@pytest.fixture
def contents() -> Contents:
    return Contents()


@pytest.fixture
def poster(contents: Contents) -> Poster:
    return Poster(contents.outgoing)


# ---------------------------------------------------------------- what is sent


async def test_an_envelope_is_posted_as_it_is(poster: Poster) -> None:
    async with receiving() as receiver:
        attempt = await poster.post(delivery(receiver.url), ENVELOPE)

    (posted,) = receiver.posted
    assert attempt == Attempt(status=202)
    assert posted.line == "POST /answers HTTP/1.1"
    assert posted.body == ENVELOPE
    assert posted.headers["content-type"] == "application/soap+xml; charset=utf-8"
    assert posted.headers["user-agent"].startswith("ihe-mock-async/")


async def test_soap_1_1_has_its_own_headers(poster: Poster) -> None:
    async with receiving() as receiver:
        await poster.post(replace(delivery(receiver.url), version=SoapVersion.V1_1), ENVELOPE)

    (posted,) = receiver.posted
    assert posted.headers["content-type"] == "text/xml; charset=utf-8"
    assert posted.headers["soapaction"] == '"urn:example:Answer"'


async def test_mtom_has_the_stored_documents_with_a_length(
    poster: Poster, contents: Contents
) -> None:
    content = b"octets\r\n" * 300_000
    message = delivery("", mtom=True, attachments=[contents.keep(content)])

    async with receiving() as receiver:
        attempt = await poster.post(replace(message, to=receiver.url), ENVELOPE)

    (posted,) = receiver.posted
    assert attempt == Attempt(status=202)
    assert posted.headers["content-type"].startswith('multipart/related; type="application/xop')
    assert 'action="urn:example:Answer"' in posted.headers["content-type"]
    assert "transfer-encoding" not in posted.headers
    assert ENVELOPE in posted.body
    assert content in posted.body


async def test_mtom_without_documents_is_mtom(poster: Poster) -> None:
    async with receiving() as receiver:
        await poster.post(delivery(receiver.url, mtom=True), ENVELOPE)

    assert receiver.posted[0].headers["content-type"].startswith("multipart/related")


async def test_a_document_that_is_gone_ends_the_delivery(
    poster: Poster, contents: Contents
) -> None:
    document = contents.keep(b"Hello")
    contents.store.remove(document.sha256)

    async with receiving() as receiver:
        message = delivery(receiver.url, mtom=True, attachments=[document])
        attempt = await poster.post(message, ENVELOPE)

    assert attempt.final
    assert attempt.error.startswith("not sent: A document was removed")
    assert receiver.posted == []


async def test_too_many_open_documents_are_a_reason_to_try_again(contents: Contents) -> None:
    document = contents.keep(b"x" * 100_000)
    poster = Poster(Outgoing(contents.store, max_files=0))

    attempt = await poster.post(
        delivery("http://127.0.0.1:9/", mtom=True, attachments=[document]), ENVELOPE
    )

    assert attempt.error.startswith("not sent: ")
    assert not attempt.final


async def test_proxies_of_the_environment_are_not_asked(
    poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async with receiving() as receiver:
        assert await poster.post(delivery(receiver.url), ENVELOPE) == Attempt(status=202)


def test_starting_does_not_wait_for_what_most_servers_never_need() -> None:
    heavy = "httpx jsonpath regex yaml ihe_mock_async.services"
    program = (
        "import sys, ihe_mock_async.web.app;"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )

    loaded = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert loaded.stdout == "[]\n"


# ---------------------------------------------------------------- what comes back

FAULT = (
    f'<s:Envelope xmlns:s="{SOAP12}"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>'
    '<s:Reason><s:Text xml:lang="en">Unknown\n  RelatesTo</s:Text></s:Reason></s:Fault></s:Body>'
    "</s:Envelope>"
).encode()


def acknowledgement(code: str, detail: str = "") -> bytes:
    if detail:
        detail = f"<acknowledgementDetail><text>{detail}</text></acknowledgementDetail>"
    return (
        f'<s:Envelope xmlns:s="{SOAP12}"><s:Body><MCCI_IN000002UV01 xmlns="urn:hl7-org:v3">'
        f'<acknowledgement><typeCode code="{code}"/>{detail}</acknowledgement>'
        "</MCCI_IN000002UV01></s:Body></s:Envelope>"
    ).encode()


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted", "204 No Content"])
async def test_every_2xx_takes_an_answer(poster: Poster, status: str) -> None:
    async with receiving((status, b"")) as receiver:
        attempt = await poster.post(delivery(receiver.url), ENVELOPE)

    assert attempt == Attempt(status=int(status[:3]))


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        ("404 Not Found", b"", "HTTP 404"),
        ("500 Internal Server Error", FAULT, "HTTP 500: Unknown RelatesTo"),
        ("503 Service Unavailable", b"<html>busy", "HTTP 503"),
        (
            "302 Found\r\nLocation: http://127.0.0.1:9/",
            b"",
            "HTTP 302; redirects are not followed",
        ),
    ],
)
async def test_another_status_is_a_failure_that_tells_the_reason(
    poster: Poster, status: str, body: bytes, error: str
) -> None:
    async with receiving((status, body)) as receiver:
        attempt = await poster.post(delivery(receiver.url), ENVELOPE)

    assert attempt == Attempt(error, int(status[:3]))
    assert len(receiver.posted) == 1


@pytest.mark.parametrize("code", ["CA", "AA"])
async def test_a_notification_is_acknowledged(poster: Poster, code: str) -> None:
    async with receiving(("200 OK", acknowledgement(code))) as receiver:
        attempt = await poster.post(notification(receiver.url), ENVELOPE)

    assert attempt == Attempt(status=200)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (acknowledgement("AE", "no such domain"), "acknowledged with AE: no such domain"),
        (acknowledgement(""), "acknowledged with no code"),
        (b"", "the answer is not a SOAP message with an acknowledgement"),
        (b"<html/>", "the answer is not a SOAP message with an acknowledgement"),
        (FAULT, "the answer is Fault without an acknowledgement: Unknown RelatesTo"),
    ],
)
async def test_a_notification_that_is_not_acknowledged_has_failed(
    poster: Poster, body: bytes, error: str
) -> None:
    async with receiving(("200 OK", body)) as receiver:
        attempt = await poster.post(notification(receiver.url), ENVELOPE)

    assert attempt == Attempt(f"HTTP 200, {error}", 200)


async def test_redact_leaves_out_what_the_receiver_says(contents: Contents) -> None:
    poster = Poster(contents.outgoing, redact=True)

    async with receiving(("200 OK", acknowledgement("AE", "no Nora"))) as receiver:
        attempt = await poster.post(notification(receiver.url), ENVELOPE)

    assert attempt.error == "HTTP 200, acknowledged with AE"


async def test_an_endless_answer_is_not_read_to_its_end(
    poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "MAX_ANSWER", 1000)

    async with receiving(("200 OK", b"x" * 10_000_000)) as receiver:
        attempt = await poster.post(notification(receiver.url), ENVELOPE)

    assert attempt.status == 200


async def test_an_answer_that_does_not_end_in_time_counts_as_far_as_it_came(
    poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "ANSWER_SECONDS", 0.1)

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<half")
        await reader.read()

    async with serving(stall) as url:
        attempt = await poster.post(delivery(url), ENVELOPE)

    assert attempt == Attempt(status=200)


# ---------------------------------------------------------------- no answer


async def test_nobody_there_is_said(poster: Poster) -> None:
    with socket.socket() as reserved:  # bound, so that nobody else listens there
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/"
        attempt = await poster.post(delivery(url), ENVELOPE)

    assert attempt == Attempt("no connection (Connection refused)")


async def test_a_connection_that_breaks_is_said(poster: Poster) -> None:
    async with receiving(("", b"")) as receiver:
        attempt = await poster.post(delivery(receiver.url), ENVELOPE)

    assert attempt.error.startswith("the connection broke (")
    assert (attempt.status, attempt.final) == (None, False)


async def test_a_receiver_that_does_not_speak_http_is_told_without_its_octets(
    poster: Poster,
) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x00 Nora\r\n\r\n")
        await reader.read()

    async with serving(babble) as url:
        attempt = await poster.post(delivery(url), ENVELOPE)

    assert attempt == Attempt("the connection broke (illegal status line)")


async def test_a_receiver_that_says_nothing_is_left(
    poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "ANSWER_SECONDS", 0.05)

    async def mute(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(mute) as url:
        attempt = await poster.post(delivery(url), ENVELOPE)

    assert attempt.error == "no answer within 30 s"


@pytest.mark.parametrize("url", ["http://x:y/", "http://a\x00b/", "http://xn--/"])
async def test_a_url_that_no_client_can_use_ends_the_delivery(poster: Poster, url: str) -> None:
    attempt = await poster.post(delivery(url), ENVELOPE)

    assert attempt.final
    assert "the URL cannot be used" in attempt.error


# ---------------------------------------------------------------- TLS

MakeSettings = Callable[..., Settings]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, *, wants_certificate: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if wants_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    return context


def authority_file(authority: trustme.CA, folder: Path) -> Path:
    path = folder / "receivers.pem"
    authority.cert_pem.write_to_path(path)
    return path


async def test_a_receiver_with_an_unknown_ca_is_refused_with_the_setting_that_helps(
    poster: Poster, authority: trustme.CA
) -> None:
    async with receiving(tls=server_context(authority)) as receiver:
        attempt = await poster.post(delivery(receiver.url), ENVELOPE)

    assert attempt.error.startswith("the receiver's certificate is not trusted (")
    assert "set delivery_ca_path" in attempt.error
    assert receiver.posted == []


async def test_a_receiver_with_a_ca_of_the_settings_is_trusted(
    contents: Contents, authority: trustme.CA, tmp_path: Path
) -> None:
    settings = Settings(delivery_ca_path=authority_file(authority, tmp_path))
    poster = Poster(contents.outgoing, receiver_trust(settings, "http"))

    async with receiving(tls=server_context(authority)) as receiver:
        assert await poster.post(delivery(receiver.url), ENVELOPE) == Attempt(status=202)


async def test_a_receiver_that_wants_a_certificate_gets_the_servers_own(
    contents: Contents, authority: trustme.CA, tmp_path: Path
) -> None:
    own = authority.issue_cert("mock.example")
    own.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")
    path = authority_file(authority, tmp_path)
    settings = Settings(
        delivery_ca_path=path,
        client_ca_path=path,
        client_auth="required",
        cert_path=tmp_path / "cert.pem",
        key_path=tmp_path / "key.pem",
    )
    poster = Poster(contents.outgoing, receiver_trust(settings, "https"))

    async with receiving(tls=server_context(authority, wants_certificate=True)) as receiver:
        attempt = await poster.post(delivery(receiver.url), ENVELOPE)

    assert attempt == Attempt(status=202)
    assert "mock.example" in str(receiver.posted[0].client_certificate)


def test_a_server_without_tls_has_no_certificate_to_present(tmp_path: Path) -> None:
    settings = Settings(client_auth="optional", client_ca_path=tmp_path / "ca.pem")

    assert receiver_trust(settings, "http") is None


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_cas_that_cannot_be_read_is_said_at_the_start(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "receivers.pem"
    if content is not None:
        path.write_text(content)

    with pytest.raises(CertificateError, match=r"delivery_ca_path is .*receivers\.pem"):
        receiver_trust(Settings(delivery_ca_path=path), "http")
