"""Operations of the admin API: the route and its page in the OpenAPI document are one thing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel
from quart import Response

JsonSchema = Mapping[str, Any]
View = Callable[..., Awaitable[Response]]
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter."""

    name: str
    description: str
    schema: JsonSchema = field(default_factory=lambda: {"type": "string"})
    required: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One of the answers of an operation; errors that every operation may have are not told."""

    description: str
    schema: JsonSchema | type[BaseModel] | None = None
    """None: no body, or one that is not JSON."""
    media_type: str = JSON


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
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    """Description of each name in the path."""
    body: type[BaseModel] | JsonSchema | None = None
    scoped: bool = True
    """Whether it is about one world: it is at `/ns/{namespace}/__admin`, too."""
    description: str = ""

    @property
    def id(self) -> str:
        """Its name in the OpenAPI document and as a Quart endpoint."""
        return self.view.__qualname__.replace(".", "_")


class Part(Protocol):
    """A group of operations."""

    def operations(self) -> Iterable[Operation]:
        """All of them."""
        ...
