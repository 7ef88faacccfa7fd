"""`start`, `stop` and `status`, with the real server."""

from __future__ import annotations

import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from ihe_mock_async.findings import Validation
from ihe_mock_async.server import daemon, status
from ihe_mock_async.server.launch import Launch, Ready
from ihe_mock_async.server.pid_file import Running

Run = Callable[..., Result]
Command = Callable[..., subprocess.CompletedProcess[str]]
PID_PATH = Path("mocks/.mock-server.pid")
EVERYWHERE = "0.0.0.0"  # noqa: S104 - shown, not bound
RUNNING = Running(4711, 8080, "http", EVERYWHERE, "2026-01-31T12:00:00.000000+00:00", None)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real command, and return what it said and its exit status."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "ihe_mock_async", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def background_server(folder: Path) -> Iterator[Command]:
    """Start a server in the background; it is gone after the test."""
    (folder / "mocks").mkdir()
    (folder / "mocks" / "config.json").write_text('{"host": "127.0.0.1", "http_port": 0}')

    yield lambda *arguments: command("start", "--background", *arguments)
    command("stop", "--force")


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[Launch]:
    """What `start` hands to the daemon, which does not run."""
    launches: list[Launch] = []

    def run(launch: Launch, on_ready: Callable[[Ready], None]) -> None:
        launches.append(launch)
        endpoints = (("/pix/add", "a PIX Manager"), ("/iti41/submit", "a Document Repository"))
        on_ready(Ready(RUNNING, endpoints, launch.settings.log_path))

    monkeypatch.setattr(daemon, "run", run)
    return launches


def test_the_options_become_settings(run: Run, launched: list[Launch], folder: Path) -> None:
    (folder / "my.json").write_text('{"https_port": 1, "http_port": 2}')

    options = [
        "--host",
        "::1",
        "--port",
        "9443",
        "--config",
        "my.json",
        "--lenient",
        "--debug",
        "--seed",
        "7",
    ]
    result = run("start", "--https", *options, "--clock", "2026-01-31T13:00:00+01:00")

    assert result.exit_code == 0
    (launch,) = launched
    assert launch.protocol == "https"
    assert launch.port == launch.settings.https_port == 9443
    assert launch.settings.http_port == 2
    assert launch.settings.host == "::1"
    assert launch.settings.validation is Validation.REPORT
    assert launch.settings.log_level == "DEBUG"
    assert launch.config_file == Path("my.json")
    assert launch.clock == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert launch.seed == 7


def test_without_options_the_settings_hold(run: Run, launched: list[Launch]) -> None:
    run("start")

    (launch,) = launched
    assert (launch.protocol, launch.port) == ("http", 8080)
    assert launch.settings.validation is Validation.ENFORCE
    assert (launch.clock, launch.seed, launch.config_file) == (None, None, None)


def test_a_clock_without_offset_is_utc(run: Run, launched: list[Launch]) -> None:
    run("start", "--clock", "2026-01-31T12:00:00")

    assert launched[0].clock == datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--clock", "noon"), "noon is not a time like 2026-01-31T12:00:00Z."),
        (("--port", "65536"), "65536 is not in the range 0<=x<=65535"),
        (("--seed", "x"), "'x' is not a valid integer"),
    ],
)
def test_wrong_usage_exits_2(
    run: Run, launched: list[Launch], arguments: tuple[str, ...], said: str
) -> None:
    result = run("start", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert launched == []


def test_the_foreground_tells_url_endpoints_log_file_and_how_to_stop(
    run: Run, launched: list[Launch]
) -> None:
    lines = run("start").stdout.splitlines()

    assert lines[0].endswith("serves at http://127.0.0.1:8080")
    assert lines[1:] == [
        "  /pix/add       a PIX Manager",
        "  /iti41/submit  a Document Repository",
        "Log file: mocks/logs/mock-server.log",
        "Ctrl+C to stop",
    ]


def test_a_server_lives_in_the_background_until_it_is_stopped(background_server: Command) -> None:
    started = background_server()

    assert started.returncode == 0, started.stderr
    record = json.loads(PID_PATH.read_text())
    url = f"http://127.0.0.1:{record['port']}"
    assert started.stdout == f"Started at {url} (pid {record['pid']})\n"
    assert os.getsid(record["pid"]) == record["pid"]
    assert record["config_file"] == str(Path("mocks/config.json").absolute())

    shown = command("status", "--json")
    assert shown.returncode == 0
    told = json.loads(shown.stdout)
    assert told["status"] == "running"
    assert (told["pid"], told["url"], told["request_count"]) == (record["pid"], url, 0)
    assert "/pix/add" in told["endpoints"]

    second = background_server()
    assert second.returncode == 1
    assert second.stderr.startswith(f"Error: Already running (pid {record['pid']}) at {url}")

    stopped = command("stop")
    assert (stopped.returncode, stopped.stdout) == (0, f"Stopped (pid {record['pid']})\n")
    assert command("status").returncode == 1
    files = [p for p in Path("mocks").rglob("*") if p.is_file() and p.name != "config.json"]
    assert files
    assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}


def test_the_background_tells_why_it_did_not_start(background_server: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = background_server("--port", str(port))

    assert refused.returncode == 2
    assert refused.stderr.startswith(f"Error: Port {port} on 127.0.0.1 is in use")
    assert len(refused.stderr.splitlines()) == 1
    assert not PID_PATH.exists()


def test_https_in_the_background(background_server: Command) -> None:
    assert command("certs").returncode == 0

    started = background_server("--https", "--port", "0")

    assert started.returncode == 0, started.stderr
    record = json.loads(PID_PATH.read_text())
    assert record["protocol"] == "https"
    trust = ssl.create_default_context(cafile="certs/ca.pem")
    url = f"https://127.0.0.1:{record['port']}/health"
    with urllib.request.urlopen(url, context=trust) as response:
        assert json.load(response)["protocol"] == "https"


def test_https_without_a_certificate_names_the_command_that_makes_one(
    background_server: Command,
) -> None:
    refused = background_server("--https")

    assert refused.returncode == 2
    assert refused.stderr == (
        "Error: No certificate at certs/cert.pem: make one with `ihe-mock-async certs`.\n"
    )


def test_a_setting_without_effect_is_told(background_server: Command) -> None:
    Path("mocks/config.json").write_text(
        '{"host": "127.0.0.1", "http_port": 0, "schema_dir": "schemas"}'
    )

    started = background_server()

    assert started.returncode == 0
    assert started.stderr == "Warning: The setting schema_dir has no effect in this version.\n"


def test_stop_without_a_server_exits_1(run: Run) -> None:
    result = run("stop")

    assert (result.exit_code, result.stderr) == (1, "Error: Not running.\n")


def test_status_without_a_server_exits_1(run: Run) -> None:
    result = run("status")

    assert (result.exit_code, result.stdout) == (1, "Status: Stopped\n")


def test_status_without_a_server_in_json(run: Run) -> None:
    result = run("status", "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "status": "stopped",
        "url": None,
        "uptime_seconds": None,
        "request_count": None,
        "endpoints": [],
    }


def test_status_for_people(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = status.Status(status.State.RUNNING, RUNNING, 8130, 42, ("/pix/add", "/iti41/submit"))
    monkeypatch.setattr(status, "status", lambda _path: found)

    result = run("status")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Status:    Running",
        "PID:       4711",
        "Protocol:  http",
        "Host:      0.0.0.0",
        "Port:      8080",
        "URL:       http://127.0.0.1:8080",
        "Uptime:    2h 15m 30s",
        "Requests:  42",
        "Endpoint:  /pix/add",
        "Endpoint:  /iti41/submit",
    ]


def test_a_server_that_does_not_answer_exits_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = status.Status(status.State.NOT_ANSWERING, RUNNING, 5)
    monkeypatch.setattr(status, "status", lambda _path: found)

    result = run("status")

    assert result.exit_code == 1
    assert "Status:    Not answering\n" in result.stdout
    assert "Requests:  unknown\n" in result.stdout
