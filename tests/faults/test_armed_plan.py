"""Armed plans: how often, in what order, and in which time they strike."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ihe_mock_async.faults.armed_plan import ArmedPlan, PlanState
from ihe_mock_async.faults.picker import Faults
from tests.faults.plans import BUSY, NOON, PASS, armed, later, picked, plan, request

SEQUENCE = [BUSY, {"fault": "HANG"}, PASS]
STRIKES = ["http 503", "HANG", "pass"]


def only(faults: Faults) -> ArmedPlan:
    (found,) = faults.plans("")
    return found


def test_a_plan_without_times_strikes_each_time() -> None:
    faults = armed(plan())

    assert [picked(faults) for _ in range(5)] == ["http 503"] * 5
    assert only(faults).remaining is None
    assert only(faults).hits == 5


def test_so_many_pass_first_and_so_many_meet_it() -> None:
    faults = armed(plan(when={"skip": 2, "times": 3}))

    assert [picked(faults) for _ in range(7)] == ["", "", *["http 503"] * 3, "", ""]
    assert (only(faults).matched, only(faults).hits, only(faults).remaining) == (7, 3, 0)
    assert only(faults).state(NOON) is PlanState.EXHAUSTED


def test_what_does_not_match_is_not_counted() -> None:
    faults = armed(plan(match={"transaction": "ITI-41"}, when={"times": 1}))

    assert picked(faults, transaction="ITI-18") == ""
    assert only(faults).matched == 0
    assert picked(faults, transaction="ITI-41") == "http 503"


def test_what_the_effect_cannot_be_applied_to_is_not_skipped_for() -> None:
    faults = armed(plan(effect={"hl7": {}}, when={"skip": 1, "times": 1}))
    numbers = ["ITI-41", "ITI-44", "ITI-41", "ITI-44"]

    assert [picked(faults, transaction=number) for number in numbers] == ["", "", "", "hl7 AE"]
    assert only(faults).matched == 4


# ---------------------------------------------------------------- sequences


@pytest.mark.parametrize(
    ("on_exhausted", "then"),
    [("pass", ["", "", ""]), ("repeatLast", ["pass"] * 3), ("loop", STRIKES)],
)
def test_a_sequence_is_followed_and_then(on_exhausted: str, then: list[str]) -> None:
    faults = armed(plan(sequence=SEQUENCE, onExhausted=on_exhausted))

    assert [picked(faults) for _ in range(6)] == STRIKES + then
    assert only(faults).remaining == (0 if on_exhausted == "pass" else None)


def test_times_ends_a_sequence_that_loops() -> None:
    faults = armed(plan(sequence=SEQUENCE, onExhausted="loop", when={"times": 4}))

    assert [picked(faults) for _ in range(6)] == [*STRIKES, "http 503", "", ""]


def test_times_ends_a_sequence_before_its_end() -> None:
    faults = armed(plan(sequence=SEQUENCE, when={"times": 2}))

    assert [picked(faults) for _ in range(4)] == ["http 503", "HANG", "", ""]


def test_a_step_waits_for_a_request_that_it_can_be_applied_to() -> None:
    faults = armed(plan(sequence=[{"hl7": {}}, BUSY]))
    numbers = ["ITI-41", "ITI-41", "ITI-44", "ITI-41"]

    found = [picked(faults, transaction=number) for number in numbers]

    assert found == ["", "", "hl7 AE", "http 503"]


# ---------------------------------------------------------------- windows


def test_a_plan_sleeps_strikes_and_is_over() -> None:
    faults = armed(plan(when={"afterMs": 1000, "forMs": 500}))
    times = [0, 999, 1000, 1499, 1500, 9999]

    found = [picked(faults, at=later(milliseconds=passed)) for passed in times]
    states = [only(faults).state(later(milliseconds=passed)).value for passed in times]

    assert found == ["", "", "http 503", "http 503", "", ""]
    assert states == ["sleeping", "sleeping", "armed", "armed", "over", "over"]


def test_what_comes_while_it_sleeps_is_matched_but_not_skipped() -> None:
    faults = armed(plan(when={"afterMs": 1000, "skip": 1}))
    times = [0, 1000, 1001]

    assert [picked(faults, at=later(milliseconds=ms)) for ms in times] == ["", "", "http 503"]
    assert only(faults).matched == 3


def test_a_clock_that_was_put_back_puts_no_plan_to_sleep_that_was_awake_from_the_first() -> None:
    faults = armed(plan(when={"forMs": 500}))

    assert picked(faults, at=NOON - timedelta(days=30)) == "http 503"


# ---------------------------------------------------------------- draws


def strikes(
    seed: int | None, *, namespace: str = "", server_seed: int | None = None
) -> list[bool]:
    faults = armed(seed=server_seed)
    when = {"probability": 0.5, "seed": seed}
    faults.add(namespace, plan(id="draws", when=when), NOON)
    return [bool(picked(faults, namespace=namespace)) for _ in range(200)]


def test_the_same_seed_draws_the_same() -> None:
    assert strikes(7) == strikes(7)
    assert strikes(7) != strikes(8)


def test_the_seed_of_the_server_draws_the_same_for_the_same_plan_of_the_same_namespace() -> None:
    assert strikes(None, server_seed=7) == strikes(None, server_seed=7)
    assert strikes(None, server_seed=7) != strikes(None, server_seed=8)
    assert strikes(None, server_seed=7) != strikes(None, server_seed=7, namespace="other")


def test_without_any_seed_each_plan_draws_otherwise() -> None:
    assert strikes(None) != strikes(None)


def test_a_plan_draws_the_same_whatever_other_plans_draw() -> None:
    draws = plan(match={"transaction": "ITI-41"}, when={"probability": 0.5, "seed": 7})
    other = plan(match={"transaction": "ITI-18"}, when={"probability": 0.5, "seed": 1})
    alone, beside = armed(draws), armed(other, draws)

    expected = [picked(alone) for _ in range(50)]
    found = []
    for _ in range(50):
        picked(beside, transaction="ITI-18")
        found.append(picked(beside))

    assert found == expected
    assert 0 < beside.plans("")[0].hits < 50


@pytest.mark.parametrize(("probability", "hits"), [(0, 0), (1, 100)])
def test_never_is_never_and_always_is_always(probability: float, hits: int) -> None:
    faults = armed(plan(when={"probability": probability}))

    assert sum(bool(picked(faults)) for _ in range(100)) == hits


def test_times_counts_those_that_were_struck() -> None:
    faults = armed(plan(when={"probability": 0.5, "seed": 7, "times": 10}))

    assert sum(bool(picked(faults)) for _ in range(100)) == 10


def test_delays_are_drawn_anew_for_each_request_and_are_reproducible() -> None:
    effect = {"pass": True, "delay": {"uniform": {"lower": 100, "upper": 300}}}

    def delays() -> list[float]:
        faults = armed(plan(effect=effect, when={"seed": 7}))
        found = [faults.pick(request(), NOON) for _ in range(20)]
        return [each.delay for each in found if each]

    assert delays() == delays()
    assert len(set(delays())) == 20
    assert all(0.1 <= delay <= 0.3 for delay in delays())
