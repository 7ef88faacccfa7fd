"""The page about companion services: its examples are carried out, and it leaves no key out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from pydantic import BaseModel

from ihe_mock_async.services import loading, templates
from ihe_mock_async.services.declaration import ServiceDeclaration
from ihe_mock_async.testing import MockServer

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "companion-services.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOW = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)


@dataclass
class Example:
    """A declaration, and what stands below it."""

    declaration: str
    exchanges: list[str] = field(default_factory=list)
    complaint: str = ""

    @property
    def name(self) -> str:
        return self.declaration.partition("\n")[0].removeprefix("name: ")

    def write(self, folder: Path) -> Path:
        path = folder / f"{self.name}.yaml"
        path.write_text(self.declaration)
        return path


def examples() -> Iterator[Example]:
    example: Example | None = None
    for kind, text in BLOCK.findall(PAGE):
        if kind == "yaml":
            if example:
                yield example
            example = Example(text)
        elif example and kind == "http":
            example.exchanges.append(text)
        elif example:
            example.complaint = text.strip()
    if example:
        yield example


RIGHT = [example for example in examples() if not example.complaint]
WRONG = [example for example in examples() if example.complaint]


@pytest.mark.parametrize("example", RIGHT, ids=lambda example: example.name)
def test_an_example_answers_as_the_page_says(example: Example, tmp_path: Path) -> None:
    example.write(tmp_path)
    assert example.exchanges

    settings: dict[str, Any] = {"services": [example.name], "services_dir": tmp_path}
    with (
        MockServer(clock=NOW, **settings) as server,
        httpx.Client(base_url=server.url, trust_env=False) as client,
    ):
        for exchange in example.exchanges:
            request, _, expected = exchange.partition("\nHTTP/1.1 ")
            assert_like(send(client, request), expected)


def head_and_body(text: str) -> tuple[str, dict[str, str], str]:
    head, _, body = text.strip("\n").partition("\n\n")
    line, *fields = head.split("\n")
    return line, dict(each.split(": ", 1) for each in fields), body


def send(client: httpx.Client, request: str) -> httpx.Response:
    line, headers, body = head_and_body(request)
    method, target = line.split(" ")
    return client.request(method, target, headers=headers, content=body.encode())


def assert_like(response: httpx.Response, expected: str) -> None:
    status, headers, body = head_and_body(expected)

    assert response.status_code == int(status), response.text
    for name, value in headers.items():
        assert matches(value, response.headers[name])
    assert matches(body, response.text.strip("\n")), response.text


def matches(expected: str, seen: str) -> bool:
    """Whether it is the text of the page, whose `...` stand for anything."""
    pattern = ".*".join(map(re.escape, expected.split("...")))
    return re.fullmatch(pattern, seen, re.DOTALL) is not None


@pytest.mark.parametrize("example", WRONG, ids=lambda example: example.name)
def test_a_wrong_example_is_complained_of_as_the_page_says(
    example: Example, tmp_path: Path
) -> None:
    first = loading.complaints([example.write(tmp_path)])[0]

    assert matches(example.complaint, first.removeprefix(f"{tmp_path}/"))


def test_the_page_names_every_key_and_every_helper() -> None:
    missing = [
        key for key in keys(ServiceDeclaration, set()) if not re.search(rf"`{key}[`:]", PAGE)
    ]
    helpers = [name for name in templates.HELPERS if f"`{{{{{name}" not in PAGE]

    assert missing == []
    assert helpers == []


def keys(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[str]:
    """The keys of a document of this kind, and of what is in it."""
    seen.add(model)
    for name, each in model.model_fields.items():
        yield each.alias or name
        for inner in models(each.annotation):
            if inner not in seen:
                yield from keys(inner, seen)


def models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models(argument)


def test_the_page_names_every_service_that_is_shipped() -> None:
    for path in loading.SHIPPED.glob("*.yaml"):
        assert f"| `{path.stem}` |" in PAGE
