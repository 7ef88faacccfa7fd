"""What the journal costs: requests per second with it and without, and memory after very many."""

from __future__ import annotations

import http.client
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench import contestants, harness, load, messages
from bench.harness import BenchmarkError, Measured, Report, Server

CONNECTIONS = 64
BODY_SIZE = 20_000
"""Octets of the messages that memory is measured with."""
_NUMBERS_PER_RUN = 10_000_000


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure, and how much to send."""

    rounds: int = 7
    seconds: float = 5.0
    warmup: float = 1.0
    messages: int = 100_000
    """Of 20 kB, for the memory."""
    sample_every: int = 10_000


QUICK = Effort(rounds=2, seconds=2.0, messages=5_000, sample_every=1_000)


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
    memory = _memory(effort)
    figures = {
        "machine": machine,
        "effort": asdict(effort),
        "rounds": {name: [asdict(m) for m in rounds] for name, rounds in speeds.items()},
        "memory": {name: [asdict(m) for m in taken] for name, taken in memory.items()},
    }
    path = harness.save("journal", figures)
    text = "\n\n".join(
        ["## Journal", _speed_table(speeds), _memory_table(memory), f"Raw figures: {path}"]
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
    connection = http.client.HTTPConnection("127.0.0.1", server.target.port, timeout=30)
    with closing(connection):
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
