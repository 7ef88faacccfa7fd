"""Declarations are loaded all or none, and every problem is told with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ihe_mock_async.errors import ServicesError
from ihe_mock_async.services import loading
from tests.services.declared import get, service, write


def complaints_of(folder: Path, mappings: str) -> list[str]:
    path = write(folder, mappings)
    return [line.removeprefix(f"{path}:") for line in loading.complaints([path])]


def test_an_unknown_key_is_told_with_its_place_and_the_closest_known_one(tmp_path: Path) -> None:
    (line,) = complaints_of(
        tmp_path,
        """\
          - request: {method: GET}
            response:
              stauts: 200
        """,
    )

    assert line.startswith(
        '5:5: mappings[0].response.stauts: is an unknown key; did you mean "status"?'
    )


@pytest.mark.parametrize(
    ("mapping", "complaint"),
    [
        ("- priority: 0", "3:3: mappings[0].priority: is the number 0; allowed: greater than or"),
        ("- response: {status: 99}", "3:14: mappings[0].response.status: is the number 99"),
        ("- response: {status: '200'}", '3:14: mappings[0].response.status: is the text "200"'),
        (
            "- response: {status: 204, body: x}",
            "3:3: mappings[0].response: has a body, and status 204; allowed: no body",
        ),
        (
            "- response: {body: x, jsonBody: 1}",
            "3:3: mappings[0].response: has 2 bodies; allowed: one of body, jsonBody and bodyFile",
        ),
        (
            "- response: {headers: {Content-Length: 5}}",
            "3:14: mappings[0].response.headers: Content-Length is the server's business",
        ),
        (
            "- request: {urlPath: /a, urlPathPattern: /b}",
            "3:3: mappings[0].request: has urlPath and urlPathPattern; allowed: one of them",
        ),
        (
            "- request: {urlPathPattern: '('}",
            "3:13: mappings[0].request.urlPathPattern: is no regular expression: missing )",
        ),
        (
            "- request: {bodyPatterns: [{matchesJsonPath: '$.['}]}",
            "3:29: mappings[0].request.bodyPatterns[0].matchesJsonPath.expression: does not",
        ),
        (
            "- request: {bodyPatterns: [{matchesXPath: '//zz:a'}]}",
            "3:29: mappings[0].request.bodyPatterns[0].matchesXPath.expression: does not",
        ),
        (
            "- response: {body: '{{uuuid}}'}",
            '3:14: mappings[0].response.body: has an unknown helper "uuuid"; did you mean "uuid"?',
        ),
        (
            "- response: {jsonBody: {a: [1, '{{path x}}']}}",
            "3:32: mappings[0].response.jsonBody.a[1]: {{path x}}: needs the number of a segment",
        ),
        (
            "- response: {headers: {X-Id: '{{now format=%q}}'}}",
            "3:24: mappings[0].response.headers.X-Id: {{now format=%q}}: takes format=",
        ),
        (
            "- response: {body: 'a {{ b'}",
            '3:14: mappings[0].response.body: has "{{" without "}}"; "template: false" sends it',
        ),
        (
            "- response: {bodyFile: ../secret}",
            "3:14: mappings[0].response.bodyFile: lies outside the folder of the declaration",
        ),
        (
            "- response: {bodyFile: missing.pdf}",
            "3:14: mappings[0].response.bodyFile: cannot be read: No such file or directory",
        ),
        (
            '- response: {bodyFile: "a\\0b"}',
            "3:14: mappings[0].response.bodyFile: is no name of a file",
        ),
        ("- response: {bodyFile: .}", "3:14: mappings[0].response.bodyFile: is no file: name"),
        (
            '- response: {body: "{{foo\\nbar}}"}',
            r'3:14: mappings[0].response.body: has an unknown helper "foo\u000abar"; known: uuid',
        ),
        (
            '- response: {body: "\\ud83d"}',
            "3:20: has half of a surrogate pair: write",
        ),
        ('- response: {body: "\\U00110000"}', "1:1: has an escape"),
        ('- response: {body: "\\UFFFFFFFF"}', "1:1: has an escape"),
        (
            "- response: {headers: {X-A: a, x-a: b}}",
            "3:14: mappings[0].response.headers: X-A and x-a are the same header: keep one",
        ),
        (
            "- response: {body: x, template: 'yes'}",
            '3:23: mappings[0].response.template: is the text "yes"; allowed: true or false',
        ),
        ("- etag: weak", "3:3: mappings[0].etag: "),
        ("- record: a/b", '3:3: mappings[0].record: is the text "a/b"'),
    ],
)
def test_a_wrong_value_is_told_with_its_place(
    tmp_path: Path, mapping: str, complaint: str
) -> None:
    (line,) = complaints_of(tmp_path, mapping)

    assert line.startswith(complaint)


@pytest.mark.parametrize(
    ("helper", "complaint"),
    [
        ("uuid a b", "takes a name, and hex=true for 32 digits without hyphens"),
        ("uuid hex=maybe", "takes a name, and hex=true for 32 digits without hyphens"),
        ("uuid size=3", 'unknown option "size"; known: hex'),
        ("seq a b", "takes one name at most"),
        ("seq a=b", 'unknown option "a"; known: none'),
        ("form", "needs the name of a form field"),
        ("header 'X", "a quotation mark has no partner"),
        ("path -1", "needs the number of a segment of the path, from 0"),
        (f"path {'9' * 5000}", "needs the number of a segment of the path, from 0"),
        ("xpath", "it is empty"),
        ("jsonpath $.[", "expected a shorthand selector"),
        ("now iso", "takes format=, which is iso, epoch, unix, http, rfc2822 or made of"),
    ],
)
def test_what_a_helper_cannot_take_is_told(tmp_path: Path, helper: str, complaint: str) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(f"name: shop\nmappings:\n- response:\n    body: |\n      {{{{{helper}}}}}\n")

    (line,) = loading.complaints([path])

    place = f"{path}:4:5: mappings[0].response.body: {{{{{helper}}}}}: "
    assert line.startswith(place + complaint)


def test_a_template_must_be_text(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\xff")

    (line,) = complaints_of(tmp_path, "- response: {bodyFile: a.bin, template: true}")

    assert line.endswith('bodyFile: is not UTF-8 text, so "template: true" cannot be')


def test_a_name_that_no_header_can_have_is_told(tmp_path: Path) -> None:
    (line,) = complaints_of(tmp_path, "- response: {headers: {'a b': c}}")

    assert line.endswith("mappings[0].response.headers: a b is not the name of a header")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    found = complaints_of(
        tmp_path,
        """\
          - {name: a, response: {body: '{{nothing}}'}}
          - {name: a}
        """,
    )

    assert found == [
        '4:4: mappings[1].name: "a" is taken by mapping 0: name it otherwise',
        '3:24: mappings[0].response.body: has an unknown helper "nothing"; known: uuid, now, seq, '
        "xpath, jsonpath, form, header, path",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "1:1: is no service: name and mappings are missing"),
        ("name: shop", "1:1: mappings: is missing"),
        (
            "name: shop\nmappings: []",
            "2:1: mappings: is an empty list; allowed: a mapping or more",
        ),
        ("name: other\nmappings: [{}]", '1:1: name: is "other"; the file is named "shop"'),
        (
            "name: shop\nlisten: 9000\nmappings: [{}]",
            "2:1: listen: is the number 9000; allowed: a text",
        ),
        (
            "name: shop\nlisten: localhost:99999\nmappings: [{}]",
            "2:1: listen: must be host:port like 127.0.0.1:9000; port 0: any free one",
        ),
    ],
)
def test_a_file_that_declares_no_service_is_refused(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(text)

    assert loading.complaints([path]) == [f"{path}:{complaint}"]


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_bytes(b"name: shop\nlisten: \xff")

    assert loading.complaints([path]) == [f"{path}:2:9: is not UTF-8 text"]


def test_a_body_file_may_not_be_a_link_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "services"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")

    (line,) = complaints_of(folder, "- response: {bodyFile: link}")

    assert "lies outside the folder" in line


def test_a_body_file_may_be_no_pipe_and_no_circle_of_links(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")

    (pipe,) = complaints_of(tmp_path, "- response: {bodyFile: pipe}")
    (circle,) = complaints_of(tmp_path, "- response: {bodyFile: circle}")

    assert pipe.endswith("bodyFile: is no file: name one")
    assert "bodyFile: " in circle


def test_the_operators_folder_goes_before_what_is_shipped(tmp_path: Path) -> None:
    write(tmp_path, "- response: {body: mine}", name="ofd")

    (own,) = loading.load(["ofd"], tmp_path)
    (shipped,) = loading.load(["ofd"], tmp_path / "nowhere")

    assert [each.title for each in own.mappings] == ["ANY *"]
    assert [each.title for each in shipped.mappings] == ["receipt", "health", "reset"]


def test_an_unknown_service_is_told_with_the_closest_one(tmp_path: Path) -> None:
    with pytest.raises(ServicesError) as raised:
        loading.load(["odf"], tmp_path)

    assert str(raised.value) == (
        f'services: there is no companion service "odf" (looked into {tmp_path} and those that '
        'are shipped); did you mean "ofd"?'
    )


def test_one_wrong_file_refuses_all_and_all_problems_are_told(tmp_path: Path) -> None:
    write(tmp_path, "- wrong: 1", name="a")
    write(tmp_path, "- wrong: 2", name="b")

    with pytest.raises(ServicesError) as raised:
        loading.load(["a", "hello", "b"], tmp_path)

    first, second = str(raised.value).splitlines()
    assert f"{tmp_path / 'a.yaml'}:3:3: mappings[0].wrong: is an unknown key" in first
    assert f"{tmp_path / 'b.yaml'}:3:3: mappings[0].wrong: is an unknown key" in second


def test_where_a_service_listens_can_be_overridden(tmp_path: Path) -> None:
    hello, ofd = loading.load(["hello", "ofd"], tmp_path, {"hello": "[::1]:0", "ofd": None})

    assert hello.listen == ("::1", 0)
    assert ofd.listen is None


@pytest.mark.parametrize(
    ("listeners", "complaint"),
    [
        (
            {"ofd": "127.0.0.1:3000"},
            "hello and ofd both listen on port 3000: change `listen` of one, or the setting "
            "services_listen",
        ),
        (
            {"ofdd": None},
            'services_listen: there is no companion service "ofdd"; did you mean "ofd"?',
        ),
        (
            {"ofd": "localhost"},
            "services_listen: ofd must be host:port like 127.0.0.1:9000; port 0: any free one",
        ),
    ],
)
def test_listeners_that_cannot_be_are_told(
    tmp_path: Path, listeners: dict[str, str | None], complaint: str
) -> None:
    with pytest.raises(ServicesError) as raised:
        loading.load(["hello", "ofd"], tmp_path, listeners)

    assert str(raised.value) == complaint


def test_the_mapping_of_the_lowest_priority_answers_and_then_the_first(tmp_path: Path) -> None:
    shop = service(
        tmp_path,
        """\
          - {name: usual}
          - {name: second}
          - {name: before, priority: 1, request: {urlPath: /a}}
        """,
    )

    assert [each.title for each in shop.mappings] == ["before", "usual", "second"]
    chosen = [shop.choose(get(path)) for path in ("/a", "/b")]
    assert [each and each.title for each in chosen] == ["before", "usual"]
