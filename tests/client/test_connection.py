"""What is told when nobody answers, or nobody that can be trusted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
import trustme

from ihe_mock_async.client import connection
from ihe_mock_async.client.connection import Connection, HttpAnswer, connect
from ihe_mock_async.client.message import Message
from ihe_mock_async.errors import SendError

MESSAGE = Message("text/xml", b"<a/>", {"SOAPAction": '""'})


class Echo(BaseHTTPRequestHandler):
    """Answers with what it got."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/break":
            return
        self.send_response(200)
        self.send_header("Content-Type", self.headers["Content-Type"])
        self.end_headers()
        self.wfile.write(body + self.headers["SOAPAction"].encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_message_is_posted_with_its_headers(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # not asked for this machine

    with connect(url, Connection()) as post:
        answer = post(f"{url}/x", MESSAGE)

    assert answer == HttpAnswer(200, "text/xml", b'<a/>""')


def test_a_server_that_hangs_up_is_told(url: str) -> None:
    with (
        connect(url, Connection()) as post,
        pytest.raises(SendError, match="broke off the exchange"),
    ):
        post(f"{url}/break", MESSAGE)


def test_nobody_there_is_told() -> None:
    with (
        connect("http://127.0.0.1:1", Connection()) as post,
        pytest.raises(SendError, match=r"Nobody answers at http://127\.0\.0\.1:1/x"),
    ):
        post("http://127.0.0.1:1/x", MESSAGE)


@pytest.mark.parametrize(
    "url", ["gopher://x", "mock:8080", "", "http://", "http://[::1", "http://x:y", "http://x:0"]
)
def test_a_url_that_is_none_is_told(url: str) -> None:
    with (
        pytest.raises(SendError, match=r'".*" is not the URL of a server; expected http://'),
        connect(url, Connection()),
    ):
        pass


def test_http_where_https_is_wanted_is_guessed(url: str) -> None:
    with (
        connect(url, Connection()) as post,
        pytest.raises(SendError, match=r"[^.]\. Does the server speak https\?"),
    ):
        post(f"{url}/break", MESSAGE)


def test_https_where_http_is_spoken_is_told(url: str) -> None:
    https = url.replace("http", "https", 1)
    with (
        connect(https, Connection()) as post,
        pytest.raises(SendError, match="There is no TLS at https://"),
    ):
        post(f"{https}/x", MESSAGE)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (httpx.ReadTimeout("slow"), "--timeout gives it more"),
        (httpx.ConnectError("CERTIFICATE_VERIFY_FAILED: self-signed"), "--cacert"),
        (UnicodeError("no IDN"), "https://x broke off the exchange: no IDN"),
        (httpx.RemoteProtocolError("bad line: bytearray(b'x')"), r"exchange: bad line\.$"),
    ],
)
def test_what_to_do_is_told(error: Exception, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(httpx.Client, "post", fail)
    with connect("https://x", Connection()) as post, pytest.raises(SendError, match=told):
        post("https://x", MESSAGE)


def test_certificates_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate")

    for options in (Connection(cacert=broken), Connection(cert=tmp_path / "none.pem")):
        with (
            pytest.raises(SendError, match=r"Cannot use the certificates .*pem"),
            connect("https://x", options),
        ):
            pass


def test_a_client_certificate_and_a_ca_are_taken(tmp_path: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    ca.issue_cert("me").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "me.pem"))

    with connect(
        "https://x", Connection(tmp_path / "ca.pem", tmp_path / "me.pem", insecure=True)
    ) as post:
        assert callable(post)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:1/x", True),
        ("http://[::1]:1", True),
        ("http://127.0.0.2", True),
        ("http://mock.test", False),
        ("http://10.0.0.1", False),
    ],
)
def test_a_loopback_address_is_told(url: str, *, expected: bool) -> None:
    assert connection._is_loopback(url) is expected
