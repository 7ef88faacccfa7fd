"""`/__admin/faults` of the app as it is wired."""

from __future__ import annotations

from typing import Any

import pytest

from ihe_mock_async.web.app import MockServerApp
from tests.e2e.messages import SOAP_XML, pix_add
from tests.web.admin.asking import ask

UNAVAILABLE = {"http": {"status": 503, "headers": {"Retry-After": "5"}}}
ONCE = {"match": {"transaction": "ITI-44"}, "when": {"times": 1}, "effect": UNAVAILABLE}


async def status_of_feed(app: MockServerApp, world: str = "") -> int:
    response = await app.test_client().post(
        f"{world}/pix/add", data=pix_add("P-1"), headers=SOAP_XML
    )
    return int(response.status_code)


async def armed(app: MockServerApp, plan: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    response, told = await ask(app, "/faults", "POST", plan, namespace=namespace)
    assert response.status_code == 201, told
    found: dict[str, Any] = told
    return found


async def test_a_plan_is_armed_and_strikes(app: MockServerApp) -> None:
    response, told = await ask(app, "/faults", "POST", ONCE)

    assert response.status_code == 201
    assert response.headers["Location"] == f"/__admin/faults/{told['id']}"
    assert told["match"] == {"transaction": "ITI-44"}
    assert told["effect"]["http"]["headers"] == {"Retry-After": "5"}
    assert told["effects"] == ["http 503"]
    assert (told["matched"], told["hits"], told["remaining"]) == (0, 0, 1)
    assert [await status_of_feed(app), await status_of_feed(app)] == [503, 200]
    _, later = await ask(app, f"/faults/{told['id']}")
    assert (later["matched"], later["hits"], later["remaining"]) == (2, 1, 0)
    _, entry = await ask(app, "/requests/1")
    assert entry["fault"] == {"plan": told["id"], "effect": "http 503"}


async def test_a_plan_is_armed_in_its_world_only(app: MockServerApp) -> None:
    response, told = await ask(app, "/faults", "POST", ONCE, namespace="team")

    assert response.headers["Location"] == f"/ns/team/__admin/faults/{told['id']}"
    assert (await ask(app, "/faults"))[1] == {"faults": []}
    assert await status_of_feed(app) == 200
    assert await status_of_feed(app, "/ns/team") == 503


async def test_a_plan_replaces_the_one_of_its_id_where_it_stands(app: MockServerApp) -> None:
    await armed(app, {**ONCE, "id": "first"})
    await armed(app, {**ONCE, "id": "second"})
    await status_of_feed(app)

    response, told = await ask(
        app, "/faults", "POST", {"id": "first", "effect": {"fault": "HANG"}}
    )
    _, listed = await ask(app, "/faults")

    assert response.status_code == 200
    assert response.headers["Location"] == "/__admin/faults/first"
    assert (told["hits"], told["remaining"], told["effects"]) == (0, None, ["HANG"])
    assert [each["id"] for each in listed["faults"]] == ["first", "second"]


async def test_a_sequence_is_told_as_it_is(app: MockServerApp) -> None:
    told = await armed(
        app,
        {
            "sequence": [UNAVAILABLE, {"pass": True, "delay": 20}],
            "onExhausted": "loop",
        },
    )

    assert told["effect"] is None
    assert told["sequence"][1]["delay"] == {"fixed": 20}
    assert told["onExhausted"] == "loop"
    assert told["effects"][0] == "http 503"
    assert len(told["effects"]) == 2


async def test_what_is_told_can_be_sent_again(app: MockServerApp) -> None:
    told = await armed(app, {**ONCE, "effect": {**UNAVAILABLE, "delay": {"fixed": 1}}})
    again = {key: told[key] for key in ("id", "match", "when", "effect", "onExhausted")}

    response, repeated = await ask(app, "/faults", "POST", again)

    assert response.status_code == 200
    assert {**repeated, "armed": ""} == {**told, "armed": ""}


async def test_one_is_rearmed(app: MockServerApp) -> None:
    plan = await armed(app, ONCE)
    await status_of_feed(app)

    response, told = await ask(app, f"/faults/{plan['id']}/rearm", "POST")

    assert response.status_code == 200
    assert (told["hits"], told["remaining"]) == (0, 1)
    assert await status_of_feed(app) == 503


async def test_all_are_rearmed(app: MockServerApp) -> None:
    for name in ("a", "b"):
        await armed(app, {**ONCE, "id": name})
    assert [await status_of_feed(app) for _ in range(3)] == [503, 503, 200]

    response, told = await ask(app, "/faults/rearm", "POST")

    assert response.status_code == 200
    assert [(each["id"], each["remaining"]) for each in told["faults"]] == [("a", 1), ("b", 1)]


async def test_one_is_deleted(app: MockServerApp) -> None:
    plan = await armed(app, ONCE)

    response, body = await ask(app, f"/faults/{plan['id']}", "DELETE")

    assert (response.status_code, body) == (204, b"")
    assert await status_of_feed(app) == 200


async def test_all_of_a_world_are_deleted(app: MockServerApp) -> None:
    await armed(app, ONCE)
    await armed(app, ONCE)
    await armed(app, ONCE, namespace="team")

    response, told = await ask(app, "/faults", "DELETE")

    assert (response.status_code, told) == (200, {"deleted": 2})
    assert (await ask(app, "/faults"))[1] == {"faults": []}
    assert len((await ask(app, "/faults", namespace="team"))[1]["faults"]) == 1


@pytest.mark.parametrize(
    ("path", "method"),
    [("/faults/none", "GET"), ("/faults/none", "DELETE"), ("/faults/none/rearm", "POST")],
)
async def test_a_plan_that_is_not_there_is_404(app: MockServerApp, path: str, method: str) -> None:
    response, problem = await ask(app, path, method)

    assert response.status_code == 404
    assert problem["detail"].startswith('There is no fault plan "none" in this namespace')


@pytest.mark.parametrize(
    ("plan", "key"),
    [
        ({}, ""),
        ({"effect": UNAVAILABLE, "sequence": [UNAVAILABLE]}, ""),
        ({"efect": UNAVAILABLE}, "efect"),
        ({"effect": {"http": {"status": 99}}}, "effect.http.status"),
        ({"effect": UNAVAILABLE, "when": {"times": 0}}, "when.times"),
        ({"effect": UNAVAILABLE, "match": {"outcome": "served"}}, "match.outcome"),
        ({"effect": UNAVAILABLE, "match": {"xpath": "//["}}, "match.xpath[0].expression"),
        ({"effect": {"fault": "HANGUP"}}, "effect.fault"),
        ({"effect": UNAVAILABLE, "id": "a/b"}, "id"),
    ],
)
async def test_what_is_no_plan_is_told_key_by_key(
    app: MockServerApp, plan: dict[str, Any], key: str
) -> None:
    response, problem = await ask(app, "/faults", "POST", plan)

    assert response.status_code == 422
    assert key in [error["key"] for error in problem["errors"]]
    assert (await ask(app, "/faults"))[1] == {"faults": []}


async def test_what_is_not_json_is_400(app: MockServerApp) -> None:
    response = await app.test_client().post(
        "/__admin/faults",
        data=b"{effect",
        headers={"Host": "localhost:8080", "Content-Type": "application/json"},
        scope_base={"client": ("127.0.0.1", 4711), "server": ("127.0.0.1", 8080)},
    )

    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
