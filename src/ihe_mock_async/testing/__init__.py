"""The server inside of tests: `MockServer`, and the pytest plugin."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ihe_mock_async.journal.pattern import Pattern
    from ihe_mock_async.testing import effects, examples
    from ihe_mock_async.testing.companion import CompanionService
    from ihe_mock_async.testing.effects import Effect
    from ihe_mock_async.testing.examples import ExampleMessage
    from ihe_mock_async.testing.mock_server import AsyncMockServer, MockServer
    from ihe_mock_async.testing.recorded import RecordedExchange, RecordedPart, RecordedResponse
    from ihe_mock_async.testing.world import AsyncWorld, World

__all__ = [
    "AsyncMockServer",
    "AsyncWorld",
    "CompanionService",
    "Effect",
    "ExampleMessage",
    "MockServer",
    "Pattern",
    "RecordedExchange",
    "RecordedPart",
    "RecordedResponse",
    "World",
    "effects",
    "examples",
]

_MODULES = ("effects", "examples")
_HOMES = {
    "AsyncMockServer": "testing.mock_server",
    "AsyncWorld": "testing.world",
    "CompanionService": "testing.companion",
    "Effect": "testing.effects",
    "ExampleMessage": "testing.examples",
    "MockServer": "testing.mock_server",
    "Pattern": "journal.pattern",
    "RecordedExchange": "testing.recorded",
    "RecordedPart": "testing.recorded",
    "RecordedResponse": "testing.recorded",
    "World": "testing.world",
}


def __getattr__(name: str) -> object:
    """Import what is asked for: the pytest plugin is loaded in every run, used or not."""
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"ihe_mock_async.{_HOMES[name]}"), name)
