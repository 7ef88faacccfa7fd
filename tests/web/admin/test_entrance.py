"""Who gets into the admin API of an app, told by what a server sees of a request."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ihe_mock_async.settings import Settings
from ihe_mock_async.web.app import MockServerApp, create_app
from tests.e2e.messages import SOAP_XML, pix_add
from tests.web.admin import asgi

MakeSettings = Callable[..., Settings]
HOST = ("Host", "localhost:8080")
TOKEN = "schlüssel"  # noqa: S105 - of the test
BEARER = ("Authorization", f"Bearer {TOKEN}")
ELSEWHERE = {"client": "192.0.2.1", "server": "192.0.2.7"}


@dataclass(frozen=True)
class Case:
    """A request, and the status of its answer."""

    name: str
    status: int
    headers: tuple[tuple[str, str], ...] = (HOST,)
    connection: dict[str, str] = field(default_factory=dict)


def named(*cases: Case) -> list[Any]:
    return [pytest.param(case, id=case.name) for case in cases]


WITHOUT_TOKEN = named(
    Case("this machine", 200),
    Case("this machine, IPv6", 200, (("Host", "[::1]:8080"),), {"client": "::1", "server": "::1"}),
    Case(
        "this machine, IPv4 seen by an IPv6 socket",
        200,
        (HOST,),
        {"client": "::ffff:127.0.0.1", "server": "::ffff:127.0.0.1"},
    ),
    Case(
        "another loopback address that was connected to",
        200,
        (("Host", "127.8.0.1:8080"),),
        {"client": "127.0.0.1", "server": "127.8.0.1"},
    ),
    Case("Host without a port", 200, (("Host", "LOCALHOST"),)),
    Case("another machine", 403, (HOST,), ELSEWHERE),
    Case(
        "another machine, IPv4 seen by an IPv6 socket",
        403,
        (HOST,),
        {"client": "::ffff:192.0.2.1"},
    ),
    Case("a client without an address", 403, (HOST,), {"client": ""}),
    Case(
        "another machine that says it is a proxy",
        403,
        (HOST, ("X-Forwarded-For", "127.0.0.1")),
        ELSEWHERE,
    ),
    Case(
        "another machine that says where it is",
        403,
        (HOST, ("Remote-Addr", "127.0.0.1")),
        ELSEWHERE,
    ),
    Case("a name that was rebound to this machine", 403, (("Host", "evil.example:8080"),)),
    Case("a name below localhost", 403, (("Host", "evil.localhost:8080"),)),
    Case("localhost with a dot", 403, (("Host", "localhost.:8080"),)),
    Case("a user in the Host", 403, (("Host", "evil.example@localhost"),)),
    Case("another loopback address than the one connected to", 403, (("Host", "127.8.0.1"),)),
    Case("no Host", 403, ()),
    Case("two Hosts", 403, (HOST, HOST)),
    Case("a page of our own", 200, (HOST, ("Origin", "http://localhost:8080"))),
    Case("a page of another site", 403, (HOST, ("Origin", "http://evil.example"))),
    Case("a page of another port", 403, (HOST, ("Origin", "http://localhost:9999"))),
    Case("a page of another scheme", 403, (HOST, ("Origin", "https://localhost:8080"))),
    Case("a page without an origin", 403, (HOST, ("Origin", "null"))),
    Case(
        "a page of two origins",
        403,
        (HOST, ("Origin", "http://localhost:8080"), ("Origin", "http://evil.example")),
    ),
    Case("a link of another site", 403, (HOST, ("Sec-Fetch-Site", "cross-site"))),
    Case("a link of a sibling site", 403, (HOST, ("Sec-Fetch-Site", "same-site"))),
    Case("an address that was entered", 200, (HOST, ("Sec-Fetch-Site", "none"))),
    Case("a script of our own", 200, (HOST, ("Sec-Fetch-Site", "same-origin"))),
    Case("a token that nobody asks for", 200, (HOST, BEARER)),
)
WITH_TOKEN = named(
    Case("another machine with the token", 200, (("Host", "mock.example"), BEARER), ELSEWHERE),
    Case("bearer in lower case", 200, (HOST, ("Authorization", f"bearer {TOKEN}"))),
    Case("this machine without the token", 401),
    Case("an empty token", 401, (HOST, ("Authorization", "Bearer "))),
    Case("another token", 401, (HOST, ("Authorization", f"Bearer {TOKEN}x"))),
    Case("the token in another scheme", 401, (HOST, ("Authorization", f"Basic {TOKEN}"))),
    Case("the token alone", 401, (HOST, ("Authorization", TOKEN))),
    Case("two tokens", 401, (HOST, BEARER, BEARER)),
    Case(
        "a page of another site with the token",
        403,
        (HOST, BEARER, ("Origin", "http://x.example")),
    ),
    Case(
        "a page of our own with the token",
        200,
        (("Host", "mock.example"), BEARER, ("Origin", "http://mock.example:80")),
    ),
    Case("a link of another site", 403, (HOST, BEARER, ("Sec-Fetch-Site", "cross-site"))),
)


@pytest.fixture
async def closed(settings: MakeSettings) -> AsyncIterator[MockServerApp]:
    """An app with a token."""
    made = create_app(settings(admin_token=TOKEN))
    async with made.test_app():
        yield made


@pytest.mark.parametrize("case", WITHOUT_TOKEN)
async def test_without_a_token_people_on_this_machine_are_let_in(
    app: MockServerApp, case: Case
) -> None:
    answer = await asgi.send(app, "/__admin/clock", case.headers, **case.connection)  # type: ignore[arg-type]  # addresses

    assert answer.status == case.status


@pytest.mark.parametrize("case", WITH_TOKEN)
async def test_with_a_token_whoever_has_it_is_let_in(closed: MockServerApp, case: Case) -> None:
    answer = await asgi.send(closed, "/__admin/clock", case.headers, **case.connection)  # type: ignore[arg-type]  # addresses

    assert answer.status == case.status
    assert TOKEN.encode() not in answer.body


@pytest.mark.parametrize(
    "path",
    [
        "/__admin",
        "/__admin/",
        "/__admin/openapi.json",
        "/__admin/nothing",
        "/__admin/clock/",
        "/ns/team/__admin/requests",
        "/ns/team/__admin/nothing",
        "/ns/-/__admin/requests",
        "/ns//__admin/requests",
        "/ns/a\n/__admin/requests",
    ],
)
async def test_who_is_not_let_in_does_not_learn_what_there_is(
    closed: MockServerApp, path: str
) -> None:
    answers = [
        await asgi.send(closed, path, method=method) for method in ("GET", "PUT", "OPTIONS")
    ]

    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1


@pytest.mark.parametrize(
    "path", ["//__admin/clock", "/ns/a//__admin/clock", "/x/../__admin/clock"]
)
async def test_there_is_no_way_around_the_guard(closed: MockServerApp, path: str) -> None:
    answer = await asgi.send(closed, path)

    assert answer.status == 404
    assert b"offsetMs" not in answer.body


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/__admin/clock", "GET", 200),
        ("/__admin/nothing", "GET", 404),
        ("/__admin/clock", "PUT", 405),
        ("/__admin/clock", "POST", 400),
        ("/__admin/clock", "OPTIONS", 204),
    ],
)
@pytest.mark.parametrize("headers", [(HOST,), (HOST, ("Origin", "http://localhost:8080"))])
async def test_every_answer_is_kept_private(
    app: MockServerApp, path: str, method: str, status: int, headers: tuple[tuple[str, str], ...]
) -> None:
    answer = await asgi.send(app, path, headers, method=method)

    assert answer.status == status
    assert_private(answer)


async def test_so_is_every_refusal(app: MockServerApp, closed: MockServerApp) -> None:
    elsewhere = await asgi.send(app, "/__admin/clock", client="192.0.2.1")
    without_token = await asgi.send(closed, "/__admin/clock")

    assert (elsewhere.status, without_token.status) == (403, 401)
    assert without_token.headers["www-authenticate"].startswith("Bearer ")
    for answer in (elsewhere, without_token):
        assert_private(answer)
        assert json.loads(answer.body)["status"] == answer.status


def assert_private(answer: asgi.Answer) -> None:
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert not any(name.startswith("access-control-") for name in answer.headers)


async def test_a_preflight_of_another_site_gets_no_permission(app: MockServerApp) -> None:
    answer = await asgi.send(
        app,
        "/__admin/faults",
        (HOST, ("Origin", "http://evil.example"), ("Access-Control-Request-Method", "POST")),
        method="OPTIONS",
    )

    assert answer.status == 403
    assert_private(answer)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
@pytest.mark.parametrize("path", ["/__admin/reset", "/__admin/faults"])
async def test_what_a_form_can_send_changes_nothing(
    app: MockServerApp, path: str, content_type: str
) -> None:
    answer = await asgi.send(
        app, path, (HOST, ("Content-Type", content_type)), method="POST", body=b"{}"
    )

    assert answer.status == 415
    assert "-H 'Content-Type: application/json'" in json.loads(answer.body)["detail"]


async def test_what_is_not_the_admin_api_is_open_to_everybody(closed: MockServerApp) -> None:
    evil = (("Host", "evil.example"), ("Origin", "http://evil.example"))
    health = await asgi.send(closed, "/health", evil, **ELSEWHERE)  # type: ignore[arg-type]  # addresses
    soap = await asgi.send(
        closed,
        "/ns/team/pix/add",
        (*evil, *SOAP_XML.items()),
        method="POST",
        body=pix_add("OPEN-1"),
        **ELSEWHERE,
    )

    assert (health.status, soap.status) == (200, 200)
