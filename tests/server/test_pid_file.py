"""One server per PID file, and no signal to a stranger."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ihe_mock_async.errors import DaemonError, OperatorError
from ihe_mock_async.server import pid_file
from ihe_mock_async.server.pid_file import PidFile, Running

Process = subprocess.Popen[str]
Contend = Callable[[Path], Process]
EVERYWHERE = "0.0.0.0"  # noqa: S104 - recorded, not bound

# Waits for the file `go`, then tries to own the PID file, says how it went, and keeps it.
CONTENDER = """
import sys, time
from pathlib import Path
from ihe_mock_async.errors import DaemonError
from ihe_mock_async.server.pid_file import PidFile, Running

path = Path(sys.argv[1])
record = Running.this_process(protocol="http", host="0.0.0.0", port=8080, config_file=None)
print("here", flush=True)
while not (path.parent / "go").exists():
    time.sleep(0.001)
try:
    owned = PidFile.acquire(path, record)
    print("owns it", flush=True)
    sys.stdin.read()
except DaemonError as error:
    print(error, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "server.pid"


@pytest.fixture
def record() -> Running:
    return Running.this_process(protocol="http", host=EVERYWHERE, port=8080, config_file=None)


@pytest.fixture
def contend() -> Iterator[Contend]:
    """Start a process that contends for the PID file; it ends with the test."""
    processes: list[Process] = []

    def start(path: Path) -> Process:
        path.parent.mkdir(exist_ok=True)
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", CONTENDER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def said_by(process: Process) -> str:
    """The next line."""
    assert process.stdout
    return process.stdout.readline()


def owner(contend: Contend, path: Path) -> Process:
    """A process that owns the PID file."""
    process = contend(path)
    (path.parent / "go").touch()
    assert said_by(process) == "here\n"
    assert said_by(process) == "owns it\n"
    return process


def test_the_file_tells_which_server_runs_and_only_its_owner_may_read_it(
    path: Path, record: Running
) -> None:
    config = path.parent / "config.json"
    owned = PidFile.acquire(path, replace(record, config_file=str(config)))

    assert json.loads(path.read_text()) == {
        "pid": os.getpid(),
        "port": 8080,
        "protocol": "http",
        "host": EVERYWHERE,
        "start_time": record.start_time,
        "config_file": str(config),
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    owned.close()
    assert not path.exists()


def test_the_config_file_is_recorded_with_its_whole_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    record = Running.this_process(protocol="http", host="::", port=1, config_file=Path("my.json"))

    assert record.config_file == str(tmp_path / "my.json")
    assert record.url == "http://[::1]:1"


def test_an_ephemeral_port_is_recorded_when_it_is_known(path: Path, record: Running) -> None:
    owned = PidFile.acquire(path, replace(record, port=0))
    owned.listening(54321)

    assert pid_file.find(path) == replace(record, port=54321)
    owned.close()


def test_of_eight_starts_at_once_one_wins_and_the_others_name_it(
    path: Path, contend: Contend
) -> None:
    contenders = [contend(path) for _ in range(8)]
    for process in contenders:
        assert said_by(process) == "here\n"
    (path.parent / "go").touch()
    said = {process.pid: said_by(process) for process in contenders}

    winners = [pid for pid, text in said.items() if text == "owns it\n"]
    assert len(winners) == 1
    refusal = f"Already running (pid {winners[0]}) at http://127.0.0.1:8080; stop it with"
    assert sum(text.startswith(refusal) for text in said.values()) == 7


def test_what_a_killed_server_left_is_stale_and_overwritten(
    path: Path, contend: Contend, record: Running
) -> None:
    killed = owner(contend, path)
    killed.kill()
    killed.wait()

    assert json.loads(path.read_text())["pid"] == killed.pid
    assert pid_file.find(path) is None
    owned = PidFile.acquire(path, record)
    assert pid_file.find(path) == record
    owned.close()


def test_what_a_killed_server_left_can_be_removed(path: Path, contend: Contend) -> None:
    killed = owner(contend, path)
    killed.kill()
    killed.wait()

    assert pid_file.remove_stale(path)
    assert not path.exists()
    assert not pid_file.remove_stale(path)


def test_a_file_that_is_owned_is_not_removed(path: Path, contend: Contend) -> None:
    owner(contend, path)

    assert not pid_file.remove_stale(path)
    assert path.exists()


def test_the_end_of_a_server_whose_file_was_replaced_leaves_the_new_file(
    path: Path, record: Running
) -> None:
    old = PidFile.acquire(path, record)
    path.unlink()
    new = PidFile.acquire(path, replace(record, port=8081))
    old.close()

    assert pid_file.find(path) == replace(record, port=8081)
    new.close()


def test_a_stranger_with_the_number_of_a_dead_server_is_not_taken_for_it(record: Running) -> None:
    recycled = replace(record, start_time="2020-01-01T00:00:00.000000+00:00")

    assert recycled.process() is None
    own = record.process()
    assert own
    assert own.pid == os.getpid()


def test_a_process_that_is_gone_is_none(record: Running) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert replace(record, pid=ended.pid).process() is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "4711",
        '{"pid": 1}',
        '{"pid": "x", "port": 1, "protocol": "", "host": "", "start_time": "", "config_file": ""}',
        '{"pid": 1, "port": 1, "protocol": "", "host": "", "start_time": "", "config_file": ""}',
    ],
)
def test_a_file_of_another_making_is_overwritten(
    path: Path, record: Running, content: str
) -> None:
    path.parent.mkdir()
    path.write_text(content)

    assert pid_file.find(path) is None
    PidFile.acquire(path, record).close()


def test_a_lock_without_a_living_owner_is_not_called_a_server(
    path: Path, record: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pid_file, "_SETTLING_SECONDS", 0.05)
    elsewhere = replace(record, start_time="2020-01-01T00:00:00.000000+00:00")
    held = PidFile.acquire(path, elsewhere)

    with pytest.raises(DaemonError, match="cannot be seen from here"):
        pid_file.find(path)
    with pytest.raises(DaemonError, match="Another server is starting"):
        PidFile.acquire(path, record)
    held.close()


def test_a_file_that_cannot_be_opened_is_the_operators_business(
    tmp_path: Path, record: Running
) -> None:
    with pytest.raises(OperatorError, match=r"Cannot use the PID file .*: Is a directory; choose"):
        PidFile.acquire(tmp_path, record)


def test_no_file_is_no_server(path: Path) -> None:
    assert pid_file.find(path) is None
