"""`/__admin/requests/find`, `count`, `verify` and `wait` of the app as it is wired."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from ihe_mock_async.settings import Settings
from ihe_mock_async.web.app import MockServerApp, create_app
from ihe_mock_async.web.asgi import TRANSPORT
from tests.e2e.messages import SOAP_XML, pix_add
from tests.web.admin.asking import LOCAL, ask

MakeSettings = Callable[..., Settings]
FEED = {"transaction": "ITI-44"}


async def feed(app: MockServerApp, extension: str = "P-1") -> None:
    """Feed a patient (ITI-44)."""
    message = pix_add(extension)
    response = await app.test_client().post("/pix/add", data=message, headers=SOAP_XML)
    assert response.status_code == 200


async def test_requests_are_found_the_newest_first(app: MockServerApp) -> None:
    for extension in ("P-1", "P-2", "P-3"):
        await feed(app, extension)

    _, all_of_them = await ask(app, "/requests/find", "POST", FEED)
    _, newest = await ask(app, "/requests/find?limit=1", "POST", FEED)
    _, one = await ask(app, "/requests/find", "POST", {"xpath": "//*[@extension='P-2']"})

    assert [each["id"] for each in all_of_them["requests"]] == [3, 2, 1]
    assert [each["id"] for each in newest["requests"]] == [3]
    assert [each["id"] for each in one["requests"]] == [2]
    assert one["requests"][0]["request"]["headers"]


async def test_requests_are_counted(settings: MakeSettings) -> None:
    app = create_app(settings(journal_max_entries=2))
    async with app.test_app():
        for _ in range(3):
            await feed(app)

        _, feeds = await ask(app, "/requests/count", "POST", FEED)
        _, others = await ask(app, "/requests/count", "POST", {"transaction": "ITI-41"})

    assert feeds == {"count": 2, "evicted": 1}
    assert others == {"count": 0, "evicted": 1}


@pytest.mark.parametrize("path", ["find", "count"])
async def test_a_wrong_pattern_is_told_key_by_key(app: MockServerApp, path: str) -> None:
    response, problem = await ask(app, f"/requests/{path}", "POST", {"transacton": "ITI-44"})

    assert response.status_code == 422
    (error,) = problem["errors"]
    assert error["key"] == "transacton"
    assert 'did you mean "transaction"?' in error["problem"]


# ---------------------------------------------------------------- verify


@pytest.mark.parametrize(
    ("expected", "passed", "said"),
    [
        ({}, True, "at least 1"),
        ({"times": 2}, True, "exactly 2"),
        ({"times": 3}, False, "exactly 3"),
        ({"atLeast": 3}, False, "at least 3"),
        ({"atMost": 1}, False, "at most 1"),
        ({"never": True}, False, "none"),
    ],
)
async def test_an_expectation_is_met_or_not(
    app: MockServerApp, expected: dict[str, object], passed: bool, said: str
) -> None:
    await feed(app, "P-1")
    await feed(app, "P-2")

    response, result = await ask(app, "/requests/verify", "POST", {"match": FEED, **expected})

    assert response.status_code == 200
    assert result == {
        "passed": passed,
        "count": 2,
        "expected": said,
        "evicted": 0,
        "nearMisses": [],
    }


async def test_a_miss_says_what_came_near_and_why_it_differs(app: MockServerApp) -> None:
    await feed(app, "P-1")

    _, result = await ask(app, "/requests/verify", "POST", {"match": {"transaction": "ITI-41"}})

    (near,) = result["nearMisses"]
    assert result["passed"] is False
    assert near["request"]["id"] == 1
    (mismatch,) = near["mismatches"]
    assert mismatch["key"] == "transaction"
    assert "ITI-41" in mismatch["expected"]
    assert "ITI-44" in mismatch["received"]
    assert near["distance"] == 1


async def test_over_forgotten_requests_nothing_is_guessed(settings: MakeSettings) -> None:
    app = create_app(settings(journal_max_entries=1))
    async with app.test_app():
        await feed(app)
        await feed(app)

        never, problem = await ask(
            app, "/requests/verify", "POST", {"match": {"transaction": "ITI-41"}, "never": True}
        )
        once, result = await ask(app, "/requests/verify", "POST", {"match": FEED})

    assert never.status_code == 409
    assert "were forgotten because of the journal's bounds" in problem["detail"]
    assert once.status_code == 200
    assert (result["passed"], result["evicted"]) == (True, 1)


async def test_with_redact_a_near_miss_does_not_tell_what_was_received(
    settings: MakeSettings,
) -> None:
    app = create_app(settings(redact=True))
    async with app.test_app():
        await feed(app, "SECRET-1")

        _, result = await ask(app, "/requests/verify", "POST", {"match": {"patientId": "P-2"}})

    assert result["nearMisses"][0]["mismatches"][0]["received"] == "***"
    assert "SECRET-1" not in str(result)


# ---------------------------------------------------------------- wait


async def test_what_is_there_already_is_not_waited_for(app: MockServerApp) -> None:
    await feed(app)

    response, found = await ask(
        app, "/requests/wait", "POST", {"match": FEED, "count": 1, "timeoutMs": 0}
    )

    assert response.status_code == 200
    assert [each["id"] for each in found["requests"]] == [1]


@dataclass(frozen=True)
class Waits:
    """What has become of a wait."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture
def waits(app: MockServerApp, monkeypatch: pytest.MonkeyPatch) -> Waits:
    """Tells when somebody waits for requests, and when no more."""
    waits, wait = Waits(), app.services.journal.wait

    async def observed(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - handed on
        waits.begun.set()
        try:
            return await wait(*arguments, **options)
        finally:
            waits.ended.set()

    monkeypatch.setattr(app.services.journal, "wait", observed)
    return waits


async def test_a_wait_ends_when_there_are_enough(app: MockServerApp, waits: Waits) -> None:
    waiting = asyncio.create_task(
        ask(app, "/requests/wait", "POST", {"match": FEED, "count": 2, "timeoutMs": 60_000})
    )
    await waits.begun.wait()
    await feed(app, "P-1")
    assert not waiting.done()
    await feed(app, "P-2")

    response, found = await waiting

    assert response.status_code == 200
    assert [each["id"] for each in found["requests"]] == [1, 2]


async def test_a_wait_that_is_too_long_is_408_with_what_came(app: MockServerApp) -> None:
    await feed(app, "P-1")
    wanted = {"match": {"patientId": "P-1", "transaction": "ITI-44"}, "count": 2, "timeoutMs": 1}

    response, problem = await ask(app, "/requests/wait", "POST", wanted)

    assert response.status_code == 408
    assert problem["detail"] == "1 of 2 requests came within 1 ms."
    assert [each["id"] for each in problem["requests"]] == [1]


async def test_a_wait_in_vain_says_what_came_near(app: MockServerApp) -> None:
    await feed(app, "P-1")
    wanted = {"match": {"transaction": "ITI-41"}, "timeoutMs": 1}

    response, problem = await ask(app, "/requests/wait", "POST", wanted)

    assert response.status_code == 408
    assert problem["nearMisses"][0]["mismatches"][0]["key"] == "transaction"


@pytest.mark.parametrize(
    ("wanted", "key"),
    [
        ({"timeoutMs": 600_001}, "timeoutMs"),
        ({"timeoutMs": -1}, "timeoutMs"),
        ({"count": 0}, "count"),
        ({"match": {"outcome": "lost"}}, "match.outcome"),
        ({"timeout": 5}, "timeout"),
    ],
)
async def test_a_wait_that_makes_no_sense_is_told(
    app: MockServerApp, wanted: dict[str, object], key: str
) -> None:
    response, problem = await ask(app, "/requests/wait", "POST", wanted)

    assert response.status_code == 422
    assert [error["key"] for error in problem["errors"]] == [key]


async def test_a_journal_that_closes_ends_the_waits(app: MockServerApp, waits: Waits) -> None:
    waiting = asyncio.create_task(ask(app, "/requests/wait", "POST", {"timeoutMs": 600_000}))
    await waits.begun.wait()

    app.services.journal.close()
    response, problem = await waiting

    assert response.status_code == 503
    assert problem["detail"] == "The server stops: no request will come any more."


async def test_a_client_that_hangs_up_ends_its_wait(app: MockServerApp, waits: Waits) -> None:
    asking = app.test_client().request(
        "/__admin/requests/wait",
        method="POST",
        headers=Headers({"Host": "localhost:8080", "Content-Type": "application/json"}),
        scope_base=LOCAL,
    )

    async with asking as connection:
        await connection.send(b'{"timeoutMs": 600000}')
        await connection.send_complete()
        await waits.begun.wait()
        await connection.disconnect()
        await waits.ended.wait()


class Leaving:
    """The connection of a client that goes away, or of a server that stops."""

    async def given_up(self) -> None:
        """It is over."""


async def test_a_server_that_stops_ends_the_waits(app: MockServerApp) -> None:
    scope = {**LOCAL, "extensions": {TRANSPORT: Leaving()}}

    response = await app.test_client().post(
        "/__admin/requests/wait",
        json={"timeoutMs": 600_000},
        headers={"Host": "localhost:8080"},
        scope_base=scope,
    )

    assert response.status_code == 503


@pytest.mark.parametrize("path", ["find", "count", "verify", "wait"])
async def test_without_a_journal_there_is_nothing_to_look_for(
    settings: MakeSettings, path: str
) -> None:
    app = create_app(settings(journal_max_entries=0))
    async with app.test_app():
        response, problem = await ask(app, f"/requests/{path}", "POST", {})

    assert response.status_code == 409
    assert "journal_max_entries" in problem["detail"]
