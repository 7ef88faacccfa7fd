"""`/__admin/requests` of the app as it is wired: list, show, forget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ihe_mock_async.settings import Settings
from ihe_mock_async.web.app import MockServerApp, create_app
from tests.e2e.messages import SOAP_XML, pix_add
from tests.web.admin.asking import ask

MakeSettings = Callable[..., Settings]


async def feed(app: MockServerApp, extension: str = "P-1", namespace: str = "") -> None:
    """Feed a patient (ITI-44)."""
    world = f"/ns/{namespace}" if namespace else ""
    response = await app.test_client().post(
        f"{world}/pix/add", data=pix_add(extension), headers=SOAP_XML
    )
    assert response.status_code == 200


async def get_nowhere(app: MockServerApp, path: str = "/nowhere") -> None:
    response = await app.test_client().get(path)
    assert response.status_code == 404


def ids(listed: Any) -> list[int]:  # noqa: ANN401 - JSON
    return [each["id"] for each in listed["requests"]]


async def test_requests_are_listed_the_newest_first(app: MockServerApp) -> None:
    await feed(app, "P-1")
    await get_nowhere(app)

    response, listed = await ask(app, "/requests")

    assert response.status_code == 200
    assert ids(listed) == [2, 1]
    assert listed["meta"] == {"total": 2, "evicted": 0, "next": None}
    newest, oldest = listed["requests"]
    assert (newest["outcome"], newest["request"]["path"]) == ("unmatched", "/nowhere")
    assert (oldest["outcome"], oldest["transaction"]) == ("served", "ITI-44")
    assert oldest["request"]["method"] == "POST"
    assert oldest["response"] == {"status": 200}
    assert oldest["patientIds"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?transaction=ITI-44", [3, 1]),
        ("?transaction=iti44", [3, 1]),
        ("?transaction=ITI-41", []),
        ("?outcome=unmatched", [2]),
        ("?method=get", [2]),
        ("?path=/pix/add", [3, 1]),
        ("?service=ofd", []),
        ("?since=2", [3]),
        ("?since=2000-01-31T12:00:00Z", [3, 2, 1]),
        ("?since=2000-01-31T12:00:00%2B01:00", [3, 2, 1]),
        ("?since=2000-01-31T12:00:00+01:00", [3, 2, 1]),
        ("?since=2999-01-31", []),
        ("?limit=1", [3]),
    ],
)
async def test_the_list_can_be_narrowed(app: MockServerApp, query: str, found: list[int]) -> None:
    await feed(app, "P-1")
    await get_nowhere(app)
    await feed(app, "P-2")

    _, listed = await ask(app, f"/requests{query}")

    assert ids(listed) == found


async def test_pages_do_not_move_while_new_requests_come(app: MockServerApp) -> None:
    for _ in range(5):
        await get_nowhere(app)

    _, first = await ask(app, "/requests?limit=2")
    await get_nowhere(app)
    _, second = await ask(app, f"/requests?limit=2&cursor={first['meta']['next']}")
    _, third = await ask(app, f"/requests?limit=2&cursor={second['meta']['next']}")

    assert [ids(first), ids(second), ids(third)] == [[5, 4], [3, 2], [1]]
    assert (first["meta"]["total"], second["meta"]["total"]) == (5, 6)
    assert third["meta"]["next"] is None


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("?since=yesterday", 'The query parameter since is "yesterday"; allowed: a time such as '),
        ("?cursor=abc", 'The query parameter cursor is "abc"; allowed: what meta.next'),
        ("?cursor=YmVmb3JlIHg=", 'The query parameter cursor is "YmVmb3JlIHg="'),
        ("?outcome=lost", 'The query parameter outcome is "lost"; allowed: served, rejected, '),
        ("?transaction=XDS", "A query parameter is wrong. transaction: is no transaction"),
        ("?method=G%20T", "A query parameter is wrong. method: is no HTTP method"),
        ("?limit=0", 'The query parameter limit is "0"; allowed: a whole number from 1 to 1000.'),
        ("?trans=1", 'Unknown query parameter "trans"; did you mean "transaction"?'),
    ],
)
async def test_a_query_that_makes_no_sense_is_told(
    app: MockServerApp, query: str, detail: str
) -> None:
    response, problem = await ask(app, f"/requests{query}")

    assert response.status_code == 400
    assert problem["detail"].startswith(detail)


async def test_one_is_shown_whole(app: MockServerApp) -> None:
    await feed(app, "P-1")

    response, told = await ask(app, "/requests/1")

    assert response.status_code == 200
    assert told["id"] == 1
    assert told["request"]["bodyQName"] == "{urn:hl7-org:v3}PRPA_IN201301UV02"
    assert told["request"]["headers"]
    assert told["response"]["status"] == 200
    assert told["findings"] == []
    assert told["completed"] is True


async def test_a_world_sees_its_own_requests_only(app: MockServerApp) -> None:
    await feed(app, namespace="team")

    _, here = await ask(app, "/requests")
    _, there = await ask(app, "/requests", namespace="team")
    response, problem = await ask(app, "/requests/1")

    assert (ids(here), ids(there)) == ([], [1])
    assert response.status_code == 404
    assert problem["detail"] == "Request 1 is in another namespace: /ns/team/__admin/requests/1"


@pytest.mark.parametrize("path", ["", "/body", "/response", "/parts/1", "/curl"])
async def test_a_request_that_never_was_is_404(app: MockServerApp, path: str) -> None:
    response, problem = await ask(app, f"/requests/99{path}")

    assert response.status_code == 404
    assert problem["detail"] == "There is no request 99 here: GET /__admin/requests lists them."


@pytest.mark.parametrize("path", ["", "/body", "/response", "/parts/1", "/curl"])
async def test_a_forgotten_request_is_410_with_the_reason(
    settings: MakeSettings, path: str
) -> None:
    app = create_app(settings(journal_max_entries=2))
    async with app.test_app():
        for _ in range(3):
            await get_nowhere(app)

        response, problem = await ask(app, f"/requests/1{path}")
        _, listed = await ask(app, "/requests")

    assert response.status_code == 410
    assert problem["detail"] == (
        "Request 1 is not remembered any more: 1 of this namespace were forgotten because of "
        "journal_max_entries or journal_max_bytes."
    )
    assert listed["meta"] == {"total": 2, "evicted": 1, "next": None}


async def test_one_is_forgotten(app: MockServerApp) -> None:
    await get_nowhere(app)
    await get_nowhere(app)

    response, body = await ask(app, "/requests/1", "DELETE")
    again, _ = await ask(app, "/requests/1", "DELETE")
    _, listed = await ask(app, "/requests")

    assert (response.status_code, body) == (204, b"")
    assert again.status_code == 404
    assert ids(listed) == [2]
    assert listed["meta"]["evicted"] == 0


async def test_all_of_a_world_are_forgotten(app: MockServerApp) -> None:
    await get_nowhere(app)
    await feed(app, namespace="team")

    response, body = await ask(app, "/requests", "DELETE")
    _, here = await ask(app, "/requests")
    _, there = await ask(app, "/requests", namespace="team")

    assert (response.status_code, body) == (204, b"")
    assert (ids(here), ids(there)) == ([], [2])


async def test_without_a_journal_the_way_to_have_one_is_told(settings: MakeSettings) -> None:
    app = create_app(settings(journal_max_entries=0))
    async with app.test_app():
        response, problem = await ask(app, "/requests")

    assert response.status_code == 409
    assert "Set journal_max_entries" in problem["detail"]


# ---------------------------------------------------------------- unmatched


async def test_an_unmatched_request_is_told_what_would_have_matched(app: MockServerApp) -> None:
    await feed(app, "P-1")
    await get_nowhere(app, "/pix/ad")

    _, told = await ask(app, "/requests/unmatched")

    (unmatched,) = told["unmatched"]
    assert told["meta"] == {"total": 1}
    assert unmatched["request"]["request"]["path"] == "/pix/ad"
    assert unmatched["nearest"][0] == {
        "name": "/pix/add",
        "differences": ['the path is "/pix/ad", not "/pix/add"'],
    }


async def test_in_a_world_its_own_paths_are_named(app: MockServerApp) -> None:
    await get_nowhere(app, "/ns/team/pix/ad")

    _, told = await ask(app, "/requests/unmatched", namespace="team")

    assert told["unmatched"][0]["nearest"][0]["name"] == "/ns/team/pix/add"


async def test_a_message_of_no_known_transaction_is_told_by_its_findings(
    app: MockServerApp,
) -> None:
    message = pix_add("P-1").replace(b"PRPA_IN201301UV02", b"PRPA_IN999999UV02")
    await app.test_client().post("/pix/add", data=message, headers=SOAP_XML)

    _, told = await ask(app, "/requests/unmatched")

    (unmatched,) = told["unmatched"]
    assert unmatched["nearest"] == []
    assert unmatched["request"]["findings"]


async def test_a_mapping_that_nearly_answers_says_what_is_different(
    settings: MakeSettings,
) -> None:
    app = create_app(settings(services=["ofd"]))
    async with app.test_app():
        response = await app.test_client().get("/services/ofd/ofd/v1/receipt")
        assert response.status_code == 404

        _, told = await ask(app, "/requests/unmatched")

    (unmatched,) = told["unmatched"]
    assert unmatched["request"]["service"] == "ofd"
    assert any("POST" in each for each in unmatched["nearest"][0]["differences"])
