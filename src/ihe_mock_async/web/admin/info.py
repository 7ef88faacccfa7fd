"""`/__admin/transactions` and `/__admin/config`: what this server serves, and how it is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quart import Response, jsonify

from ihe_mock_async.journal.json_model import JsonModel
from ihe_mock_async.web import served_transactions
from ihe_mock_async.web.admin.api import Operation, Reply
from ihe_mock_async.web.admin.documents import answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ihe_mock_async.settings import Settings
    from ihe_mock_async.web.endpoints import Endpoints


class TransactionDocument(JsonModel):
    """An IHE transaction, and where it is served."""

    number: str
    """`ITI-41`."""
    name: str
    section: str
    """Of the Technical Framework."""
    actors: tuple[str, ...]
    """Who serves it."""
    actions: tuple[str, ...]
    """The wsa:Action of each message that it begins with."""
    paths: tuple[str, ...]
    """Of its endpoints."""


class TransactionList(JsonModel):
    """All that are served."""

    transactions: list[TransactionDocument]


class SettingDocument(JsonModel):
    """A setting."""

    value: Any
    """Secrets are asterisks."""
    source: str
    """`command line`, `environment MOCK_SERVER_X`, `file PATH`, `code` or `default`."""


class InfoRoutes:
    """The routes of what does not change while a server runs."""

    def __init__(self, settings: Settings, endpoints: Endpoints) -> None:
        self._settings = settings
        self._endpoints = endpoints

    def operations(self) -> Iterator[Operation]:
        """What is told."""
        yield Operation(
            "GET",
            "/transactions",
            self.transactions,
            "List the IHE transactions served",
            {200: Reply("All of them.", TransactionList)},
            scoped=False,
        )
        yield Operation(
            "GET",
            "/config",
            self.config,
            "Show the settings and where they come from",
            {200: Reply("Each by its key.", dict[str, SettingDocument])},
            scoped=False,
            description="Secrets are masked.",
        )

    async def transactions(self) -> Response:
        """The transactions."""
        described = served_transactions.described(self._endpoints)
        return answer(TransactionList.model_validate({"transactions": described}))

    async def config(self) -> Response:
        """The settings."""
        return jsonify(self._settings.described())
