"""Which request meets which fault: the plans of all namespaces."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_mock_async.faults.effect_names import UnknownEffectError
from ihe_mock_async.faults.picker import Faults
from ihe_mock_async.faults.plan import FaultPlan
from ihe_mock_async.journal.entry import AppliedFault
from tests.faults.plans import NOON, PASS, armed, later, picked, plan, request


def test_without_plans_no_request_meets_a_fault() -> None:
    entry = request()

    assert Faults().pick(entry, NOON) is None
    assert entry.fault is None


def test_the_entry_tells_the_fault_and_the_plan() -> None:
    entry = request()

    found = armed(plan(id="busy")).pick(entry, NOON)

    assert found is not None
    assert (found.plan, found.effect.name, found.delay) == ("busy", "http 503", 0)
    assert entry.fault == AppliedFault("busy", "http 503")


def test_the_oldest_that_strikes_counts() -> None:
    faults = armed(
        plan(match={"transaction": "ITI-18"}, effect={"fault": "HANG"}),
        plan(when={"times": 1}),
        plan(effect=PASS),
    )

    assert [picked(faults) for _ in range(3)] == ["http 503", "pass", "pass"]
    assert [each.matched for each in faults.plans("")] == [0, 3, 2]
    assert [each.hits for each in faults.plans("")] == [0, 1, 2]


@pytest.mark.parametrize(
    "first",
    [
        plan(when={"skip": 1}),
        plan(when={"probability": 0}),
        plan(when={"afterMs": 1}),
        plan(effect={"hl7": {}}),
        plan(effect={"quota": {"limit": 1, "windowMs": 1000}}),
        plan(match={"transaction": "ITI-18"}),
        plan(match={"xpath": "/*", "headers": {"x": "y"}}),
    ],
)
def test_a_plan_that_does_not_strike_lets_the_next_one_have_a_look(first: FaultPlan) -> None:
    assert picked(armed(first, plan(effect={"fault": "HANG"}))) == "HANG"


def test_namespaces_have_plans_of_their_own() -> None:
    faults = Faults()
    faults.add("a", plan(), NOON)

    assert picked(faults) == ""
    assert picked(faults, namespace="b") == ""
    assert picked(faults, namespace="a") == "http 503"
    assert faults.namespaces() == ("a",)


def test_a_plan_of_the_same_id_takes_its_place_and_counts_anew() -> None:
    faults = armed(plan(id="first", when={"times": 1}), plan(effect=PASS))
    picked(faults)

    faults.add("", plan(id="first", when={"times": 1}, effect={"fault": "HANG"}), NOON)

    assert [picked(faults) for _ in range(2)] == ["HANG", "pass"]
    assert [each.id for each in faults.plans("")] == ["first", "plan-1"]


def test_ids_are_made_and_never_made_twice() -> None:
    faults = armed(plan(), plan(id="plan-2"), plan())
    faults.remove("", "plan-3")
    made = faults.add("", plan(), NOON)

    assert [each.id for each in faults.plans("")] == ["plan-1", "plan-2", "plan-4"]
    assert faults.find("", "plan-4") is made


def test_plans_are_removed_one_by_one_or_all_together() -> None:
    faults = armed(plan(), plan(), plan())

    assert faults.remove("", "plan-1") is True
    assert faults.remove("", "plan-1") is False
    assert faults.remove("other", "plan-2") is False
    assert faults.clear("") == 2
    assert faults.clear("") == 0
    assert picked(faults) == ""
    assert (faults.plans(""), faults.namespaces()) == ((), ())


def test_an_exhausted_plan_stays_in_the_list_until_it_is_armed_again() -> None:
    faults = armed(plan(when={"times": 1, "forMs": 1000}))
    picked(faults)
    assert [each.remaining for each in faults.plans("")] == [0]

    again = faults.rearm("", "plan-1", later(hours=1))

    assert again is not None
    assert (again.id, again.matched, again.hits, again.remaining) == ("plan-1", 0, 0, 1)
    assert [picked(faults, at=later(hours=1)) for _ in range(2)] == ["http 503", ""]


def test_there_is_no_arming_again_of_what_is_not_there() -> None:
    assert Faults().rearm("", "plan-1", NOON) is None


def test_a_plan_that_is_armed_again_draws_the_same() -> None:
    faults = armed(plan(when={"probability": 0.5}), seed=7)
    before = [picked(faults) for _ in range(50)]
    faults.rearm("", "plan-1", NOON)

    assert [picked(faults) for _ in range(50)] == before


async def test_a_thousand_requests_at_once_meet_exactly_a_hundred_faults() -> None:
    faults = armed(plan(when={"times": 100}), plan(effect=PASS, when={"times": 800}))
    start = asyncio.Event()

    async def client(number: int) -> str:
        await start.wait()
        if number % 3:
            await asyncio.sleep(0)
        return picked(faults)

    clients = [asyncio.create_task(client(number)) for number in range(1000)]
    start.set()
    found = Counter(await asyncio.gather(*clients))

    assert found == {"http 503": 100, "pass": 800, "": 100}
    assert [each.matched for each in faults.plans("")] == [1000, 900]


# ---------------------------------------------------------------- the header X-Mock-Fault


def test_a_request_may_ask_for_its_fault() -> None:
    faults, entry = armed(plan()), request()

    found = faults.requested("delay 200", entry)

    assert (found.plan, found.effect.name, found.delay) == ("", "delay 200", 0.2)
    assert entry.fault == AppliedFault("", "delay 200")
    assert [each.matched for each in faults.plans("")] == [0]


def test_a_delay_that_is_asked_for_is_drawn_reproducibly() -> None:
    entry = request()
    delays = {Faults(7).requested("delay uniform 100 300", entry).delay for _ in range(3)}

    assert len(delays) == 1
    assert 0.1 <= delays.pop() <= 0.3


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("explode", "Those by name are: EMPTY_RESPONSE, "),
        (
            "hl7 AE",
            "The effect is hl7 AE, which cannot be applied to ITI-41, only to ITI-44, ITI-45, "
            "ITI-47, ITI-55.",
        ),
    ],
)
def test_a_fault_that_cannot_be_is_refused_and_not_noted(name: str, says: str) -> None:
    entry = request()
    with pytest.raises(UnknownEffectError) as refused:
        Faults().requested(name, entry)

    assert says in str(refused.value)
    assert entry.fault is None


# ---------------------------------------------------------------- whatever the plan

WHEN = st.fixed_dictionaries(
    {
        "skip": st.integers(0, 6),
        "times": st.none() | st.integers(1, 6),
        "probability": st.sampled_from([0.0, 0.3, 1.0]),
        "seed": st.integers(0, 100),
        "afterMs": st.sampled_from([0, 5]),
        "forMs": st.sampled_from([None, 8]),
    }
)
PLANS = st.lists(
    st.builds(
        lambda when, number: plan(when=when, match={"transaction": number} if number else {}),
        WHEN,
        st.sampled_from(["", "ITI-18", "ITI-41"]),
    ),
    max_size=4,
)
REQUESTS = st.lists(st.sampled_from(["ITI-18", "ITI-41"]), max_size=30)


@given(PLANS, REQUESTS)
def test_no_plan_strikes_more_often_than_it_says_or_out_of_turn(
    plans: list[FaultPlan], requests: list[str]
) -> None:
    faults = armed(*plans)
    for passed, number in enumerate(requests):
        before = [each.matched for each in faults.plans("")]
        found = faults.pick(request(number), later(milliseconds=passed))
        after = [each.matched for each in faults.plans("")]

        looked = [each.plan.match.transaction in (None, number) for each in faults.plans("")]
        ids = [each.id for each in faults.plans("")]
        last = ids.index(found.plan) if found else len(ids)
        # Each plan whose pattern matches has looked at it, up to the one that strikes.
        assert [b - a for a, b in zip(before, after, strict=True)] == [
            int(looks and place <= last) for place, looks in enumerate(looked)
        ]

    for each in faults.plans(""):
        when = each.plan.when
        assert each.hits <= (len(requests) if when.times is None else when.times)
        assert each.hits <= max(0, each.matched - when.skip)
        assert each.remaining == (None if when.times is None else when.times - each.hits)


@given(WHEN, st.integers(0, 30))
def test_the_same_requests_meet_the_same_faults(when: dict[str, object], number: int) -> None:
    def run() -> list[str]:
        faults = armed(plan(when=when))
        return [picked(faults, at=later(milliseconds=passed)) for passed in range(number)]

    assert run() == run()


def test_what_only_an_application_answers_waits_for_a_message_that_reaches_it() -> None:
    faults = armed(plan(effect={"registry": {"errors": ["XDSRegistryBusy"]}}, when={"times": 1}))

    assert faults.pick(request("ITI-41"), NOON, refused=True) is None
    assert faults.pick(request("ITI-41"), NOON) is not None


def test_a_message_that_is_refused_meets_every_other_fault() -> None:
    faults = armed(plan(effect={"soapFault": {"code": "Receiver"}}))

    assert faults.pick(request("ITI-41"), NOON, refused=True) is not None
