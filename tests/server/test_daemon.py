"""A server process, from its start to its end."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Never

import pytest
import trustme

from ihe_mock_async.errors import (
    AddressError,
    CertificateError,
    DaemonError,
    OperatorError,
    StoreError,
)
from ihe_mock_async.server import background, daemon, status
from ihe_mock_async.server.launch import Launch
from ihe_mock_async.server.status import State
from ihe_mock_async.settings import Settings


class Server(subprocess.Popen[str]):
    """A server process that has told its URL."""

    url: str


Serve = Callable[..., Server]
TINY_SERVER = Path(__file__).with_name("tiny_server.py")
PID_PATH = Path("mocks/.mock-server.pid")
LOG_PATH = Path("mocks/logs/mock-server.log")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every server of a test lives in its own folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server around the tiny application; the process is gone after the test."""
    processes: list[Server] = []

    def start(protocol: str = "http", **settings: object) -> Server:
        content = json.dumps({"host": "127.0.0.1", "http_port": 0, "https_port": 0, **settings})
        process = Server(
            [sys.executable, str(TINY_SERVER), content, protocol],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout
        process.url = process.stdout.readline().strip()
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def request(process: Server, path: str) -> tuple[threading.Thread, list[int]]:
    """The response's status, from another thread: a list that is filled when it came."""
    statuses: list[int] = []

    def ask() -> None:
        connection = http.client.HTTPConnection(process.url.removeprefix("http://"))
        connection.request("GET", path)
        statuses.append(connection.getresponse().status)
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, statuses


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop_and_exits_0(
    serve: Serve, number: signal.Signals
) -> None:
    process = serve()

    found = status.status(PID_PATH)
    assert found.state is State.RUNNING
    assert found.running
    assert found.running.pid == process.pid
    assert found.running.url == process.url
    assert found.request_count == 3
    assert found.endpoints == ("/pix/add",)
    assert found.uptime_seconds in range(60)

    process.send_signal(number)

    assert process.wait(10) == 0
    assert not PID_PATH.exists()
    assert status.status(PID_PATH) == status.Status(State.STOPPED)
    assert "stopped" in LOG_PATH.read_text()


def test_requests_in_flight_are_finished_first(serve: Serve) -> None:
    process = serve()
    thread, statuses = request(process, "/slow")
    wait_for(Path("working"))

    process.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    Path("go").touch()

    thread.join(10)
    assert statuses == [200]
    assert process.wait(10) == 0


def test_stop_returns_when_the_server_is_gone(serve: Serve) -> None:
    process = serve()

    stopped = background.stop(PID_PATH, timeout=10)

    assert stopped.running.pid == process.pid
    assert not stopped.killed
    assert process.wait(10) == 0
    with pytest.raises(DaemonError, match=r"^Not running\.$"):
        background.stop(PID_PATH, timeout=10)


def test_a_server_that_does_not_end_in_time_is_killed(serve: Serve) -> None:
    process = serve()
    process.send_signal(signal.SIGSTOP)

    stopped = background.stop(PID_PATH, timeout=0.1)

    assert stopped.killed
    assert process.wait(10) == -signal.SIGKILL
    assert not PID_PATH.exists()


def test_force_does_not_wait(serve: Serve) -> None:
    process = serve()
    process.send_signal(signal.SIGSTOP)

    assert background.stop(PID_PATH, timeout=1000, force=True).killed
    assert process.wait(10) == -signal.SIGKILL


def test_what_a_killed_server_left_is_removed_by_stop(serve: Serve) -> None:
    process = serve()
    process.kill()
    process.wait()

    assert status.status(PID_PATH).state is State.STOPPED
    with pytest.raises(DaemonError, match=r"Not running; removed the stale PID file mocks/"):
        background.stop(PID_PATH, timeout=10)
    assert not PID_PATH.exists()


def test_a_process_that_lives_but_does_not_answer_is_a_state_of_its_own(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status.probe, "__defaults__", (0.1,))
    process = serve()
    process.send_signal(signal.SIGSTOP)

    found = status.status(PID_PATH)

    assert found.state is State.NOT_ANSWERING
    assert found.running
    assert found.running.pid == process.pid
    assert not status.answers(found.running, 0.1)


def test_a_second_server_is_refused_naming_the_first(serve: Serve) -> None:
    process = serve()
    settings = Settings(host="127.0.0.1", http_port=0)

    with pytest.raises(DaemonError, match=rf"Already running \(pid {process.pid}\) at http"):
        daemon.run(Launch(settings, "http"), lambda _ready: None)


def test_https_needs_no_verification_to_be_asked_for_its_health(
    serve: Serve, folder: Path
) -> None:
    certificate = trustme.CA().issue_cert("mock.test")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    process = serve("https", cert_path="cert.pem", key_path="key.pem")

    assert process.url.startswith("https://127.0.0.1:")
    assert status.status(PID_PATH).state is State.RUNNING


def test_a_server_that_asks_for_a_client_certificate_counts_as_answering(
    serve: Serve, folder: Path
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("mock.test")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    serve(
        "https",
        cert_path="cert.pem",
        key_path="key.pem",
        client_ca_path="ca.pem",
        client_auth="required",
    )

    found = status.status(PID_PATH)

    assert found.state is State.RUNNING
    assert found.request_count is None


def test_https_without_a_certificate_names_the_command_that_makes_one() -> None:
    with pytest.raises(CertificateError, match="ihe-mock-async certs"):
        daemon.run(Launch(Settings(), "https"), lambda _ready: None)
    assert not PID_PATH.exists()


def test_a_port_that_is_taken_leaves_no_pid_file() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(host="127.0.0.1", http_port=taken.getsockname()[1])

        with pytest.raises(AddressError, match="is in use"):
            daemon.run(Launch(settings, "http"), lambda _ready: None)
    assert not PID_PATH.exists()


def test_an_application_that_fails_leaves_its_trace_in_the_log(serve: Serve) -> None:
    Path("fail").touch()
    process = serve()

    assert process.wait(10) == 1
    assert "RuntimeError: the application is broken" in LOG_PATH.read_text()
    assert not PID_PATH.exists()


def test_an_error_of_ours_is_one_line_in_the_log() -> None:
    def create_app(*_arguments: object, **_context: object) -> Never:
        raise StoreError("The database is corrupt.")

    launch = Launch(Settings(host="127.0.0.1", http_port=0), "http", console=False)
    with pytest.raises(StoreError):
        daemon.run(launch, lambda _ready: None, create_app)

    assert LOG_PATH.read_text().endswith(" - ERROR - cannot start: The database is corrupt.\n")
    assert not PID_PATH.exists()


@pytest.mark.parametrize(
    ("key", "error_class"), [("data_dir", StoreError), ("log_path", OperatorError)]
)
def test_a_directory_that_cannot_be_made_is_the_operators_business(
    key: str, error_class: type[OperatorError]
) -> None:
    Path("in-the-way").write_text("")
    settings = Settings.model_validate({key: "in-the-way/x/y"})

    with pytest.raises(error_class, match=rf"in-the-way.*{key}.*set {key} to another"):
        daemon.run(Launch(settings, "http"), lambda _ready: None)


def test_a_file_where_a_directory_is_expected_is_the_operators_business() -> None:
    Path("data").write_text("")

    with pytest.raises(StoreError, match=r"data \(data_dir\) is not a directory"):
        daemon.run(Launch(Settings(data_dir=Path("data")), "http"), lambda _ready: None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (60, "1m 0s"), (8130, "2h 15m 30s"), (86400, "1d 0h 0m 0s")],
)
def test_uptime_is_told_for_people(seconds: int, text: str) -> None:
    assert status.uptime_text(seconds) == text


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"request_count": "x", "endpoints": []}'])
def test_another_server_at_the_address_is_not_ours(body: bytes) -> None:
    assert status._health(body) is None
