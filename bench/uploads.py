"""Large documents by ITI-41 with MTOM: memory, /health meanwhile, throughput, and the octets kept.

The client makes the document while it sends it and never holds more than one block; the server
must not hold it either. Bare Hypercorn, which reads the same octets and drops them, shows what
the way there costs alone.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench import contestants, harness, messages
from bench.harness import BenchmarkError, Contestant, Report, Server
from bench.watch import Seen, watching

MEGABYTE = 1_000_000
SIZES = (1 * MEGABYTE, 100 * MEGABYTE, 1000 * MEGABYTE)
_WARM_UPS = 3
_SMALL = 10_000
_SETTLE_SECONDS = 0.3
_ENOUGH_PROBES = 20
"""For a p95."""


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
    seen: Seen
    stored: bool | None
    """Whether the stored content has the SHA-256 of what was sent; None: it keeps nothing."""

    @property
    def megabytes_per_second(self) -> float:
        """Document octets, from the first one sent to the answer read."""
        return self.size / MEGABYTE / self.seconds

    @property
    def growth(self) -> float:
        """Peak memory above that after the warm-up, in megabytes."""
        return (self.seen.rss_peak - self.seen.rss_before) / MEGABYTE


def run(effort: Effort) -> Report:
    """Upload everything, save the figures, and return the table."""
    machine = harness.machine()
    numbers = itertools.count(1, _WARM_UPS + 1)
    uploads = [
        upload_once(contestant, size, next(numbers))
        for _ in range(effort.rounds)
        for size in effort.sizes
        for tls in (False, True)
        for contestant in (
            contestants.bare_hypercorn(tls=tls),
            contestants.ihe_mock_async(tls=tls),
        )
    ]
    path = harness.save(
        "uploads",
        {"machine": machine, "effort": asdict(effort), "uploads": [asdict(u) for u in uploads]},
    )
    text = "\n\n".join(["## MTOM uploads (ITI-41)", _table(uploads), f"Raw figures: {path}"])
    wrong = [
        f"{u.contestant}, {u.protocol}, {u.size} octets: stored {u.stored}, "
        f"{u.seen.errors} errors of GET"
        for u in uploads
        if u.stored is False or u.seen.errors
    ]
    return Report(text, wrong)


def upload_once(contestant: Contestant, size: int, number: int) -> Upload:
    """Start a server, warm it up, send one document while watching, and check what it kept."""
    with harness.running(contestant) as server:
        for index in range(_WARM_UPS):
            _send(server, _SMALL, number + index)
        number += _WARM_UPS
        sha256 = _sha256_of(size, number)
        time.sleep(_SETTLE_SECONDS)
        with watching(server) as seen, harness.on_core(harness.LOAD_CORE):
            seconds = _send(server, size, number)
        return Upload(
            contestant=contestant.name,
            protocol="HTTPS" if contestant.tls else "HTTP",
            size=size,
            seconds=seconds,
            seen=seen,
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
    """Whether the data directory holds a file of that name whose content really is that."""
    for path in (folder / "mocks" / "data").rglob(sha256):
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    return False


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
    rows = [_row(groups[key], yardstick[key[0], key[1]]) for key in sorted(groups)]
    return harness.table(head, rows)


def _row(uploads: Sequence[Upload], yardstick: Sequence[float]) -> Sequence[str]:
    first = uploads[0]
    seen = [u.seen for u in uploads if u.seen.probes >= _ENOUGH_PROBES]
    return (
        f"{first.size // MEGABYTE} MB, {first.protocol}, {first.contestant}",
        f"{harness.ratio([u.megabytes_per_second for u in uploads], yardstick):.2f}",
        f"{median(u.megabytes_per_second for u in uploads):.0f}",
        f"{max(u.growth for u in uploads):.1f}",
        f"{median(s.p50 for s in seen):.1f}" if seen else "-",
        f"{median(s.p95 for s in seen):.1f}" if seen else "-",
        f"{max(s.slowest for s in seen):.1f}" if seen else "-",
        str(sum(u.seen.errors for u in uploads)),
        _kept([u.stored for u in uploads]),
    )


def _kept(stored: Sequence[bool | None]) -> str:
    if stored[0] is None:
        return "dropped"
    return "equal" if all(stored) else "DIFFERS"
