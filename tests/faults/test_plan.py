"""Fault plans in JSON: what is understood, and what is refused by which key."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ihe_mock_async.errors import KeyProblem
from ihe_mock_async.faults.plan import FaultPlan
from ihe_mock_async.journal.json_problems import problems
from tests.faults.plans import BUSY, PASS, plan

QUOTA = {"quota": {"limit": 2, "windowMs": 1000}}


def problem_with(**document: object) -> KeyProblem:
    """The only thing that is wrong with a plan."""
    with pytest.raises(ValidationError) as refused:
        FaultPlan.model_validate(document)
    (found,) = problems(refused.value, FaultPlan)
    return found


def test_an_effect_alone_is_a_plan_for_every_request_until_it_is_deleted() -> None:
    found = plan(effect=BUSY)

    assert found.steps == (found.effect,)
    assert (found.when.skip, found.when.times, found.when.probability) == (0, None, 1.0)
    assert (found.when.after_ms, found.when.for_ms, found.when.seed) == (0, None, None)


def test_all_that_a_plan_can_say_is_read_as_it_is_written() -> None:
    document = {
        "id": "busy.registry-1",
        "match": {"transaction": "ITI-42"},
        "when": {
            "skip": 1,
            "times": 3,
            "probability": 0.5,
            "seed": 7,
            "afterMs": 100,
            "forMs": 2000,
        },
        "sequence": [BUSY, PASS],
        "onExhausted": "loop",
    }
    found = plan(**document)

    told = found.model_dump(by_alias=True, mode="json", exclude_none=True, exclude_unset=True)
    assert told == document | {"sequence": [{"http": {"status": 503}}, PASS]}


def test_times_null_means_until_it_is_deleted() -> None:
    assert plan(when={"times": None}).when.times is None


@pytest.mark.parametrize(
    ("document", "key", "problem"),
    [
        ({}, "", "has neither effect nor sequence"),
        ({"sequence": []}, "", "has neither effect nor sequence"),
        ({"effect": BUSY, "sequence": [BUSY]}, "", "has effect and sequence"),
        ({"effect": {}}, "effect", "has none of its keys"),
        ({"sequence": [BUSY, {}]}, "sequence[1]", "has none of its keys"),
        ({"sequence": [QUOTA]}, "sequence[0]", "is a quota, which counts for itself"),
        ({"effect": BUSY, "onExhausted": "stop"}, "onExhausted", 'is the text "stop"'),
        ({"effect": BUSY, "id": "a b"}, "id", 'is the text "a b"'),
        ({"effect": BUSY, "id": ""}, "id", 'is the text ""'),
        ({"effect": BUSY, "id": "rearm"}, "id", "is the path of another operation"),
        ({"effect": BUSY, "when": {"times": 0}}, "when.times", "is the number 0"),
        ({"effect": BUSY, "when": {"skip": -1}}, "when.skip", "is the number -1"),
        ({"effect": BUSY, "when": {"probability": 2}}, "when.probability", "is the number 2"),
        ({"effect": BUSY, "when": {"forMs": 0}}, "when.forMs", "is the number 0"),
        ({"effect": BUSY, "when": {"seed": 1 << 64}}, "when.seed", "is the number"),
        ({"effect": BUSY, "when": {"after": 5}}, "when.after", "is an unknown key"),
        ({"effect": BUSY, "match": {"outcome": "served"}}, "match.outcome", "is not known yet"),
        ({"effect": BUSY, "match": {"transaction": "ITI-411"}}, "match.transaction", "is ITI-411"),
        ({"effect": BUSY, "match": {"fault": "*"}}, "match.fault", "is not known yet"),
        ({"effect": BUSY, "match": {"finding": "x"}}, "match.finding", "is not known yet"),
    ],
)
def test_a_wrong_plan_is_refused_by_its_key(
    document: dict[str, Any], key: str, problem: str
) -> None:
    found = problem_with(**document)

    assert found.key == key
    assert found.problem.startswith(problem)


@pytest.mark.parametrize(
    ("transaction", "effect", "possible"),
    [
        ("ITI-41", {"hl7": {}}, "registry"),
        ("ITI-44", {"registry": {"errors": ["X"]}}, "hl7"),
        ("ITI-44", {"corrupt": "notMtom"}, "hl7"),
        ("ITI-41", {"corrupt": "dropMtomPart"}, "registry"),
        ("ITI-42", {"corrupt": "wrongHash"}, "registry"),
        ("ITI-18", {"corrupt": "missingHome"}, "registry"),
        ("ITI-43", {"corrupt": "missingHome"}, "registry"),
    ],
)
def test_an_effect_that_the_transaction_can_never_have_is_refused_with_those_it_can(
    transaction: str, effect: dict[str, Any], possible: str
) -> None:
    found = problem_with(match={"transaction": transaction}, effect=effect)

    assert found.key == "effect"
    assert f"cannot be applied to {transaction}, only to ITI-" in found.problem
    assert found.allowed == f"fault, http, quota, pass, soapFault, {possible}"


def test_an_impossible_step_is_refused_by_its_number() -> None:
    found = problem_with(match={"transaction": "iti41"}, sequence=[BUSY, {"hl7": {}}])

    assert found.key == "sequence[1]"
    assert found.problem == (
        "is hl7 AE, which cannot be applied to ITI-41, only to ITI-44, ITI-45, ITI-47, ITI-55"
    )


def test_a_companion_service_answers_no_soap() -> None:
    found = problem_with(match={"service": "ofd"}, effect={"soapFault": {}})

    assert found.problem.startswith(
        "is soapFault Receiver, which cannot be applied to a companion"
    )
    assert found.allowed == "fault, http, quota, pass"


@pytest.mark.parametrize("effect", [BUSY, QUOTA, PASS, {"fault": "HANG"}])
def test_what_needs_no_soap_can_happen_to_a_companion_service(effect: dict[str, Any]) -> None:
    assert plan(match={"service": "ofd"}, effect=effect).effect is not None


def test_a_wrong_pattern_hides_nothing_else() -> None:
    with pytest.raises(ValidationError) as refused:
        FaultPlan.model_validate({"match": {"transaction": "?"}, "effect": {"http": {}}})

    found = [problem.key for problem in problems(refused.value, FaultPlan)]
    assert found == ["match.transaction", "effect.http.status"]
