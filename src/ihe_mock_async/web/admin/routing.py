"""Where the operations of the admin API are, and what every one of them has in common."""

from __future__ import annotations

import functools
import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from quart import Blueprint, Response, request
from quart.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.routing import BaseConverter

from ihe_mock_async.errors import StoreError
from ihe_mock_async.web.admin import problems, query, wrong_turn
from ihe_mock_async.web.admin.guard import Caller, Guard
from ihe_mock_async.web.admin.problems import Problem
from ihe_mock_async.web.endpoints import NAMESPACE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ihe_mock_async.web.admin.api import Operation, Part, View

PREFIX = "/__admin"
SCOPED_PREFIX = f"/ns/<namespace:namespace>{PREFIX}"
_PATH = re.compile(rf"(?:/ns/[^/]*)?{PREFIX}(?:/.*)?", re.DOTALL)

logger = logging.getLogger("ihe_mock_async.admin")


class _Namespace(BaseConverter):
    """The name of a world in a path."""

    regex = NAMESPACE_NAME.pattern


def is_admin(path: str) -> bool:
    """Whether a path belongs to the admin API, be there an operation or not."""
    return _PATH.fullmatch(path) is not None


def blueprint(guard: Guard, parts: Iterable[Part]) -> Blueprint:
    """The operations of all parts; whatever is asked for, the guard is asked first."""
    admin = Blueprint("admin", __name__)
    operations = [operation for part in parts for operation in part.operations()]

    @admin.record
    def register_converter(state: BlueprintSetupState) -> None:
        state.app.url_map.converters["namespace"] = _Namespace

    # Those of the app, not of the blueprint: a path without an operation belongs to no blueprint.
    @admin.before_app_request
    async def check() -> None:
        if is_admin(request.path):
            guard.check(Caller.of(request))
            wrong_turn.check(request, operations)

    @admin.after_app_request
    async def keep_private(response: Response) -> Response:
        if is_admin(request.path):
            response.headers.update(_PRIVATE)
        return response

    @admin.errorhandler(StoreError)
    async def unavailable(_: StoreError) -> Response:
        logger.exception("the store refused a request to %s", request.path)
        return problems.response(
            HTTPStatus.SERVICE_UNAVAILABLE,
            HTTPStatus.SERVICE_UNAVAILABLE.phrase,
            "The server could not use its store; its log says why.",
        )

    admin.register_error_handler(HTTPException, _http_error)
    admin.record(lambda state: state.app.register_error_handler(Problem, problems.answer))
    for operation in operations:
        _add(admin, operation)
    return admin


_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def _add(admin: Blueprint, operation: Operation) -> None:
    """Its route for the whole server or the default world, and the one for other worlds."""
    view = _checked(operation)
    rules = [(PREFIX, {"namespace": ""} if operation.scoped else {})]
    if operation.scoped:
        rules.append((SCOPED_PREFIX, {}))
    for prefix, defaults in rules:
        admin.add_url_rule(
            prefix + operation.path,
            operation.id,
            view,
            methods=[operation.method],
            defaults=defaults,
            merge_slashes=False,
            strict_slashes=operation.path != "/",
        )


def _checked(operation: Operation) -> View:
    """The view, for queries of parameters that it has."""
    known = tuple(parameter.name for parameter in operation.parameters)

    @functools.wraps(operation.view)
    async def view(**path: object) -> Response:
        query.arguments(*known)
        return await operation.view(**path)

    return view


async def _http_error(error: HTTPException) -> Response:
    if isinstance(error, InternalServerError):
        detail = "The server has failed; its log says why."
    else:
        detail = f"{request.method} {request.path}: {error.description}"
    return problems.response(error.code or 500, error.name, detail)
