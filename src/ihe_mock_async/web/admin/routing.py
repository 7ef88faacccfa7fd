"""Where the operations of the admin API are, and what every one of them has in common."""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from quart import Blueprint, Response, current_app, request
from quart.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.routing import BaseConverter

from ihe_mock_async.errors import StoreError
from ihe_mock_async.web.admin import json_body, problems, query, wrong_turn
from ihe_mock_async.web.admin.documents import nothing
from ihe_mock_async.web.admin.guard import Caller, Guard
from ihe_mock_async.web.admin.overview import Overview
from ihe_mock_async.web.admin.paths import PREFIX, is_admin
from ihe_mock_async.web.admin.problems import Problem
from ihe_mock_async.web.endpoints import NAMESPACE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ihe_mock_async.web.admin.api import Operation, Part, View

_NAME = "admin"
SCOPED_PREFIX = f"/ns/<namespace:namespace>{PREFIX}"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_PRIVATE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every response, unless it says otherwise."""

logger = logging.getLogger("ihe_mock_async.admin")


class _Namespace(BaseConverter):
    """The name of a world in a path."""

    regex = NAMESPACE_NAME.pattern


def blueprint(
    guard: Guard, parts: Iterable[Part], use: Callable[[str], object] = lambda _: None
) -> Blueprint:
    """The operations of all parts; whatever is asked for, the guard is asked first.

    `use` is called with the namespace that an operation is about to change.
    """
    admin = Blueprint(_NAME, __name__)
    operations = [operation for part in parts for operation in part.operations()]
    operations += Overview(PREFIX, operations, secured=guard.token is not None).operations()
    entrance = _Entrance(guard, operations)
    admin.record(_prepare)
    # Those of the app, not of the blueprint: a path without an operation belongs to no blueprint.
    admin.before_app_request(entrance.check)
    admin.after_app_request(_keep_private)
    admin.register_error_handler(StoreError, _unavailable)
    admin.register_error_handler(HTTPException, _http_error)
    for operation in operations:
        _add(admin, operation, use)
    return admin


@dataclass(frozen=True, slots=True)
class _Entrance:
    """Where every request to the admin API comes by."""

    guard: Guard
    operations: Sequence[Operation]

    async def check(self) -> Response | None:
        """Answer requests that no operation gets, or raise `Problem`; the guard comes first."""
        if not is_admin(request.path) and request.blueprint != _NAME:
            return None
        self.guard.check(Caller.of(request))
        wrong_turn.check(request, self.operations)
        if request.method not in _READING:
            json_body.check_type(request.headers.get("Content-Type", ""))
        return _options() if request.method == "OPTIONS" else None


def _options() -> Response:
    """The methods at a path; for a page of another site it says nothing that CORS asks for."""
    own = request.url_rule.rule if request.url_rule else ""
    rules = [rule for rule in current_app.url_map.iter_rules() if rule.rule == own]
    allowed = sorted({method for rule in rules for method in rule.methods or ()})
    response = nothing()
    response.headers["Allow"] = ", ".join(allowed)
    return response


def _prepare(state: BlueprintSetupState) -> None:
    """Set up what belongs to the whole app; before the first route."""
    state.app.url_map.converters["namespace"] = _Namespace
    state.app.url_map.merge_slashes = False  # a redirect would be told before the guard is asked
    state.app.register_error_handler(Problem, problems.answer)


async def _keep_private(response: Response) -> Response:
    if is_admin(request.path):
        for name, value in _PRIVATE.items():
            response.headers.setdefault(name, value)
    return response


async def _unavailable(_: StoreError) -> Response:
    logger.exception("the store refused a request to %s", request.path)
    return problems.response(
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.SERVICE_UNAVAILABLE.phrase,
        "The server could not use its store; its log says why.",
    )


def _add(admin: Blueprint, operation: Operation, use: Callable[[str], object]) -> None:
    """Its route for the whole server or the default world, and the one for other worlds."""
    view = _prepared(operation, use)
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
            strict_slashes=operation.path != "/",
        )


def _prepared(operation: Operation, use: Callable[[str], object]) -> View:
    """The view, for queries of parameters that it has."""
    known = tuple(parameter.name for parameter in operation.parameters)
    changes_world = operation.scoped and operation.method not in _READING

    @functools.wraps(operation.view)
    async def view(**path: Any) -> Response:  # noqa: ANN401 - what the path has
        query.arguments(*known)
        if changes_world:
            use(path["namespace"])
        return await operation.view(**path)

    return view


async def _http_error(error: HTTPException) -> Response:
    if isinstance(error, InternalServerError):
        detail = "The server has failed; its log says why."
    else:
        detail = f"{request.method} {request.path}: {error.description}"
    return problems.response(error.code or 500, error.name, detail)
