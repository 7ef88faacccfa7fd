"""The other side of `bench.probe`: run it while something happens, and read what it saw."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench import harness
from bench.harness import Server
from bench.load import percentile

_JOIN_SECONDS = 60.0


@dataclass(slots=True)
class Seen:
    """What was seen of a server; filled in when the watching ends. Latencies in milliseconds."""

    rss_before: int
    """Octets, of all its processes, just before."""
    rss_peak: int = 0
    """The larger of the samples and the kernel's own high-water mark."""
    probes: int = 0
    """GETs that were due in the time watched."""
    p50: float = 0.0
    p95: float = 0.0
    slowest: float = 0.0
    errors: int = 0
    """Probes without a 200."""


@contextmanager
def watching(server: Server) -> Iterator[Seen]:
    """Watch memory and latency while the block runs."""
    seen = Seen(rss_before=server.rss())
    _reset_high_water_marks(server)
    with _prober(server) as probe:
        start = time.perf_counter()
        yield seen
        end = time.perf_counter()
        output, _ = probe.communicate(timeout=_JOIN_SECONDS)
    saw = json.loads(output)
    seen.rss_peak = max(saw["peak_rss"], _high_water_marks(server))
    counted = [probe for probe in saw["probes"] if start <= probe[0] <= end]
    latencies = sorted(seconds * 1000 for _, seconds, _ in counted)
    seen.probes = len(counted)
    seen.errors = sum(not right for _, _, right in counted)
    if counted:
        seen.p50 = percentile(latencies, 0.50)
        seen.p95 = percentile(latencies, 0.95)
        seen.slowest = percentile(latencies, 1.0)


@contextmanager
def _prober(server: Server) -> Iterator[subprocess.Popen[str]]:
    """The prober's process, begun; it is ended with the block, whatever happens."""
    command = [sys.executable, "-m", "bench.probe", str(server.target.port)]
    command += [str(process.pid) for process in server.processes()]
    command += ["--path", server.contestant.ready_path, "--core", str(harness.LOAD_CORE)]
    if server.target.ca:
        command += ["--ca", str(server.target.ca)]
    probe = subprocess.Popen(
        command,
        env=harness.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert probe.stdout is not None
        probe.stdout.readline()  # "ready"
        yield probe
    finally:
        if probe.poll() is None:
            probe.kill()
            probe.communicate()


def _reset_high_water_marks(server: Server) -> None:
    """Let the kernel forget the peaks so far (proc(5), clear_refs)."""
    for process in server.processes():
        with suppress(OSError):
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def _high_water_marks(server: Server) -> int:
    """The kernel's peaks of resident memory, in octets, summed over the processes."""
    return sum(_high_water_mark(process.pid) for process in server.processes())


def _high_water_mark(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
