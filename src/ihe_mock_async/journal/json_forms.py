"""What the JSON schemas of documents say beyond their fields: short forms, and one of several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

JsonSchema = dict[str, Any]
TEXT: Mapping[str, Any] = {"type": "string"}


def exactly_one(*keys: str) -> Callable[[JsonSchema], None]:
    """That exactly one of the keys is there; for `json_schema_extra`."""
    choices = [{"required": [key]} for key in keys]
    return _choice(keys, {"oneOf": choices})


def at_most_one(*keys: str) -> Callable[[JsonSchema], None]:
    """That one of the keys is there, or none; for `json_schema_extra`."""
    none = {"not": {"anyOf": [{"required": [key]} for key in keys]}}
    return _choice(keys, {"oneOf": [none, *({"required": [key]} for key in keys)]})


def _choice(keys: Sequence[str], rule: Mapping[str, Any]) -> Callable[[JsonSchema], None]:
    def extend(schema: JsonSchema) -> None:
        schema.update(rule)
        for key in keys:
            forbid_null(schema["properties"][key])

    return extend


def forbid_null(schema: JsonSchema) -> None:
    """Take null from what is allowed: a key with null counts as one that was not given."""
    choices = [each for each in schema.pop("anyOf", ()) if each != {"type": "null"}]
    schema.pop("default", None)
    if len(choices) == 1:
        schema.update(choices[0])
    elif choices:
        schema["anyOf"] = choices


def or_short(schema: JsonSchema, *shorter: Mapping[str, Any]) -> None:
    """Say in a document's schema that it may be written shorter."""
    whole = dict(schema)
    schema.clear()
    for key in ("title", "description"):
        if key in whole:
            schema[key] = whole.pop(key)
    schema["anyOf"] = [*map(dict, shorter), whole]


def or_single(schema: JsonSchema) -> None:
    """Say that one item may stand without its list; for `json_schema_extra` of a field."""
    items = schema.pop("items")
    schema.pop("type")
    schema["anyOf"] = [items, {"type": "array", "items": items}]
