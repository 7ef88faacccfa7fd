"""Starts servers, pins them, waits for their first answer, stops them; interleaves and tabulates.

Every server runs on one core and every load generator on another, in a folder of its own that is
removed afterwards, on a free port of the loopback interface. A server is stopped by the process
that started it, whatever happens in between.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any

import psutil

from bench import load
from bench.connect import Target

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = _CORES[0], _CORES[-1]
READY_SECONDS = 30.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.001
_LIBRARIES = ("ihe-mock-async", "hypercorn", "h11", "quart", "lxml", "sqlalchemy")


class Unavailable(Exception):  # noqa: N818 - says why a contestant sits out, is no failure
    """A contestant cannot take part on this machine; the text says why."""


class BenchmarkError(Exception):
    """A benchmark could not be carried out, or its server gave a wrong answer."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server that can be started."""

    name: str
    command: Callable[[int], Sequence[str]]
    """The command line, from the port."""
    ready_path: str
    """A path that answers GET with 200."""
    prepare: Callable[[Path], None] = lambda _folder: None
    """Puts files into the server's folder before it starts."""
    tls: bool = False
    echoes: bool = False
    """Whether it does the work, so that answers hold the ids of their requests."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that it is started with, besides the usual ones."""


@dataclass(frozen=True, slots=True)
class Server:
    """A contestant that runs."""

    contestant: Contestant
    process: psutil.Process
    target: Target
    folder: Path
    ready_seconds: float
    """From exec to the end of its first answer."""

    def processes(self) -> list[psutil.Process]:
        """Its processes: Hypercorn's master has a worker."""
        return [self.process, *self.process.children(recursive=True)]

    def hold(self) -> None:
        """Let it do nothing, not even what it does when idle."""
        for process in self.processes():
            process.suspend()

    def go_on(self) -> None:
        """Let it run again."""
        for process in self.processes():
            process.resume()

    def rss(self) -> int:
        """Resident memory of all its processes, in octets."""
        return sum(process.memory_info().rss for process in self.processes())


@contextmanager
def running(contestant: Contestant, core: int = SERVER_CORE) -> Iterator[Server]:
    """Start a contestant in a new folder, wait for its first answer, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        contestant.prepare(folder)
        port = _free_port()
        command = contestant.command(port)
        started = time.perf_counter()
        process = _spawn(command, folder, core, contestant.environment)
        try:
            target = Target(port, folder / "certs" / "ca.pem" if contestant.tls else None)
            _await_first_answer(process, target, contestant, folder)
            ready = time.perf_counter() - started
            yield Server(contestant, psutil.Process(process.pid), target, folder, ready)
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _spawn(
    command: Sequence[str], folder: Path, core: int, variables: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a process on one core; its output goes to a file, since a full pipe stops a server."""
    with (folder / "output.txt").open("wb") as output, on_core(core):
        return subprocess.Popen(
            command,
            cwd=folder,
            env={**environment(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started meanwhile inherits the core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def environment() -> dict[str, str]:
    """Of the children: this checkout importable, and no settings of whoever runs this."""
    # Among Python's own variables PYTHONDONTWRITEBYTECODE, say, would compile at each start.
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MOCK_SERVER_", "PYTHON"))}
    return {**kept, "PYTHONPATH": str(ROOT)}


def _await_first_answer(
    process: subprocess.Popen[bytes], target: Target, contestant: Contestant, folder: Path
) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with suppress(OSError):
            status, _ = target.get(contestant.ready_path)
            if status == 200:
                return
        time.sleep(_POLL_SECONDS)
    said = (folder / "output.txt").read_text(errors="replace").strip().splitlines()[-5:]
    raise BenchmarkError(
        f"{contestant.name} does not answer GET {contestant.ready_path} with 200 "
        f"(exit status {process.poll()}); it said: {' | '.join(said) or 'nothing'}"
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, then SIGKILL for it and what it has started."""
    with suppress(psutil.NoSuchProcess):
        family = [psutil.Process(process.pid)]
        family += family[0].children(recursive=True)
        process.terminate()
        for each in family:
            each.resume()  # one that is held would not hear it
        _, alive = psutil.wait_procs(family, timeout=_STOP_SECONDS)
        for each in alive:
            each.kill()
    process.wait()


def stop_on_sigterm() -> None:
    """Let SIGTERM unwind like Ctrl+C, so that no server outlives the benchmark."""

    def leave(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(143)

    signal.signal(signal.SIGTERM, leave)


# ---------------------------------------------------------------- load


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of the load generator against one server."""

    load: load.Result
    rss_after: int
    """Resident memory of the server right after, in octets."""


def generate_load(server: Server, job: load.Job) -> Measured:
    """Run the load generator on its core, and raise when it got no answer at all."""
    job = replace(job, pids=tuple(process.pid for process in server.processes()))
    arguments = json.dumps(asdict(job))
    command = [sys.executable, "-m", "bench.load", arguments, "--core", str(LOAD_CORE)]
    output = subprocess.run(
        command,
        env=environment(),
        stdout=subprocess.PIPE,
        timeout=job.warmup + job.seconds + 60,
        check=True,
    ).stdout
    result = load.Result(**json.loads(output))
    if not result.requests:
        raise BenchmarkError(f"{server.contestant.name} gave no answer: {result.errors}")
    return Measured(result, server.rss())


def interleaved(
    contestants: Sequence[Contestant],
    rounds: int,
    measure: Callable[[Server, int], Any],
) -> dict[str, list[Any]]:
    """Start all, and measure A B C A B C ...: what the machine does to one it does to all.

    Those whose turn it is not are held (SIGSTOP), so that no idle one takes time of another.
    """
    results: dict[str, list[Any]] = {contestant.name: [] for contestant in contestants}
    with ExitStack() as stack:
        servers = []
        for contestant in contestants:
            servers.append(stack.enter_context(running(contestant)))
            servers[-1].hold()
        for number in range(rounds):
            for server in servers:
                server.go_on()
                results[server.contestant.name].append(measure(server, number))
                server.hold()
    return results


# ---------------------------------------------------------------- results


@dataclass(frozen=True, slots=True)
class Report:
    """What a benchmark has to say."""

    text: str
    """Markdown."""
    wrong: Sequence[str] = ()
    """Answers that were not right, in words: then no figure counts."""


def ratio(ours: Sequence[float], yardstick: Sequence[float]) -> float:
    """Median of the ratios of each round."""
    return median(a / b for a, b in zip(ours, yardstick, strict=True))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns also line up on a terminal."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(head, widths, strict=True)) + " |"]
    lines.append("|" + "|".join("-" * (w + 2) for w in widths) + "|")
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """What the figures were measured on, and how busy it was with other things."""
    models = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": len(_CORES),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        "revision": _revision(),
        "busy_percent_before": psutil.cpu_percent(interval=1.0),
    }


def _revision() -> str:
    """The commit that was measured, `-dirty` when the checkout differs from it."""
    describe = ["git", "describe", "--always", "--dirty"]
    found = subprocess.run(describe, cwd=ROOT, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def save(name: str, figures: Mapping[str, Any]) -> Path:
    """Write the raw figures, with the machine, below bench/results/."""
    now = datetime.now(UTC)
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{now:%Y%m%dT%H%M%S}-{name}.json"
    document = {"benchmark": name, "at": now.isoformat(timespec="seconds"), **figures}
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path
