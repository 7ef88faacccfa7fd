"""Namespaces: made by use, listed, reset, deleted, and gone when nobody uses them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from ihe_mock_async.faults.plan import FaultPlan
from ihe_mock_async.settings import Settings
from ihe_mock_async.web.app import MockServerApp, create_app
from ihe_mock_async.web.worlds import World
from tests.e2e.messages import MTOM, SOAP_XML, pix_add, submission

MakeSettings = Callable[..., Settings]
NOW = datetime(2024, 1, 5, 10, 15, tzinfo=UTC)
DAY = timedelta(days=1)
FAULT = FaultPlan.model_validate({"effect": {"http": {"status": 503}}})


@asynccontextmanager
async def running(settings: Settings, seed: int | None = None) -> AsyncIterator[MockServerApp]:
    made = create_app(settings, clock=NOW, seed=seed)
    async with made.test_app():
        yield made


@pytest.fixture
async def app(settings: MakeSettings) -> AsyncIterator[MockServerApp]:
    async with running(settings(namespace_idle_seconds=DAY.total_seconds())) as made:
        yield made


async def feed(app: MockServerApp, namespace: str, message: bytes) -> bytes:
    path = f"/ns/{namespace}/pix/add" if namespace else "/pix/add"
    response = await app.test_client().post(path, data=message, headers=SOAP_XML)
    return bytes(await response.get_data(as_text=False))


async def provide(app: MockServerApp, namespace: str) -> None:
    path = f"/ns/{namespace}/iti41/submit"
    response = await app.test_client().post(path, data=submission().body, headers=MTOM)
    assert b"ResponseStatusType:Success" in await response.get_data(as_text=False)


async def names(app: MockServerApp) -> list[str]:
    return [world.name for world in await app.services.worlds.all()]


async def test_a_world_comes_with_its_first_use(app: MockServerApp) -> None:
    assert await names(app) == [""]

    await feed(app, "a", pix_add("WORLD-1"))
    await provide(app, "a")

    assert await app.services.worlds.find("a") == World(
        name="a",
        patients=1,
        documents=1,
        deliveries=0,
        entries=2,
        plans=0,
        last_used=NOW,
        expires=NOW + DAY,
    )
    assert await names(app) == ["", "a"]
    assert await app.services.worlds.find("b") is None


async def test_a_path_that_does_not_exist_is_a_use_of_its_world(app: MockServerApp) -> None:
    response = await app.test_client().get("/ns/a/nowhere")

    assert response.status_code == 404
    assert await names(app) == ["", "a"]
    assert [entry.path for entry in app.services.journal.entries("a")] == ["/ns/a/nowhere"]


async def test_a_deleted_world_takes_all_that_is_in_it(app: MockServerApp) -> None:
    forgotten: list[str] = []
    app.services.worlds.forgetting.append(forgotten.append)
    for name in ("a", "b"):
        await feed(app, name, pix_add("WORLD-1"))
        app.services.faults.add(name, FAULT, NOW)

    assert await app.services.worlds.delete("a")

    assert await names(app) == ["", "b"]
    assert not app.services.journal.entries("a")
    assert not app.services.faults.plans("a")
    assert forgotten == ["a"]
    kept = await app.services.worlds.find("b")
    assert kept is not None
    assert (kept.patients, kept.entries, kept.plans) == (1, 1, 1)
    assert not await app.services.worlds.delete("a")


async def test_the_default_world_cannot_be_deleted(app: MockServerApp) -> None:
    with pytest.raises(ValueError, match="only reset"):
        await app.services.worlds.delete("")


@pytest.mark.parametrize("name", ["", "a"])
async def test_a_world_that_is_reset_begins_anew(app: MockServerApp, name: str) -> None:
    await feed(app, name, pix_add("WORLD-1"))
    app.services.faults.add(name, FAULT, NOW)

    await app.services.worlds.reset(name)

    world = await app.services.worlds.find(name)
    assert world is not None
    assert (world.patients, world.entries, world.plans) == (0, 0, 0)


async def test_a_reset_may_keep_patients_and_documents(app: MockServerApp) -> None:
    await feed(app, "a", pix_add("WORLD-1"))
    app.services.faults.add("a", FAULT, NOW)

    await app.services.worlds.reset("a", keep_state=True)

    world = await app.services.worlds.find("a")
    assert world is not None
    assert (world.patients, world.entries, world.plans) == (1, 0, 0)


async def test_a_world_that_is_reset_gives_the_same_answers_again(settings: MakeSettings) -> None:
    message = pix_add("WORLD-1")
    async with running(settings(), seed=42) as app:
        first = await feed(app, "a", message)
        await app.services.worlds.reset("a")
        again = await feed(app, "a", message)

    assert first == again


async def test_a_world_expires_when_nobody_has_used_it_for_so_long(app: MockServerApp) -> None:
    worlds, clock = app.services.worlds, app.services.clock
    await feed(app, "old", pix_add("WORLD-1"))
    clock.advance(DAY / 2)
    await feed(app, "young", pix_add("WORLD-1"))
    await feed(app, "", pix_add("WORLD-1"))
    clock.advance(DAY / 2)

    assert await worlds.sweep() == ["old"]
    assert await names(app) == ["", "young"]
    clock.advance(DAY)
    assert await worlds.sweep() == ["young"]
    assert await names(app) == [""]


async def test_a_world_with_a_request_in_flight_does_not_expire(app: MockServerApp) -> None:
    worlds, clock = app.services.worlds, app.services.clock
    held = FaultPlan.model_validate({"effect": {"fault": "HANG"}})
    app.services.faults.add("a", held, NOW)
    request = asyncio.create_task(feed(app, "a", pix_add("WORLD-1")))
    await app.services.journal.wait("a", lambda entry: True, seconds=10)
    clock.advance(2 * DAY)

    assert await worlds.sweep() == []

    request.cancel()
    await asyncio.wait({request})
    await app.services.journal.wait("a", lambda entry: entry.completed, seconds=10)
    assert await worlds.sweep() == ["a"]


async def test_what_a_request_stores_in_a_world_that_was_deleted_meanwhile_expires(
    app: MockServerApp,
) -> None:
    worlds, clock = app.services.worlds, app.services.clock
    slow = FaultPlan.model_validate({"effect": {"pass": True, "delay": 200}})
    app.services.faults.add("a", slow, NOW)
    request = asyncio.create_task(feed(app, "a", pix_add("WORLD-1")))
    await app.services.journal.wait("a", lambda entry: bool(entry.transaction), seconds=10)

    assert await worlds.delete("a")
    await request
    assert (await app.services.store.counts("a")).patients == 1

    assert await worlds.sweep() == []
    clock.advance(DAY)
    assert await worlds.sweep() == ["a"]
    assert await names(app) == [""]


async def test_with_0_no_world_expires(settings: MakeSettings) -> None:
    async with running(settings(namespace_idle_seconds=0)) as app:
        await feed(app, "a", pix_add("WORLD-1"))
        app.services.clock.advance(1000 * DAY)

        assert await app.services.worlds.sweep() == []
        world = await app.services.worlds.find("a")
    assert world is not None
    assert world.expires is None


async def test_unused_worlds_go_without_anybody_asking(settings: MakeSettings) -> None:
    async with running(settings(namespace_idle_seconds=0.01)) as app:
        gone = asyncio.Event()
        app.services.worlds.forgetting.append(lambda name: gone.set())
        await feed(app, "a", pix_add("WORLD-1"))
        app.services.clock.advance(DAY)

        async with asyncio.timeout(10):
            await gone.wait()
