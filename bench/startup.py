"""From exec to the first answer, what `--help` takes, and memory at rest."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

from bench import contestants, harness
from bench.harness import Contestant, Report

_COMMANDS = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "ihe-mock-async --help": (contestants.COMMAND, "--help"),
    "ihe-mock-async start --help": (contestants.COMMAND, "start", "--help"),
}
_REST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Effort:
    """How often to start."""

    rounds: int = 11


QUICK = Effort(rounds=3)


@dataclass(frozen=True, slots=True)
class Start:
    """One start of one server."""

    seconds: float
    idle_rss: int
    """Octets, one second after the first answer."""


def run(effort: Effort) -> Report:
    """Start everything in turn, save the figures, and return the tables."""
    machine = harness.machine()
    servers, sitting_out = _contestants()
    starts: dict[str, list[Start]] = {contestant.name: [] for contestant in servers}
    commands: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for number in range(effort.rounds + 1):
        for contestant in servers:
            start = _start(contestant)
            if number:  # the first one reads everything from disk
                starts[contestant.name].append(start)
        for name, command in _COMMANDS.items():
            seconds = _seconds_of(command)
            if number:
                commands[name].append(seconds)
    path = harness.save(
        "startup",
        {
            "machine": machine,
            "effort": asdict(effort),
            "sitting_out": sitting_out,
            "starts": {name: [asdict(s) for s in some] for name, some in starts.items()},
            "commands": commands,
        },
    )
    notes = [f"{name}: skipped, {why}" for name, why in sitting_out.items()]
    tables = [_starts_table(starts), _commands_table(commands)]
    return Report("\n\n".join(["## Start", *tables, *notes, f"Raw figures: {path}"]))


def _contestants() -> tuple[list[Contestant], dict[str, str]]:
    """The yardstick first; the one without a worker process starts faster than a stock one."""
    servers = [
        contestants.bare_hypercorn(),
        contestants.bare_hypercorn(workers=0),
        contestants.ihe_mock_async(),
    ]
    try:
        servers.append(contestants.wiremock())
    except harness.Unavailable as reason:
        return servers, {"WireMock static stub": str(reason)}
    return servers, {}


def _start(contestant: Contestant) -> Start:
    with harness.running(contestant) as server:
        time.sleep(_REST_SECONDS)
        return Start(server.ready_seconds, server.rss())


def _seconds_of(command: Sequence[str]) -> float:
    with harness.on_core(harness.SERVER_CORE):
        started = time.perf_counter()
        subprocess.run(
            command, env=harness.environment(), check=True, capture_output=True, timeout=60
        )
        return time.perf_counter() - started


def _starts_table(starts: dict[str, list[Start]]) -> str:
    yardstick = [start.seconds for start in next(iter(starts.values()))]
    rows = [
        (
            name,
            f"{harness.ratio([s.seconds for s in some], yardstick):.2f}",
            f"{median(s.seconds for s in some):.3f}",
            f"{max(s.seconds for s in some):.3f}",
            f"{median(s.idle_rss for s in some) / 1e6:.0f}",
        )
        for name, some in starts.items()
    ]
    return harness.table(
        ("exec to first answer", "ratio", "median s", "slowest s", "idle RSS MB"), rows
    )


def _commands_table(commands: dict[str, list[float]]) -> str:
    yardstick = next(iter(commands.values()))
    rows = [
        (name, f"{harness.ratio(some, yardstick):.2f}", f"{median(some):.3f}", f"{max(some):.3f}")
        for name, some in commands.items()
    ]
    return harness.table(("command", "ratio", "median s", "slowest s"), rows)
