"""`rules`: the catalogue on the terminal, for scripts, and as the page of the documentation."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from ihe_mock_async.cli.rules import COMMAND
from ihe_mock_async.transactions import served
from ihe_mock_async.web.rule_catalogue import catalogue

Run = Callable[..., Result]
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"


def test_every_rule_is_a_line(run: Run) -> None:
    lines = run("rules").stdout.splitlines()

    assert [line.split()[0] for line in lines] == [each.rule.id for each in catalogue(served())]


def test_one_rule_is_told_in_full(run: Run) -> None:
    result = run("rules", "xds-slot-unique")

    assert result.stdout.splitlines()[:3] == [
        "xds-slot-unique",
        "  severity  error",
        "  rule      The name of a Slot is unique in its object.",
    ]
    assert "ITI-42" in result.stdout.splitlines()[-1]


def test_an_essential_rule_says_that_no_mode_helps(run: Run) -> None:
    assert "error, refused in every mode" in run("rules", "xml-prefix").stdout


def test_the_rules_of_a_transaction_are_those_that_it_lists(run: Run) -> None:
    (feed,) = [each for each in served() if each.number == "ITI-44"]

    listed = json.loads(run("rules", "--transaction", "iti-44", "--json").stdout)

    assert {each["id"] for each in listed} == {rule.id for rule in feed.rules}
    assert list(listed[0]) == [
        "id",
        "severity",
        "essential",
        "text",
        "section",
        "fix",
        "code",
        "transactions",
    ]


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["xds-slot-uniqe"], "did you mean xds-slot-unique"),
        (["nothing-like-it"], "list them without it"),
        (["--transaction", "ITI-1"], "did you mean ITI-"),
    ],
)
def test_an_unknown_name_is_wrong_usage(run: Run, arguments: list[str], advice: str) -> None:
    result = run("rules", *arguments)

    assert result.exit_code == 2
    assert advice in result.stderr


def test_the_reference_page_is_up_to_date(run: Run) -> None:
    page = run("rules", "--markdown").stdout

    assert page == PAGE.read_text("utf-8"), f"docs/reference/rules.md is old; run: {COMMAND}"
