"""Paths and methods without an operation: what there is instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from http import HTTPStatus
from typing import TYPE_CHECKING

from quart import current_app
from werkzeug.exceptions import MethodNotAllowed

from ihe_mock_async.web.admin.paths import PREFIX
from ihe_mock_async.web.admin.problems import Problem
from ihe_mock_async.web.endpoints import NAMESPACE_NAME

if TYPE_CHECKING:
    from quart import Request

    from ihe_mock_async.web.admin.api import Operation

_SCOPED = re.compile(rf"/ns/(?P<namespace>[^/]*)(?P<rest>{PREFIX}.*)", re.DOTALL)


def check(request: Request, operations: Iterable[Operation]) -> None:
    """Raise `Problem` unless there is an operation at the path with the method."""
    error = request.routing_exception
    if error is None:
        return
    allowed = ", ".join(sorted(_methods(request.path, error)))
    if allowed:
        raise Problem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"{request.path} takes {allowed}, not {request.method}.",
            {"Allow": allowed},
        )
    raise Problem(HTTPStatus.NOT_FOUND, _instead(request.path, operations))


def _methods(path: str, error: Exception) -> Iterable[str]:
    """Those that the path takes; none when there is nothing at it."""
    if not isinstance(error, MethodNotAllowed):
        return []
    # Werkzeug has not read the path's numbers yet when it says which methods there are.
    at = current_app.url_map.bind("")
    return [method for method in error.valid_methods or () if at.test(path, method)]


def _instead(path: str, operations: Iterable[Operation]) -> str:
    scoped = _SCOPED.fullmatch(path)
    if scoped and not NAMESPACE_NAME.fullmatch(scoped["namespace"]):
        return (
            f'"{scoped["namespace"]}" cannot name a namespace: that takes up to 100 letters, '
            "digits, '.', '_' and '-', the first a letter or digit."
        )
    if scoped and current_app.url_map.bind("").allowed_methods(scoped["rest"]):
        return f"This is about the whole server, not one namespace: ask {scoped['rest']}."
    prefix = path.removesuffix(scoped["rest"]) + PREFIX if scoped else PREFIX
    known = [prefix + each.template for each in operations if each.scoped or not scoped]
    close = get_close_matches(path, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"GET {prefix}/ lists what there is."
    return f"There is nothing at this path; {hint}"
