"""`/__admin/` and `/__admin/openapi.json`: what the admin API has."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from quart import Response, jsonify, request

from ihe_mock_async.journal.json_model import JsonModel
from ihe_mock_async.web.admin.api import Operation, Reply
from ihe_mock_async.web.admin.documents import answer
from ihe_mock_async.web.admin.openapi import Document
from ihe_mock_async.web.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class OperationSummary(JsonModel):
    """An operation in one line."""

    method: str
    path: str
    """Below which the operation is; names in braces vary."""
    summary: str


class Index(JsonModel):
    """All operations, here."""

    operations: list[OperationSummary]


class Overview:
    """Tells of the operations of other parts, and of its own; `secured`: a token is asked for."""

    def __init__(self, prefix: str, others: Iterable[Operation], *, secured: bool) -> None:
        self._prefix = prefix
        self._all = [*others, *self.operations()]
        self._secured = secured

    def operations(self) -> Iterator[Operation]:
        """The index and the OpenAPI document."""
        yield Operation(
            "GET",
            "/",
            self.index,
            "List what the admin API has",
            {200: Reply("Every operation.", Index)},
        )
        yield Operation(
            "GET",
            "/openapi.json",
            self.openapi,
            "Describe the admin API in OpenAPI 3.1",
            {200: Reply("The document.", {"type": "object"})},
            scoped=False,
        )

    async def index(self, namespace: str) -> Response:
        """The operations of the server, or those of one world."""
        world = f"/ns/{namespace}" if namespace else ""
        return answer(
            Index(
                operations=[
                    OperationSummary(
                        method=each.method,
                        path=f"{world}{self._prefix}{each.template}",
                        summary=each.summary,
                    )
                    for each in self._all
                    if each.scoped or not world
                ]
            )
        )

    async def openapi(self) -> Response:
        """The OpenAPI document, with the address that it was asked for at."""
        url = f"{request.scheme}://{request.host}"
        # Schemas of all models take a while, at the first time.
        document = await in_thread(lambda: self._document)
        return jsonify(document.at(url))

    @cached_property
    def _document(self) -> Document:
        return Document(self._prefix, self._all, secured=self._secured)
