"""What the helpers of templates give, and how it is put in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ihe_mock_async.services.request import ServiceRequest
from ihe_mock_async.services.state import ServiceState
from tests.services.declared import FORM, XML, carry_out, get, post, service


def body_of(folder: Path, response: str, request: ServiceRequest) -> str:
    answer = carry_out(service(folder, f"- response: {response}"), ServiceState(), request)
    return answer.body.decode()


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{uuid}}", "00000000-0000-4000-8000-000000000001"),
        ("{{uuid hex=true}}", "00000000000040008000000000000001"),
        ("{{uuid a}} {{uuid b}} {{uuid a hex=true}}", None),
        ("{{now}}", "2026-01-31T12:00:05Z"),
        ("{{now format=unix}}", "1769860805"),
        ("{{now format=epoch}}", "1769860805000"),
        ("{{now format=http}}", "Sat, 31 Jan 2026 12:00:05 GMT"),
        ("{{now format=rfc2822}}", "Sat, 31 Jan 2026 12:00:05 +0000"),
        ("{{now format='%Y-%m-%d %H:%M'}}", "2026-01-31 12:00"),
        ("{{seq}} {{seq}} {{seq orders}}", "1 1 1"),
        ("{{path 0}}-{{path 1}}-{{path 9}}", "a-b c-"),
        ("{{header x-key}}|{{header none}}", "abc|"),
        ("{{jsonpath $.n}} {{jsonpath '$.a.b'}} {{jsonpath $.none}}.", '7 ["x"] .'),
        ("{{ path 0 }}", "a"),
    ],
)
def test_a_helper_gives_its_value(tmp_path: Path, template: str, text: str | None) -> None:
    request = ServiceRequest(
        "POST", "/a/b c", "", [("X-Key", "abc")], b'{"n": 7, "a": {"b": ["x"]}}'
    )

    body = body_of(tmp_path, json.dumps({"body": template}), request)

    if text is None:
        first, second, again = body.split()
        assert first != second
        assert first.replace("-", "") == again
    else:
        assert body == text


def test_form_fields_are_put_in(tmp_path: Path) -> None:
    request = post("/", "To=%2B1+2&Body=", FORM)

    assert body_of(tmp_path, '{body: "{{form To}}/{{form Body}}/{{form None}}"}', request) == (
        "+1 2//"
    )


def test_an_xpath_gives_the_text_of_the_first_node(tmp_path: Path) -> None:
    request = post("/", "<a><b>x<c>y</c></b><b>z</b></a>", XML)

    assert body_of(tmp_path, '{body: "{{xpath //b}}{{xpath //none}}"}', request) == "xy"


NASTY = json.dumps({"t": "a\"b\\c\n<d>&'{{uuid}}"})


def test_values_are_json_strings_in_a_json_body(tmp_path: Path) -> None:
    body = body_of(tmp_path, '{jsonBody: {t: "-{{jsonpath $.t}}"}}', post("/", NASTY))

    assert json.loads(body) == {"t": "-" + json.loads(NASTY)["t"]}


def test_values_are_escaped_in_a_body_that_says_it_is_json(tmp_path: Path) -> None:
    body = body_of(
        tmp_path,
        """{headers: {Content-Type: application/json}, body: '{"t": "{{jsonpath $.t}}"}'}""",
        post("/", NASTY),
    )

    assert json.loads(body) == json.loads(NASTY)


def test_values_are_escaped_in_xml(tmp_path: Path) -> None:
    body = body_of(
        tmp_path,
        """{headers: {Content-Type: text/xml}, body: '<a b="{{jsonpath $.t}}"/>'}""",
        post("/", NASTY),
    )

    assert body == '<a b="a&quot;b\\c\n&lt;d&gt;&amp;&apos;{{uuid}}"/>'


def test_values_stand_bare_in_plain_text_and_are_no_templates(tmp_path: Path) -> None:
    body = body_of(tmp_path, '{body: "{{jsonpath $.t}}"}', post("/", NASTY))

    assert body == json.loads(NASTY)["t"]


def test_a_value_cannot_begin_another_header(tmp_path: Path) -> None:
    shop = service(tmp_path, '- response: {headers: {X-T: "{{jsonpath $.t}}"}}')

    answer = carry_out(shop, ServiceState(), post("/", '{"t": "a\\r\\nSet-Cookie: b"}'))

    assert answer.headers == [("X-T", "a  Set-Cookie: b")]


def test_a_header_carries_what_is_not_ascii_as_utf_8_octets(tmp_path: Path) -> None:
    shop = service(tmp_path, '- response: {headers: {X-T: " {{jsonpath $.t}} "}}')

    answer = carry_out(shop, ServiceState(), post("/", '{"t": "Привет"}'))

    ((_, value),) = answer.headers
    assert value.encode("latin-1").decode() == "Привет"


@pytest.mark.parametrize(
    "response",
    [
        '{body: "{{jsonpath $.t}}"}',
        '{jsonBody: "{{jsonpath $.t}}"}',
        '{body: "{{jsonpath $.t}}", headers: {X-T: "{{jsonpath $.t}}"}}',
    ],
)
def test_half_of_a_surrogate_pair_is_answered_as_a_question_mark(
    tmp_path: Path, response: str
) -> None:
    assert body_of(tmp_path, response, post("/", r'{"t": "a\ud83d"}')).strip('"') == "a?"


def test_a_text_can_be_sent_as_it_is(tmp_path: Path) -> None:
    assert body_of(tmp_path, '{body: "{{ no }}", template: false}', get("/")) == "{{ no }}"


def test_a_file_is_sent_octet_by_octet_unless_it_is_a_template(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"id": "{{seq}}"}')

    assert body_of(tmp_path, "{bodyFile: a.json}", get("/")) == '{"id": "{{seq}}"}'
    assert body_of(tmp_path, "{bodyFile: a.json, template: true}", get("/")) == '{"id": "1"}'


@pytest.mark.parametrize(
    ("response", "media_type"),
    [
        ("{jsonBody: 1}", "application/json"),
        ("{body: x}", "text/plain; charset=utf-8"),
        ("{bodyFile: a.pdf}", "application/pdf"),
        ("{body: x, headers: {content-type: text/csv}}", "text/csv"),
    ],
)
def test_a_body_has_the_media_type_of_its_kind_unless_declared(
    tmp_path: Path, response: str, media_type: str
) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    answer = carry_out(service(tmp_path, f"- response: {response}"), ServiceState(), get("/"))

    assert [value for name, value in answer.headers if name.lower() == "content-type"] == [
        media_type
    ]
