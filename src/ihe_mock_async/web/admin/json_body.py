"""Bodies of requests to the admin API: one JSON document of a known shape."""

from __future__ import annotations

import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel
from quart import request

from ihe_mock_async.errors import WrongJsonError
from ihe_mock_async.journal import json_model
from ihe_mock_async.web.admin.problems import Problem

MOST = 1 << 20
"""Octets of a body at most."""
_JSON_TYPES = ("application/json", "+json")

M = TypeVar("M", bound=BaseModel)


async def read(model: type[M]) -> M:
    """The body of the request as this model; raises `Problem` that says what is wrong with it."""
    return _as_model(model, _parse(await _octets()))


async def read_optional(model: type[M]) -> M:
    """As `read`; a request without a body means an empty object."""
    if not await _octets():
        return _as_model(model, {})
    return await read(model)


def check_type(content_type: str) -> None:
    """Raise `Problem` unless it is JSON's, or none: a form of a page can send neither."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type and not media_type.endswith(_JSON_TYPES):
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"The Content-Type is {media_type}; the admin API takes application/json. With curl "
            "add: -H 'Content-Type: application/json'",
        )


def _as_model(model: type[M], document: object) -> M:
    try:
        return json_model.read(model, document)
    except WrongJsonError as error:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "The JSON document is not of the right form; see errors.",
            members={"errors": [asdict(problem) for problem in error.problems]},
        ) from error


async def _octets() -> bytes:
    if (request.content_length or 0) > MOST:
        _too_large()
    body = await request.get_data(cache=True, as_text=False, parse_form_data=False)
    if len(body) > MOST:
        _too_large()
    return body


def _too_large() -> NoReturn:
    raise Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The admin API takes JSON documents of at most {MOST} octets.",
    )


def _parse(body: bytes) -> Any:  # noqa: ANN401 - whatever the JSON is
    if not body:
        raise Problem(HTTPStatus.BAD_REQUEST, "There is no body; a JSON document is wanted.")
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _not_json(f"{error.msg} at {where}") from error
    except UnicodeDecodeError as error:
        raise _not_json(f"it is not UTF-8 at octet {error.start}") from error
    except RecursionError as error:
        raise _not_json("it is nested too deeply") from error
    except ValueError as error:  # NaN, or a number of more digits than Python converts
        raise _not_json("it has a number that is none, or one of too many digits") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _not_json(why: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {why}.")
