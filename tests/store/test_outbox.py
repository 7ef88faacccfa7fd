"""The outbox: one transaction with the state, one table for all, bounded, and durable."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ihe_mock_async.soap import SoapVersion
from ihe_mock_async.state import Attachment
from ihe_mock_async.store import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    NamespaceState,
    OutgoingMessage,
    Store,
)
from ihe_mock_async.store.outbox import KEPT

Look = Callable[..., Awaitable[tuple[list[int], int]]]
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
MESSAGE = OutgoingMessage(
    kind=DeliveryKind.RESPONSE,
    transaction="ITI-41",
    to="http://client.example/answers",
    action="urn:example:Answer",
    message_id="urn:uuid:1",
    relates_to="bare-id",
    envelope=b"<Envelope/>",
    mtom=True,
    attachments=(Attachment("a@x", "text/plain", 5, "0" * 40, "1" * 64),),
)


async def put(store: Store, message: OutgoingMessage = MESSAGE, namespace: str = "") -> int:
    return await store.write(namespace, lambda state: state.outbox.put(message, NOW))


async def find(store: Store, delivery: int) -> Delivery | None:
    return await store.read_outbox(lambda outbox: outbox.find(delivery))


async def state_of(store: Store, delivery: int) -> DeliveryState | None:
    found = await find(store, delivery)
    return found.state if found else None


async def give_up(store: Store, delivery: int, now: datetime = NOW) -> bool:
    return await store.write_outbox(
        lambda outbox: outbox.give_up(delivery, 1, now, error="gone", status=None)
    )


async def test_a_message_is_pending_at_once_and_as_it_was_put_in(any_store: Store) -> None:
    key = await put(any_store, namespace="team")

    assert await find(any_store, key) == Delivery(
        id=key,
        namespace="team",
        kind=DeliveryKind.RESPONSE,
        transaction="ITI-41",
        to="http://client.example/answers",
        action="urn:example:Answer",
        message_id="urn:uuid:1",
        relates_to="bare-id",
        version=SoapVersion.V1_2,
        mtom=True,
        attachments=MESSAGE.attachments,
        size=11,
        created=NOW,
        state=DeliveryState.PENDING,
        attempts=0,
        next_attempt=NOW,
        last_error="",
        last_status=None,
        finished=None,
    )
    assert await any_store.read_outbox(lambda outbox: outbox.envelope(key)) == b"<Envelope/>"
    assert await any_store.read_outbox(lambda outbox: outbox.pending()) == [(key, NOW, MESSAGE.to)]


async def test_a_unit_that_fails_sends_nothing(store: Store) -> None:
    def work(state: NamespaceState) -> None:
        state.outbox.put(MESSAGE, NOW)
        raise ValueError("after all")

    with pytest.raises(ValueError, match="after all"):
        await store.write("", work)

    assert await store.read_outbox(lambda outbox: outbox.pending()) == []


async def test_whoever_posts_is_told_after_the_commit(data_dir: Path) -> None:
    seen: list[int] = []

    with Store.open("", data_dir) as store:
        told = threading.Event()

        def tell() -> None:
            seen.append(store.commits)
            told.set()

        store.on_enqueued(tell)
        before = store.commits
        await store.write("", lambda _: None)
        await put(store)
        await asyncio.to_thread(told.wait, 10)
        store.on_enqueued(None)
        await put(store)

    assert seen == [before + 2]


async def test_it_is_told_although_nobody_awaits_the_unit_any_more(store: Store) -> None:
    told, go = threading.Event(), threading.Event()
    store.on_enqueued(told.set)

    def work(state: NamespaceState) -> None:
        go.wait(10)
        state.outbox.put(MESSAGE, NOW)

    waiting = asyncio.ensure_future(store.write("", work))
    await asyncio.sleep(0)
    waiting.cancel()
    go.set()

    assert await asyncio.to_thread(told.wait, 10)
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_pending_ones_are_there_after_a_restart(data_dir: Path) -> None:
    with Store.open("", data_dir) as store:
        first, second = await put(store), await put(store)
        await give_up(store, first)

    with Store.open("", data_dir) as store:
        assert await store.read_outbox(lambda outbox: outbox.pending()) == [
            (second, NOW, MESSAGE.to)
        ]
        assert await state_of(store, first) is DeliveryState.DEAD


async def test_only_newer_ones_than_those_seen_are_asked_for(store: Store) -> None:
    first, second = await put(store), await put(store)

    assert await store.read_outbox(lambda outbox: outbox.pending(first)) == [
        (second, NOW, MESSAGE.to)
    ]


async def test_a_failure_is_remembered_until_the_next_attempt(store: Store) -> None:
    key = await put(store)

    await store.write_outbox(
        lambda outbox: outbox.retry(key, 1, LATER, error="HTTP 503", status=503)
    )

    found = await find(store, key)
    assert found is not None
    assert (found.state, found.attempts) == (DeliveryState.PENDING, 1)
    assert (found.last_error, found.last_status) == ("HTTP 503", 503)
    assert found.next_attempt == LATER


async def test_a_delivery_forgets_the_failures_before_it(store: Store) -> None:
    key = await put(store)
    await store.write_outbox(
        lambda outbox: outbox.retry(key, 1, LATER, error="HTTP 503", status=503)
    )

    await store.write_outbox(lambda outbox: outbox.delivered(key, 2, LATER, 202))

    found = await find(store, key)
    assert found is not None
    assert (found.state, found.attempts, found.last_status) == (DeliveryState.DELIVERED, 2, 202)
    assert (found.last_error, found.next_attempt, found.finished) == ("", None, LATER)


async def test_only_pending_ones_come_to_an_end(store: Store) -> None:
    key = await put(store)

    assert await give_up(store, key)
    assert not await give_up(store, key)
    assert not await store.write_outbox(lambda outbox: outbox.delivered(key, 2, NOW, 200))
    assert await state_of(store, key) is DeliveryState.DEAD


@pytest.mark.parametrize("end", ["dead", "delivered"])
async def test_a_finished_one_can_be_sent_again(store: Store, end: str) -> None:
    key = await put(store)
    if end == "dead":
        await give_up(store, key)
    else:
        await store.write_outbox(lambda outbox: outbox.delivered(key, 1, NOW, 200))

    assert await store.write_outbox(lambda outbox: outbox.redeliver(key, LATER))
    assert not await store.write_outbox(lambda outbox: outbox.redeliver(key, LATER))

    found = await find(store, key)
    assert found is not None
    assert (found.state, found.attempts) == (DeliveryState.PENDING, 0)
    assert (found.next_attempt, found.finished, found.last_error) == (LATER, None, "")


async def test_an_unknown_one_is_said_to_be_unknown(store: Store) -> None:
    assert await find(store, 7) is None
    assert await store.read_outbox(lambda outbox: outbox.envelope(7)) == b""
    assert not await store.write_outbox(lambda outbox: outbox.remove(7))
    assert not await store.write_outbox(lambda outbox: outbox.redeliver(7, NOW))


async def test_a_removed_one_does_not_give_its_number_to_another(store: Store) -> None:
    key = await put(store)

    assert await store.write_outbox(lambda outbox: outbox.remove(key))

    assert await find(store, key) is None
    assert await put(store) > key


@pytest.fixture
async def listed(store: Store) -> Look:
    """Lists a pending and a dead one of the default world and a pending one of a namespace."""
    ids = [await put(store), await put(store), await put(store, namespace="team")]
    await give_up(store, ids[1])

    async def look(
        state: DeliveryState | None = None, namespace: str | None = None
    ) -> tuple[list[int], int]:
        found, count = await store.read_outbox(
            lambda outbox: (
                outbox.listed(limit=10, state=state, namespace=namespace),
                outbox.count(state=state, namespace=namespace),
            )
        )
        return [ids.index(each.id) for each in found], count

    return look


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        ({}, [2, 1, 0]),
        ({"state": DeliveryState.PENDING}, [2, 0]),
        ({"namespace": ""}, [1, 0]),
        ({"namespace": "team"}, [2]),
        ({"namespace": "", "state": DeliveryState.DEAD}, [1]),
        ({"namespace": "nobody"}, []),
    ],
)
async def test_the_list_is_narrowed_by_state_and_namespace(
    listed: Look, narrow: dict[str, Any], expected: list[int]
) -> None:
    assert await listed(**narrow) == (expected, len(expected))


async def test_the_list_has_the_newest_ones_when_it_is_cut(store: Store) -> None:
    keys = [await put(store) for _ in range(3)]

    found = await store.read_outbox(lambda outbox: outbox.listed(limit=2))

    assert [each.id for each in found] == [keys[2], keys[1]]


async def test_all_states_are_counted(store: Store) -> None:
    await give_up(store, await put(store))
    await put(store)
    await put(store)

    counts = await store.read_outbox(lambda outbox: outbox.counts())

    assert counts == {
        DeliveryState.PENDING: 2,
        DeliveryState.DELIVERED: 0,
        DeliveryState.DEAD: 1,
    }


async def test_finished_ones_are_forgotten_beyond_a_number_and_pending_ones_never(
    store: Store,
) -> None:
    def many(state: NamespaceState) -> list[int]:
        return [state.outbox.put(MESSAGE, NOW) for _ in range(KEPT + 3)]

    keys = await store.write("", many)
    for key in keys[1:]:
        await give_up(store, key)

    assert await state_of(store, keys[0]) is DeliveryState.PENDING
    assert await state_of(store, keys[1]) is None
    assert await state_of(store, keys[2]) is None
    assert await state_of(store, keys[3]) is DeliveryState.DEAD
    counts = await store.read_outbox(lambda outbox: outbox.counts())
    assert counts[DeliveryState.DEAD] == KEPT


async def test_a_namespace_that_is_deleted_takes_its_messages_along(store: Store) -> None:
    theirs, ours = await put(store, namespace="team"), await put(store)

    await store.delete_namespace("team")

    assert await find(store, theirs) is None
    assert await find(store, ours) is not None


async def test_soap_1_1_stays_soap_1_1(store: Store) -> None:
    key = await put(store, replace(MESSAGE, version=SoapVersion.V1_1, mtom=False, attachments=()))

    found = await find(store, key)
    assert found is not None
    assert (found.version, found.mtom, found.attachments) == (SoapVersion.V1_1, False, ())
