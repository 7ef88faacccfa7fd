"""A real server process for tests: started through the command line, stopped by its pid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_LIMIT = 30.0
STOP_LIMIT = 40.0


@dataclass(frozen=True)
class ServerProcess:
    """A running server, and the folder it lives in."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def data_dir(self) -> Path:
        return self.folder / "mocks" / "data"

    @property
    def log(self) -> str:
        return (self.folder / "mocks" / "logs" / "mock-server.log").read_text("utf-8")

    def terminate(self) -> int:
        """SIGTERM, then the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_LIMIT)


def spawn(
    folder: Path, *options: str, settings: Mapping[str, object] | None = None, wait: bool = True
) -> ServerProcess:
    """`ihe-mock-async start` in `folder` on a free port; ready when this returns."""
    config = folder / "config.json"
    config.write_text(json.dumps({"host": "127.0.0.1", **(settings or {})}))
    output = (folder / "output.txt").open("wb")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MOCK_SERVER_")}
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "ihe_mock_async", "start", "--config", str(config)]
        + ([] if "--port" in options else ["--port", "0"])
        + list(options),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    output.close()
    if not wait:
        return ServerProcess("", folder, process)
    return ServerProcess(_wait_until_ready(folder, process), folder, process)


def _wait_until_ready(folder: Path, process: subprocess.Popen[bytes]) -> str:
    pid_file = folder / "mocks" / ".mock-server.pid"
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            state = json.loads(pid_file.read_text())
            # It says so when it answers; with mutual TLS, /health would want a certificate.
            ready = "Ctrl+C to stop" in (folder / "output.txt").read_text()
            if ready and state["pid"] == process.pid:
                return f"{state['protocol']}://127.0.0.1:{state['port']}"
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise AssertionError(f"the server did not start: {(folder / 'output.txt').read_text()}")


@contextmanager
def running(
    folder: Path, *options: str, settings: Mapping[str, object] | None = None
) -> Iterator[ServerProcess]:
    """A server for the length of a `with`."""
    server = spawn(folder, *options, settings=settings)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.terminate()
            try:
                server.process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait()
