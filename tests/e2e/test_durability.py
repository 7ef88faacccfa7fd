"""What was acknowledged is stored, however the server ends."""

from __future__ import annotations

import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.e2e.messages import MTOM, SOAP_XML, pix_add, submission
from tests.server_process import ServerProcess, running, spawn

pytestmark = pytest.mark.integration


def acknowledged_feeds(server: ServerProcess, stop: threading.Event, name: str) -> list[str]:
    """Feed patients until the server dies; the extensions that were acknowledged."""
    done: list[str] = []
    with httpx.Client(base_url=server.url, timeout=10) as client:
        while not stop.is_set():
            extension = f"{name}-{len(done)}"
            try:
                reply = client.post("/pix/add", content=pix_add(extension), headers=SOAP_XML)
            except httpx.HTTPError:
                break
            if b'code="CA"' in reply.content:
                done.append(extension)
    return done


def is_known(client: httpx.Client, extension: str) -> bool:
    """Whether the strict server takes a document for the patient."""
    reply = client.post("/iti41/submit", content=submission(extension).body, headers=MTOM)
    return b"ResponseStatusType:Success" in reply.content


def feed_until_killed(folder: Path, name: str) -> list[str]:
    """Start a server, feed it from four connections, kill it; what was acknowledged."""
    server = spawn(folder, settings={"unknown_patients": "reject"})
    stop = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(acknowledged_feeds, server, stop, f"{name}-{n}") for n in range(4)]
        time.sleep(0.4)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        stop.set()
        return [extension for future in futures for extension in future.result()]


def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    acknowledged = [
        extension
        for round_ in range(5)
        for extension in feed_until_killed(tmp_path, f"ROUND-{round_}")
    ]

    assert len(acknowledged) > 20
    with (
        running(tmp_path, settings={"unknown_patients": "reject"}) as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        sample = acknowledged[-10:] + acknowledged[:: max(1, len(acknowledged) // 60)]
        lost = [extension for extension in sample if not is_known(client, extension)]
        stranger = is_known(client, "NEVER-FED")
    assert lost == []
    assert not stranger


def test_requests_in_flight_are_answered_when_the_server_is_told_to_stop(tmp_path: Path) -> None:
    server = spawn(tmp_path)
    address = urlsplit(server.url)
    connections = []
    for number in range(100):
        body = pix_add(f"DRAIN-{number}")
        connection = socket.create_connection((address.hostname, address.port), timeout=30)
        connection.sendall(
            (
                "POST /pix/add HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            ).encode()
            + body[:500]
        )
        connections.append((connection, body[500:]))
    time.sleep(0.5)

    server.process.send_signal(signal.SIGTERM)
    time.sleep(1.5)
    answers = []
    for connection, rest in connections:
        connection.sendall(rest)
    for connection, _ in connections:
        answer = bytearray()
        while chunk := connection.recv(65536):
            answer += chunk
        answers.append(bytes(answer))
        connection.close()

    assert sum(a.startswith(b"HTTP/1.1 200") and b'code="CA"' in a for a in answers) == 100
    assert server.process.wait(40) == 0
    with pytest.raises(OSError):  # noqa: PT011 - refused or reset, both are "not listening"
        socket.create_connection((address.hostname, address.port), timeout=5).close()
