"""Asynchronous answers of a real server process, when things do not go well."""

from __future__ import annotations

import queue
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from tests.e2e.messages import MTOM, SOAP_XML, envelope_of, pix_add, submission, text_of
from tests.server_process import ServerProcess, running, spawn

pytestmark = pytest.mark.integration

ANONYMOUS = b"http://www.w3.org/2005/08/addressing/anonymous"
LIMIT = 20


@dataclass
class Inbox:
    """Where answers are posted to; `statuses` are what it says first, then 202."""

    statuses: list[int] = field(default_factory=list)
    arrived: queue.Queue[tuple[str, bytes]] = field(default_factory=queue.Queue)
    url: str = ""

    def take(self) -> tuple[str, bytes]:
        """Content-Type and body of the next post that was not refused."""
        return self.arrived.get(timeout=LIMIT)


@contextmanager
def opened(
    statuses: Sequence[int] = (), *, port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Inbox]:
    inbox = Inbox(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = inbox.statuses.pop(0) if inbox.statuses else 202
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            if status == 202:
                inbox.arrived.put((self.headers["Content-Type"], body))

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    inbox.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/answers"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield inbox
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def wait_for(server: ServerProcess, state: str) -> list[dict[str, Any]]:
    """The deliveries in a state, as soon as there are some."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        answer = httpx.get(f"{server.url}/__admin/deliveries", params={"state": state})
        listed: list[dict[str, Any]] = answer.json()["deliveries"]
        if listed:
            return listed
        time.sleep(0.02)
    raise AssertionError(f"no delivery became {state}")


def answering_to(message: bytes, url: str) -> bytes:
    assert ANONYMOUS in message
    return message.replace(ANONYMOUS, url.encode(), 1)


def test_a_receiver_that_fails_twice_gets_the_answer_the_third_time(tmp_path: Path) -> None:
    settings = {"delivery_backoff_seconds": 0.05}
    with opened([503, 500]) as inbox, running(tmp_path, settings=settings) as server:
        message = answering_to(submission().body, inbox.url)
        accepted = httpx.post(f"{server.url}/iti41/submit", content=message, headers=MTOM)
        content_type, body = inbox.take()

        listed = httpx.get(f"{server.url}/__admin/deliveries").json()["deliveries"]

    assert (accepted.status_code, accepted.content) == (202, b"")
    assert content_type.startswith("multipart/related")
    assert b"ResponseStatusType:Success" in body
    assert [each["attempts"] for each in listed] in ([2], [3])  # the third is being recorded
    assert server.log.count("failed, next attempt in") == 2


def test_an_answer_that_could_not_be_posted_is_posted_after_kill_9(tmp_path: Path) -> None:
    # Nobody is there now, and the next attempt is far away when the server is killed.
    settings = {"delivery_backoff_seconds": 1.5}
    first = spawn(tmp_path, settings=settings)
    with socket.socket() as reserved:  # bound, so that nobody else listens there
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        message = answering_to(pix_add("KILL-1"), f"http://127.0.0.1:{port}/answers")
        accepted = httpx.post(f"{first.url}/pix/add", content=message, headers=SOAP_XML)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()

    with opened(port=port) as inbox, running(tmp_path, settings=settings):
        _, body = inbox.take()

    assert accepted.status_code == 202
    assert b'<typeCode code="CA"/>' in body


def test_a_stop_does_not_wait_for_a_receiver_that_hangs(tmp_path: Path) -> None:
    first = spawn(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes messages, and says nothing
        port = mute.getsockname()[1]
        message = answering_to(pix_add("STOP-1"), f"http://127.0.0.1:{port}/answers")
        httpx.post(f"{first.url}/pix/add", content=message, headers=SOAP_XML)
        in_flight, _ = mute.accept()
        with in_flight:
            status = first.terminate()

    with opened(port=port) as inbox, running(tmp_path):
        _, body = inbox.take()

    assert status == 0
    assert "stopped" in first.log
    assert b'<typeCode code="CA"/>' in body


def test_an_answer_that_is_sent_to_ourselves_comes_to_an_end(tmp_path: Path) -> None:
    settings = {"delivery_backoff_seconds": 0.01, "delivery_attempts": 2}
    with running(tmp_path, settings=settings) as server:
        url = f"{server.url}/pix/add"
        accepted = httpx.post(url, content=answering_to(pix_add("SELF-1"), url), headers=SOAP_XML)
        dead = wait_for(server, "dead")

    assert accepted.status_code == 202
    assert [each["attempts"] for each in dead] == [2]
    assert dead[0]["lastError"].startswith("HTTP 400: wsa:Action must be one that this endpoint")


def test_a_fault_goes_to_fault_to(tmp_path: Path) -> None:
    with opened() as answers, opened() as faults, running(tmp_path) as server:
        message = answering_to(pix_add("FAULT-1"), answers.url)
        fault_to = f"<a:FaultTo><a:Address>{faults.url}</a:Address></a:FaultTo></s:Header>"
        assert b"</s:Header>" in message
        message = message.replace(b"</s:Header>", fault_to.encode())
        message = message.replace(b"PRPA_IN201301UV02</a:Action>", b"nothing</a:Action>")
        accepted = httpx.post(f"{server.url}/pix/add", content=message, headers=SOAP_XML)
        envelope = envelope_of(*faults.take())

    assert accepted.status_code == 202
    assert text_of(envelope, "//wsa:To") == faults.url
    assert text_of(envelope, "//error/finding/@rule") == "wsa-action-supported"
    assert answers.arrived.empty()


def test_answers_go_to_https_receivers_that_can_be_trusted(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "receivers.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    settings = {"delivery_ca_path": str(tmp_path / "receivers.pem")}
    with opened(tls=tls) as inbox, running(tmp_path, settings=settings) as server:
        message = answering_to(pix_add("TLS-1"), inbox.url)
        httpx.post(f"{server.url}/pix/add", content=message, headers=SOAP_XML)
        _, body = inbox.take()

    assert b'<typeCode code="CA"/>' in body


def test_cas_that_cannot_be_read_stop_the_start_with_one_line(tmp_path: Path) -> None:
    server = spawn(tmp_path, settings={"delivery_ca_path": "nowhere.pem"}, wait=False)

    assert server.process.wait(LIMIT) == 2
    said = (tmp_path / "output.txt").read_text()
    assert "delivery_ca_path is nowhere.pem, which cannot be read" in said
    assert "Traceback" not in said
