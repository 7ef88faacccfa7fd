"""Starting a server that outlives the command, and stopping it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from ihe_mock_async.errors import DaemonError, IheMockError, OperatorError
from ihe_mock_async.server import pid_file, preflight
from ihe_mock_async.server.launch import Launch, Ready
from ihe_mock_async.server.pid_file import Running
from ihe_mock_async.server.status import answers

_READY_SECONDS = 30.0
_HEALTH_SECONDS = 10.0
_AFTER_KILL_SECONDS = 5.0
_END_SECONDS = 1.0
_POLL_SECONDS = 0.02
_LAST_LINES = 10
_OUTPUT = "mock-server.out"


# ---------------------------------------------------------------- the child's end of the pipe


def report_to(descriptor: int, serve: Callable[[Callable[[Ready], None]], None]) -> None:
    """Run `serve(on_ready)` and tell whoever holds the pipe how it went, in one JSON line.

    What `serve` raises is told, and raised again.
    """

    def tell(message: dict[str, object]) -> None:
        os.write(descriptor, json.dumps(message).encode() + b"\n")
        os.close(descriptor)

    told = False

    def on_ready(ready: Ready) -> None:
        nonlocal told
        told = True
        tell({"ready": asdict(ready.running), "warnings": ready.warnings})

    try:
        serve(on_ready)
    except IheMockError as error:
        if not told:
            tell({"error": str(error), "operator": isinstance(error, OperatorError)})
        raise


# ---------------------------------------------------------------- the parent


@dataclass(frozen=True, slots=True)
class Started:
    """A server that runs in the background and answers."""

    running: Running
    warnings: tuple[str, ...]


def start_background(arguments: Sequence[str], launch: Launch) -> Started:
    """Start a server of its own session, and return when its `/health` answers.

    `arguments` are those of the `start` command; the child gets them again, with the pipe.
    Raises what the child raised, or `DaemonError` with the last lines of its output.
    """
    directory = launch.settings.log_path.parent
    preflight.private_directory(directory, "log_path")
    output = directory / _OUTPUT
    reading, writing = os.pipe()
    try:
        child = _spawn([*arguments, "--ready-fd", str(writing)], writing, output)
    finally:
        os.close(writing)
    with open(reading, "rb", buffering=0) as pipe:  # noqa: PTH123 - a descriptor has no path
        line = _first_line(pipe.fileno())
    try:
        started = _understood(line, output)
        if not answers(started.running, _HEALTH_SECONDS):
            raise DaemonError(
                f"It listens at {started.running.url}, but /health does not answer; "
                f"see {launch.settings.log_path}."
            )
    except IheMockError:
        _end(child)
        raise
    child.returncode = 0  # ours no longer: it runs on, and nobody here waits for it
    return started


def _spawn(arguments: Sequence[str], pipe: int, output: Path) -> subprocess.Popen[bytes]:
    # Files, not pipes: an undrained pipe stops the server after 64 KiB.
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "ihe_mock_async", "start", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            pass_fds=(pipe,),
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def _first_line(pipe: int) -> bytes:
    """What the child tells; nothing when it died or took too long."""
    deadline = time.monotonic() + _READY_SECONDS
    received = b""
    while not received.endswith(b"\n"):
        readable, _, _ = select.select([pipe], [], [], max(0, deadline - time.monotonic()))
        chunk = os.read(pipe, 65536) if readable else b""
        if not chunk:
            return b""
        received += chunk
    return received


def _understood(line: bytes, output: Path) -> Started:
    if not line:
        raise DaemonError(f"The server did not start. The end of {output}:\n{_tail(output)}")
    message = json.loads(line)
    if "error" in message:
        raise (OperatorError if message["operator"] else DaemonError)(message["error"])
    return Started(Running(**message["ready"]), tuple(message["warnings"]))


def _tail(output: Path) -> str:
    lines = output.read_text(errors="replace").splitlines()
    return "\n".join(lines[-_LAST_LINES:]) or "(empty)"


def _end(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


# ---------------------------------------------------------------- stop


@dataclass(frozen=True, slots=True)
class Stopped:
    """A server that was stopped."""

    running: Running
    killed: bool
    """It did not end by itself in time, or was not given time."""


def stop(pid_path: Path, *, timeout: float, force: bool = False) -> Stopped:
    """Stop the server that owns the PID file, and return when it is gone.

    SIGTERM, and SIGKILL after `timeout` seconds, or at once with `force`. Raises `DaemonError`
    when there is none (a stale PID file is removed), or when it cannot be signalled.
    """
    running = pid_file.find(pid_path)
    process = running.process() if running else None
    if running is None or process is None:
        stale = pid_file.remove_stale(pid_path)
        raise DaemonError(f"Not running{f'; removed the stale PID file {pid_path}' * stale}.")
    _signal(process, signal.SIGKILL if force else signal.SIGTERM)
    ended = _gone(pid_path, running, _AFTER_KILL_SECONDS if force else timeout)
    if not ended and not force:
        _signal(process, signal.SIGKILL)
        force = True
        ended = _gone(pid_path, running, _AFTER_KILL_SECONDS)
    if not ended:
        raise DaemonError(f"The server (pid {running.pid}) did not end, even by SIGKILL.")
    pid_file.remove_stale(pid_path)
    return Stopped(running, killed=force)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    """Signal the process, unless it is gone (psutil looks whether it still is the same one)."""
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise DaemonError(
            f"The server (pid {process.pid}) belongs to another user; stop it as that user."
        ) from error


def _gone(pid_path: Path, running: Running, timeout: float) -> bool:
    """Whether the server lets go of its PID file in time: its lock ends with its process."""
    deadline = time.monotonic() + timeout
    while (other := pid_file.find(pid_path)) is not None and other.pid == running.pid:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
