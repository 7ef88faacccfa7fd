"""Delays: their JSON, their names, and what is drawn from them."""

from __future__ import annotations

from random import Random
from statistics import median
from typing import Any

import pytest
from pydantic import ValidationError

from ihe_mock_async.faults.delay import MAX_DELAY_MS, Delay, named
from ihe_mock_async.journal.json_problems import problems

UNIFORM = {"uniform": {"lower": 100, "upper": 300}}
LOGNORMAL = {"lognormal": {"median": 90, "sigma": 0.4}}


def delay(document: object) -> Delay:
    return Delay.model_validate(document)


def draws(document: object, number: int = 2000) -> list[float]:
    random = Random(7)  # noqa: S311 - reproducible
    return [delay(document).seconds(random) for _ in range(number)]


def test_a_bare_number_is_a_fixed_delay() -> None:
    assert delay(250) == delay({"fixed": 250})
    assert draws(250, 1) == [0.25]


@pytest.mark.parametrize(
    ("of_wiremock", "ours"),
    [
        ({"type": "fixed", "milliseconds": 20}, {"fixed": 20}),
        ({"type": "uniform", "lower": 100, "upper": 300}, UNIFORM),
        ({"type": "lognormal", "median": 90, "sigma": 0.4}, LOGNORMAL),
        (
            {"type": "lognormal", "median": 90, "sigma": 0.4, "max": 500},
            {"lognormal": {"median": 90, "sigma": 0.4, "max": 500}},
        ),
    ],
)
def test_delay_distributions_of_wiremock_are_read(
    of_wiremock: dict[str, Any], ours: dict[str, Any]
) -> None:
    assert delay(of_wiremock) == delay(ours)


def test_uniform_delays_lie_between_their_bounds_and_reach_for_both() -> None:
    seconds = draws(UNIFORM)

    assert min(seconds) >= 0.1
    assert max(seconds) <= 0.3
    assert min(seconds) < 0.11
    assert max(seconds) > 0.29


def test_half_of_the_lognormal_delays_are_shorter_than_the_median() -> None:
    seconds = draws(LOGNORMAL)

    assert median(seconds) == pytest.approx(0.09, rel=0.05)
    assert max(seconds) > 0.2  # the long tail


def test_a_lognormal_delay_without_sigma_is_its_median() -> None:
    assert draws({"lognormal": {"median": 90, "sigma": 0}}, 1) == [0.09]


def test_no_lognormal_delay_is_longer_than_its_max() -> None:
    document = {"lognormal": {"median": 90, "sigma": 2, "max": 100}}

    assert max(draws(document)) == 0.1


def test_no_lognormal_delay_is_longer_than_any_delay_may_be() -> None:
    document = {"lognormal": {"median": MAX_DELAY_MS, "sigma": 5}}

    assert max(draws(document)) == MAX_DELAY_MS / 1000


def test_a_dribbling_answer_begins_at_once() -> None:
    assert draws({"chunkedDribbleDelay": {"numberOfChunks": 5, "totalDuration": 1000}}, 1) == [0]


@pytest.mark.parametrize(
    ("document", "key", "problem"),
    [
        ({}, "", "has none of its keys"),
        ({"fixed": 1, **UNIFORM}, "", "has fixed and uniform"),
        (-1, "fixed", "is the number -1"),
        (MAX_DELAY_MS + 1, "fixed", "is the number 600001"),
        (True, "", "is true"),
        ({"uniform": {"lower": 3, "upper": 1}}, "uniform.lower", "is 3"),
        ({"uniform": {"lower": 3}}, "uniform.upper", "is missing"),
        ({"lognormal": {"median": 0, "sigma": 1}}, "lognormal.median", "is the number 0"),
        ({"type": "gamma"}, "type", "is no distribution"),
        ({"type": ["fixed"]}, "type", "is no distribution"),
        ({"type": "fixed"}, "", "is fixed, and has other keys"),
        ({"type": "fixed", "ms": 3}, "", "is fixed, and has other keys"),
        ({"fixd": 3}, "fixd", "is an unknown key"),
        (
            {"chunkedDribbleDelay": {"numberOfChunks": 0, "totalDuration": 1}},
            "chunkedDribbleDelay.numberOfChunks",
            "is the number 0",
        ),
    ],
)
def test_a_wrong_delay_is_refused_by_its_key(document: object, key: str, problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        delay(document)

    found = problems(refused.value, Delay)[0]
    assert found.key == key
    assert found.problem.startswith(problem)


@pytest.mark.parametrize(
    "name", ["200", "0.5", "600000", "uniform 100 300", "lognormal 90 0.4", "dribble 5 1000"]
)
def test_a_delay_has_a_name_by_which_it_is_found(name: str) -> None:
    assert delay(named(name.split())).name == name


@pytest.mark.parametrize("name", ["", "soon", "uniform 1", "uniform 3 1", "uniform a b", "1 2"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        delay(named(name.split()))
