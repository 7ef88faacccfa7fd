"""Declarations of tests, written to a folder and loaded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

from ihe_mock_async.services import attempt, loading
from ihe_mock_async.services.answer import Answer
from ihe_mock_async.services.attempt import Attempt
from ihe_mock_async.services.companion import Companion
from ihe_mock_async.services.request import ServiceRequest
from ihe_mock_async.services.state import ServiceState

NOW = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
JSON = [("Content-Type", "application/json")]
XML = [("Content-Type", "application/xml")]


def write(folder: Path, mappings: str, name: str = "shop") -> Path:
    """The file of a service with these mappings."""
    path = folder / f"{name}.yaml"
    path.write_text(f"name: {name}\nmappings:\n{dedent(mappings)}")
    return path


def service(folder: Path, mappings: str) -> Companion:
    """The service with these mappings."""
    return loading.load_file(write(folder, mappings))


def uuids() -> Callable[[], str]:
    """Numbered UUIDs."""
    numbers = iter(range(1, 1000))
    return lambda: f"00000000-0000-4000-8000-{next(numbers):012}"


def carry_out(companion: Companion, state: ServiceState, request: ServiceRequest) -> Answer:
    """The answer to a request that some mapping fits, and what is remembered of it."""
    mapping = companion.choose(request)
    assert mapping is not None
    begun = attempt.begin(mapping, request, state)
    if not isinstance(begun, Attempt):
        return begun
    answer = begun.answer(NOW, uuids())
    begun.commit(answer, 7, NOW)
    return answer


def get(path: str, *headers: tuple[str, str], query: str = "") -> ServiceRequest:
    return ServiceRequest("GET", path, query, headers)


def post(path: str, body: str, headers: list[tuple[str, str]] | None = None) -> ServiceRequest:
    return ServiceRequest("POST", path, "", headers or JSON, body.encode())
