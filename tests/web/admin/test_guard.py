"""Who is let in to the admin API, and who is told why not."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

import pytest

from ihe_mock_async.web.admin.guard import Caller, Guard
from ihe_mock_async.web.admin.problems import Problem

OPEN = Guard(None, "0.0.0.0")  # noqa: S104 - compared with, not bound to
CLOSED = Guard("hunter2", "0.0.0.0")  # noqa: S104
HERE = Caller(client="127.0.0.1", server="127.0.0.1", hosts=("localhost:8080",))


def refused(guard: Guard, caller: Caller) -> Problem:
    with pytest.raises(Problem) as caught:
        guard.check(caller)
    return caught.value


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_a_client_on_this_machine_is_let_in(client: str) -> None:
    OPEN.check(replace(HERE, client=client))


def test_so_is_one_that_took_this_machines_other_address() -> None:
    Guard(None, "192.0.2.7").check(Caller("192.0.2.7", "192.0.2.7", ("192.0.2.7:8080",)))


@pytest.mark.parametrize("client", ["192.0.2.1", "172.17.0.1", "::ffff:192.0.2.1", "", "<local>"])
def test_a_client_elsewhere_is_told_of_the_token(client: str) -> None:
    problem = refused(OPEN, replace(HERE, client=client))

    assert problem.status is HTTPStatus.FORBIDDEN
    assert "Set admin_token" in problem.detail


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:8080", "0.0.0.0:80"],
)
def test_names_of_this_machine_are_known(host: str) -> None:
    OPEN.check(replace(HERE, hosts=(host,)))


def test_the_configured_host_is_a_name_of_this_machine() -> None:
    Guard(None, "Mock.example").check(replace(HERE, hosts=("mock.example:8080",)))


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "mock.localhost",
        "localhost.",
        "evil@localhost",
        "localhost:80:80",
        "127.0.0.2",
        "[",
        "10.0.0.1",
    ],
)
def test_another_name_is_a_sign_of_dns_rebinding(host: str) -> None:
    problem = refused(OPEN, replace(HERE, hosts=(host,)))

    assert problem.status is HTTPStatus.FORBIDDEN
    assert "Host header" in problem.detail


@pytest.mark.parametrize("authorization", ["Bearer hunter2", "bearer  hunter2"])
def test_the_token_lets_in_from_anywhere_by_any_name(authorization: str) -> None:
    CLOSED.check(Caller("192.0.2.1", "192.0.2.7", ("mock.example",), (authorization,)))


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer ", "Bearer hunter", "Bearer hunter22", "Basic hunter2", "hunter2"],
)
def test_where_there_is_a_token_it_is_needed_on_this_machine_too(authorization: str) -> None:
    problem = refused(CLOSED, replace(HERE, authorizations=(authorization,)))

    assert problem.status is HTTPStatus.UNAUTHORIZED
    assert problem.headers["WWW-Authenticate"].startswith("Bearer")
    assert "hunter2" not in problem.detail


def test_a_token_may_have_any_characters() -> None:
    Guard("schlüssel", "").check(
        replace(HERE, authorizations=("Bearer schlüssel".encode().decode("latin-1"),))
    )


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9999"])
@pytest.mark.parametrize("guard", [OPEN, CLOSED])
def test_a_page_of_another_site_is_refused(guard: Guard, origin: str) -> None:
    caller = replace(HERE, origins=(origin,), authorizations=("Bearer hunter2",))

    assert "Origin" in refused(guard, caller).detail


def test_a_page_of_our_own_is_let_in() -> None:
    OPEN.check(replace(HERE, origins=("http://localhost:8080",)))
