"""Wrong turns in the admin API, and methods that every path has."""

from __future__ import annotations

import json

import pytest

from ihe_mock_async.web.app import MockServerApp
from tests.web.admin import asgi
from tests.web.admin.asking import ask


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/__admin/deliverys", "did you mean /__admin/deliveries?"),
        ("/ns/team/__admin/request", "did you mean /ns/team/__admin/requests?"),
        ("/__admin/qqqqqqqqqqqqqqq", "GET /__admin/ lists what there is."),
        (
            "/ns/team/__admin/clock",
            "about the whole server, not one namespace: ask /__admin/clock.",
        ),
        ("/ns/-/__admin/requests", '"-" cannot name a namespace'),
        ("/__admin/deliveries/0", "There is nothing at this path"),
        ("/__admin//deliveries", "did you mean /__admin/deliveries?"),
    ],
)
async def test_a_path_without_an_operation_is_told_what_there_is(
    app: MockServerApp, path: str, detail: str
) -> None:
    answer = await asgi.send(app, path)

    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert detail in json.loads(answer.body)["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/__admin/clock", "DELETE, GET, HEAD, OPTIONS, POST"),
        ("GET", "/__admin/reset", "OPTIONS, POST"),
        ("TRACE", "/ns/team/__admin/requests", "DELETE, GET, HEAD, OPTIONS"),
    ],
)
async def test_a_method_that_a_path_does_not_take_is_told_which_it_takes(
    app: MockServerApp, method: str, path: str, allowed: str
) -> None:
    refused = await asgi.send(app, path, method=method)
    asked = await asgi.send(app, path, method="OPTIONS")

    assert refused.status == 405
    assert json.loads(refused.body)["detail"] == f"{path} takes {allowed}, not {method}."
    assert refused.headers["allow"] == asked.headers["allow"] == allowed
    assert (asked.status, asked.body) == (204, b"")
    assert not asked.headers.keys() & {"content-type", "content-length"}


async def test_a_path_of_fixed_words_takes_not_what_its_neighbour_takes(
    app: MockServerApp,
) -> None:
    answer = await asgi.send(app, "/__admin/faults/rearm", method="OPTIONS")

    assert answer.headers["allow"] == "OPTIONS, POST"


async def test_the_index_lists_what_there_is(app: MockServerApp) -> None:
    _, whole = await ask(app, "/")
    _, of_world = await ask(app, "/", namespace="team")

    paths = {each["path"] for each in whole["operations"]}
    assert {"/__admin/openapi.json", "/__admin/requests", "/__admin/clock"} <= paths
    assert {each["path"].startswith("/ns/team/__admin/") for each in of_world["operations"]} == {
        True
    }
    assert 0 < len(of_world["operations"]) < len(whole["operations"])


async def test_a_failure_is_a_problem_that_tells_no_secret(
    app: MockServerApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("a secret of the server")

    monkeypatch.setattr(app.services.clock, "now", fail)
    app.admin_app.config["PROPAGATE_EXCEPTIONS"] = False

    answer = await asgi.send(app, "/__admin/clock")

    assert answer.status == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert b"secret" not in answer.body
    assert "a secret of the server" in caplog.text
