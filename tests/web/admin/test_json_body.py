"""Bodies of requests to the admin API: what is JSON, and what is told of all else."""

from __future__ import annotations

import json

import pytest

from ihe_mock_async.web.admin.json_body import MOST
from ihe_mock_async.web.app import MockServerApp
from tests.web.admin import asgi

HOST = ("Host", "localhost:8080")
JSON = ("Content-Type", "application/json")


@pytest.mark.parametrize(
    "content_type",
    [
        (),
        (JSON,),
        (("Content-Type", "application/json; charset=utf-8"),),
        (("Content-Type", "Application/Vnd.Example+JSON"),),
    ],
)
@pytest.mark.parametrize("body", [b'{"freeze": true}', b'\xef\xbb\xbf{"freeze": true}'])
async def test_json_is_read_whatever_it_calls_itself(
    app: MockServerApp, content_type: tuple[tuple[str, str], ...], body: bytes
) -> None:
    answer = await asgi.send(
        app, "/__admin/clock", (HOST, *content_type), method="POST", body=body
    )

    assert answer.status == 200
    assert json.loads(answer.body)["mode"] == "frozen"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "There is no body; a JSON document is wanted."),
        (b'{"freeze": true,\n  x}', "line 2, column 3"),
        (b"{'freeze': true}", "line 1, column 2"),
        (b'{"freeze": "\xff"}', "not UTF-8 at octet 12"),
        (b'{"advanceMs": NaN}', "a number that is none"),
        (b'{"advanceMs": ' + b"9" * 5000 + b"}", "too many digits"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
async def test_what_is_no_json_is_told_where(app: MockServerApp, body: bytes, detail: str) -> None:
    answer = await asgi.send(app, "/__admin/clock", (HOST, JSON), method="POST", body=body)

    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert detail in json.loads(answer.body)["detail"]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_bound_is_refused(app: MockServerApp, announced: bool) -> None:
    body = b" " * (MOST + 1)
    length = (("Content-Length", str(len(body))),) if announced else ()

    answer = await asgi.send(
        app, "/__admin/clock", (HOST, JSON, *length), method="POST", body=body
    )

    assert answer.status == 413
    assert "at most 1048576 octets" in json.loads(answer.body)["detail"]


@pytest.mark.parametrize("body", [b"null", b"[]", b'"freeze"', b"1"])
async def test_another_document_than_an_object_is_not_of_the_form(
    app: MockServerApp, body: bytes
) -> None:
    answer = await asgi.send(app, "/__admin/clock", (HOST, JSON), method="POST", body=body)

    assert answer.status == 422
    assert json.loads(answer.body)["errors"]
