"""The IHE transactions that are served, for lists that scripts read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ihe_mock_async.ihe import Transaction
    from ihe_mock_async.web.endpoints import Endpoints


def described(endpoints: Endpoints) -> list[dict[str, object]]:
    """Every transaction with its actors, its actions and the paths where it is served, as JSON."""
    return [
        {
            "number": transaction.number,
            "name": transaction.name,
            "section": transaction.section,
            "actors": [actor.title for actor in transaction.actors],
            "actions": list(transaction.handlers),
            "paths": paths(transaction, endpoints),
        }
        for transaction in endpoints.transactions
    ]


def paths(transaction: Transaction, endpoints: Endpoints) -> list[str]:
    """Where a transaction is served in the default world."""
    return [one.path for one in endpoints if transaction in one.transactions]
