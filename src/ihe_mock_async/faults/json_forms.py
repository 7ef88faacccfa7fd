"""Rules that several documents of fault plans share, for reading them and in their schemas."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from ihe_mock_async.journal import json_forms
from ihe_mock_async.journal.json_forms import JsonSchema
from ihe_mock_async.journal.json_model import wrong

__all__ = [
    "JsonSchema",
    "check_exactly_one",
    "exactly_one",
    "given",
    "json_names",
    "with_short_forms",
]


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
    return json_forms.exactly_one(*json_names(fields))


def with_short_forms(*forms: JsonSchema) -> Callable[[JsonSchema], None]:
    """Says in a schema that a document may be written shorter; for `json_schema_extra`."""
    return lambda schema: json_forms.or_short(schema, *forms)
