"""PIX Add against the yardsticks: requests per second, latency, errors."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from bench import contestants, harness, load
from bench.harness import Contestant, Measured, Report, Server


@dataclass(frozen=True, slots=True)
class Load:
    """One way to load a server."""

    name: str
    connections: int
    rate: float = 0.0
    """Requests per second in all; 0: as many as are answered."""


LOADS = (
    Load("64 connections", 64),
    Load("100 connections", 100),
    Load("100 connections, 500 req/s in all", 100, 500.0),
)
_NUMBERS_PER_RUN = 10_000_000


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure."""

    rounds: int = 7
    seconds: float = 5.0
    first_warmup: float = 8.0
    """Before the first round: the JVM compiles what it has seen often."""
    warmup: float = 1.0


QUICK = Effort(rounds=2, seconds=2.0, first_warmup=2.0)


def run(effort: Effort) -> Report:
    """Measure all contestants, save the figures, and return the tables."""
    machine = harness.machine()
    taking_part, sitting_out = _contestants()
    numbers = itertools.count(1, _NUMBERS_PER_RUN)

    def measure(server: Server, each: Load, *, first: bool) -> Measured:
        job = load.Job(
            port=server.target.port,
            connections=each.connections,
            rate=each.rate,
            seconds=effort.seconds,
            warmup=effort.first_warmup if first else effort.warmup,
            first=next(numbers),
            echo=server.contestant.echoes,
        )
        return harness.generate_load(server, job)

    def measure_all(server: Server, round_number: int) -> dict[str, Measured]:
        return {
            each.name: measure(server, each, first=round_number == 0 and each is LOADS[0])
            for each in LOADS
        }

    results = harness.interleaved(taking_part, effort.rounds, measure_all)
    tables = "\n\n".join(_table(results, each.name) for each in LOADS)
    path = harness.save(
        "pix",
        {
            "machine": machine,
            "effort": asdict(effort),
            "sitting_out": sitting_out,
            "rounds": {
                name: [{kind: asdict(m) for kind, m in one.items()} for one in rounds]
                for name, rounds in results.items()
            },
        },
    )
    notes = [f"{name}: skipped, {why}" for name, why in sitting_out.items()]
    text = "\n\n".join(["## PIX Add", tables, *notes, f"Raw figures: {path}"])
    return Report(text, _wrong(results))


def _wrong(results: Mapping[str, Sequence[Mapping[str, Measured]]]) -> list[str]:
    return [
        f"{name}, {each}: {measured.load.errors}"
        for name, rounds in results.items()
        for one in rounds
        for each, measured in one.items()
        if measured.load.errors
    ]


def _contestants() -> tuple[list[Contestant], dict[str, str]]:
    """Those that can start here, the yardstick first, and why others cannot."""
    taking_part = [contestants.bare_hypercorn(), contestants.ihe_mock_async()]
    sitting_out: dict[str, str] = {}
    makers: Mapping[str, Callable[[], Contestant]] = {
        "WireMock static stub": contestants.wiremock,
        "WireMock static stub, --no-request-journal": lambda: contestants.wiremock(journal=False),
    }
    for name, make in makers.items():
        try:
            taking_part.append(make())
        except harness.Unavailable as reason:
            sitting_out[name] = str(reason)
    return taking_part, sitting_out


def _table(results: Mapping[str, Sequence[Mapping[str, Measured]]], load_name: str) -> str:
    rounds = {name: [one[load_name] for one in some] for name, some in results.items()}
    yardstick = [m.load.requests_per_second for m in next(iter(rounds.values()))]
    head = (
        load_name, "ratio", "req/s", "p50 ms", "p95 ms", "p99 ms", "errors",
        "server CPU", "generator CPU", "RSS MB",
    )  # fmt: skip
    rows = [_row(name, measured, yardstick) for name, measured in rounds.items()]
    return harness.table(head, rows)


def _row(name: str, rounds: Sequence[Measured], yardstick: Sequence[float]) -> Sequence[str]:
    speeds = [m.load.requests_per_second for m in rounds]
    return (
        name,
        f"{harness.ratio(speeds, yardstick):.2f}",
        f"{median(speeds):.0f}",
        f"{median(m.load.p50 for m in rounds):.1f}",
        f"{median(m.load.p95 for m in rounds):.1f}",
        f"{median(m.load.p99 for m in rounds):.1f}",
        str(sum(sum(m.load.errors.values()) for m in rounds)),
        f"{median(m.load.server_cpu_share for m in rounds):.0%}",
        f"{median(m.load.cpu_share for m in rounds):.0%}",
        f"{max(m.rss_after for m in rounds) / 1e6:.0f}",
    )
