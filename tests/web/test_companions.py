"""Companion services over HTTP: where they are, worlds, faults, and what the admin API tells."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from ihe_mock_async.errors import AddressError, ServicesError
from ihe_mock_async.services import attempt
from ihe_mock_async.settings import Settings
from ihe_mock_async.testing import MockServer
from ihe_mock_async.web.app import create_app

SHOP = """\
name: shop
description: takes orders
mappings:
  - name: order
    request: {method: POST, urlPath: /orders}
    response: {status: 201, jsonBody: {number: "{{seq}}", id: "{{uuid}}"}}
    idempotency: {header: Idempotency-Key}
    record: orders
  - name: catalogue
    request: {method: GET, urlPath: /catalogue}
    response: {jsonBody: [apple], headers: {Cache-Control: no-cache}}
    etag: auto
  - name: forget
    request: {method: POST, urlPath: /forget}
    response: {status: 204}
    reset: true
"""
Start = Callable[..., httpx.Client]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(SHOP)
    return tmp_path


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts a server with the shop; gives a client whose base URL it is."""
    with ExitStack() as stack:

        def run(**settings: object) -> httpx.Client:
            own = {"services": ["shop"], "services_dir": folder}
            server = stack.enter_context(MockServer(**{**own, **settings}))  # type: ignore[arg-type]  # by name, from the test
            return stack.enter_context(httpx.Client(base_url=server.url, trust_env=False))

        yield run


@pytest.fixture
def shop(start: Start) -> httpx.Client:
    return start()


def order(
    shop: httpx.Client, body: object = None, key: str = "", world: str = ""
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return shop.post(f"{world}/orders", json=body or {}, headers=headers)


def entries(shop: httpx.Client, world: str = "") -> list[dict[str, object]]:
    listed: list[dict[str, object]] = shop.get(f"{world}/__admin/requests").json()["requests"]
    return listed


def records(shop: httpx.Client, world: str = "") -> list[object]:
    found = shop.get(f"{world}/__admin/services/shop/records/orders").json()
    return [record["json"] for record in found["records"]]


def arm(shop: httpx.Client, effect: dict[str, object], **match: str) -> None:
    plan = {"match": {"service": "shop", **match}, "effect": effect}
    shop.post("/__admin/faults", json=plan).raise_for_status()


# ---------------------------------------------------------------- where they are


@pytest.mark.parametrize("prefix", ["", "/services/shop", "/ns/a", "/ns/a/services/shop"])
def test_a_service_answers_at_its_paths_and_below_its_name_in_every_world(
    shop: httpx.Client, prefix: str
) -> None:
    answer = shop.get(f"{prefix}/catalogue")

    assert (answer.status_code, answer.json()) == (200, ["apple"])


def test_a_service_with_a_listener_is_not_at_its_paths_on_the_main_port(start: Start) -> None:
    shop = start(services_listen={"shop": "127.0.0.1:0"})

    assert shop.get("/catalogue").status_code == 404
    assert shop.get("/services/shop/catalogue").status_code == 200


def test_everything_at_a_listener_is_for_its_service(start: Start) -> None:
    shop = start(services_listen={"shop": "127.0.0.1:0"})
    (told,) = shop.get("/__admin/services").json()["services"]
    own = httpx.Client(base_url=told["url"], trust_env=False)

    with own:
        assert own.get("/catalogue").json() == ["apple"]
        assert own.get("/ns/a/catalogue").json() == ["apple"]
        for path in ("/health", "/__admin/requests", "/pix/add"):
            assert own.get(path).json()["service"] == "shop"


def test_a_listener_speaks_plain_http_beside_a_server_with_tls(folder: Path) -> None:
    with MockServer(
        tls=True,
        services=["shop"],
        services_dir=folder,
        services_listen={"shop": "127.0.0.1:0"},
    ) as server:
        main = httpx.Client(base_url=server.url, verify=server.ssl_context(), trust_env=False)
        with main:
            (told,) = main.get("/__admin/services").json()["services"]
        answer = httpx.get(f"{told['url']}/catalogue", trust_env=False)

    assert told["url"].startswith("http://127.0.0.1:")
    assert answer.json() == ["apple"]


def test_health_and_soap_go_before_a_service_that_answers_any_path(
    start: Start, folder: Path
) -> None:
    (folder / "any.yaml").write_text("name: any\nmappings: [{response: {body: any}}]")
    shop = start(services=["any", "shop"])

    assert shop.get("/anything").text == "any"
    assert shop.get("/health").json()["status"] == "healthy"
    assert shop.post("/pix/add").headers["Content-Type"].startswith("application/soap+xml")


def test_a_wrong_declaration_keeps_the_server_from_starting(start: Start, folder: Path) -> None:
    (folder / "shop.yaml").write_text(SHOP.replace("status", "stauts"))

    with pytest.raises(ServicesError, match=r'stauts: is an unknown key; did you mean "status"\?'):
        start()


def test_a_header_of_any_characters_is_sent(start: Start, folder: Path) -> None:
    (folder / "echo.yaml").write_text(
        'name: echo\nmappings: [{response: {headers: {X-Name: "{{form name}}"}}}]'
    )
    echo = start(services=["echo"])

    answer = echo.post("/", data={"name": " Юлия\r\nX-Other: b "})

    assert answer.headers["X-Name"] == "Юлия  X-Other: b"


def test_head_gets_the_header_fields_of_get(shop: httpx.Client) -> None:
    got, head = shop.get("/catalogue"), shop.head("/catalogue")

    assert head.content == b""
    assert {**head.headers, "date": ""} == {**got.headers, "date": ""}


# ---------------------------------------------------------------- what is remembered


def test_worlds_know_nothing_of_each_other(shop: httpx.Client) -> None:
    numbers = [order(shop, {"n": 1}, world=world).json()["number"] for world in ("", "/ns/a", "")]

    assert numbers == ["1", "1", "2"]
    assert (len(records(shop)), len(records(shop, "/ns/a"))) == (2, 1)


def test_a_world_that_is_deleted_forgets_its_services(shop: httpx.Client) -> None:
    order(shop, {"n": 1}, world="/ns/a")

    shop.delete("/__admin/namespaces/a")

    assert records(shop, "/ns/a") == []


def test_an_idempotency_key_gets_the_same_octets_again(shop: httpx.Client) -> None:
    first, again, other = (
        order(shop, {"n": 1}, "k"),
        order(shop, {"n": 1}, "k"),
        order(shop, [1], "k"),
    )

    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert records(shop) == [{"n": 1}]


def test_what_the_client_has_is_not_sent_again(shop: httpx.Client) -> None:
    tag = shop.get("/catalogue").headers["ETag"]

    answer = shop.get("/catalogue", headers={"If-None-Match": tag})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert answer.headers["Content-Length"] == "9"
    assert "Content-Type" not in answer.headers


def test_the_same_seed_gives_the_same_answers(start: Start) -> None:
    first, second = (start(seed=7), start(seed=7))

    assert [order(first).content, order(first).content] == [
        order(second).content,
        order(second).content,
    ]


# ---------------------------------------------------------------- the journal


def test_a_request_is_journaled_with_its_service_and_mapping(shop: httpx.Client) -> None:
    order(shop, {"n": 1})

    (listed,) = entries(shop)
    entry = shop.get(f"/__admin/requests/{listed['id']}").json()
    assert (entry["service"], entry["mapping"], entry["outcome"]) == ("shop", "order", "served")
    assert entry["response"]["status"] == 201


def test_a_request_that_no_mapping_answers_is_told_what_comes_near(shop: httpx.Client) -> None:
    answer = shop.put("/orders")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["nearMisses"][0] == {
        "mapping": "order",
        "differences": ["method is PUT, expected POST"],
    }
    (entry,) = entries(shop)
    assert (entry["outcome"], entry["service"]) == ("unmatched", "shop")


def test_a_body_that_is_too_large_is_refused(start: Start) -> None:
    shop = start(max_envelope_bytes=100)

    answer = order(shop, {"n": "x" * 200})

    assert answer.status_code == 413
    assert "max_envelope_bytes" in answer.json()["detail"]


def test_a_failure_of_ours_is_told_without_its_cause(
    shop: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the cause")

    monkeypatch.setattr(attempt, "begin", broken)

    answer = order(shop)

    assert answer.status_code == 500
    assert answer.json()["detail"] == "The server failed on this request; its log says why."
    assert "cause" not in answer.text


def test_a_client_that_leaves_in_the_middle_of_its_request_is_journaled(
    shop: httpx.Client,
) -> None:
    url = shop.base_url
    with socket.create_connection((url.host, url.port or 0)) as leaving:
        leaving.sendall(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")

    wait = {"match": {"service": "shop", "outcome": "fault"}, "count": 1, "timeoutMs": 5000}
    assert shop.post("/__admin/requests/wait", json=wait).status_code == 200
    assert records(shop) == []


def test_a_service_that_is_not_enabled_is_not_there(shop: httpx.Client) -> None:
    assert shop.get("/services/ofd/ofd/v1/health").status_code == 404


# ---------------------------------------------------------------- faults


def test_a_plan_for_the_service_answers_in_its_place_and_changes_nothing(
    shop: httpx.Client,
) -> None:
    arm(shop, {"http": {"status": 503}})

    assert order(shop, {"n": 1}).status_code == 503
    assert shop.get("/health").status_code == 200
    assert records(shop) == []
    assert entries(shop)[0]["outcome"] == "fault"


def test_with_commit_before_the_request_is_carried_out_all_the_same(shop: httpx.Client) -> None:
    arm(shop, {"fault": "CONNECTION_RESET_BY_PEER", "commit": "before"})

    with pytest.raises(httpx.ReadError):
        order(shop, {"n": 1})

    assert records(shop) == [{"n": 1}]


def test_a_truncated_answer_is_the_real_one_and_changes_nothing(shop: httpx.Client) -> None:
    arm(shop, {"fault": "TRUNCATE"})

    with pytest.raises(httpx.RemoteProtocolError):
        order(shop, {"n": 1})

    assert records(shop) == []


@pytest.mark.parametrize(
    ("commit", "kept"), [("delivered", [{"n": 1}]), ("before", [{"n": 1}]), ("never", [])]
)
def test_a_pass_is_the_real_answer_and_commit_says_what_is_kept(
    shop: httpx.Client, commit: str, kept: list[object]
) -> None:
    arm(shop, {"pass": True, "delay": {"fixed": 1}, "commit": commit})

    assert order(shop, {"n": 1}).status_code == 201
    assert records(shop) == kept


def test_a_quota_is_told_with_the_time_to_wait(shop: httpx.Client) -> None:
    arm(shop, {"quota": {"limit": 1, "windowMs": 60_000}})

    first, second = order(shop), order(shop)

    assert (first.status_code, second.status_code) == (201, 429)
    assert int(second.headers["Retry-After"]) >= 1


def test_a_request_can_ask_for_a_fault_by_a_header(shop: httpx.Client) -> None:
    busy = shop.get("/catalogue", headers={"X-Mock-Fault": "http 503"})
    unknown = shop.get("/catalogue", headers={"X-Mock-Fault": "htpt 503"})

    assert (busy.status_code, unknown.status_code) == (503, 400)
    assert unknown.headers["Content-Type"] == "application/problem+json"


def test_head_meets_a_fault_without_a_body(shop: httpx.Client) -> None:
    answer = shop.head("/catalogue", headers={"X-Mock-Fault": "http 503"})

    assert (answer.status_code, answer.content) == (503, b"")


def test_a_reset_of_the_service_removes_its_plans_in_this_world_only(shop: httpx.Client) -> None:
    order(shop, {"n": 1})
    order(shop, {"n": 1}, world="/ns/a")
    arm(shop, {"http": {"status": 503}}, urlPath="/orders")
    shop.post("/__admin/faults", json={"effect": {"http": {"status": 500}}, "id": "other"})

    assert shop.post("/forget").status_code == 204

    assert [plan["id"] for plan in shop.get("/__admin/faults").json()["faults"]] == ["other"]
    assert records(shop) == []
    assert records(shop, "/ns/a") == [{"n": 1}]


def test_no_plan_strikes_what_is_spared_unless_the_request_asks_for_it(
    start: Start, folder: Path
) -> None:
    (folder / "shop.yaml").write_text(SHOP.replace("- name: catalogue", "- faults: false"))
    shop = start()
    arm(shop, {"http": {"status": 503}})

    statuses = [
        shop.get("/catalogue").status_code,
        shop.get("/catalogue", headers={"X-Mock-Fault": "http 500"}).status_code,
        order(shop).status_code,
    ]

    assert statuses == [200, 500, 503]


def test_a_client_that_does_not_wait_changes_nothing(start: Start, folder: Path) -> None:
    slow = SHOP.replace("status: 201,", "status: 201, fixedDelayMilliseconds: 600000,")
    (folder / "shop.yaml").write_text(slow)
    shop = start()
    url = shop.base_url

    with socket.create_connection((url.host, url.port or 0)) as impatient:
        impatient.sendall(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        wait = {"match": {"service": "shop", "urlPath": "/orders"}, "count": 1, "timeoutMs": 5000}
        shop.post("/__admin/requests/wait", json=wait)
    done = {"match": {"service": "shop", "outcome": "fault"}, "count": 1, "timeoutMs": 5000}
    assert shop.post("/__admin/requests/wait", json=done).status_code == 200

    assert records(shop) == []


# ---------------------------------------------------------------- the admin API


def test_services_are_listed_with_their_mappings(shop: httpx.Client) -> None:
    told = shop.get("/__admin/services").json()

    (service,) = told["services"]
    assert told["problems"] == []
    assert (service["name"], service["path"], service["url"], service["records"]) == (
        "shop",
        "/services/shop",
        None,
        ["orders"],
    )
    assert service["mappings"][0] == {
        "name": "order",
        "priority": 5,
        "method": "POST",
        "path": "/orders",
        "status": 201,
        "record": "orders",
    }


def test_a_service_cannot_have_the_port_of_the_server_at_another_address(folder: Path) -> None:
    settings = Settings(services=("shop",), services_dir=folder, database_url="sqlite://")
    app = create_app(settings, port=9000, evidence=False)

    with closing(app), pytest.raises(AddressError, match="give shop another port") as refusal:
        app.listening("shop", 9000, "http://127.0.0.1:9000")

    assert "port 9000 itself" in str(refusal.value)
    assert app.companions.url_of("shop") is None


def test_a_record_tells_what_was_sent(shop: httpx.Client) -> None:
    order(shop, {"n": 1})

    found = shop.get("/__admin/services/shop/records/orders").json()

    (record,) = found["records"]
    assert (record["body"], record["method"], record["path"], record["status"]) == (
        '{"n":1}',
        "POST",
        "/orders",
        201,
    )
    assert record["request"] == entries(shop)[0]["id"]
    assert found["dropped"] == 0


def test_a_record_tells_even_what_utf_8_cannot_write(shop: httpx.Client) -> None:
    shop.post("/orders", content=rb'{"n": "\ud83d"}')

    (record,) = shop.get("/__admin/services/shop/records/orders").json()["records"]

    assert record["json"] == {"n": "\ud83d"}


def test_records_can_be_forgotten(shop: httpx.Client) -> None:
    order(shop, {"n": 1})

    assert shop.delete("/__admin/services/shop/records/orders").status_code == 204

    assert records(shop) == []
    assert order(shop).json()["number"] == "2"


def test_a_service_can_be_reset_in_one_world(shop: httpx.Client) -> None:
    order(shop, {"n": 1})
    order(shop, {"n": 1}, world="/ns/a")

    assert shop.post("/ns/a/__admin/services/shop/reset").status_code == 204

    assert (len(records(shop)), len(records(shop, "/ns/a"))) == (1, 0)


def test_records_are_masked_when_patient_data_is(start: Start) -> None:
    shop = start(redact=True)
    order(shop, {"name": "Miller"})

    found = shop.get("/__admin/services/shop/records/orders")

    assert "Miller" not in found.text
    assert found.json()["records"][0]["body"] is None


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("none/records/orders", 'There is no companion service "none"'),
        ("shop/records/none", 'records nothing as "none"; it records orders.'),
    ],
)
def test_an_unknown_service_or_record_is_told(shop: httpx.Client, path: str, detail: str) -> None:
    answer = shop.get(f"/__admin/services/{path}")

    assert answer.status_code == 404
    assert detail in answer.json()["detail"]


def test_declarations_are_read_again_while_the_server_runs(
    shop: httpx.Client, folder: Path
) -> None:
    order(shop, {"n": 1})
    (folder / "shop.yaml").write_text(SHOP.replace("apple", "pear"))

    assert shop.post("/__admin/services/reload").status_code == 200

    assert shop.get("/catalogue").json() == ["pear"]
    assert records(shop) == [{"n": 1}]


def test_a_listener_that_is_declared_later_has_to_wait_for_the_next_start(
    shop: httpx.Client, folder: Path
) -> None:
    (folder / "shop.yaml").write_text(SHOP.replace("mappings:", "listen: 127.0.0.1:0\nmappings:"))

    (told,) = shop.post("/__admin/services/reload").json()["services"]

    assert (told["listen"], told["url"]) == ("127.0.0.1:0", None)
    assert shop.get("/catalogue").status_code == 200


def test_when_a_declaration_is_wrong_the_old_ones_stay_and_all_errors_are_told(
    shop: httpx.Client, folder: Path
) -> None:
    (folder / "shop.yaml").write_text(SHOP.replace("apple", "pear").replace("record:", "recrod:"))

    refused = shop.post("/__admin/services/reload")

    assert refused.status_code == 409
    (error,) = refused.json()["errors"]
    assert error["key"].endswith("shop.yaml:8:5")
    assert error["problem"].startswith("mappings[0].recrod: is an unknown key")
    assert shop.get("/catalogue").json() == ["apple"]
    assert len(shop.get("/__admin/services").json()["problems"]) == 1

    (folder / "shop.yaml").write_text(SHOP)
    shop.post("/__admin/services/reload")
    assert json.loads(shop.get("/__admin/services").text)["problems"] == []
