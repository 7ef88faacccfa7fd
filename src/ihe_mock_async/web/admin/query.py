"""Query parameters: each is known, stands there once and has a value that is allowed."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from quart import request

from ihe_mock_async.web.admin.problems import Problem

if TYPE_CHECKING:
    from ihe_mock_async.web.admin.api import JsonSchema, Parameter

T = TypeVar("T")


def arguments(*known: str) -> dict[str, str]:
    """The query parameters of the request; raises `Problem` for unknown and repeated ones."""
    given = request.args.to_dict(flat=False)
    for name, values in given.items():
        if name not in known:
            raise Problem(HTTPStatus.BAD_REQUEST, _unknown(name, known))
        if len(values) > 1:
            raise _wrong(name, f"stands there {len(values)} times", "it once")
    return {name: values[0] for name, values in given.items()}


def value(parameter: Parameter) -> Any:  # noqa: ANN401 - what its schema says
    """What the request has for a parameter of its operation, else its default, else None.

    Integers need a minimum and a maximum in the schema. Raises `Problem` for another value.
    """
    text = request.args.get(parameter.name)
    if text is None:
        return parameter.schema.get("default")
    return _read(parameter.name, text, parameter.schema)


def _read(name: str, text: str, schema: JsonSchema) -> object:
    if "enum" in schema:
        return one_of(name, text, schema["enum"])
    if schema["type"] == "integer":
        return number(name, text, schema["minimum"], schema["maximum"])
    if schema["type"] == "boolean":
        return flag(name, text)
    return text


def _unknown(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1)
    if close:
        hint = f'did you mean "{close[0]}"?'
    elif known:
        hint = f"known here: {', '.join(known)}."
    else:
        hint = "there is none here."
    return f'Unknown query parameter "{name}"; {hint}'


def one_of(name: str, text: str, allowed: Collection[T]) -> T:
    """The one of the allowed values that the text names."""
    for value in allowed:
        if text == str(value):
            return value
    raise _wrong(name, f'is "{text}"', ", ".join(map(str, allowed)))


def number(name: str, text: str, least: int, most: int) -> int:
    """The whole number that the text is."""
    if text.isascii() and text.isdigit() and least <= int(text[:20]) <= most:
        return int(text)
    raise _wrong(name, f'is "{text}"', f"a whole number from {least} to {most}")


def flag(name: str, text: str) -> bool:
    """Whether the text is `true`."""
    return one_of(name, text, ("true", "false")) == "true"


def _wrong(name: str, seen: str, allowed: str) -> Problem:
    return Problem(
        HTTPStatus.BAD_REQUEST, f"The query parameter {name} {seen}; allowed: {allowed}."
    )
