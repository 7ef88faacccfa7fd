"""The base of everything that users write as JSON: patterns, fault plans, declarations."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class JsonModel(BaseModel):
    """An immutable document with camelCase keys; unknown keys are errors.

    Made in Python, it takes the snake_case names of its fields, too. The validators are built
    at the first use, not at the import.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        defer_build=True,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
    )
