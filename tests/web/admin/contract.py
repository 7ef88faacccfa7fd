"""Answers of the admin API against its own OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from ihe_mock_async.web.app import MockServerApp

# Answered before there is an operation: to paths and methods that the document does not have.
_WRONG_TURNS = frozenset({404, 405})
# Before the guard there are no operations.
_REFUSALS = frozenset({401, 403})
_cached: list[dict[str, Any]] = []


async def document_of(app: MockServerApp) -> dict[str, Any]:
    """The document as the app serves it."""
    response = await app.test_client().get(
        "/__admin/openapi.json",
        headers={"Host": "localhost:8080"},
        scope_base={"client": ("127.0.0.1", 4711), "server": ("127.0.0.1", 8080)},
    )
    found: dict[str, Any] = json.loads(await response.get_data(as_text=False))
    return found


async def check(app: MockServerApp, method: str, path: str, status: int, body: object) -> None:
    """Assert that a JSON answer is one that the document promises for its operation."""
    if status in _REFUSALS:
        return
    if not _cached:
        _cached.append(await document_of(app))  # it is the same for all apps without a token
    check_in(_cached[0], method, path, status, body)


def check_in(
    document: Mapping[str, Any], method: str, path: str, status: int, body: object
) -> None:
    """Assert that a JSON answer is one that the document promises for its operation."""
    operation = _operation(document, method, path)
    if operation is None:
        assert status in _WRONG_TURNS, f"{method} {path} is not documented"
        return
    responses = operation["responses"]
    assert str(status) in responses, f"{method} {path} is not documented to answer {status}"
    reply = _resolved(document, responses[str(status)])
    for content in reply.get("content", {}).values():
        assert_valid(document, content.get("schema", {}), body)


def assert_valid(document: Mapping[str, Any], schema: Mapping[str, Any], value: object) -> None:
    """Assert that a value is of a schema in the document."""
    root = {**schema, "components": document["components"]}
    errors = [str(each) for each in jsonschema_rs.validator_for(root).iter_errors(value)]
    assert errors == []


def _operation(document: Mapping[str, Any], method: str, path: str) -> Mapping[str, Any] | None:
    # A path without variables wins over one with them.
    for template in sorted(document["paths"], key=lambda each: each.count("{")):
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        at: Mapping[str, Any] = document["paths"][template]
        if re.fullmatch(pattern, path.partition("?")[0]) and method.lower() in at:
            found: Mapping[str, Any] = at[method.lower()]
            return found
    return None


def _resolved(document: Mapping[str, Any], reply: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in reply:
        return reply
    name = reply["$ref"].rpartition("/")[2]
    resolved: Mapping[str, Any] = document["components"]["responses"][name]
    return resolved


def assert_is_schema(schema: Mapping[str, Any]) -> None:
    """Assert that it is a JSON Schema, draft 2020-12, as OpenAPI 3.1 wants."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate({"$schema": dialect, **schema})
