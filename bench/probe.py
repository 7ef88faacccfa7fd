"""Watches a server from another process: its memory every 20 ms, its /health 50 times a second.

Runs until its standard input is closed, then prints what it saw as JSON. Requests leave at fixed
times, whatever the last one took, and latency counts from the time when it should have left: a
server that stalls cannot hide it by slowing the prober down.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from bench.connect import Target
from bench.load import percentile

_INTERVAL = 0.02


@dataclass(frozen=True, slots=True)
class Seen:
    """What the prober saw."""

    peak_rss: int
    """Octets, of all the server's processes together."""
    probes: int
    p50: float
    """Milliseconds from when a request should have left to its whole answer."""
    p95: float
    slowest: float
    errors: int
    """Probes without a 200."""


class Memory(threading.Thread):
    """Samples resident memory, and keeps the largest sum."""

    def __init__(self, pids: Sequence[int], stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._processes = [psutil.Process(pid) for pid in pids]
        self._stop_event = stop
        self.peak = 0

    def run(self) -> None:
        """Until told to stop."""
        while not self._stop_event.wait(_INTERVAL):
            self.peak = max(self.peak, sum(p.memory_info().rss for p in self._processes))


class Prober(threading.Thread):
    """Asks for one path at a fixed rate on a keep-alive connection."""

    def __init__(self, target: Target, path: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._target, self._path, self._stop_event = target, path, stop
        self.latencies: list[float] = []
        self.errors = 0

    def run(self) -> None:
        """Until told to stop."""
        connection = self._target.connection(timeout=10.0)
        due = time.perf_counter()
        while not self._stop_event.is_set():
            if not self._ask(connection):
                self.errors += 1
                connection.close()
            self.latencies.append((time.perf_counter() - due) * 1000)
            due += _INTERVAL
            time.sleep(max(0.0, due - time.perf_counter()))
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> bool:
        try:
            connection.request("GET", self._path)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
        return answer.status == 200


def watch(target: Target, path: str, pids: Sequence[int]) -> Seen:
    """Watch until standard input ends."""
    stop = threading.Event()
    memory, prober = Memory(pids, stop), Prober(target, path, stop)
    memory.start()
    prober.start()
    sys.stdin.read()
    stop.set()
    memory.join()
    prober.join()
    latencies = sorted(prober.latencies)
    return Seen(
        peak_rss=memory.peak,
        probes=len(latencies),
        p50=percentile(latencies, 0.50),
        p95=percentile(latencies, 0.95),
        slowest=percentile(latencies, 1.0),
        errors=prober.errors,
    )


def main() -> None:
    """Watch one server."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("pid", type=int, nargs="+")
    parser.add_argument("--path", default="/health")
    parser.add_argument("--ca", type=Path)
    parser.add_argument("--core", type=int)
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    seen = watch(Target(options.port, options.ca), options.path, options.pid)
    json.dump(asdict(seen), sys.stdout)


if __name__ == "__main__":
    main()
