"""Faults, worlds, time and companion services of a server in a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from ihe_mock_async.testing import Effect, MockServer, effects
from tests.testing.exchanging import feed

NOW = datetime(2024, 1, 5, 10, 15, tzinfo=UTC)


def test_the_next_requests_fail_and_those_after_them_do_not(ihe_mock: MockServer) -> None:
    ihe_mock.fail_next(2, on="ITI-44", effect=503)

    assert [feed(ihe_mock).status_code for _ in range(3)] == [503, 503, 200]
    assert ihe_mock.call_count(fault="*") == 2


@pytest.mark.parametrize(
    "effect",
    [500, "http 500", {"http": {"status": 500}}, Effect(http=effects.Http(status=500))],
)
def test_an_effect_is_a_status_a_name_json_or_an_effect(
    ihe_mock: MockServer, effect: effects.EffectLike
) -> None:
    ihe_mock.fail_next(effect=effect)

    assert feed(ihe_mock).status_code == 500


def test_a_connection_can_be_reset(ihe_mock: MockServer) -> None:
    ihe_mock.fail_next(effect="CONNECTION_RESET_BY_PEER")

    with pytest.raises(httpx.ReadError):
        feed(ihe_mock)
    fault = ihe_mock.last.fault
    assert fault is not None
    assert fault.effect == "CONNECTION_RESET_BY_PEER"


def test_faults_last_until_they_are_disarmed(ihe_mock: MockServer) -> None:
    ihe_mock.fail_always(on="ITI-44")
    ihe_mock.fail_always(on="ITI-41")

    assert feed(ihe_mock).status_code == 503
    assert ihe_mock.succeed(on="ITI-44") == 1
    assert feed(ihe_mock).status_code == 200
    assert ihe_mock.succeed() == 1


def test_an_effect_that_there_is_not_is_told(ihe_mock: MockServer) -> None:
    with pytest.raises(ValueError, match="HANG"):
        ihe_mock.fail_next(effect="SLEEP")
    with pytest.raises(ValueError, match="no effect"):
        ihe_mock.fail_next(effect={"http": {"status": 7}})


def test_a_plan_in_json_does_what_it_says(ihe_mock: MockServer) -> None:
    plan_id = ihe_mock.arm(
        {
            "id": "flapping",
            "match": {"transaction": "ITI-44"},
            "when": {"skip": 1},
            "sequence": [{"http": {"status": 503}}, {"pass": True}],
            "onExhausted": "loop",
        }
    )

    assert plan_id == "flapping"
    assert [feed(ihe_mock).status_code for _ in range(5)] == [200, 503, 200, 503, 200]


def test_a_plan_that_cannot_be_is_told(ihe_mock: MockServer) -> None:
    with pytest.raises(ValueError, match='did you mean "http"'):
        ihe_mock.arm({"effect": {"htpp": {"status": 503}}})


def test_worlds_know_nothing_of_each_other(ihe_mock: MockServer) -> None:
    left, right = ihe_mock.namespace("left"), ihe_mock.namespace("right")
    left.fail_always(effect=500)

    assert feed(left).status_code == 500
    assert feed(right).status_code == 200
    assert feed(ihe_mock).status_code == 200
    assert [world.call_count() for world in (left, right, ihe_mock)] == [1, 1, 1]
    assert left.url == f"{ihe_mock.url}/ns/left"
    assert ihe_mock.url_for("ITI-44", namespace="left") == left.url_for("ITI-44")


def test_a_reset_forgets_patients_requests_and_faults() -> None:
    with MockServer(unknown_patients="reject") as server:
        feed(server)
        server.fail_always()

        server.reset()

        assert server.requests() == []
        assert feed(server).status_code == 200


def test_the_clock_goes_as_the_test_says() -> None:
    with MockServer(clock=NOW) as server:
        server.clock.advance(60)
        server.clock.advance(timedelta(hours=1))
        feed(server)

        assert server.last.received == server.clock.now() == NOW + timedelta(minutes=61)
        server.clock.set(NOW)
        server.clock.run()
        assert server.clock.now() >= NOW
        server.clock.freeze(NOW)
        assert server.clock.now() == NOW


def test_a_fault_window_goes_by_the_clock() -> None:
    with MockServer(clock="2024-01-05T10:15:00Z") as server:
        server.fail_always(effect={"quota": {"limit": 1, "windowMs": 60_000}})

        assert [feed(server).status_code for _ in range(2)] == [200, 429]
        server.clock.advance(61)
        assert feed(server).status_code == 200


def test_the_same_seed_and_clock_give_the_same_octets() -> None:
    def answer() -> bytes:
        with MockServer(seed=7, clock=NOW) as server:
            return httpx.post(server.url_for("ITI-44"), content=b"<x/>").content

    assert answer() == answer()


def test_mutual_tls_wants_the_clients_certificate() -> None:
    with MockServer(client_auth="required") as server:
        known = server.ssl_context()
        unknown = server.ssl_context(client_certificate=False)

        assert httpx.get(f"{server.url}/health", verify=known).status_code == 200
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{server.url}/health", verify=unknown)


def test_trust_material_needs_tls(ihe_mock: MockServer) -> None:
    with pytest.raises(RuntimeError, match="tls=True"):
        _ = ihe_mock.ca_path


# ---------------------------------------------------------------- companion services


def receipt(url: str, number: int) -> int:
    return httpx.post(f"{url}/ofd/v1/receipt", json={"number": number}).status_code


@pytest.mark.ihe_mock(services=["ofd"])
def test_a_companion_service_fails_as_often_as_it_is_told(ihe_mock: MockServer) -> None:
    url = ihe_mock.url_for("ofd")
    ihe_mock.set_failure_count(2)

    statuses = [receipt(url, number) for number in range(3)]
    httpx.get(f"{url}/ofd/v1/health")

    assert statuses == [503, 503, 200]
    assert ihe_mock.get_received_receipts() == [{"number": 2}]
    assert ihe_mock.get_call_count() == 3


@pytest.mark.ihe_mock(services=["ofd", "twilio"])
def test_of_several_companion_services_one_is_named(ihe_mock: MockServer) -> None:
    ofd = ihe_mock.service("ofd")
    ofd.set_permanent_failure()
    assert receipt(ofd.url, 1) == 503
    ofd.set_success()
    assert receipt(ofd.url, 2) == 200

    assert ofd.get_received_receipts() == [{"number": 2}]
    assert ihe_mock.service("twilio").get_call_count() == 0
    with pytest.raises(RuntimeError, match=r"service\(.*ofd, twilio"):
        ihe_mock.get_call_count()
    with pytest.raises(ValueError, match="hello"):
        ihe_mock.service("hello")


@pytest.mark.ihe_mock(services=["ofd"])
def test_a_companion_service_has_a_memory_per_world(ihe_mock: MockServer) -> None:
    world = ihe_mock.namespace("other")
    world.service("ofd").set_permanent_failure()

    assert receipt(world.url_for("ofd"), 1) == 503
    assert receipt(ihe_mock.url_for("ofd"), 2) == 200
    assert ihe_mock.get_call_count() == 1


@pytest.mark.ihe_mock(services=["ofd"])
def test_a_companion_service_that_is_reset_forgets_its_calls(ihe_mock: MockServer) -> None:
    url = ihe_mock.url_for("ofd")
    receipt(url, 1)
    ihe_mock.set_permanent_failure()

    httpx.post(f"{url}/ofd/v1/_test/reset")

    assert ihe_mock.get_call_count() == 0
    assert ihe_mock.get_received_receipts() == []
    assert receipt(url, 2) == 200
    assert ihe_mock.get_received_receipts() == [{"number": 2}]


@pytest.mark.ihe_mock(services=["ofd"])
def test_a_number_of_failures_that_cannot_be_changes_nothing(ihe_mock: MockServer) -> None:
    ihe_mock.set_permanent_failure()

    with pytest.raises(ValueError, match=r"^This is no fault plan: when\.times: is the number -1"):
        ihe_mock.set_failure_count(-1)
    with pytest.raises(ValueError, match="no effect"):
        ihe_mock.set_failure_count(1, "no such effect")

    assert receipt(ihe_mock.url_for("ofd"), 1) == 503
