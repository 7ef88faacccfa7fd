"""`/__admin/deliveries` of the app as it is wired."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from quart import Response

from ihe_mock_async.errors import StoreError
from ihe_mock_async.settings import Settings
from ihe_mock_async.store import DeliveryKind, OutgoingMessage
from ihe_mock_async.web.app import MockServerApp, create_app
from tests.e2e.messages import SOAP_XML, pix_add
from tests.web.admin import contract
from tests.web.receiver import receiving

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LOCAL = {"client": ("127.0.0.1", 4711), "server": ("127.0.0.1", 8080)}
TOKEN = "hunter2"  # noqa: S105 - of the test
UNREACHABLE = "http://127.0.0.1:9/answers"
MESSAGE = OutgoingMessage(
    kind=DeliveryKind.RESPONSE,
    transaction="ITI-44",
    to=UNREACHABLE,
    action="urn:example:Answer",
    message_id="urn:uuid:1",
    relates_to="urn:uuid:0",
    envelope=b'<e xmlns="urn:hl7-org:v3"><name>Nora</name></e>',
)
MakeSettings = Callable[..., Settings]


async def ask(
    app: MockServerApp,
    path: str,
    method: str = "GET",
    *,
    scope: dict[str, Any] | None = None,
    **headers: str,
) -> tuple[Response, Any]:
    """The response, and its JSON if it is some."""
    client = app.test_client()
    send = {"GET": client.get, "POST": client.post, "DELETE": client.delete}[method]
    response = await send(
        f"/__admin{path}",
        headers={"Host": "localhost:8080", **headers},
        scope_base=scope or LOCAL,
    )
    body = await response.get_data(as_text=False)
    if "json" not in (response.content_type or ""):
        return response, body
    told = json.loads(body)
    await contract.check(app, method, f"/__admin{path}", response.status_code, told)
    return response, told


async def put(app: MockServerApp, message: OutgoingMessage = MESSAGE, namespace: str = "") -> int:
    store = app.services.store
    return await store.write(namespace, lambda state: state.outbox.put(message, NOW))


async def kill(app: MockServerApp, delivery: int) -> None:
    await app.services.store.write_outbox(
        lambda outbox: outbox.give_up(delivery, 5, NOW, error="HTTP 503", status=503)
    )


@asynccontextmanager
async def running(app: MockServerApp) -> AsyncIterator[MockServerApp]:
    async with app.test_app():
        yield app


@pytest.fixture
async def app(settings: MakeSettings) -> AsyncIterator[MockServerApp]:
    """An app that posts nothing."""
    async with running(create_app(settings())) as made:
        await made.deliveries.stop()
        yield made


async def test_the_list_has_the_newest_first_and_tells_the_total(app: MockServerApp) -> None:
    first, second = await put(app), await put(app, namespace="team")
    await kill(app, first)

    response, listed = await ask(app, "/deliveries")

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in response.headers
    assert [each["id"] for each in listed["deliveries"]] == [second, first]
    assert listed["meta"] == {"total": 2}
    assert listed["deliveries"][1] == {
        "id": first,
        "kind": "response",
        "state": "dead",
        "namespace": "",
        "transaction": "ITI-44",
        "to": UNREACHABLE,
        "action": "urn:example:Answer",
        "messageId": "urn:uuid:1",
        "relatesTo": "urn:uuid:0",
        "mtom": False,
        "attachments": 0,
        "size": len(MESSAGE.envelope),
        "created": "2026-01-31T12:00:00.000000Z",
        "attempts": 5,
        "nextAttempt": None,
        "lastError": "HTTP 503",
        "lastStatus": 503,
        "finished": "2026-01-31T12:00:00.000000Z",
    }


@pytest.mark.parametrize(
    ("query", "total", "listed"),
    [
        ("?state=dead", 1, 1),
        ("?state=pending", 2, 2),
        ("?namespace=team", 1, 1),
        ("?namespace=&state=pending", 1, 1),
        ("?limit=1", 3, 1),
    ],
)
async def test_the_list_can_be_narrowed(
    app: MockServerApp, query: str, total: int, listed: int
) -> None:
    await kill(app, await put(app))
    await put(app)
    await put(app, namespace="team")

    _, found = await ask(app, f"/deliveries{query}")

    assert (found["meta"]["total"], len(found["deliveries"])) == (total, listed)


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/deliveries?stat=dead", 'Unknown query parameter "stat"; did you mean "state"?'),
        (
            "/deliveries?zzz=1",
            'Unknown query parameter "zzz"; known here: state, namespace, limit.',
        ),
        (
            "/deliveries?state=gone",
            'The query parameter state is "gone"; allowed: pending, delivered, dead.',
        ),
        (
            "/deliveries?limit=0",
            'The query parameter limit is "0"; allowed: a whole number from 1 to 1000.',
        ),
        (
            "/deliveries?limit=1e3",
            'The query parameter limit is "1e3"; allowed: a whole number from 1 to 1000.',
        ),
        (
            "/deliveries?limit=1&limit=2",
            "The query parameter limit stands there 2 times; allowed: it once.",
        ),
        (
            "/deliveries/1?envelope=yes",
            'The query parameter envelope is "yes"; allowed: true, false.',
        ),
        ("/deliveries/1/envelope?x=1", 'Unknown query parameter "x"; there is none here.'),
    ],
)
async def test_a_wrong_query_is_told_what_is_right(
    app: MockServerApp, path: str, detail: str
) -> None:
    await put(app)

    response, problem = await ask(app, path)

    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert problem == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": detail,
    }


async def test_one_is_shown_on_demand_with_its_envelope(app: MockServerApp) -> None:
    key = await put(app)

    _, without = await ask(app, f"/deliveries/{key}")
    _, whole = await ask(app, f"/deliveries/{key}?envelope=true")
    response, octets = await ask(app, f"/deliveries/{key}/envelope")

    assert without["id"] == key
    assert whole == {**without, "envelope": MESSAGE.envelope.decode()}
    assert octets == MESSAGE.envelope
    assert response.content_type == "application/soap+xml; charset=utf-8"


async def test_redact_masks_the_envelope(settings: MakeSettings) -> None:
    async with running(create_app(settings(redact=True))) as app:
        key = await put(app)

        _, octets = await ask(app, f"/deliveries/{key}/envelope")

    assert b"Nora" not in octets
    assert b"***" in octets


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/deliveries/99"),
        ("GET", "/deliveries/99/envelope"),
        ("POST", "/deliveries/99/redeliver"),
        ("DELETE", "/deliveries/99"),
    ],
)
async def test_an_unknown_one_is_said_to_be_unknown(
    app: MockServerApp, method: str, path: str
) -> None:
    response, problem = await ask(app, path, method)

    assert response.status_code == 404
    assert problem["detail"].startswith("There is no delivery 99")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/deliveries/x", 404),
        ("GET", f"/deliveries/{2**63}", 404),
        ("POST", "/nothing", 404),
        ("POST", "/deliveries", 405),
    ],
)
async def test_a_wrong_turn_in_the_admin_api_is_no_soap_fault(
    app: MockServerApp, method: str, path: str, status: int
) -> None:
    response, problem = await ask(app, path, method)

    assert response.status_code == status == problem["status"]
    assert response.content_type == "application/problem+json"


async def test_a_dead_one_is_sent_again(settings: MakeSettings) -> None:
    async with running(create_app(settings(delivery_attempts=1))) as app, receiving() as receiver:
        key = await put(app, replace(MESSAGE, to=receiver.url))
        await receiver.has(1)
        async with asyncio.timeout(10):
            while True:
                _, told = await ask(app, f"/deliveries/{key}")
                if told["state"] == "delivered":
                    break

        response, again = await ask(app, f"/deliveries/{key}/redeliver", "POST")
        await receiver.has(2)

    assert response.status_code == 200
    assert (again["state"], again["attempts"]) == ("pending", 0)


async def test_a_pending_one_cannot_be_sent_again(app: MockServerApp) -> None:
    key = await put(app)

    response, problem = await ask(app, f"/deliveries/{key}/redeliver", "POST")

    assert response.status_code == 409
    assert problem["detail"].startswith(f"Delivery {key} is pending already")


async def test_one_is_deleted(app: MockServerApp) -> None:
    key = await put(app)

    response, body = await ask(app, f"/deliveries/{key}", "DELETE")

    assert (response.status_code, body) == (204, b"")
    assert (await ask(app, f"/deliveries/{key}"))[0].status_code == 404


async def test_a_store_that_fails_is_503_without_its_reason(
    app: MockServerApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: object) -> None:
        raise StoreError("/secret/path is full")

    monkeypatch.setattr(app.services.store, "read_outbox", broken)

    response, problem = await ask(app, "/deliveries")

    assert response.status_code == 503
    assert "secret" not in problem["detail"]
    assert "/secret/path is full" in caplog.text


# ---------------------------------------------------------------- the guard, as it is wired


async def test_a_client_elsewhere_is_refused(app: MockServerApp) -> None:
    scope = {"client": ("192.0.2.1", 4711), "server": ("192.0.2.7", 8080)}

    response, problem = await ask(app, "/deliveries", scope=scope)

    assert response.status_code == 403
    assert "admin_token" in problem["detail"]
    assert response.headers["Cache-Control"] == "no-store"


async def test_a_rebound_name_and_another_site_are_refused(app: MockServerApp) -> None:
    rebound, _ = await ask(app, "/deliveries", Host="evil.example")
    other_site, _ = await ask(app, "/deliveries/1/redeliver", "POST", Origin="http://evil.example")

    assert (rebound.status_code, other_site.status_code) == (403, 403)


async def test_the_token_of_the_settings_is_asked_for(settings: MakeSettings) -> None:
    elsewhere = {"client": ("192.0.2.1", 4711), "server": ("192.0.2.7", 8080)}

    async with running(create_app(settings(admin_token=TOKEN))) as app:
        without, _ = await ask(app, "/deliveries")
        with_it, _ = await ask(
            app, "/deliveries", scope=elsewhere, Authorization=f"Bearer {TOKEN}"
        )

    assert without.status_code == 401
    assert without.headers["WWW-Authenticate"].startswith("Bearer")
    assert with_it.status_code == 200


# ---------------------------------------------------------------- from the request to the list


async def test_an_answer_for_elsewhere_is_posted_by_the_app(settings: MakeSettings) -> None:
    async with running(create_app(settings())) as app, receiving() as receiver:
        anonymous = b"http://www.w3.org/2005/08/addressing/anonymous"
        feed = pix_add("ASY-1").replace(anonymous, receiver.url.encode())
        assert receiver.url.encode() in feed
        response = await app.test_client().post("/pix/add", data=feed, headers=SOAP_XML)
        (posted,) = await receiver.has(1)

        _, listed = await ask(app, "/deliveries")

    assert response.status_code == 202
    assert await response.get_data(as_text=False) == b""
    assert b'<typeCode code="CA"/>' in posted.body
    assert [each["transaction"] for each in listed["deliveries"]] == ["ITI-44"]


async def test_without_the_start_of_the_app_it_is_posted_all_the_same(
    settings: MakeSettings,
) -> None:
    app = create_app(settings())
    try:
        async with receiving() as receiver:
            anonymous = b"http://www.w3.org/2005/08/addressing/anonymous"
            feed = pix_add("ASY-2").replace(anonymous, receiver.url.encode())
            await app.test_client().post("/pix/add", data=feed, headers=SOAP_XML)

            await receiver.has(1)
            await app.deliveries.stop()
    finally:
        app.close()
