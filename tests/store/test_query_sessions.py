"""Answers that are fetched in parts outlive the server, but not their time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ihe_mock_async.state import QuerySession, State
from ihe_mock_async.store import Store
from ihe_mock_async.store.query_sessions import KEPT

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def session(query_id: str = "1.2.3^Q", expires: datetime = NOW + MINUTE) -> QuerySession:
    return QuerySession(query_id, b"<query/>", ((7, 100), (3, 50)), 1, "response-1", expires, 5)


async def keep(store: Store, kept: QuerySession, now: datetime = NOW, namespace: str = "") -> None:
    await store.write(namespace, lambda state: state.query_sessions.keep(kept, now))


async def find(
    store: Store, query_id: str = "1.2.3^Q", now: datetime = NOW, namespace: str = ""
) -> QuerySession | None:
    return await store.read(namespace, lambda state: state.query_sessions.find(query_id, now))


async def test_a_session_is_found_as_it_was_kept(any_store: Store) -> None:
    await keep(any_store, session())

    assert await find(any_store) == session()
    assert await find(any_store, "1.2.3^other") is None


async def test_a_session_survives_a_restart(data_dir: Path) -> None:
    with Store.open("", data_dir) as store:
        await keep(store, session())

    with Store.open("", data_dir) as store:
        assert await find(store) == session()


async def test_a_session_without_matches_is_a_session(any_store: Store) -> None:
    empty = QuerySession("1.2.3^Q", b"<query/>", (), 0, "response-1", NOW + MINUTE)
    await keep(any_store, empty)

    assert await find(any_store) == empty


async def test_a_later_session_of_the_query_replaces_the_earlier_one(any_store: Store) -> None:
    later = session(expires=NOW + 5 * MINUTE)
    await keep(any_store, session())
    await keep(any_store, later)

    assert await find(any_store) == later


async def test_an_expired_session_is_unknown(any_store: Store) -> None:
    await keep(any_store, session())

    assert await find(any_store, now=NOW + MINUTE) is None


async def test_keeping_a_session_forgets_the_expired_ones(any_store: Store) -> None:
    await keep(any_store, session())
    await keep(any_store, session("1.2.3^R", NOW + 3 * MINUTE), now=NOW + MINUTE)

    assert await find(any_store, now=NOW) is None
    assert await find(any_store, "1.2.3^R") is not None


async def test_an_ended_session_is_unknown(any_store: Store) -> None:
    await keep(any_store, session())
    await any_store.write("", lambda state: state.query_sessions.end("1.2.3^Q"))
    await any_store.write("", lambda state: state.query_sessions.end("1.2.3^Q"))

    assert await find(any_store) is None


async def test_sessions_belong_to_their_namespace(any_store: Store) -> None:
    await keep(any_store, session(), namespace="a")

    assert await find(any_store, namespace="b") is None
    assert await find(any_store, namespace="a") == session()


async def test_the_oldest_of_too_many_sessions_is_forgotten(any_store: Store) -> None:
    def keep_many(state: State) -> None:
        for number in range(KEPT + 1):
            expires = NOW + MINUTE + timedelta(seconds=number)
            state.query_sessions.keep(session(f"1.2.3^{number}", expires), NOW)

    await keep(any_store, session(), namespace="other")
    await any_store.write("", keep_many)

    assert await find(any_store, "1.2.3^0") is None
    assert await find(any_store, "1.2.3^1") is not None
    assert await find(any_store, f"1.2.3^{KEPT}") is not None
    assert await find(any_store, namespace="other") is not None
