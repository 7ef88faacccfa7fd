"""`MockServer` in a test's process: from the start to the first answer, and what a test pays.

The yardstick is bare Hypercorn with a constant app, started in the same ways: in a thread of its
own, and in the running event loop. Importing is not measured; the first round does not count.
"""

from __future__ import annotations

import asyncio
import http.client
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from xml.etree import ElementTree

from hypercorn.asyncio import serve
from hypercorn.config import Config

from bench import harness
from bench.bare_hypercorn import app as constant_app
from bench.harness import Report
from bench.messages import PIX_ADD_PATH, pix_add
from ihe_mock_async.testing import MockServer

_HEADERS = {"Content-Type": "application/soap+xml; charset=utf-8"}
_TESTS = 200
_WORKERS = 8
_SUITE = f"""
import http.client
import pytest

@pytest.mark.parametrize("number", range({_TESTS}))
def test_it({{argument}}number):
    {{body}}
"""
_SUITES = {
    "no server": _SUITE.format(argument="", body="pass"),
    "ihe_mock": _SUITE.format(argument="ihe_mock, ", body="ihe_mock.assert_not_called()"),
    "ihe_mock_server": _SUITE.format(
        argument="ihe_mock_server, ", body="ihe_mock_server.assert_not_called()"
    ),
}


@dataclass(frozen=True, slots=True)
class Effort:
    """How often to start."""

    rounds: int = 100
    suites: int = 3


QUICK = Effort(rounds=20, suites=1)


@dataclass(frozen=True, slots=True)
class Start:
    """One server's life; seconds."""

    first_answer: float
    """From the start to the end of the first answer to a PIX Add."""
    stop: float


@dataclass(frozen=True, slots=True)
class Suite:
    """One run of a suite of tests; seconds."""

    seconds: float
    """From exec of pytest to its end."""
    median_test: float
    """Of set-up, call and teardown of one test, while all workers share the cores."""


def run(effort: Effort) -> Report:
    """Start everything in turn, run the suites, save the figures, and return the tables."""
    machine = harness.machine()
    ways: dict[str, Callable[[], Start]] = {
        "bare Hypercorn, thread": _bare_in_thread,
        "MockServer, thread": _mock_in_thread,
        "bare Hypercorn, same loop": lambda: asyncio.run(_bare_in_loop()),
        "MockServer, same loop": lambda: asyncio.run(_mock_in_loop()),
    }
    starts: dict[str, list[Start]] = {name: [] for name in ways}
    for number in range(effort.rounds + 1):
        for name, start in ways.items():
            measured = start()
            if number:
                starts[name].append(measured)
    suites: dict[str, list[Suite]] = {name: [] for name in _SUITES}
    for _ in range(effort.suites):
        for name, suite in _SUITES.items():
            suites[name].append(_run_suite(suite))
    path = harness.save(
        "in_process",
        {
            "machine": machine,
            "effort": asdict(effort),
            "starts": {name: [asdict(s) for s in some] for name, some in starts.items()},
            "suites": {name: [asdict(s) for s in some] for name, some in suites.items()},
        },
    )
    tables = [_starts_table(starts), _suites_table(suites)]
    return Report("\n\n".join(["## In process", *tables, f"Raw figures: {path}"]))


# ---------------------------------------------------------------- starts


def _ask(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", PIX_ADD_PATH, pix_add(1), _HEADERS)
    response = connection.getresponse()
    response.read()
    connection.close()
    if response.status != 200:
        raise harness.BenchmarkError(f"answered {response.status}")


def _mock_in_thread() -> Start:
    began = time.perf_counter()
    with MockServer() as server:
        _ask(server.port)
        answered = time.perf_counter()
    return Start(answered - began, time.perf_counter() - answered)


async def _mock_in_loop() -> Start:
    began = time.perf_counter()
    async with MockServer() as server:
        await asyncio.to_thread(_ask, server.port)
        answered = time.perf_counter()
    return Start(answered - began, time.perf_counter() - answered)


def _bare_in_thread() -> Start:
    began = time.perf_counter()
    listening = _listen()
    port = listening.getsockname()[1]
    loops: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def main() -> None:
        stop = asyncio.Event()
        loops.set_result((asyncio.get_running_loop(), stop))
        await _serve_bare(listening, stop)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    _ask(port)
    answered = time.perf_counter()
    loop, stop = loops.result()
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    return Start(answered - began, time.perf_counter() - answered)


async def _bare_in_loop() -> Start:
    began = time.perf_counter()
    listening, stop = _listen(), asyncio.Event()
    port = listening.getsockname()[1]
    serving = asyncio.create_task(_serve_bare(listening, stop))
    await asyncio.to_thread(_ask, port)
    answered = time.perf_counter()
    stop.set()
    await serving
    return Start(answered - began, time.perf_counter() - answered)


def _listen() -> socket.socket:
    """A socket to which clients can connect at once."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    return listening


async def _serve_bare(listening: socket.socket, stop: asyncio.Event) -> None:
    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.errorlog = None  # it announces each start
    await serve(constant_app, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type] # its messages are typed, ours are plain


def _starts_table(starts: dict[str, list[Start]]) -> str:
    rows = []
    for name, some in starts.items():
        yardstick = starts[name.replace("MockServer", "bare Hypercorn")]
        seconds = [start.first_answer for start in some]
        rows.append(
            (
                name,
                f"{harness.ratio(seconds, [start.first_answer for start in yardstick]):.2f}",
                f"{median(seconds) * 1000:.1f}",
                f"{sorted(seconds)[len(seconds) * 95 // 100] * 1000:.1f}",
                f"{median(start.stop for start in some) * 1000:.1f}",
            )
        )
    return harness.table(
        ("start to first answer", "ratio", "median ms", "p95 ms", "stop, median ms"), rows
    )


# ---------------------------------------------------------------- suites


def _run_suite(suite: str) -> Suite:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        (Path(name) / "test_suite.py").write_text(suite)
        (Path(name) / "pytest.ini").write_text("[pytest]\n")
        began = time.perf_counter()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", f"-n{_WORKERS}", "--junitxml=result.xml"),
                *("-p", "xdist", "-p", "ihe_mock_async", "-p", "no:cacheprovider"),
            ],
            cwd=name,
            env={**harness.environment(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            check=False,
            text=True,
            timeout=600,
        )
        seconds = time.perf_counter() - began
        if f"{_TESTS} passed" not in done.stdout:
            raise harness.BenchmarkError(f"the suite failed: {done.stdout[-2000:]}")
        cases = ElementTree.parse(Path(name) / "result.xml").iter("testcase")  # noqa: S314 - ours
        return Suite(seconds, median(float(case.get("time", "nan")) for case in cases))


def _suites_table(suites: dict[str, list[Suite]]) -> str:
    rows = [
        (
            name,
            f"{median(each.median_test for each in some) * 1000:.0f}",
            f"{median(each.seconds for each in some):.1f}",
        )
        for name, some in suites.items()
    ]
    head = f"{_TESTS} tests in {_WORKERS} workers"
    return harness.table((head, "a test, median ms", "all, with pytest's start, s"), rows)
