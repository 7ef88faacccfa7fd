"""Documents that the admin API answers with."""

from __future__ import annotations

import json
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from pydantic import BaseModel, PlainSerializer
from pydantic_core import PydanticSerializationError
from quart import Response

from ihe_mock_async.web.admin.api import JSON


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"


Moment = Annotated[datetime, PlainSerializer(_text, return_type=str, when_used="json")]
"""ISO 8601, UTC, with all six digits of the microseconds: so they sort as texts, too."""


def answer(document: BaseModel, status: int = 200) -> Response:
    """A document as a response of type application/json."""
    return Response(_written(document), status, content_type=JSON)


def _written(document: BaseModel) -> str:
    try:
        return document.model_dump_json(by_alias=True)
    except PydanticSerializationError:
        # JSON that clients have sent may hold half of a surrogate pair, as an escape only.
        return json.dumps(document.model_dump(mode="json", by_alias=True))


def nothing() -> Response:
    """A response that has no body: what was asked for is done."""
    response = Response(b"", HTTPStatus.NO_CONTENT)
    del response.headers["Content-Type"]
    del response.headers["Content-Length"]  # not in a 204 (RFC 9110, 8.6)
    return response
