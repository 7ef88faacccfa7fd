"""What the journal costs: requests per second with it and without, and memory after very many.

And what it gives: how soon who waits for a request is told of it.
"""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from http import HTTPStatus
from statistics import median
from typing import Any

from bench import contestants, harness, load, messages
from bench.harness import BenchmarkError, Measured, Report, Server

CONNECTIONS = 64
BODY_SIZE = 20_000
"""Octets of the messages that memory is measured with."""
_NUMBERS_PER_RUN = 10_000_000
_SETTLED = 0.02
"""Seconds in which a wait has begun."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure, and how much to send."""

    rounds: int = 7
    seconds: float = 5.0
    warmup: float = 1.0
    messages: int = 100_000
    """Of 20 kB, for the memory."""
    sample_every: int = 10_000
    waits: int = 200


QUICK = Effort(rounds=2, seconds=2.0, messages=5_000, sample_every=1_000, waits=40)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is in memory after so many messages."""

    messages: int
    rss: int
    remembered: int
    evicted: int


def run(effort: Effort) -> Report:
    """Measure both, save the figures, and return the tables."""
    machine = harness.machine()
    speeds = _speeds(effort)
    waits = _waits(effort)
    memory = _memory(effort)
    figures = {
        "machine": machine,
        "effort": asdict(effort),
        "rounds": {name: [asdict(m) for m in rounds] for name, rounds in speeds.items()},
        "waits_ms": waits,
        "memory": {name: [asdict(m) for m in taken] for name, taken in memory.items()},
    }
    path = harness.save("journal", figures)
    text = "\n\n".join(
        [
            "## Journal",
            _speed_table(speeds),
            _wait_table(waits),
            _memory_table(memory),
            f"Raw figures: {path}",
        ]
    )
    wrong = [
        f"{name}: {m.load.errors}" for name, ms in speeds.items() for m in ms if m.load.errors
    ]
    return Report(text, wrong)


# ---------------------------------------------------------------- requests per second


def _speeds(effort: Effort) -> Mapping[str, Sequence[Measured]]:
    numbers = itertools.count(1, _NUMBERS_PER_RUN)

    def measure(server: Server, _round: int) -> Measured:
        job = load.Job(
            port=server.target.port,
            connections=CONNECTIONS,
            seconds=effort.seconds,
            warmup=effort.warmup,
            first=next(numbers),
            echo=True,
        )
        return harness.generate_load(server, job)

    both = [contestants.ihe_mock_async(journal=False), contestants.ihe_mock_async()]
    return harness.interleaved(both, effort.rounds, measure)


def _speed_table(results: Mapping[str, Sequence[Measured]]) -> str:
    head = (f"{CONNECTIONS} connections, PIX Add", "ratio", "req/s", "p95 ms", "errors", "RSS MB")
    yardstick = [m.load.requests_per_second for m in next(iter(results.values()))]
    rows = []
    for name, rounds in results.items():
        speeds = [m.load.requests_per_second for m in rounds]
        rows.append(
            (
                name,
                f"{harness.ratio(speeds, yardstick):.2f}",
                f"{median(speeds):.0f}",
                f"{median(m.load.p95 for m in rounds):.1f}",
                str(sum(sum(m.load.errors.values()) for m in rounds)),
                f"{max(m.rss_after for m in rounds) / 1e6:.0f}",
            )
        )
    return harness.table(head, rows)


# ---------------------------------------------------------------- waiting


def _waits(effort: Effort) -> Sequence[float]:
    """Milliseconds from sending a request to the end of the answer to who waits for it."""
    with (
        harness.running(contestants.ihe_mock_async()) as server,
        harness.on_core(harness.LOAD_CORE),
        ThreadPoolExecutor(1) as thread,
        closing(_connected(server)) as client,
        closing(_connected(server)) as waiting,
    ):
        # The admin API is made when it is first asked: the first one does not count.
        numbers = range(effort.waits + 1)
        return [_one_wait(number, client, waiting, thread) for number in numbers][1:]


def _one_wait(
    number: int,
    client: http.client.HTTPConnection,
    waiting: http.client.HTTPConnection,
    thread: ThreadPoolExecutor,
) -> float:
    wanted = {"match": {"messageId": {"contains": f"{number:012d}"}}, "timeoutMs": 10_000}
    waiting.request(
        "POST", "/__admin/requests/wait", json.dumps(wanted), {"Content-Type": "application/json"}
    )
    told = thread.submit(_told, waiting)
    time.sleep(_SETTLED)  # else the request could come before who waits for it
    sent = time.perf_counter()
    _send(client, number)
    return (told.result() - sent) * 1000


def _told(waiting: http.client.HTTPConnection) -> float:
    answer = waiting.getresponse()
    answer.read()
    if answer.status != HTTPStatus.OK:
        raise BenchmarkError(f"a wait ended with HTTP {answer.status}")
    return time.perf_counter()


def _wait_table(waits: Sequence[float]) -> str:
    ordered = sorted(waits)
    head = ("sent to told, POST /__admin/requests/wait", "waits", "p50 ms", "p95 ms", "max ms")
    row = (
        "ihe-mock-async",
        str(len(waits)),
        f"{median(ordered):.1f}",
        f"{load.percentile(ordered, 0.95):.1f}",
        f"{ordered[-1]:.1f}",
    )
    return harness.table(head, [row])


def _connected(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.target.port, timeout=30)


# ---------------------------------------------------------------- memory


def _memory(effort: Effort) -> Mapping[str, Sequence[Memory]]:
    """Both servers, one after the other: time does not matter here."""
    taken = {}
    for journal in (False, True):
        contestant = contestants.ihe_mock_async(journal=journal)
        with harness.running(contestant) as server, harness.on_core(harness.LOAD_CORE):
            taken[contestant.name] = list(_send_and_look(server, effort, journal=journal))
    return taken


def _send_and_look(server: Server, effort: Effort, *, journal: bool) -> Iterator[Memory]:
    with closing(_connected(server)) as connection:
        for number in range(1, effort.messages + 1):
            _send(connection, number)
            if number % effort.sample_every == 0:
                told = _ask(connection) if journal else {"total": 0, "evicted": 0}
                yield Memory(number, server.rss(), told["total"], told["evicted"])


def _send(connection: http.client.HTTPConnection, number: int) -> None:
    body = messages.pix_add(number)
    # A comment: the same person and the same work, and yet 20 kB to remember.
    padded = body + b"<!--" + b"." * (BODY_SIZE - len(body) - 7) + b"-->"
    connection.request(
        "POST",
        messages.PIX_ADD_PATH,
        padded,
        {"Content-Type": messages.SOAP_CONTENT_TYPE},
    )
    answer = connection.getresponse().read()
    if messages.ACCEPTED not in answer:
        raise BenchmarkError(f"a wrong answer: {answer[:2000].decode(errors='replace')}")


def _ask(connection: http.client.HTTPConnection) -> Mapping[str, Any]:
    connection.request("GET", "/__admin/requests?limit=1")
    answer = json.loads(connection.getresponse().read())
    meta: Mapping[str, Any] = answer["meta"]
    return meta


def _memory_table(memory: Mapping[str, Sequence[Memory]]) -> str:
    head = (f"messages of {BODY_SIZE} octets", "sent", "RSS MB", "remembered", "evicted")
    rows = [
        (name, str(m.messages), f"{m.rss / 1e6:.0f}", str(m.remembered), str(m.evicted))
        for name, taken in memory.items()
        for m in (taken[0], taken[len(taken) // 2], taken[-1])
    ]
    return harness.table(head, rows)
