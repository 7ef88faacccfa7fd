"""Operations of the admin API: the route and its page in the OpenAPI document are one thing."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import GenericAlias, UnionType
from typing import Any, Protocol

from pydantic import BaseModel
from quart import Response

JsonSchema = Mapping[str, Any]
View = Callable[..., Awaitable[Response]]
JSON = "application/json"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")
_CONVERTER = re.compile(r"<(?:[^<>]*:)?(?P<name>\w+)>")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter; `query.value` reads it as its schema says."""

    name: str
    description: str
    schema: JsonSchema = field(default_factory=lambda: {"type": "string"})
    required: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One of the answers of an operation; errors that every operation may have are not told."""

    description: str
    schema: JsonSchema | type[Any] | UnionType | GenericAlias | None = None
    """None: no body, or one that is not JSON."""
    media_type: str = JSON
    """Empty: there is no body."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path below `/__admin`."""

    method: str
    path: str
    """In the words of Quart's routing: `/requests/<int:number>`."""
    view: View
    """Gets what stands in the path, and `namespace` when it is `scoped`."""
    summary: str
    replies: Mapping[int, Reply]
    parameters: tuple[Parameter, ...] = ()
    """All that it takes: others in the query are refused."""
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    """Description of each name in the path."""
    body: type[BaseModel] | JsonSchema | None = None
    scoped: bool = True
    """Whether it is about one world: it is at `/ns/{namespace}/__admin`, too."""
    description: str = ""
    examples: Mapping[str, Any] = field(default_factory=dict)
    """Bodies that may be sent, by name."""
    body_required: bool = True

    @property
    def id(self) -> str:
        """Its name in the OpenAPI document and as a Quart endpoint: `get_requests_number`."""
        words = _NOT_IN_NAMES.sub("_", self.template).strip("_")
        return f"{self.method.lower()}_{words or 'index'}"

    @property
    def template(self) -> str:
        """The path in the words of OpenAPI: `/requests/{number}`."""
        return _CONVERTER.sub(r"{\g<name>}", self.path)


class Part(Protocol):
    """A group of operations."""

    def operations(self) -> Iterable[Operation]:
        """All of them."""
        ...
