"""FindDocuments as the registry grows: latency beside a small registry, and memory.

Two servers are filled through ITI-44, ITI-41 and ITI-42, ten documents for each patient, and then
asked in turns for all documents of one patient after the other. What a patient has is the same in
both, so whatever differs is the size of the registry.
"""

from __future__ import annotations

import http.client
import itertools
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from statistics import median

from bench import contestants, harness, messages
from bench.harness import BenchmarkError, Report, Server
from bench.load import percentile

DOCUMENTS_PER_PATIENT = 10
_REGISTERED_AT_ONCE = DOCUMENTS_PER_PATIENT - 1
_DOCUMENT_SIZE = 1000
_WARM_UPS = 50
QUERIES: Mapping[str, tuple[bytes, int]] = {
    "all of a patient": (b"", DOCUMENTS_PER_PATIENT),
    "by class and time": (messages.BY_CLASS_AND_TIME, 2),
}
"""Further parameters of FindDocuments, and how many documents the answer must hold."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to load and to ask."""

    small: int = 1_000
    large: int = 100_000
    """Documents."""
    rounds: int = 5
    queries: int = 400
    """Of each kind, on each server, in each round."""


QUICK = Effort(large=5_000, rounds=2, queries=100)


@dataclass(slots=True)
class Registry:
    """A server that was filled, and what was seen of it."""

    server: Server
    documents: int
    load_seconds: float
    rss_before: int
    rss_loaded: int
    rss_asked: int = 0
    p50: dict[str, list[float]] = field(default_factory=dict)
    """By query, one for each round, in milliseconds."""
    p95: dict[str, list[float]] = field(default_factory=dict)

    @property
    def patients(self) -> int:
        """How many patients the documents are of."""
        return self.documents // DOCUMENTS_PER_PATIENT


def run(effort: Effort) -> Report:
    """Fill both servers, ask them in turns, save the figures, and return the table."""
    machine = harness.machine()
    with ExitStack() as stack:
        registries = []
        for documents in (effort.small, effort.large):
            server = stack.enter_context(harness.running(contestants.ihe_mock_async()))
            registries.append(fill(server, documents))
            server.hold()
        for _ in range(effort.rounds):
            for registry in registries:
                registry.server.go_on()
                ask(registry, effort.queries)
                registry.server.hold()
        for registry in registries:
            registry.rss_asked = registry.server.rss()
    path = harness.save(
        "registry",
        {"machine": machine, "effort": asdict(effort), "registries": [*map(_figures, registries)]},
    )
    return Report("\n\n".join(["## FindDocuments", _table(registries), f"Raw figures: {path}"]))


# ---------------------------------------------------------------- loading


def fill(server: Server, documents: int) -> Registry:
    """Feed the patients, provide one document of each and register the others."""
    before, started = server.rss(), time.perf_counter()
    numbers = itertools.count(1)
    with harness.on_core(harness.LOAD_CORE), _Client(server) as client:
        for patient in range(1, documents // DOCUMENTS_PER_PATIENT + 1):
            _load_patient(client, patient, numbers)
    seconds = time.perf_counter() - started
    return Registry(server, documents, seconds, before, server.rss())


def _load_patient(client: _Client, patient: int, numbers: Iterator[int]) -> None:
    fed = client.post(messages.PIX_ADD_PATH, messages.SOAP_CONTENT_TYPE, messages.pix_add(patient))
    _expect(messages.ACCEPTED, fed)
    document = messages.document(_DOCUMENT_SIZE, patient)
    submission = messages.iti41(next(numbers), document, _DOCUMENT_SIZE, patient)
    provided = client.post(messages.ITI41_PATH, messages.ITI41_CONTENT_TYPE, b"".join(submission))
    _expect(messages.SUCCESS, provided)
    registration = messages.iti42(next(numbers), _REGISTERED_AT_ONCE, patient)
    registered = client.post(messages.REGISTRY_PATH, messages.SOAP_CONTENT_TYPE, registration)
    _expect(messages.SUCCESS, registered)


def _expect(wanted: bytes, answer: bytes) -> None:
    if wanted not in answer:
        raise BenchmarkError(f"a wrong answer: {answer[:2000].decode(errors='replace')}")


# ---------------------------------------------------------------- asking


def ask(registry: Registry, queries: int) -> None:
    """One round: each query so many times, each for another patient, one after the other."""
    choice = random.Random(queries)  # noqa: S311 - the same patients in each round
    numbers = itertools.count(1)
    with harness.on_core(harness.LOAD_CORE), _Client(registry.server) as client:
        for name, (filters, expected) in QUERIES.items():
            times = []
            for number in range(_WARM_UPS + queries):
                patient = choice.randrange(registry.patients) + 1
                query = messages.find_documents(next(numbers), patient, filters)
                sent = time.perf_counter()
                answer = client.post(messages.REGISTRY_PATH, messages.SOAP_CONTENT_TYPE, query)
                if number >= _WARM_UPS:
                    times.append((time.perf_counter() - sent) * 1000)
                _check(answer, expected)
            times.sort()
            registry.p50.setdefault(name, []).append(percentile(times, 0.50))
            registry.p95.setdefault(name, []).append(percentile(times, 0.95))


def _check(answer: bytes, expected: int) -> None:
    _expect(messages.SUCCESS, answer)
    found = answer.count(b"</rim:ExtrinsicObject>")
    if found != expected:
        raise BenchmarkError(f"{found} document entries where {expected} were expected")


class _Client:
    """One keep-alive connection."""

    def __init__(self, server: Server) -> None:
        self._connection: http.client.HTTPConnection = server.target.connection()

    def __enter__(self) -> _Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self._connection.close()

    def post(self, path: str, content_type: str, body: bytes) -> bytes:
        """The body of the answer."""
        self._connection.request("POST", path, body, {"Content-Type": content_type})
        return self._connection.getresponse().read()


# ---------------------------------------------------------------- results


def _figures(registry: Registry) -> Mapping[str, object]:
    return {
        "documents": registry.documents,
        "load_seconds": registry.load_seconds,
        "rss": [registry.rss_before, registry.rss_loaded, registry.rss_asked],
        "p50": registry.p50,
        "p95": registry.p95,
    }


def _table(registries: Sequence[Registry]) -> str:
    head = (
        "FindDocuments", "documents", "ratio of p95", "p50 ms", "p95 ms",
        "loaded in s", "RSS MB before", "loaded", "asked",
    )  # fmt: skip
    yardstick = registries[0]
    rows = [
        (
            name,
            f"{registry.documents}",
            f"{harness.ratio(registry.p95[name], yardstick.p95[name]):.2f}",
            f"{median(registry.p50[name]):.1f}",
            f"{median(registry.p95[name]):.1f}",
            f"{registry.load_seconds:.0f}",
            *(
                f"{rss / 1e6:.0f}"
                for rss in (registry.rss_before, registry.rss_loaded, registry.rss_asked)
            ),
        )
        for name in QUERIES
        for registry in registries
    ]
    return harness.table(head, rows)
