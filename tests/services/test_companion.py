"""Which mapping answers a request, and why the others do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ihe_mock_async.services.request import ServiceRequest
from tests.services.declared import FORM, XML, get, post, service


@pytest.mark.parametrize(
    ("demand", "fitting", "other"),
    [
        ("method: GET", get("/"), post("/", "")),
        ("method: GET", ServiceRequest("HEAD", "/"), ServiceRequest("DELETE", "/")),
        ("urlPath: /a", get("/a"), get("/a/")),
        ("urlPathPattern: '/a/[0-9]+'", get("/a/17"), get("/a/17/b")),
        ("headers: {Accept: {contains: json}}", get("/", ("ACCEPT", "x/json")), get("/")),
        ("headers: {X-Key: abc}", get("/", ("x-key", "abc")), get("/", ("x-key", "abcd"))),
        ("headers: {X-Key: {absent: true}}", get("/"), get("/", ("x-key", ""))),
        ("queryParameters: {q: {matches: '.+'}}", get("/", query="q=a%20b"), get("/", query="q=")),
        ("formParameters: {To: '+1'}", post("/", "To=%2B1", FORM), post("/", "To=%2B1")),
        ("bodyPatterns: [{contains: ab}]", post("/", "xaby"), post("/", "xayb")),
        (
            "bodyPatterns: [{equalToJson: {n: [1, 2]}}]",
            post("/", '{"n": [1.0, 2]}'),
            post("/", '{"n": [2, 1]}'),
        ),
        (
            "bodyPatterns: [{equalToJson: '{\"n\": 1}', ignoreExtraElements: true}]",
            post("/", '{"n": 1, "m": 2}'),
            post("/", '{"m": 2}'),
        ),
        (
            "bodyPatterns: [{matchesJsonPath: '$.items[?@.price > 10]'}]",
            post("/", '{"items": [{"price": 11}]}'),
            post("/", '{"items": [{"price": 9}]}'),
        ),
        (
            "bodyPatterns: [{matchesJsonPath: {expression: $.kind, equalTo: sms}}]",
            post("/", '{"kind": "sms"}'),
            post("/", "no JSON"),
        ),
        (
            "bodyPatterns: [{matchesXPath: '//o:id', xPathNamespaces: {o: 'urn:o'}}]",
            post("/", '<a xmlns="urn:o"><id/></a>', XML),
            post("/", "<a><id/></a>", XML),
        ),
    ],
)
def test_a_mapping_answers_what_fulfils_its_conditions(
    tmp_path: Path, demand: str, fitting: ServiceRequest, other: ServiceRequest
) -> None:
    shop = service(tmp_path, f"- request: {{{demand}}}")

    assert shop.choose(fitting) is not None
    assert shop.choose(other) is None


def test_a_form_or_query_of_too_many_fields_has_none(tmp_path: Path) -> None:
    shop = service(tmp_path, "- request: {formParameters: {a: x}, queryParameters: {a: x}}")
    fields = "a=x&" + "&".join(f"f{n}=1" for n in range(1000))

    assert shop.choose(ServiceRequest("POST", "/", "a=x", FORM, b"a=x")) is not None
    assert shop.choose(ServiceRequest("POST", "/", fields, FORM, b"a=x")) is None
    assert shop.choose(ServiceRequest("POST", "/", "a=x", FORM, fields.encode())) is None


def test_near_misses_tell_what_differs_the_nearest_first(tmp_path: Path) -> None:
    shop = service(
        tmp_path,
        """\
          - {name: list, request: {method: GET, urlPath: /orders}}
          - name: order
            request: {method: POST, urlPath: /orders, headers: {X-Key: abc}}
        """,
    )

    nearest = shop.near_misses(ServiceRequest("POST", "/orders"))

    assert [(miss.mapping, miss.differences) for miss in nearest] == [
        ("list", ["method is POST, expected GET"]),
        ("order", ['header X-Key is nothing, expected "abc"']),
    ]


def test_a_service_knows_its_paths_whatever_else_is_demanded(tmp_path: Path) -> None:
    shop = service(tmp_path, "- request: {method: POST, urlPathPattern: '/a/.*'}")

    assert shop.has_path(get("/a/b"))
    assert not shop.has_path(get("/b"))
