"""The admin client, with servers that are not what it expects."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ihe_mock_async.errors import DaemonError
from ihe_mock_async.server.admin_client import AdminClient
from ihe_mock_async.server.pid_file import Running


@contextmanager
def answering(octets: bytes, protocol: str = "http") -> Iterator[AdminClient]:
    """A client of a server that answers one request with these octets, then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(octets)

        thread = threading.Thread(target=serve)
        thread.start()
        port = listening.getsockname()[1]
        start = "2026-01-31T12:00:00.000000+00:00"
        yield AdminClient(Running(4711, port, protocol, "127.0.0.1", start, None))
        thread.join()


def reply(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (reply("404 Not Found", b'{"detail": "There is none."}'), r"^There is none\.$"),
        (reply("500 Oops", b"[]"), r"answers HTTP 500\.$"),
        (reply("200 OK", b"<html>"), r"HTTP 200 without JSON"),
        (b"", r"hung up; its log"),
        (b"nonsense\r\n\r\n", r"does not answer"),
    ],
)
def test_whatever_goes_wrong_is_one_line(octets: bytes, expected: str) -> None:
    with answering(octets) as client, pytest.raises(DaemonError, match=expected):
        client.ask("GET", "/deliveries")


def test_a_server_that_hangs_up_on_tls_may_want_a_certificate() -> None:
    with answering(b"", "https") as client, pytest.raises(DaemonError, match="curl --cert"):
        client.ask("GET", "/deliveries")


def test_nothing_is_an_answer_too() -> None:
    with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as client:
        assert client.ask("DELETE", "/deliveries/1") is None
