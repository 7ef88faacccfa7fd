"""docs/reference/faults.md has all that there is, and nothing that is not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic.alias_generators import to_camel

from ihe_mock_async.faults.applicability import of
from ihe_mock_async.faults.effect_names import by_name
from ihe_mock_async.faults.effects import KINDS, Commit, ConnectionFault, Corruption, Effect
from ihe_mock_async.faults.kinds import keys_of
from ihe_mock_async.faults.plan import FaultPlan, When
from ihe_mock_async.faults.registry_error_codes import CODES

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "faults.md").read_text("utf-8")


def rows(heading: str) -> dict[str, str]:
    """First cell without code marks, and the rest, of the table with that heading."""
    (table,) = re.findall(rf"^\| `?{heading}`? \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    cells = (line.strip("| \n").partition(" | ") for line in table.splitlines())
    return {first.strip("` "): rest for first, _, rest in cells}


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("when", [to_camel(name) for name in When.model_fields]),
        ("key", keys_of(KINDS)),
        ("fault", list(ConnectionFault)),
        ("corrupt", list(Corruption)),
        ("commit", list(Commit)),
    ],
)
def test_every_word_of_a_plan_stands_in_its_table(heading: str, names: list[str]) -> None:
    assert sorted(rows(heading)) == sorted(names)


def test_the_transactions_are_those_that_a_corruption_can_be_applied_to() -> None:
    for name, rest in rows("corrupt").items():
        told = set(re.findall(r"\b\d\d\b", rest.partition(" | ")[0]))
        applicable = of(Effect.model_validate({"corrupt": name})).transactions
        numbers = {number.removeprefix("ITI-") for number in applicable or ()}
        assert told in (numbers, set())


@pytest.mark.parametrize("example", re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
def test_every_example_is_a_plan(example: str) -> None:
    assert FaultPlan.model_validate(json.loads(example)).steps


def test_every_name_in_a_header_is_an_effect() -> None:
    names = re.findall(r"X-Mock-Fault: (.+)", PAGE)

    assert len(names) > 5
    assert [by_name(name).name for name in names] == names


def test_every_error_code_is_listed() -> None:
    listed = PAGE.partition("## Error codes of registries")[2]

    assert re.findall(r"`(\w+)`", listed) == list(CODES)
