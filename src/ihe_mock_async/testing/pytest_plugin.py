"""The pytest plugin: `ihe_mock`, a server per test; `ihe_mock_server`, a world per test.

It is loaded in every run of whoever has the package installed, so that nothing heavy is imported
before a fixture is used.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ihe_mock_async.testing.mock_server import MockServer
    from ihe_mock_async.testing.world import World

MARKER = "ihe_mock"
_LONGEST_NAME = 80
_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known to `--strict-markers`."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(**settings): settings of the `ihe_mock` server of this test, by their names.",
    )


# ---------------------------------------------------------------- fixtures


@pytest.fixture
def ihe_mock_settings() -> Mapping[str, Any]:
    """Keyword arguments of the `MockServer` behind `ihe_mock`; override it to change them."""
    return {}


@pytest.fixture
def ihe_mock(
    ihe_mock_settings: Mapping[str, Any], request: pytest.FixtureRequest
) -> Iterator[MockServer]:
    """A server for this test alone, of `ihe_mock_settings` and the marker `ihe_mock`."""
    with _server(ihe_mock_settings, request) as server:
        yield server


@pytest.fixture
def ihe_mock_tls(
    ihe_mock_settings: Mapping[str, Any], request: pytest.FixtureRequest
) -> Iterator[MockServer]:
    """As `ihe_mock`, with https and a CA of its own."""
    with _server({**ihe_mock_settings, "tls": True}, request) as server:
        yield server


def _server(settings: Mapping[str, Any], request: pytest.FixtureRequest) -> MockServer:
    from ihe_mock_async.testing.mock_server import MockServer  # noqa: PLC0415 - when it is used

    markers = reversed(list(request.node.iter_markers(MARKER)))  # the nearest one counts most
    marked = [marker.kwargs for marker in markers]
    merged = {key: value for each in (settings, *marked) for key, value in each.items()}
    return MockServer(**merged)


@pytest.fixture(scope="session")
def ihe_mock_server_settings() -> Mapping[str, Any]:
    """Keyword arguments of the `MockServer` behind `ihe_mock_server`; may be overridden."""
    return {}


@pytest.fixture(scope="session")
def ihe_mock_session_server(
    ihe_mock_server_settings: Mapping[str, Any],
) -> Iterator[MockServer]:
    """The one server of the session (with xdist: of the worker) that `ihe_mock_server` shares."""
    from ihe_mock_async.testing.mock_server import MockServer  # noqa: PLC0415 - when it is used

    with MockServer(**ihe_mock_server_settings) as server:
        yield server


@pytest.fixture
def ihe_mock_server(
    ihe_mock_session_server: MockServer, request: pytest.FixtureRequest
) -> Iterator[World]:
    """A world for this test alone, on a server that all tests of the session share.

    Its URLs are below `/ns/NAME`; clock and settings are those of all.
    """
    world = ihe_mock_session_server.namespace(_namespace(request.node.name))
    yield world
    world.reset()


def _namespace(test: str) -> str:
    """A name that no other test has, and that tells which one it is."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", test).strip("-._")[:_LONGEST_NAME]
    return f"{readable or 'test'}-{next(_numbers)}"


# ---------------------------------------------------------------- failures


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell in the report of a test that failed what its servers have seen."""
    report = yield
    if call.when == "call" and report.failed and "ihe_mock_async.testing.world" in sys.modules:
        from ihe_mock_async.testing.failure_report import sections  # noqa: PLC0415 - as above

        report.sections += sections(getattr(item, "funcargs", {}))
    return report
