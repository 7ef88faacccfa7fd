"""Rules that several documents of fault plans share, for reading them and in their schemas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from ihe_mock_async.journal.json_model import wrong

JsonSchema = dict[str, Any]


def given(model: BaseModel, fields: Sequence[str]) -> list[str]:
    """The names, among these, of the fields that have a value."""
    return [name for name in fields if getattr(model, name) is not None]


def json_names(fields: Sequence[str]) -> list[str]:
    """The keys of fields in JSON."""
    return [to_camel(name.rstrip("_")) for name in fields]


def check_exactly_one(model: BaseModel, fields: Sequence[str]) -> None:
    """For validators: exactly one of the fields has a value."""
    found = given(model, fields)
    if len(found) != 1:
        seen = " and ".join(json_names(found)) or "none of its keys"
        wrong(f"has {seen}", f"exactly one of {', '.join(json_names(fields))}")


def exactly_one(fields: Sequence[str]) -> Callable[[JsonSchema], None]:
    """Says in a schema what `check_exactly_one` checks; for `json_schema_extra`."""
    choices = [{"required": [name]} for name in json_names(fields)]

    def extend(schema: JsonSchema) -> None:
        schema["oneOf"] = choices
        for name in json_names(fields):
            _forbid_null(schema["properties"][name])

    return extend


def _forbid_null(field: JsonSchema) -> None:
    # A key with null is one that was not given; who leaves it out says the same more clearly.
    choices = [choice for choice in field.pop("anyOf", []) if choice != {"type": "null"}]
    field.pop("default", None)
    if len(choices) == 1:
        field.update(choices[0])
    elif choices:
        field["anyOf"] = choices


def with_short_forms(*forms: JsonSchema) -> Callable[[JsonSchema], None]:
    """Says in a schema that a document may be written shorter; for `json_schema_extra`."""

    def extend(schema: JsonSchema) -> None:
        whole = dict(schema)
        schema.clear()
        schema["title"] = whole.pop("title")
        if "description" in whole:
            schema["description"] = whole.pop("description")
        schema["anyOf"] = [*forms, whole]

    return extend
