"""The load generator: PIX Adds over keep-alive connections, from one process.

Each connection sends its next message when the answer to the last one is complete (a closed
loop), or at a fixed rate. It speaks just enough HTTP/1.1 on bare asyncio protocols to spend some
tens of microseconds per request, so that a Python server, and not this, is what is measured;
`cpu_share` in the result shows whether that held. Every message has its own ids, and every
answer is looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import re
import sys
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import psutil

from bench import messages

_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_END_OF_CHUNKS = b"\r\n0\r\n\r\n"
_MAX_RECONNECTS = 1000
_LAST_ANSWERS_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be sent."""

    port: int
    connections: int
    seconds: float
    warmup: float = 1.0
    """Seconds of load before the time that counts."""
    first: int = 0
    """Number of the first message; numbers never repeat within a server's life."""
    echo: bool = False
    """Whether the answer must hold the id of its request (a constant stub cannot)."""
    rate: float = 0.0
    """Requests per second of all connections together; 0: as many as the server answers.

    Then latency counts from when a request was due, so a late answer delays no clock.
    """
    pids: tuple[int, ...] = ()
    """Processes of the server, whose CPU time is told."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came back; times in milliseconds."""

    requests_per_second: float
    requests: int
    p50: float
    p95: float
    p99: float
    slowest: float
    errors: dict[str, int] = field(default_factory=dict)
    """By kind, of the warm-up, too."""
    cpu_share: float = 0.0
    """Of one core, that the generator itself was busy: near 1 it is the bottleneck."""
    server_cpu_share: float = 0.0
    """Of one core, that the server was busy: near 1 it is saturated, as it should be."""


class Run:
    """What all connections share: the numbers, the clock and the book of answers."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.template = messages.pix_add_request(f"127.0.0.1:{job.port}")
        self.number = job.first
        self.interval = job.connections / job.rate if job.rate else 0.0
        self.stopping = False
        self.in_flight = 0
        self.reconnects = 0
        self.ends = array("d")
        self.latencies = array("d")
        self.errors: Counter[str] = Counter()
        self.idle = asyncio.Event()

    def next_request(self) -> tuple[bytes, bytes]:
        """A message that was never sent, and the id that its answer must echo."""
        self.number += 1
        return self.template % {b"number": self.number}, b'extension="%012d"' % self.number

    def book(self, answer: bytes, message_id: bytes, sent: float) -> None:
        """Note how long one answer took, and whether it was right."""
        now = time.perf_counter()
        self.ends.append(now)
        self.latencies.append(now - sent)
        if not answer.startswith(b"HTTP/1.1 200 "):
            self.errors[f"status {answer[9:12].decode('latin-1')}"] += 1
        elif messages.ACCEPTED not in answer:
            self.errors["not CA"] += 1
        elif self.job.echo and message_id not in answer:
            self.errors["answer to another message"] += 1

    def done(self) -> None:
        """One connection has its answer and sends no more."""
        self.in_flight -= 1
        if self.stopping and self.in_flight <= 0:
            self.idle.set()

    async def connect(self) -> None:
        """Open one more connection, which begins to send at once."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Connection(self), "127.0.0.1", self.job.port)

    def reconnect(self, why: str | None) -> None:
        """Replace a connection that the server closed; `why` is an error unless announced."""
        if why:
            self.errors[why] += 1
        self.reconnects += 1
        if not self.stopping and self.reconnects < _MAX_RECONNECTS:
            task = asyncio.ensure_future(self.connect())
            task.add_done_callback(self._connected)

    def _connected(self, task: asyncio.Future[None]) -> None:
        if task.exception() is not None:
            self.errors["connect"] += 1


class Connection(asyncio.Protocol):
    """One keep-alive connection: a request, its answer, the next request."""

    __slots__ = ("answer", "message_id", "run", "sent", "transport", "waiting")

    def __init__(self, run: Run) -> None:
        self.run = run
        self.answer = b""
        self.message_id = b""
        self.sent = 0.0
        self.waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.sent = time.perf_counter()
        self._next()

    def _next(self) -> None:
        """Send at once, or when the next request of this connection is due."""
        interval = self.run.interval
        if not interval:
            self._send(time.perf_counter())
            return
        due = self.sent + interval
        delay = max(0.0, due - time.perf_counter())
        asyncio.get_running_loop().call_later(delay, self._send, due)

    def _send(self, sent: float) -> None:
        run = self.run
        if run.stopping or self.transport.is_closing():
            self.transport.close()
            return
        request, self.message_id = run.next_request()
        self.waiting = True
        run.in_flight += 1
        self.sent = sent
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take octets, and go on when the answer is complete."""
        self.answer = answer = self.answer + data if self.answer else data
        head = answer.find(b"\r\n\r\n")
        if head < 0 or not _complete(answer, head):
            return
        self.answer = b""
        self.waiting = False
        self.run.book(answer, self.message_id, self.sent)
        self.run.done()
        if _CLOSES.search(answer, 0, head + 2):
            self.transport.close()
            self.run.reconnect(None)
        else:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """An answer that will not come is an error."""
        if self.waiting:
            self.waiting = False
            self.run.done()
            self.run.reconnect("connection closed instead of an answer")


def _complete(answer: bytes, head: int) -> bool:
    length = _CONTENT_LENGTH.search(answer, 0, head + 2)
    if length is None:
        return answer.endswith(_END_OF_CHUNKS)
    return len(answer) >= head + 4 + int(length[1])


async def run(job: Job) -> Result:
    """Send for `warmup` and then `seconds`, and tell how it went."""
    this = Run(job)
    for _ in range(job.connections):
        await this.connect()
        await asyncio.sleep(this.interval / job.connections)  # evenly spread
    await asyncio.sleep(job.warmup)
    start, cpu, server_cpu = time.perf_counter(), time.process_time(), _cpu_seconds(job.pids)
    await asyncio.sleep(job.seconds)
    end, busy = time.perf_counter(), time.process_time() - cpu
    server_busy = _cpu_seconds(job.pids) - server_cpu
    this.stopping = True
    if this.in_flight == 0:
        this.idle.set()
    try:
        await asyncio.wait_for(this.idle.wait(), _LAST_ANSWERS_SECONDS)
    except TimeoutError:
        this.errors["no answer"] += this.in_flight
    return _result(this, (start, end), busy, server_busy)


def _cpu_seconds(pids: Sequence[int]) -> float:
    times = (psutil.Process(pid).cpu_times() for pid in pids)
    return sum(time.user + time.system for time in times)


def _result(this: Run, window: tuple[float, float], busy: float, server_busy: float) -> Result:
    start, end = window
    pairs = zip(this.ends, this.latencies, strict=True)
    counted = sorted(latency * 1000 for at, latency in pairs if start <= at < end)
    return Result(
        requests_per_second=len(counted) / (end - start),
        requests=len(counted),
        p50=percentile(counted, 0.50),
        p95=percentile(counted, 0.95),
        p99=percentile(counted, 0.99),
        slowest=percentile(counted, 1.0),
        errors=dict(this.errors),
        cpu_share=busy / (end - start),
        server_cpu_share=server_busy / (end - start),
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of the ordered values do not exceed; NaN of nothing."""
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    """Run one job (a JSON object on the command line), and print its result as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("job", type=json.loads)
    parser.add_argument("--core", type=int, help="the only core to run on")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    gc.disable()  # nothing here makes cycles, and a collection would look like a slow server
    result = asyncio.run(run(Job(**options.job)))
    json.dump(asdict(result), sys.stdout)


if __name__ == "__main__":
    main()
