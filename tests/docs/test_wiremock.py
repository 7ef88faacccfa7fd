"""What the page for people who know WireMock names is there."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from ihe_mock_async.faults.delay import Delay
from ihe_mock_async.journal.matchers import BodyPattern, TextMatcher
from ihe_mock_async.journal.pattern import Pattern
from ihe_mock_async.testing import MockServer

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "wiremock.md").read_text("utf-8")
ROWS = [row.split("|")[1:4] for row in PAGE.splitlines() if row.startswith("| ")][1:]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def keys(start: str, column: int) -> set[str]:
    """The words of a row that could be keys of JSON."""
    (found,) = (row for row in ROWS if row[0].strip().startswith(f"`{start}`"))
    return {word for word in words(found[column]) if word.isalpha()}


def test_its_paths_are_those_of_the_admin_api() -> None:
    with MockServer() as server:
        paths = httpx.get(f"{server.url}/__admin/openapi.json").json()["paths"]
    there = {f"{method.upper()} {path}" for path, ways in paths.items() for method in ways}

    told = {word for row in ROWS for word in words(row[1]) if re.match("(GET|POST) /", word)}

    assert len(told) >= 3
    assert told <= there


def test_its_keys_are_those_of_patterns() -> None:
    told = keys("POST /__admin/requests/count", 2) | keys("urlPath", 0)

    assert len(told) >= 14
    assert told <= {field.alias or name for name, field in Pattern.model_fields.items()}


def test_its_conditions_are_those_of_texts_and_bodies() -> None:
    texts = {field.alias for field in TextMatcher.model_fields.values()}
    bodies = {field.alias for field in BodyPattern.model_fields.values()}

    assert keys("equalTo", 0) <= texts
    assert keys("equalToJson", 0) | keys("xPathNamespaces", 0) <= bodies


def test_its_delays_are_read() -> None:
    assert Delay.model_validate({"uniform": {"lower": 100, "upper": 300}}) == Delay.model_validate(
        {"type": "uniform", "lower": 100, "upper": 300}
    )
