"""Large documents by ITI-41 with MTOM: memory, /health meanwhile, throughput, and the octets kept.

The client makes the document while it sends it and never holds more than one block; the server
must not hold it either. Bare Hypercorn, which reads the same octets and drops them, shows what
the way there costs alone.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import psutil

from bench import contestants, harness, messages
from bench.harness import BenchmarkError, Contestant, Server
from bench.probe import Seen

MEGABYTE = 1_000_000
SIZES = (1 * MEGABYTE, 100 * MEGABYTE, 1000 * MEGABYTE)
_WARM_UPS = 3
_SMALL = 10_000
_BEFORE_AND_AFTER_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Effort:
    """What to upload, and how often."""

    rounds: int = 3
    sizes: tuple[int, ...] = SIZES


QUICK = Effort(rounds=1, sizes=SIZES[:2])


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload to one fresh server."""

    contestant: str
    protocol: str
    size: int
    seconds: float
    rss_before: int
    """After three small uploads, in octets."""
    rss_peak: int
    """The larger of the samples and the kernel's own high-water mark."""
    health: Seen
    stored: bool | None
    """Whether the stored content has the SHA-256 of what was sent; None: it keeps nothing."""

    @property
    def megabytes_per_second(self) -> float:
        """Document octets, from the first one sent to the answer read."""
        return self.size / MEGABYTE / self.seconds

    @property
    def growth(self) -> float:
        """Peak memory above that before, in megabytes."""
        return (self.rss_peak - self.rss_before) / MEGABYTE


def run(effort: Effort) -> str:
    """Upload everything, save the figures, and return the table."""
    machine = harness.machine()
    numbers = itertools.count(1, 10)
    uploads = [
        upload_once(contestant, size, next(numbers))
        for _ in range(effort.rounds)
        for size in effort.sizes
        for tls in (False, True)
        for contestant in (
            contestants.bare_hypercorn(tls=tls), contestants.ihe_mock_async(tls=tls),
        )
    ]  # fmt: skip
    path = harness.save(
        "uploads",
        {"machine": machine, "effort": asdict(effort), "uploads": [asdict(u) for u in uploads]},
    )
    return "\n\n".join(["## MTOM uploads (ITI-41)", _table(uploads), f"Raw figures: {path}"])


def upload_once(contestant: Contestant, size: int, number: int) -> Upload:
    """Start a server, warm it up, send one document while watching, and check what it kept."""
    with harness.running(contestant) as server:
        for index in range(_WARM_UPS):
            _send(server, _SMALL, number + index)
        time.sleep(_BEFORE_AND_AFTER_SECONDS)
        sent = number + _WARM_UPS
        sha256 = _sha256_of(size, sent)
        before = server.rss()
        _reset_high_water_mark(server)
        with _watching(server) as probe, harness.on_core(harness.LOAD_CORE):
            seconds = _send(server, size, sent)
        seen = _seen(probe)
        return Upload(
            contestant=contestant.name,
            protocol="HTTPS" if contestant.tls else "HTTP",
            size=size,
            seconds=seconds,
            rss_before=before,
            rss_peak=max(seen.peak_rss, _high_water_mark(server)),
            health=seen,
            stored=_is_stored(server.folder, sha256) if contestant.echoes else None,
        )


def _send(server: Server, size: int, number: int) -> float:
    """Seconds for one submission; raises unless it was registered."""
    submission = messages.iti41(number, messages.document(size, number), size)
    headers = {
        "Content-Type": messages.ITI41_CONTENT_TYPE,
        "Content-Length": str(submission.content_length),
    }
    connection = server.target.connection()
    started = time.perf_counter()
    connection.request("POST", messages.ITI41_PATH, body=iter(submission), headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    seconds = time.perf_counter() - started
    connection.close()
    if answer.status != 200 or (server.contestant.echoes and messages.SUCCESS not in body):
        raise BenchmarkError(
            f"{server.contestant.name} did not register {size} octets: "
            f"{answer.status} {body[:2000].decode(errors='replace')}"
        )
    return seconds


def _sha256_of(size: int, number: int) -> str:
    """Reckoned before the upload, so that it takes no time of it."""
    digest = hashlib.sha256()
    for block in messages.document(size, number):
        digest.update(block)
    return digest.hexdigest()


def _is_stored(folder: Path, sha256: str) -> bool:
    """Whether some file of the data directory has this content: names are not believed."""
    for path in (folder / "mocks" / "data").rglob("*"):
        if path.is_file() and sha256 in path.as_posix().replace("/", ""):
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    return False


# ---------------------------------------------------------------- watching


@contextmanager
def _watching(server: Server) -> Iterator[subprocess.Popen[str]]:
    """Run the prober beside the upload, and some time before and after it."""
    path = server.contestant.ready_path
    command = [sys.executable, "-m", "bench.probe", str(server.target.port)]
    command += [str(process.pid) for process in server.processes()]
    command += ["--path", path, "--core", str(harness.LOAD_CORE)]
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
        time.sleep(_BEFORE_AND_AFTER_SECONDS)
        yield probe
        time.sleep(_BEFORE_AND_AFTER_SECONDS)
    except BaseException:
        probe.kill()
        probe.communicate()
        raise


def _seen(probe: subprocess.Popen[str]) -> Seen:
    output, _ = probe.communicate(timeout=60)
    return Seen(**json.loads(output))


def _reset_high_water_mark(server: Server) -> None:
    """Let the kernel forget the peak so far (proc(5), clear_refs)."""
    for process in server.processes():
        with suppress(OSError):
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def _high_water_mark(server: Server) -> int:
    """The kernel's peak of resident memory, in octets, summed over the processes."""
    return sum(_peak_of(process) for process in server.processes())


def _peak_of(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


# ---------------------------------------------------------------- table


def _table(uploads: Sequence[Upload]) -> str:
    head = (
        "upload", "ratio", "MB/s", "peak growth MB", "GET p50 ms", "GET p95 ms", "GET max ms",
        "GET errors", "content",
    )  # fmt: skip
    groups: dict[tuple[str, int, str], list[Upload]] = {}
    for upload in uploads:
        groups.setdefault((upload.protocol, upload.size, upload.contestant), []).append(upload)
    yardstick = {
        (group[0].protocol, group[0].size): [u.megabytes_per_second for u in group]
        for group in groups.values()
        if group[0].stored is None
    }
    ordered = sorted(groups)
    rows = [_row(groups[key], yardstick[key[0], key[1]]) for key in ordered]
    return harness.table(head, rows)


def _row(uploads: Sequence[Upload], yardstick: Sequence[float]) -> Sequence[str]:
    first = uploads[0]
    speeds = [u.megabytes_per_second for u in uploads]
    content = {None: "dropped", True: "equal", False: "DIFFERS"}
    worst = min((u.stored for u in uploads), key=lambda stored: stored is True)
    return (
        f"{first.size // MEGABYTE} MB, {first.protocol}, {first.contestant}",
        f"{harness.ratio(speeds, yardstick):.2f}",
        f"{median(speeds):.0f}",
        f"{max(u.growth for u in uploads):.1f}",
        f"{median(u.health.p50 for u in uploads):.1f}",
        f"{median(u.health.p95 for u in uploads):.1f}",
        f"{max(u.health.slowest for u in uploads):.1f}",
        str(sum(u.health.errors for u in uploads)),
        content[worst],
    )
