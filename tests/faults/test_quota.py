"""Quotas: fixed windows, who shares them, and when to come again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ihe_mock_async.faults import quota as quotas
from ihe_mock_async.faults.effects import Quota
from ihe_mock_async.faults.picker import Faults
from ihe_mock_async.faults.quota import QuotaCount
from tests.faults.plans import BUSY, NOON, armed, later, picked, plan, request


def limited(**document: object) -> Faults:
    quota: dict[str, object] = {"limit": 2, "windowMs": 1000, **document}
    return armed(plan(effect={"quota": quota}))


def retry_after(faults: Faults, at: datetime) -> int:
    found = faults.pick(request(), at)
    return found.retry_after if found else 0


def test_those_beyond_the_limit_are_told_to_come_again() -> None:
    faults = limited()

    assert [picked(faults) for _ in range(4)] == ["", "", "quota 429", "quota 429"]
    (armed_plan,) = faults.plans("")
    assert (armed_plan.matched, armed_plan.hits) == (4, 2)


def test_a_new_window_begins_with_the_first_request_after_the_last_one() -> None:
    faults = limited()
    times = [0, 500, 999, 1000, 1700, 1999, 2000]

    found = [bool(picked(faults, at=later(milliseconds=ms))) for ms in times]

    assert found == [False, False, True, False, False, True, False]


@pytest.mark.parametrize(
    ("passed_ms", "seconds"), [(0, 5), (1, 5), (999, 5), (1000, 4), (4000, 1), (4999, 1)]
)
def test_retry_after_is_rounded_up_to_whole_seconds(passed_ms: int, seconds: int) -> None:
    faults = limited(limit=1, windowMs=5000)
    retry_after(faults, NOON)

    assert retry_after(faults, later(milliseconds=passed_ms)) == seconds


def test_a_window_that_is_nearly_over_says_one_second() -> None:
    faults = limited(limit=0, windowMs=1)

    assert retry_after(faults, NOON) == 1


def test_what_waits_as_long_as_it_was_told_is_within_the_quota() -> None:
    faults = limited(limit=1, windowMs=2500)
    retry_after(faults, NOON)
    at = later(milliseconds=700)
    seconds = retry_after(faults, at)

    assert retry_after(faults, at + timedelta(seconds=seconds)) == 0


def test_a_clock_that_was_put_back_begins_a_new_window() -> None:
    faults = limited(limit=1)
    retry_after(faults, NOON)

    assert retry_after(faults, NOON - timedelta(days=1)) == 0


def test_the_end_of_time_is_no_end_of_the_quota() -> None:
    faults = limited(limit=1, windowMs=86_400_000)
    last = datetime.max.replace(tzinfo=UTC)

    assert [retry_after(faults, last) for _ in range(2)] == [0, 86_400]


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("client", {"client": "192.0.2.1:1000"}, {"client": "192.0.2.2:1000"}),
        ("client", {"client": "[2001:db8::1]:1"}, {"client": "[2001:db8::2]:1"}),
        ("transaction", {"transaction": "ITI-18"}, {"transaction": "ITI-41"}),
        ("patientId", {"patient_ids": ["1^^^&1.2&ISO"]}, {"patient_ids": ["2^^^&1.2&ISO"]}),
        ("header:X-Tenant", {"headers": [(b"x-tenant", b"a")]}, {"headers": []}),
        ("header:x-tenant", {"headers": [(b"X-Tenant", b"a")]}, {"headers": [(b"X-Other", b"a")]}),
    ],
)
def test_a_quota_is_shared_by_key(key: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    faults = limited(limit=1, key=key)

    found = [bool(picked(faults, **fields)) for fields in (one, other, one, other)]

    assert found == [False, False, True, True]


def test_a_client_is_the_same_on_each_of_its_connections() -> None:
    faults = limited(limit=1, key="client")

    assert picked(faults, client="192.0.2.1:1000") == ""
    assert picked(faults, client="192.0.2.1:1001") == "quota 429"


def test_namespaces_do_not_share_a_quota() -> None:
    faults = Faults()
    for name in ("a", "b"):
        faults.add(name, plan(effect={"quota": {"limit": 1, "windowMs": 1000}}), NOON)

    found = [bool(picked(faults, namespace=name)) for name in ("a", "b", "a", "b")]

    assert found == [False, False, True, True]


def test_within_the_quota_the_next_plan_has_a_look() -> None:
    quota = plan(effect={"quota": {"limit": 1, "windowMs": 1000}})
    faults = armed(quota, plan(effect=BUSY))

    assert [picked(faults) for _ in range(2)] == ["http 503", "quota 429"]


def test_windows_that_are_over_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "_MANY", 10)
    count = QuotaCount(Quota(limit=1, window_ms=1000, key="client"))
    for number in range(100):
        count.take(request(client=f"192.0.2.{number}:1"), later(seconds=number))

    assert len(count._windows) <= 10


def test_windows_that_last_are_not_looked_through_for_each_newcomer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quotas, "_MANY", 10)
    count = QuotaCount(Quota(limit=1, window_ms=1000, key="client"))
    sweeps: list[datetime] = []
    forget = count._forget

    def counted(now: datetime) -> None:
        sweeps.append(now)
        forget(now)

    monkeypatch.setattr(count, "_forget", counted)
    for number in range(1000):
        count.take(request(client=f"{number}:1"), NOON)

    assert len(count._windows) == 1000
    assert len(sweeps) < 10
