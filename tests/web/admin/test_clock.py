"""`/__admin/clock` of the app as it is wired."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ihe_mock_async.settings import Settings
from ihe_mock_async.web.app import MockServerApp, create_app
from tests.e2e.messages import SOAP_XML, pix_add
from tests.web.admin.asking import ask

MakeSettings = Callable[..., Settings]
START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
async def still(settings: MakeSettings) -> AsyncIterator[MockServerApp]:
    """An app whose time stands still."""
    made = create_app(settings(), clock=START)
    async with made.test_app():
        yield made


async def test_the_time_is_the_machines(app: MockServerApp) -> None:
    before = datetime.now(UTC)

    response, told = await ask(app, "/clock")

    assert response.status_code == 200
    assert before <= datetime.fromisoformat(told["now"]) <= datetime.now(UTC)
    assert (told["mode"], told["offsetMs"]) == ("machine", 0)


@pytest.mark.parametrize(
    ("change", "now"),
    [
        ({"advanceMs": 1500}, START + timedelta(seconds=1.5)),
        ({"advanceMs": -1}, START - timedelta(milliseconds=1)),
        ({"advanceSeconds": 0.25}, START + timedelta(seconds=0.25)),
        ({"now": "2030-05-01T10:00:00+02:00"}, datetime(2030, 5, 1, 8, tzinfo=UTC)),
        ({"now": "2030-05-01T10:00:00"}, datetime(2030, 5, 1, 10, tzinfo=UTC)),
        ({"freeze": True}, START),
    ],
)
async def test_a_time_that_stands_still_is_moved(
    still: MockServerApp, change: dict[str, Any], now: datetime
) -> None:
    response, told = await ask(still, "/clock", "POST", change)

    assert response.status_code == 200
    assert datetime.fromisoformat(told["now"]) == still.services.clock.now() == now
    assert told["mode"] == "frozen"


async def test_a_running_time_is_moved_stopped_and_let_go(app: MockServerApp) -> None:
    _, moved = await ask(app, "/clock", "POST", {"advanceSeconds": 3600})
    _, frozen = await ask(app, "/clock", "POST", {"freeze": True})
    _, still_frozen = await ask(app, "/clock")
    _, running = await ask(app, "/clock", "POST", {"freeze": False})
    _, reset = await ask(app, "/clock", "DELETE")

    assert (moved["mode"], moved["offsetMs"]) == ("offset", 3_600_000)
    assert frozen["mode"] == "frozen"
    assert still_frozen["now"] == frozen["now"]
    assert running["mode"] == "offset"
    assert (reset["mode"], reset["offsetMs"]) == ("machine", 0)


async def test_requests_are_received_at_that_time(still: MockServerApp) -> None:
    await ask(still, "/clock", "POST", {"now": "2031-02-03T04:05:06Z"})
    await still.test_client().post("/pix/add", data=pix_add("CLK-1"), headers=SOAP_XML)

    _, listed = await ask(still, "/requests")

    assert listed["requests"][0]["receivedAt"].startswith("2031-02-03T04:05:06")


@pytest.mark.parametrize(
    ("change", "key", "problem"),
    [
        ({}, "", "must have exactly one key"),
        ({"freeze": True, "advanceMs": 1}, "", "must have exactly one key"),
        ({"now": None}, "now", "is no time"),
        ({"now": "tomorrow"}, "now", "is no time"),
        ({"now": 5}, "now", "is no time"),
        ({"advanceMs": 1.5}, "advanceMs", "is the number 1.5"),
        ({"advanceMs": "1"}, "advanceMs", 'is the text "1"'),
        ({"advanceMs": None}, "advanceMs", "is null"),
        ({"freeze": "yes"}, "freeze", 'is the text "yes"'),
        ({"advanceMS": 1}, "advanceMS", 'is an unknown key; did you mean "advanceMs"?'),
    ],
)
async def test_a_wrong_change_is_told_what_is_right(
    still: MockServerApp, change: dict[str, Any], key: str, problem: str
) -> None:
    response, told = await ask(still, "/clock", "POST", change)

    assert response.status_code == 422
    assert told["errors"][0]["key"] == key
    assert told["errors"][0]["problem"].startswith(problem)
    assert still.services.clock.now() == START


async def test_the_time_stays_in_the_years_that_there_are(still: MockServerApp) -> None:
    await ask(still, "/clock", "POST", {"now": "9999-12-31T23:59:59Z"})

    response, told = await ask(still, "/clock", "POST", {"advanceSeconds": 1})

    assert response.status_code == 409
    assert told["detail"].startswith("The time would leave the years 1 to 9999")
    assert still.services.clock.now().year == 9999


async def test_what_waits_for_a_time_is_woken(
    still: MockServerApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken = []
    made = still.services
    monkeypatch.setattr(made, "start_deliveries", lambda: woken.append(made.clock.now()))

    await ask(still, "/clock", "POST", {"advanceSeconds": 60})

    assert woken == [START + timedelta(seconds=60)]
