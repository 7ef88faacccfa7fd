"""What the two ends of a background start tell each other, and whom `stop` leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Never

import psutil
import pytest

from ihe_mock_async.errors import AddressError, DaemonError, IheMockError, OperatorError
from ihe_mock_async.server import background, pid_file
from ihe_mock_async.server.launch import Launch, Ready
from ihe_mock_async.server.pid_file import Running
from ihe_mock_async.settings import Settings

PID_PATH = Path("server.pid")
# Instead of Python and the package: says that it is ready at a port where nobody listens.
SILENT_SERVER = """#!{python}
import json, os, sys, time
os.write(int(sys.argv[-1]), json.dumps({{"ready": {record}, "warnings": []}}).encode() + b"\\n")
open("pid", "w").write(str(os.getpid()))
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has its own folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def record() -> Running:
    return Running.this_process(protocol="http", host="127.0.0.1", port=1, config_file=None)


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with us."""
    with subprocess.Popen(["sleep", "60"]) as process:  # noqa: S607 - any sleep will do
        yield process
        process.kill()


def told(serve: Callable[[Callable[[Ready], None]], None]) -> dict[str, object]:
    """What the parent reads from the pipe."""
    reading, writing = os.pipe()
    with suppress(IheMockError):
        background.report_to(writing, serve)
    with os.fdopen(reading, "rb") as pipe:
        message = json.load(pipe)
    assert isinstance(message, dict)
    return message


def test_the_child_tells_where_it_answers(record: Running) -> None:
    def serve(on_ready: Callable[[Ready], None]) -> None:
        on_ready(Ready(record, (), Path("log"), ("mind the gap",)))

    assert told(serve) == {"ready": asdict(record), "warnings": ["mind the gap"]}


@pytest.mark.parametrize(
    ("error", "operator"), [(AddressError("taken"), True), (DaemonError("taken"), False)]
)
def test_the_child_tells_why_it_did_not_start(error: IheMockError, operator: bool) -> None:
    def serve(_on_ready: Callable[[Ready], None]) -> Never:
        raise error

    assert told(serve) == {"error": "taken", "operator": operator}


def test_what_goes_wrong_later_is_not_told(record: Running) -> None:
    def serve(on_ready: Callable[[Ready], None]) -> Never:
        on_ready(Ready(record, (), Path("log")))
        raise DaemonError("later")

    assert told(serve) == {"ready": asdict(record), "warnings": []}


@pytest.mark.parametrize(
    ("operator", "error_class"), [(True, OperatorError), (False, DaemonError)]
)
def test_the_parent_raises_what_the_child_told(
    operator: bool, error_class: type[IheMockError]
) -> None:
    line = json.dumps({"error": "taken", "operator": operator}).encode()

    with pytest.raises(error_class, match=r"^taken$"):
        background._understood(line, Path("out"))


def test_a_child_that_dies_without_a_word_is_told_with_its_last_output(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    output = Path("mocks/logs/mock-server.out")
    output.parent.mkdir(parents=True)
    output.write_text("first words\n" + "word\n" * 8 + "last words\n")

    with pytest.raises(DaemonError) as caught:
        background.start_background([], Launch(Settings(), "http"))

    lines = str(caught.value).splitlines()
    assert lines[0] == f"The server did not start. The end of {output}:"
    assert lines[1:] == ["first words", *["word"] * 8, "last words"]


def test_a_child_that_does_not_answer_is_ended(
    folder: Path, record: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = folder / "python"
    script.write_text(SILENT_SERVER.format(python=sys.executable, record=asdict(record)))
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(background, "_HEALTH_SECONDS", 0)
    monkeypatch.setattr(background, "_END_SECONDS", 0.2)

    with pytest.raises(DaemonError, match=r"listens at http://127.0.0.1:1, but /health does not"):
        background.start_background([], Launch(Settings(), "http"))
    assert not psutil.pid_exists(int(Path("pid").read_text()))


def test_stop_does_not_signal_a_process_that_got_the_number_of_a_dead_server(
    record: Running, bystander: subprocess.Popen[bytes]
) -> None:
    PID_PATH.write_text(json.dumps(asdict(replace(record, pid=bystander.pid))))

    with pytest.raises(DaemonError, match="removed the stale PID file"):
        background.stop(PID_PATH, timeout=1, force=True)

    assert bystander.poll() is None
    assert not PID_PATH.exists()


def test_stop_does_not_signal_a_stranger_even_when_the_file_is_locked(
    record: Running, bystander: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pid_file, "_SETTLING_SECONDS", 0.05)
    recycled = replace(record, pid=bystander.pid, start_time="2020-01-01T00:00:00+00:00")
    held = pid_file.PidFile.acquire(PID_PATH, recycled)

    with pytest.raises(DaemonError, match="cannot be seen from here"):
        background.stop(PID_PATH, timeout=1, force=True)

    assert bystander.poll() is None
    held.close()


def denied(*_arguments: object) -> Never:
    raise psutil.AccessDenied


def test_the_server_of_another_user_is_not_ours_to_stop(
    record: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = pid_file.PidFile.acquire(PID_PATH, record)
    monkeypatch.setattr(psutil.Process, "send_signal", denied)

    with pytest.raises(DaemonError, match=rf"\(pid {record.pid}\) belongs to another user"):
        background.stop(PID_PATH, timeout=1)
    held.close()


def test_a_server_that_survives_everything_is_admitted(
    record: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = pid_file.PidFile.acquire(PID_PATH, record)
    monkeypatch.setattr(psutil.Process, "send_signal", lambda *_: None)
    monkeypatch.setattr(background, "_AFTER_KILL_SECONDS", 0.05)

    with pytest.raises(DaemonError, match="did not end, even by SIGKILL"):
        background.stop(PID_PATH, timeout=0.05)
    held.close()


def test_a_server_that_ends_before_the_signal_is_stopped(
    record: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = pid_file.PidFile.acquire(PID_PATH, record)

    def just_gone(process: psutil.Process, _number: int) -> Never:
        held.close()
        raise psutil.NoSuchProcess(process.pid)

    monkeypatch.setattr(psutil.Process, "send_signal", just_gone)

    assert background.stop(PID_PATH, timeout=1) == background.Stopped(record, killed=False)
