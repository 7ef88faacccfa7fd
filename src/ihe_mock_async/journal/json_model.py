"""The base of everything that users write as JSON: patterns, fault plans, declarations."""

from __future__ import annotations

from typing import ClassVar, NoReturn, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from ihe_mock_async.errors import KeyProblem, WrongJsonError
from ihe_mock_async.journal.json_forms import TEXT, or_short
from ihe_mock_async.journal.json_problems import describe, problems

__all__ = ["JsonModel", "KeyProblem", "problems", "read", "wrong"]

M = TypeVar("M", bound=BaseModel)


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

    text_means: ClassVar[str] = ""
    """The field that a bare text in JSON is short for; empty: there is no such short form."""

    @model_validator(mode="before")
    @classmethod
    def _read_short_form(cls, value: object) -> object:
        if cls.text_means and isinstance(value, str):
            return {to_camel(cls.text_means): value}
        return value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Its schema with the short form, and without titles that only repeat the keys."""
        reference = handler(core)
        schema = handler.resolve_ref_schema(reference)
        for each in schema.get("properties", {}).values():
            each.pop("title", None)
        if cls.text_means:
            meaning = to_camel(cls.text_means)
            or_short(schema, {**TEXT, "description": f"Short for `{meaning}`."})
        return reference


def wrong(problem: str, allowed: str = "", key: str = "") -> NoReturn:
    """For validators: what is wrong with the value or one key of it, and what is allowed."""
    # The template has no braces of ours: what users write may hold some.
    raise PydanticCustomError(
        "wrong_value", "{problem}", {"problem": problem, "allowed": allowed, "key": key}
    )


def read(model: type[M], value: object) -> M:
    """The JSON value as this model; raises `WrongJsonError` that tells all that is wrong."""
    try:
        return model.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        found = problems(error, model)
        raise WrongJsonError("\n".join(map(describe, found)), found) from error
