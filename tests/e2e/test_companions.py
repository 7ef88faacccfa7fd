"""The shipped companion services in a real server, to the octet."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from ihe_mock_async.server import listener
from tests import server_process
from tests.server_process import ServerProcess

pytestmark = pytest.mark.integration
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with all of them, at free ports."""
    settings: dict[str, object] = {
        "services": ["ofd", "twilio", "hello"],
        "services_listen": {"ofd": "127.0.0.1:0", "hello": "127.0.0.1:0"},
    }
    with running(tmp_path_factory.mktemp("server"), settings) as started:
        yield started


@contextmanager
def running(folder: Path, settings: dict[str, object]) -> Iterator[ServerProcess]:
    started = server_process.spawn(folder, settings=settings)
    try:
        yield started
    finally:
        assert started.terminate() == 0


def url_of(server: ServerProcess, service: str) -> str:
    """Where a service says that it listens by itself."""
    _, body = ask(server.url, "GET", "/__admin/services")
    urls: dict[str, str] = {s["name"]: s["url"] for s in json.loads(body)["services"]}
    return urls[service]


def ask(
    url: str,
    method: str,
    path: str,
    body: str | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[HTTPResponse, bytes]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def is_refused(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def is_taken(port: int) -> bool:
    try:
        with listener.listen("127.0.0.1", port):
            return False
    except Exception:  # noqa: BLE001 - whatever keeps the server from it, too
        return True


# ---------------------------------------------------------------- hello


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
@pytest.mark.parametrize("path", ["/", "/any/path?with=query", "/health", "/__admin/requests"])
def test_hello_gives_any_method_and_path_the_same_answer(
    server: ServerProcess, method: str, path: str
) -> None:
    response, body = ask(url_of(server, "hello"), method, path)

    assert (response.status, body) == (200, b"Hello, World!\n")
    assert response.headers.get_all("Content-Type") == ["text/plain"]
    assert response.headers.get_all("Content-Length") == ["14"]


def test_hello_gives_head_the_length_and_no_body(server: ServerProcess) -> None:
    address = urlsplit(url_of(server, "hello"))
    with socket.create_connection((address.hostname, address.port)) as client:
        client.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        octets = b"".join(iter(lambda: client.recv(4096), b""))

    head, _, body = octets.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"content-length: 14" in head.lower().split(b"\r\n")
    assert body == b""


def test_hello_takes_a_body_of_any_size_that_it_does_not_need(server: ServerProcess) -> None:
    response, body = ask(url_of(server, "hello"), "POST", "/", "x" * 1_000_000)

    assert (response.status, body) == (200, b"Hello, World!\n")


def test_hello_is_there_for_one_loopback_address_only(server: ServerProcess) -> None:
    port = urlsplit(url_of(server, "hello")).port or 0
    addresses = [
        each.address
        for interface in psutil.net_if_addrs().values()
        for each in interface
        if each.family is socket.AF_INET and not each.address.startswith("127.")
    ]

    assert not is_refused("127.0.0.1", port)
    for address in ["127.0.0.2", *addresses]:
        assert is_refused(address, port)


# ---------------------------------------------------------------- ofd


def test_ofd_takes_a_receipt_and_remembers_it(server: ServerProcess) -> None:
    ofd = url_of(server, "ofd")

    response, body = ask(ofd, "POST", "/ns/taken/ofd/v1/receipt", '{"total": 100}')

    assert (response.status, response.headers["Content-Type"]) == (200, "application/json")
    receipt = json.loads(body)
    assert receipt["status"] == "accepted"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", receipt["receiptId"])
    _, told = ask(server.url, "GET", "/ns/taken/__admin/services/ofd/records/receipts")
    assert [record["json"] for record in json.loads(told)["records"]] == [{"total": 100}]


def test_ofd_is_unavailable_under_a_plan_until_it_is_reset(server: ServerProcess) -> None:
    ofd = url_of(server, "ofd")
    plan = {"match": {"service": "ofd"}, "when": {"times": 1}, "effect": {"http": {"status": 503}}}
    json_type = {"Content-Type": "application/json"}
    ask(server.url, "POST", "/ns/busy/__admin/faults", json.dumps(plan), json_type)

    healthy, _ = ask(ofd, "GET", "/ns/busy/ofd/v1/health")
    statuses = [ask(ofd, "POST", "/ns/busy/ofd/v1/receipt", "{}")[0].status for _ in range(2)]
    reset, _ = ask(ofd, "POST", "/ns/busy/ofd/v1/_test/reset")

    assert (healthy.status, statuses, reset.status) == (200, [503, 200], 200)
    _, faults = ask(server.url, "GET", "/ns/busy/__admin/faults")
    _, told = ask(server.url, "GET", "/ns/busy/__admin/services/ofd/records/receipts")
    assert json.loads(faults)["faults"] == []
    assert json.loads(told)["records"] == []


def test_ofd_says_that_it_is_healthy(server: ServerProcess) -> None:
    response, body = ask(url_of(server, "ofd"), "GET", "/ofd/v1/health")

    assert (response.status, json.loads(body)) == (200, {"status": "healthy"})


# ---------------------------------------------------------------- twilio


def test_twilio_queues_a_message(server: ServerProcess) -> None:
    response, body = ask(
        server.url, "POST", "/Messages.json", "To=%2B1&From=%2B2&Body=Hello%21", FORM
    )

    message = json.loads(body)
    assert response.status == 201
    assert re.fullmatch(r"SM[0-9a-f]{32}", message.pop("sid"))
    assert message == {"status": "queued"}


# ---------------------------------------------------------------- the ports that they declare


def test_hello_and_ofd_listen_where_they_always_did(tmp_path: Path) -> None:
    if taken := [port for port in (3000, 9000) if is_taken(port)]:
        pytest.skip(f"port {taken[0]} is taken on this machine")

    with running(tmp_path, {"services": ["hello", "ofd"]}) as started:
        _, hello = ask("http://127.0.0.1:3000", "GET", "/")
        health, _ = ask("http://127.0.0.1:9000", "GET", "/ofd/v1/health")

        assert (hello, health.status) == (b"Hello, World!\n", 200)
        announced = (started.folder / "output.txt").read_text()
        assert "http://127.0.0.1:3000" in announced
        assert "http://127.0.0.1:9000" in announced


def test_a_port_that_is_taken_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with listener.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        started = server_process.spawn(
            tmp_path,
            settings={"services": ["ofd"], "services_listen": {"ofd": f"127.0.0.1:{port}"}},
            wait=False,
        )

        assert started.process.wait(30) == 2

    last = (tmp_path / "output.txt").read_text().splitlines()[-1]
    assert last.startswith(f"Error: Port {port} on 127.0.0.1 is in use")
    assert "choose another port for ofd in the setting services_listen" in last
    assert not (tmp_path / "mocks" / ".mock-server.pid").exists()


def test_a_wrong_declaration_is_told_with_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "mocks" / "services"
    folder.mkdir(parents=True)
    (folder / "shop.yaml").write_text("name: shop\nmappings:\n  - response: {stauts: 200}\n")

    started = server_process.spawn(tmp_path, settings={"services": ["shop"]}, wait=False)

    assert started.process.wait(30) == 2
    assert (
        "Error: mocks/services/shop.yaml:3:16: mappings[0].response.stauts: is an unknown key; "
        'did you mean "status"?'
    ) in (tmp_path / "output.txt").read_text()


def test_the_shell_lists_services_and_what_they_have_recorded(server: ServerProcess) -> None:
    ask(url_of(server, "ofd"), "POST", "/ns/shell/ofd/v1/receipt", '{"total": 7}')

    def run(*arguments: str) -> str:
        command = [
            sys.executable,
            "-m",
            "ihe_mock_async",
            "services",
            *arguments,
            "--config",
            "config.json",
        ]
        done = subprocess.run(  # noqa: S603 - our own command
            command, cwd=server.folder, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    assert re.search(r"^ofd +http://127\.0\.0\.1:\d+ +receipts +Fiscal", run("list"), re.MULTILINE)
    assert '{"total": 7}' in run("records", "ofd", "receipts", "--namespace", "shell")
    assert run("reload") == "Reloaded: ofd, twilio, hello\n"
    assert run("validate") == "Right: hello, ofd, twilio\n"
