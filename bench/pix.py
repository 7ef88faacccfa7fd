"""PIX Add against the yardsticks: requests per second, latency, errors."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from bench import contestants, harness, load
from bench.harness import Contestant, Measured, Server

CONNECTIONS = (64, 100)
_NUMBERS_PER_RUN = 10_000_000


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure."""

    rounds: int = 5
    seconds: float = 6.0
    first_warmup: float = 8.0
    """Before the first round: the JVM compiles what it has seen often."""
    warmup: float = 1.0


QUICK = Effort(rounds=2, seconds=2.0, first_warmup=2.0)


def run(effort: Effort) -> str:
    """Measure all contestants, save the figures, and return the tables."""
    machine = harness.machine()
    taking_part, sitting_out = _contestants()
    numbers = itertools.count(1, _NUMBERS_PER_RUN)

    def measure(server: Server, round_number: int) -> dict[int, Measured]:
        return {
            connections: harness.generate_load(
                server,
                load.Job(
                    port=server.target.port,
                    connections=connections,
                    seconds=effort.seconds,
                    warmup=effort.warmup if round_number else effort.first_warmup,
                    first=next(numbers),
                    echo=server.contestant.echoes,
                ),
            )
            for connections in CONNECTIONS
        }

    results = harness.interleaved(taking_part, effort.rounds, measure)
    tables = "\n\n".join(_table(results, connections) for connections in CONNECTIONS)
    path = harness.save(
        "pix",
        {
            "machine": machine,
            "effort": asdict(effort),
            "sitting_out": sitting_out,
            "rounds": {
                name: [{str(c): asdict(m) for c, m in one.items()} for one in rounds]
                for name, rounds in results.items()
            },
        },
    )
    notes = [f"{name}: skipped, {why}" for name, why in sitting_out.items()]
    return "\n\n".join(["## PIX Add", tables, *notes, f"Raw figures: {path}"])


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


def _table(results: Mapping[str, Sequence[Mapping[int, Measured]]], connections: int) -> str:
    rounds = {name: [one[connections] for one in some] for name, some in results.items()}
    yardstick = [m.load.requests_per_second for m in next(iter(rounds.values()))]
    head = (
        f"{connections} connections", "ratio", "req/s", "p50 ms", "p95 ms", "p99 ms", "errors",
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
