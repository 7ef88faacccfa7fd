"""What is wrong with a JSON document, key by key, for whoever wrote it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ihe_mock_async.errors import KeyProblem
from ihe_mock_async.findings import one_line

_LONGEST_ECHO = 80
_OWN = "wrong_value"
_FORBIDDEN = "extra_forbidden"
_SAYINGS: Mapping[str, Callable[[ErrorDetails], str]] = {
    "missing": lambda _: "is missing",
    "value_error": lambda error: str(error["ctx"]["error"]),
}
_QUOTED = re.compile("'([^']*)'")
_SUBJECTS = {"String": "a text", "Tuple": "a list", "List": "a list", "Dictionary": "an object"}
# What pydantic calls in Python's words.
_KINDS = {
    "string_type": "a text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "dict_type": "an object",
    "mapping_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "list_type": "a list",
    "tuple_type": "a list",
}

Location = Sequence[int | str]


def problems(error: ValidationError, model: type[BaseModel]) -> list[KeyProblem]:
    """All that is wrong with a document that was read as this model, in its order."""
    return [_problem(each, model) for each in error.errors(include_url=False)]


def describe(problem: KeyProblem) -> str:
    """The problem in one line: `match.xpath[0].expression: is missing; allowed: a text`."""
    allowed = f"; allowed: {problem.allowed}" if problem.allowed else ""
    key = f"{problem.key}: " if problem.key else ""
    return f"{key}{problem.problem}{allowed}"


def _problem(error: ErrorDetails, model: type[BaseModel]) -> KeyProblem:
    kind, location = error["type"], error["loc"]
    if kind == _FORBIDDEN:
        return _unknown_key(location, model)
    key = key_path(location)
    if kind == _OWN:
        context = error["ctx"]
        return KeyProblem(_joined(key, context["key"]), context["problem"], context["allowed"])
    if kind in _SAYINGS:
        return KeyProblem(key, _SAYINGS[kind](error))
    allowed = _kind(kind, location, model) or _in_words(error["msg"])
    advice = _did_you_mean(error["input"], _choices(error))
    return KeyProblem(key, f"is {seen(error['input'])}{advice}", allowed)


def _choices(error: ErrorDetails) -> list[str]:
    """The texts of which one is allowed; none when that is not what is wrong."""
    return _QUOTED.findall(error.get("ctx", {}).get("expected", ""))


def _did_you_mean(given: object, known: Sequence[str]) -> str:
    if not isinstance(given, str):
        return ""
    by_folded = {each.casefold(): each for each in known}
    closest = difflib.get_close_matches(given[:_LONGEST_ECHO].casefold(), by_folded, n=1)
    return f'; did you mean "{by_folded[closest[0]]}"?' if closest else ""


def _in_words(message: str) -> str:
    """Pydantic's message as what is allowed: `a text that should match pattern ...`."""
    subject, _, rest = message.partition(" should ")
    if subject in _SUBJECTS and rest:
        return f"{_SUBJECTS[subject]} that should {rest}"
    return message.removeprefix("Input should be ")


def _kind(error: str, location: Location, model: type[BaseModel]) -> str:
    """What must stand there, if it is of a wrong kind; a model may have a short form, too."""
    kind = _KINDS.get(error, "")
    models = filter(_is_model, _alternatives(_type_at(model, location)))
    short = any(getattr(each, "text_means", "") for each in models)
    return f"{kind} or a text" if kind == "an object" and short else kind


def _unknown_key(location: Location, model: type[BaseModel]) -> KeyProblem:
    keys = _keys(_type_at(model, location[:-1]))
    advice = _did_you_mean(location[-1], keys)
    return KeyProblem(key_path(location), f"is an unknown key{advice}", ", ".join(keys))


def key_path(location: Location) -> str:
    """`match.xpath[0].expression`; a key that is no name stands in brackets and quotes."""
    path = ""
    for step in location:
        path = _joined(path, step)
    return path


def _joined(path: str, step: int | str) -> str:
    if isinstance(step, int):
        return f"{path}[{step}]"
    if not step.replace("-", "").replace("_", "").isalnum():
        return f"{path}[{echo(step)}]" if step else path
    return f"{path}.{step}" if path else step


def seen(value: object) -> str:
    """What a JSON value is, in words and cut to size: `the text "x"`, `the number 5`, `null`."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return f"the text {echo(value)}"
    if isinstance(value, int | float):
        return f"the number {echo(value)}"
    if isinstance(value, Mapping):
        return f"an object of {_counted(len(value), 'key')}"
    if isinstance(value, Sequence):
        return f"a list of {_counted(len(value), 'item')}"
    return f"a value of another kind ({type(value).__name__})"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def echo(value: str | float) -> str:
    """The value as JSON shows it, cut when it is long."""
    if isinstance(value, str):
        value = value[:_LONGEST_ECHO]
    elif isinstance(value, int) and value.bit_length() > _LONGEST_ECHO * 3:
        return f"of {value.bit_length()} bits"  # Python refuses to print far larger ones
    text = one_line(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _LONGEST_ECHO else f"{text[: _LONGEST_ECHO - 3]}..."


# ---------------------------------------------------------------- the model at a place


def _keys(annotation: object) -> list[str]:
    """The keys that a document of this type has."""
    models = [one for one in _alternatives(annotation) if _is_model(one)]
    return [field.alias or name for each in models for name, field in each.model_fields.items()]


def _type_at(annotation: object, location: Location) -> object:
    """The type of what stands at a location; None when the types do not tell."""
    for step in location:
        inner = (_inner(one, step) for one in _alternatives(annotation))
        annotation = next((one for one in inner if one is not None), None)
    return annotation


def _alternatives(annotation: object) -> Iterator[Any]:
    """The models and containers that a value may be, out of unions and annotations."""
    if _is_model(annotation) or _container(annotation) is not None:
        yield annotation
        return
    for argument in get_args(annotation):
        yield from _alternatives(argument)


def _inner(annotation: object, step: int | str) -> object:
    """The type behind a key or an index."""
    if _is_model(annotation):
        fields = annotation.model_fields.items()
        return next((f.annotation for name, f in fields if step in (name, f.alias)), None)
    arguments = get_args(annotation)
    return arguments[1] if _container(annotation) is Mapping else arguments[0]


def _container(annotation: object) -> type | None:
    """Mapping or Sequence, when it is a parametrised one."""
    origin = get_origin(annotation)
    if not isinstance(origin, type) or not get_args(annotation):
        return None
    return next((each for each in (Mapping, Sequence) if issubclass(origin, each)), None)


def _is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
