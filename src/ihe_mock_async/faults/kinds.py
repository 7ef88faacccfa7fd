"""Documents that are of exactly one of several kinds, each a key of its own."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from ihe_mock_async.journal.json_model import wrong


def given(model: BaseModel, fields: Sequence[str]) -> list[str]:
    """The names, among these, of the fields that have a value."""
    return [name for name in fields if getattr(model, name) is not None]


def keys_of(fields: Sequence[str]) -> list[str]:
    """The keys of fields in JSON."""
    return [to_camel(name.rstrip("_")) for name in fields]


def check_exactly_one(model: BaseModel, fields: Sequence[str]) -> None:
    """For validators: exactly one of the fields has a value."""
    found = given(model, fields)
    if len(found) != 1:
        seen = " and ".join(keys_of(found)) or "none of its keys"
        wrong(f"has {seen}", f"exactly one of {', '.join(keys_of(fields))}")
