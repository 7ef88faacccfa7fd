"""The OpenAPI document says what is served: no more, no less."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ihe_mock_async.settings import Settings
from ihe_mock_async.web.app import MockServerApp, create_app
from tests.web.admin import contract

_NAMED_BY_FRAMEWORK = frozenset({"HEAD", "OPTIONS"})


def served(app: MockServerApp) -> set[tuple[str, str]]:
    """Method and path of each route, in the words of OpenAPI."""
    return {
        (method, re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.admin_app.url_map.iter_rules()
        for method in (rule.methods or set()) - _NAMED_BY_FRAMEWORK
    }


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


async def test_every_route_is_documented_and_every_documented_one_is_served(
    app: MockServerApp,
) -> None:
    document = await contract.document_of(app)

    documented = {(method, path) for method, path, _ in operations(document)}
    assert len(documented) > 40
    assert documented == served(app)


async def test_names_are_unique_and_paths_have_their_parameters(app: MockServerApp) -> None:
    document = await contract.document_of(app)

    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for _, path, operation in operations(document):
        in_path = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        assert sorted(in_path) == sorted(re.findall(r"{(\w+)}", path))
        assert all(each["description"] for each in operation["parameters"])


async def test_every_reference_leads_somewhere(app: MockServerApp) -> None:
    document = await contract.document_of(app)

    references = set(_references(document))
    assert references
    for reference in references:
        _, kind, section, name = reference.split("/")
        assert name in document[kind][section]


async def test_every_example_is_of_its_schema(app: MockServerApp) -> None:
    document = await contract.document_of(app)

    bodies = [
        operation["requestBody"]["content"]["application/json"]
        for _, _, operation in operations(document)
        if "requestBody" in operation
    ]
    examples = [
        (body["schema"], each) for body in bodies for each in body.get("examples", {}).items()
    ]
    assert len(examples) >= 6
    for schema, (_, example) in examples:
        contract.assert_valid(document, schema, example["value"])


async def test_it_names_the_address_that_it_was_asked_at_and_the_version(
    app: MockServerApp,
) -> None:
    document = await contract.document_of(app)

    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "http://localhost:8080"}]
    assert "security" not in document


async def test_with_a_token_it_says_so(settings: Callable[..., Settings]) -> None:
    app = create_app(settings(admin_token="hunter2"))  # noqa: S106
    async with app.test_app():
        response = await app.test_client().get(
            "/__admin/openapi.json",
            headers={"Host": "mock.example", "Authorization": "Bearer hunter2"},
        )
        document = await response.get_json()

    assert document["security"] == [{"token": []}]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert "401" in document["paths"]["/__admin/clock"]["get"]["responses"]


async def test_schemas_are_ones(app: MockServerApp) -> None:
    document = await contract.document_of(app)

    for schema in document["components"]["schemas"].values():
        contract.assert_is_schema({**schema, "components": document["components"]})


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


async def test_members_are_described_as_their_models_do(app: MockServerApp) -> None:
    schemas = (await contract.document_of(app))["components"]["schemas"]

    entry = schemas["EntryDocument"]["properties"]
    assert entry["durationMs"]["description"] == "null while the exchange runs."
    assert entry["response"]["description"] == "null: no HTTP response was sent."
    assert schemas["PartDocument"]["properties"]["index"]["description"].startswith("Its number")
    assert schemas["Pattern"]["properties"]["xpath"]["description"].startswith("Conditions on")
