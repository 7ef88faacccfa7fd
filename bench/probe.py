"""Watches a server from another process: its memory every 20 ms, a GET of it 50 times a second.

Says `ready` when it has begun, runs until its standard input is closed, and then prints what it
saw as JSON. Requests leave at fixed times, whatever the last one took, and latency counts from
the time when it should have left: a server that stalls cannot hide it by slowing the prober down.
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
from pathlib import Path

import psutil

from bench.connect import Target

INTERVAL = 0.02


class Memory(threading.Thread):
    """Samples the resident memory of all processes of a server, and keeps the largest sum."""

    def __init__(self, pids: Sequence[int], stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._processes = [psutil.Process(pid) for pid in pids]
        self._stop_event = stop
        self.peak = 0

    def run(self) -> None:
        """Until told to stop."""
        while not self._stop_event.wait(INTERVAL):
            self.peak = max(self.peak, sum(p.memory_info().rss for p in self._processes))


class Prober(threading.Thread):
    """Asks for one path at a fixed rate on a keep-alive connection."""

    def __init__(self, target: Target, path: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._target, self._path, self._stop_event = target, path, stop
        self.probes: list[tuple[float, float, bool]] = []
        """When it was due (the machine's monotonic clock), seconds it took, whether it was 200."""

    def run(self) -> None:
        """Until told to stop."""
        connection = self._target.connection(timeout=10.0)
        due = time.perf_counter()
        while not self._stop_event.is_set():
            right = self._ask(connection)
            self.probes.append((due, time.perf_counter() - due, right))
            due += INTERVAL
            time.sleep(max(0.0, due - time.perf_counter()))
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> bool:
        try:
            connection.request("GET", self._path)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return False
        return answer.status == 200


def main() -> None:
    """Watch one server."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("pid", type=int, nargs="+")
    parser.add_argument("--path", default="/health")
    parser.add_argument("--ca", type=Path)
    parser.add_argument("--core", type=int, help="the only core to run on")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    stop = threading.Event()
    memory = Memory(options.pid, stop)
    prober = Prober(Target(options.port, options.ca), options.path, stop)
    memory.start()
    prober.start()
    print("ready", flush=True)
    sys.stdin.read()
    stop.set()
    memory.join()
    prober.join()
    json.dump({"peak_rss": memory.peak, "probes": prober.probes}, sys.stdout)


if __name__ == "__main__":
    main()
