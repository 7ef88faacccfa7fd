"""The server inside of tests: `MockServer`, and the pytest plugin."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ihe_mock_async.testing.mock_server import MockServer

__all__ = ["MockServer"]

_HOMES = {"MockServer": "mock_server"}


def __getattr__(name: str) -> object:
    """Import what is asked for: the pytest plugin is loaded in every run, used or not."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
