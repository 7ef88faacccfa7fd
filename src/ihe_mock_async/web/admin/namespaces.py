"""`/__admin/namespaces`: the worlds of this server. `/__admin/reset`: one of them begins anew."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from quart import Response

from ihe_mock_async.journal.json_model import JsonModel
from ihe_mock_async.web.admin import query
from ihe_mock_async.web.admin.api import Operation, Parameter, Reply
from ihe_mock_async.web.admin.documents import Moment, answer, nothing
from ihe_mock_async.web.admin.problems import PROBLEM, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ihe_mock_async.web.worlds import World, Worlds

_ONE = "/namespaces/<namespace:name>"
_KEEP = Parameter(
    "keep",
    "What stays: with `state` patients, documents and deliveries do.",
    {"enum": ["nothing", "state"], "default": "nothing"},
)


class NamespaceDocument(JsonModel):
    """A world: what it holds, and how long it lives."""

    name: str
    """Empty: the default world."""
    patients: int
    documents: int
    deliveries: int
    requests: int
    """How many the journal remembers."""
    faults: int
    """How many fault plans there are."""
    last_used: Moment | None
    """Null: not since the server was started."""
    expires: Moment | None
    """When it is deleted unless it is used; null: never."""


class NamespaceList(JsonModel):
    """All worlds, the default one first."""

    namespaces: list[NamespaceDocument]


class NamespaceRoutes:
    """The routes of worlds."""

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds

    def operations(self) -> Iterator[Operation]:
        """What can be done with worlds."""
        in_path = {"name": "Name of the namespace."}
        unknown = Reply("There is no such namespace.", media_type=PROBLEM)
        yield Operation(
            "GET",
            "/namespaces",
            self.listing,
            "List the namespaces",
            {200: Reply("All of them, the default one first.", NamespaceList)},
            scoped=False,
            description="A namespace comes with its first use.",
        )
        yield Operation(
            "GET",
            _ONE,
            self.one,
            "Show a namespace",
            {200: Reply("The namespace.", NamespaceDocument), 404: unknown},
            path_parameters=in_path,
            scoped=False,
        )
        yield Operation(
            "DELETE",
            _ONE,
            self.delete,
            "Delete a namespace with all that is in it",
            {204: Reply("It is gone.", media_type=""), 404: unknown},
            path_parameters=in_path,
            scoped=False,
        )
        yield Operation(
            "POST",
            "/reset",
            self.reset,
            "Forget requests, faults, patients, documents and deliveries",
            {204: Reply("It is as at its first use.", media_type="")},
            parameters=(_KEEP,),
        )

    async def listing(self) -> Response:
        """All worlds."""
        found = await self._worlds.all()
        return answer(NamespaceList(namespaces=list(map(document, found))))

    async def one(self, name: str) -> Response:
        """One world."""
        world = await self._worlds.find(name)
        if world is None:
            raise _unknown(name)
        return answer(document(world))

    async def delete(self, name: str) -> Response:
        """Delete one world."""
        if not await self._worlds.delete(name):
            raise _unknown(name)
        return nothing()

    async def reset(self, namespace: str) -> Response:
        """Let one world begin anew."""
        await self._worlds.reset(namespace, keep_state=query.value(_KEEP) == "state")
        return nothing()


def document(world: World) -> NamespaceDocument:
    """A world as JSON has it."""
    return NamespaceDocument(
        name=world.name,
        patients=world.patients,
        documents=world.documents,
        deliveries=world.deliveries,
        requests=world.entries,
        faults=world.plans,
        last_used=world.last_used,
        expires=world.expires,
    )


def _unknown(name: str) -> Problem:
    return Problem(
        HTTPStatus.NOT_FOUND,
        f'There is no namespace "{name}": it comes with its first use. GET /__admin/namespaces '
        "lists them.",
    )
