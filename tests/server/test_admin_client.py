"""The admin client, with servers that are not what it expects."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ihe_mock_async.errors import DaemonError
from ihe_mock_async.server.admin_client import AdminClient, RefusedError
from ihe_mock_async.server.pid_file import Running


@contextmanager
def answering(
    octets: bytes, protocol: str = "http", received: list[bytes] | None = None
) -> Iterator[AdminClient]:
    """A client of a server that answers one request with these octets, then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                request = connection.recv(65536)
                while b"Content-Length" in request and not request.endswith(b"}"):
                    request += connection.recv(65536)
                if received is not None:
                    received.append(request)
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


def test_a_body_goes_as_json_to_the_world_that_is_named() -> None:
    received: list[bytes] = []

    with answering(reply("200 OK", b"{}"), received=received) as client:
        client.ask("POST", "/requests/find", body={"transaction": "ITI-41"}, namespace="team a")

    head, _, body = received[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /ns/team%20a/__admin/requests/find HTTP/1.1\r\n")
    assert b"Content-Type: application/json" in head
    assert json.loads(body) == {"transaction": "ITI-41"}


def test_a_problem_is_told_with_its_keys_and_can_be_read() -> None:
    problem = {
        "status": 422,
        "detail": "The pattern is wrong.",
        "errors": [
            {"key": "xpath[0]", "problem": "is no XPath", "allowed": "XPath 1.0"},
            {"key": "", "problem": "is empty"},
        ],
    }

    with (
        answering(reply("422 Unprocessable", json.dumps(problem).encode())) as client,
        pytest.raises(RefusedError) as refused,
    ):
        client.ask("POST", "/requests/find", body={})

    assert str(refused.value).splitlines() == [
        "The pattern is wrong.",
        "  xpath[0]: is no XPath (allowed: XPath 1.0)",
        "  the document: is empty",
    ]
    assert (refused.value.status, refused.value.problem) == (422, problem)


def test_octets_are_downloaded_as_they_are() -> None:
    octets = bytes(range(256)) * 1000
    with answering(reply("200 OK", octets)) as client:
        pieces = list(client.download("/requests/1/body"))

    assert b"".join(pieces) == octets
    assert len(pieces) > 1


def test_a_download_may_be_refused() -> None:
    with (
        answering(reply("404 Not Found", b'{"detail": "There is none."}')) as client,
        pytest.raises(RefusedError, match=r"^There is none\.$"),
    ):
        next(client.download("/requests/1/body"))


def test_a_server_that_was_asked_to_wait_has_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds: list[float] = []

    class Noted(http.client.HTTPConnection):
        def __init__(self, host: str, port: int, timeout: float) -> None:
            seconds.append(timeout)
            super().__init__(host, port, timeout=timeout)

    monkeypatch.setattr(http.client, "HTTPConnection", Noted)

    with answering(reply("200 OK", b"{}")) as client:
        client.ask("POST", "/requests/wait", body={"timeoutMs": 600_000}, patience=600)
    with answering(reply("200 OK", b"{}")) as client:
        client.ask("GET", "/requests")

    assert seconds[0] == seconds[1] + 600
