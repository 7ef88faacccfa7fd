"""`/__admin/namespaces` and `/__admin/reset` of the app as it is wired."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from ihe_mock_async.settings import Settings
from ihe_mock_async.web.app import MockServerApp, create_app
from tests.e2e.messages import MTOM, SOAP_XML, pix_add, submission
from tests.web.admin.asking import ask

PLAN = {"match": {"transaction": "ITI-43"}, "effect": {"http": {"status": 503}}}


async def fill(app: MockServerApp, namespace: str = "") -> None:
    """A patient, a document, two entries and a fault plan."""
    world = f"/ns/{namespace}" if namespace else ""
    await app.test_client().post(f"{world}/pix/add", data=pix_add("NS-1"), headers=SOAP_XML)
    submitted = await app.test_client().post(
        f"{world}/iti41/submit", data=submission("NS-1").body, headers=MTOM
    )
    response, _ = await ask(app, "/faults", "POST", PLAN, namespace=namespace)
    assert (submitted.status_code, response.status_code) == (200, 201)


async def test_worlds_are_listed_with_what_they_hold(app: MockServerApp) -> None:
    await fill(app, "team")

    response, told = await ask(app, "/namespaces")

    assert response.status_code == 200
    default, team = told["namespaces"]
    assert (default["name"], default["patients"], default["lastUsed"]) == ("", 0, None)
    counts = {
        key: team[key] for key in ("patients", "documents", "deliveries", "requests", "faults")
    }
    assert counts == {"patients": 1, "documents": 1, "deliveries": 0, "requests": 2, "faults": 1}
    assert team["name"] == "team"


async def test_a_world_is_shown_with_the_time_when_it_goes(
    settings: Callable[..., Settings],
) -> None:
    app = create_app(settings(namespace_idle_seconds=3600))
    async with app.test_app():
        await ask(app, "/clock", "POST", {"freeze": True})
        await fill(app, "team")

        response, team = await ask(app, "/namespaces/team")
        _, default = await ask(app, "/namespaces")

    assert response.status_code == 200
    last_used, expires = (datetime.fromisoformat(team[key]) for key in ("lastUsed", "expires"))
    assert expires - last_used == timedelta(hours=1)
    assert default["namespaces"][0]["expires"] is None


async def test_a_world_is_deleted_with_all_that_is_in_it(app: MockServerApp) -> None:
    await fill(app, "team")
    await fill(app)

    response, body = await ask(app, "/namespaces/team", "DELETE")

    assert (response.status_code, body) == (204, b"")
    _, told = await ask(app, "/namespaces")
    assert [(each["name"], each["patients"]) for each in told["namespaces"]] == [("", 1)]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_world_that_nobody_has_used_is_unknown(app: MockServerApp, method: str) -> None:
    response, problem = await ask(app, "/namespaces/nobody", method)

    assert response.status_code == 404
    assert problem["detail"].startswith('There is no namespace "nobody"')


async def test_to_ask_is_no_use_but_to_arm_is(app: MockServerApp) -> None:
    await ask(app, "/requests", namespace="asked")
    await ask(app, "/faults", "POST", PLAN, namespace="armed")

    _, told = await ask(app, "/namespaces")

    assert [each["name"] for each in told["namespaces"]] == ["", "armed"]
    assert told["namespaces"][1]["lastUsed"] is not None


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("", {"patients": 0, "documents": 0, "requests": 0, "faults": 0}),
        ("?keep=nothing", {"patients": 0, "documents": 0, "requests": 0, "faults": 0}),
        ("?keep=state", {"patients": 1, "documents": 1, "requests": 0, "faults": 0}),
    ],
)
async def test_reset_is_about_one_world(
    app: MockServerApp, query: str, left: dict[str, int]
) -> None:
    await fill(app, "team")
    await fill(app)

    response, body = await ask(app, f"/reset{query}", "POST", namespace="team")

    assert (response.status_code, body) == (204, b"")
    _, told = await ask(app, "/namespaces")
    default, team = told["namespaces"]
    assert {key: team[key] for key in left} == left
    assert {key: default[key] for key in left} == {
        "patients": 1,
        "documents": 1,
        "requests": 2,
        "faults": 1,
    }


async def test_what_is_kept_has_a_name(app: MockServerApp) -> None:
    response, problem = await ask(app, "/reset?keep=all", "POST")

    assert response.status_code == 400
    assert problem["detail"] == ('The query parameter keep is "all"; allowed: nothing, state.')
