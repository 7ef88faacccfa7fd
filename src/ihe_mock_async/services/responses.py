"""Declared responses, made ready to be filled in."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable, Mapping
from pathlib import Path

from ihe_mock_async.services import templates
from ihe_mock_async.services.answer import Answer
from ihe_mock_async.services.declaration import ResponseDefinition
from ihe_mock_async.services.templates import JsonTemplate, Template, TemplateError, Values

MAX_FILE_OCTETS = 64 << 20
_CONTROL = {**dict.fromkeys(range(32), " "), 127: " "}

Respond = Callable[[Values], Answer]
Body = Callable[[Values], bytes]


class ResponseError(ValueError):
    """A response that cannot be made ready; `path` says where in it."""

    def __init__(self, text: str, *path: str | int) -> None:
        super().__init__(text)
        self.path = path


def compile_response(definition: ResponseDefinition, folder: Path) -> Respond:
    """Read templates and files of a response, or raise `ResponseError`.

    `folder` is where a `bodyFile` lies, or below.
    """
    headers = [
        (name, _header(name, value, definition.template is not False))
        for name, value in definition.headers.items()
    ]
    media_type = _media_type(definition)
    body = _body(definition, folder, media_type)
    if media_type and not _declares_content_type(definition.headers):
        headers.insert(0, ("Content-Type", Template((media_type,))))

    def respond(values: Values) -> Answer:
        filled = [(name, _field_value(template.text(values))) for name, template in headers]
        return Answer(definition.status, filled, body(values))

    return respond


def _field_value(text: str) -> str:
    """The text as a header field can carry it: one line, its UTF-8 octets as opaque data.

    RFC 9110: 5.5 has no other place for what is not ASCII.
    """
    return _octets(text.translate(_CONTROL).strip()).decode("latin-1")


def _octets(text: str) -> bytes:
    """The text in UTF-8; half of a surrogate pair, which JSON may hold, has no form there."""
    return text.encode("utf-8", "replace")


def _header(name: str, value: str, is_template: bool) -> Template:
    if not is_template:
        return Template((value,))
    try:
        return templates.compile_text(value)
    except TemplateError as error:
        raise ResponseError(str(error), "headers", name) from error


def _declares_content_type(headers: Mapping[str, object]) -> bool:
    return any(name.lower() == "content-type" for name in headers)


def _media_type(definition: ResponseDefinition) -> str:
    """The declared media type, or the one that the kind of body has."""
    for name, value in definition.headers.items():
        if name.lower() == "content-type":
            return value
    if definition.has_json_body:
        return "application/json"
    if definition.body_file is not None:
        return mimetypes.guess_type(definition.body_file)[0] or "application/octet-stream"
    return "text/plain; charset=utf-8" if definition.body is not None else ""


def _body(definition: ResponseDefinition, folder: Path, media_type: str) -> Body:
    if definition.has_json_body:
        return _json_body(definition)
    if definition.body_file is not None:
        octets = _file(definition.body_file, folder)
        if not definition.template:
            return lambda _: octets
        return _text_body(_decoded(octets), "bodyFile", media_type)
    text = definition.body or ""
    if definition.template is False:
        return lambda _: text.encode()
    return _text_body(text, "body", media_type)


def _json_body(definition: ResponseDefinition) -> Body:
    value = definition.json_body
    fill: JsonTemplate = lambda _: value  # noqa: E731 - the other branch gives a function, too
    if definition.template is not False:
        try:
            fill = templates.compile_json(value)
        except TemplateError as error:
            raise ResponseError(str(error), "jsonBody", *error.path) from error
    return lambda values: _octets(json.dumps(fill(values), ensure_ascii=False))


def _text_body(text: str, key: str, media_type: str) -> Body:
    try:
        template = templates.compile_text(text)
    except TemplateError as error:
        raise ResponseError(str(error), key) from error
    put = templates.escape_for(media_type)
    return lambda values: _octets(template.text(values, put))


def _file(name: str, folder: Path) -> bytes:
    """The octets of a file in the folder or below it, also after symbolic links."""
    try:
        path = (folder / name).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, an octet 0
        raise ResponseError("is no name of a file", "bodyFile") from error
    if Path(name).is_absolute() or not path.is_relative_to(folder.resolve()):
        raise ResponseError("lies outside the folder of the declaration; move it in", "bodyFile")
    try:
        if path.exists() and not path.is_file():
            raise ResponseError("is no file: name one", "bodyFile")
        if path.stat().st_size > MAX_FILE_OCTETS:
            raise ResponseError(f"has more than {MAX_FILE_OCTETS} octets", "bodyFile")
        return path.read_bytes()
    except OSError as error:
        raise ResponseError(f"cannot be read: {error.strerror}", "bodyFile") from error


def _decoded(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ResponseError(
            'is not UTF-8 text, so "template: true" cannot be', "bodyFile"
        ) from error
