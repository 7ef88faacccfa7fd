"""The OpenAPI 3.1 document of the admin API, made of the operations that are served."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ihe_mock_async import __version__
from ihe_mock_async.web.admin.api import JSON, JsonSchema, Operation, Reply
from ihe_mock_async.web.admin.field_descriptions import descriptions
from ihe_mock_async.web.admin.problems import PROBLEM, ProblemDocument
from ihe_mock_async.web.endpoints import NAMESPACE_NAME

OPENAPI = "3.1.0"
_REF = "#/components/schemas/{model}"
_ANYWHERE = ("",)
_IN_WORLDS = ("", "/ns/{namespace}")
_VARIABLE = re.compile(r"<(?:(?P<converter>\w+)(?:\((?P<arguments>[^()]*)\))?:)?(?P<name>\w+)>")
_BOUNDS = {"min": "minimum", "max": "maximum"}
_CONVERTERS: Mapping[str, JsonSchema] = {
    "": {"type": "string", "pattern": "^[^/]+$"},
    "int": {"type": "integer", "minimum": 0},
    "namespace": {"type": "string", "pattern": f"^{NAMESPACE_NAME.pattern}$"},
    "uuid": {"type": "string", "format": "uuid"},
}
_NAMESPACE = {
    "name": "namespace",
    "in": "path",
    "required": True,
    "description": "Name of a world that has its own patients, documents, journal and faults.",
    "schema": _CONVERTERS["namespace"],
}
_REFUSALS: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "A query parameter is unknown or wrong, or the body is not JSON.",
    HTTPStatus.UNAUTHORIZED: "The token is missing or wrong.",
    HTTPStatus.FORBIDDEN: "The client is not on this machine, or a page of another site asks.",
    HTTPStatus.NOT_FOUND: "There is nothing at this path: something in it cannot be.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The Content-Type is not that of JSON.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The body is JSON, but not of the right form; see `errors`.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The server has failed; its log says why.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The server could not use its store.",
}
_READING = frozenset({"GET", "HEAD"})

Mode = Literal["validation", "serialization"]
SchemaKey = tuple[Any, Mode]


class Document:
    """Builds the document once; what depends on a request is who serves it."""

    def __init__(self, prefix: str, operations: Iterable[Operation], *, secured: bool) -> None:
        self._prefix = prefix
        self._operations = tuple(operations)
        self._secured = secured
        self._schemas, self._components = _schemas(self._operations)
        self._paths = self._described_paths()

    def at(self, url: str) -> dict[str, Any]:
        """The document of the server with this URL, which has no path."""
        components: dict[str, Any] = {
            "schemas": self._components,
            "responses": dict(self._refusals()),
        }
        document: dict[str, Any] = {
            "openapi": OPENAPI,
            "info": {
                "title": "Admin API of ihe-mock-async",
                "version": __version__,
                "description": "What clients sent, faults on demand, and the state of the server.",
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": url}],
            "paths": self._paths,
            "components": components,
        }
        if self._secured:
            components["securitySchemes"] = {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The setting admin_token.",
                }
            }
            document["security"] = [{"token": []}]
        return document

    def _described_paths(self) -> dict[str, dict[str, Any]]:
        paths: dict[str, dict[str, Any]] = {}
        for operation in self._operations:
            for world in _IN_WORLDS if operation.scoped else _ANYWHERE:
                path = f"{world}{self._prefix}{operation.template}"
                described = self._describe(operation, in_namespace=bool(world))
                paths.setdefault(path, {})[operation.method.lower()] = described
        return paths

    def _describe(self, operation: Operation, *, in_namespace: bool) -> dict[str, Any]:
        described: dict[str, Any] = {
            "operationId": operation.id + ("_in_namespace" if in_namespace else ""),
            "tags": [operation.template.split("/")[1] or "overview"],
            "summary": operation.summary,
            "parameters": [
                *([_NAMESPACE] if in_namespace else ()),
                *_path_parameters(operation),
                *_query_parameters(operation),
            ],
            "responses": self._responses(operation, in_namespace=in_namespace),
        }
        if operation.description:
            described["description"] = operation.description
        if operation.body is not None:
            described["requestBody"] = self._request_body(operation)
        return described

    def _request_body(self, operation: Operation) -> dict[str, Any]:
        content: dict[str, Any] = {"schema": self._schema(operation.body, "validation")}
        if operation.examples:
            content["examples"] = {
                name: {"value": value} for name, value in operation.examples.items()
            }
        return {"required": operation.body_required, "content": {JSON: content}}

    def _responses(self, operation: Operation, *, in_namespace: bool) -> dict[str, Any]:
        refusals = {
            str(int(status)): {"$ref": f"#/components/responses/{status.name}"}
            for status in self._refusals_of(operation, in_namespace=in_namespace)
        }
        own = {str(int(status)): self._reply(reply) for status, reply in operation.replies.items()}
        return dict(sorted({**refusals, **own}.items()))

    def _reply(self, reply: Reply) -> dict[str, Any]:
        described: dict[str, Any] = {"description": reply.description}
        if reply.media_type:
            described["content"] = {reply.media_type: self._content(reply)}
        return described

    def _content(self, reply: Reply) -> dict[str, Any]:
        schema = ProblemDocument if reply.media_type == PROBLEM else reply.schema
        return {} if schema is None else {"schema": self._schema(schema, "serialization")}

    def _refusals(self) -> Iterator[tuple[str, dict[str, Any]]]:
        schema = self._schema(ProblemDocument, "serialization")
        for status, description in _REFUSALS.items():
            content = {PROBLEM: {"schema": schema}}
            yield status.name, {"description": description, "content": content}

    def _refusals_of(self, operation: Operation, *, in_namespace: bool) -> Iterable[HTTPStatus]:
        """What is answered to requests that never get to the operation, or fail there."""
        applies = {
            HTTPStatus.UNAUTHORIZED: self._secured,
            HTTPStatus.NOT_FOUND: in_namespace or "{" in operation.template,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: operation.body is not None,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE: operation.method not in _READING,
            HTTPStatus.UNPROCESSABLE_ENTITY: operation.body is not None,
        }
        return [status for status in _REFUSALS if applies.get(status, True)]

    def _schema(self, shape: object, mode: Mode) -> JsonSchema:
        return shape if isinstance(shape, Mapping) else self._schemas[shape, mode]


def _schemas(
    operations: Iterable[Operation],
) -> tuple[Mapping[SchemaKey, JsonSchema], dict[str, JsonSchema]]:
    """Schemas of all models that bodies and replies are of, and what they refer to by name."""
    keys = dict.fromkeys(_shapes(operations))
    adapters = [(shape, mode, TypeAdapter(shape)) for shape, mode in keys]
    schemas, definitions = TypeAdapter.json_schemas(
        adapters, ref_template=_REF, schema_generator=_Described
    )
    return schemas, definitions.get("$defs", {})


class _Described(GenerateJsonSchema):
    """Schemas whose members have descriptions, and no titles: they would be their names again."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """That of a model, with what is said of its fields."""
        described = super().model_schema(schema)
        model = schema["cls"]
        told = descriptions(model)
        for name, field in model.model_fields.items():
            member = described.get("properties", {}).get(field.alias or name)
            if member is not None and name in told:
                member.setdefault("description", told[name])
        return described

    def field_title_should_be_set(self, schema: core_schema.CoreSchema | Any) -> bool:  # noqa: ANN401 - the signature that is overridden
        """Never."""
        return False


def _shapes(operations: Iterable[Operation]) -> Iterator[SchemaKey]:
    yield ProblemDocument, "serialization"
    for operation in operations:
        if operation.body is not None and not isinstance(operation.body, Mapping):
            yield operation.body, "validation"
        for reply in operation.replies.values():
            if reply.schema is not None and not isinstance(reply.schema, Mapping):
                yield reply.schema, "serialization"


def _path_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for variable in _VARIABLE.finditer(operation.path):
        schema = dict(_CONVERTERS[variable["converter"] or ""])
        for argument in filter(None, (variable["arguments"] or "").split(",")):
            name, _, number = argument.partition("=")
            schema[_BOUNDS[name.strip()]] = int(number)
        yield {
            "name": variable["name"],
            "in": "path",
            "required": True,
            "description": operation.path_parameters[variable["name"]],
            "schema": schema,
        }


def _query_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for parameter in operation.parameters:
        yield {
            "name": parameter.name,
            "in": "query",
            "required": parameter.required,
            "description": parameter.description,
            "schema": parameter.schema,
        }
