"""Which path is which actor, and which transactions it serves there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ihe_mock_async.findings import Finding
from ihe_mock_async.ihe import Actor, Handler, Transaction
from ihe_mock_async.settings import Settings
from ihe_mock_async.web import rules

_NAMESPACES = "/ns/"
NAMESPACE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What a namespace can be called."""
_NAMESPACE_PATH = re.compile(rf"/ns/(?P<name>{NAMESPACE_NAME.pattern})(?P<rest>/.*)", re.DOTALL)


@dataclass(frozen=True)
class Endpoint:
    """One SOAP endpoint: an actor at a path, with its transactions by action and by body root."""

    path: str
    actor: Actor
    transactions: tuple[Transaction, ...]
    by_action: Mapping[str, Transaction] = field(init=False)
    by_root: Mapping[str, tuple[Transaction, str]] = field(init=False)
    """Clark name of the body's root to the transaction and the action that it implies."""

    def __post_init__(self) -> None:
        """Index the transactions; the first that claims a body root is implied by it."""
        by_action = {action: t for t in self.transactions for action in t.handlers}
        by_root: dict[str, tuple[Transaction, str]] = {}
        for transaction in self.transactions:
            for root, action in transaction.roots.items():
                by_root.setdefault(root, (transaction, action))
        object.__setattr__(self, "by_action", by_action)
        object.__setattr__(self, "by_root", by_root)

    @property
    def description(self) -> str:
        """Actor and transactions, for people: `Document Repository: ITI-41`."""
        return f"{self.actor.title}: {', '.join(t.number for t in self.transactions)}"


@dataclass(frozen=True, slots=True)
class Route:
    """A transaction, the action in force and the function that answers it."""

    transaction: Transaction
    action: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request knocked: an endpoint in a namespace (empty: the default world)."""

    endpoint: Endpoint
    namespace: str


class Endpoints:
    """All SOAP endpoints, in the default world and below `/ns/{namespace}`."""

    def __init__(self, settings: Settings, transactions: Iterable[Transaction]) -> None:
        self.transactions = tuple(transactions)
        paths = [
            (settings.pix_add_endpoint, Actor.PIX_MANAGER),
            (settings.iti41_endpoint, Actor.DOCUMENT_REPOSITORY),
            *((f"/{actor}", actor) for actor in Actor),
        ]
        self._by_path: dict[str, Endpoint] = {}
        for path, actor in paths:
            served = tuple(t for t in self.transactions if actor in t.actors)
            if served:
                self._by_path.setdefault(path, Endpoint(path, actor, served))

    def __iter__(self) -> Iterator[Endpoint]:
        """The endpoints of the default world."""
        return iter(self._by_path.values())

    def find(self, path: str) -> Place | None:
        """The endpoint of a path, below `/ns/{namespace}` or not; None for any other path."""
        endpoint = self._by_path.get(path)
        if endpoint is not None:
            return Place(endpoint, "")
        namespace = ""
        if match := _NAMESPACE_PATH.fullmatch(path):
            namespace, path = match["name"], match["rest"]
        endpoint = self._by_path.get(path) or self._by_path.get(path.rstrip("/"))
        return Place(endpoint, namespace) if endpoint else None

    @staticmethod
    def namespace_of(path: str) -> str:
        """The namespace of a path; empty: the default world."""
        match = _NAMESPACE_PATH.fullmatch(path)
        return match["name"] if match else ""

    def explain(self, path: str) -> Finding:
        """Why `find` has nothing at a path."""
        if path.startswith(_NAMESPACES) and not _NAMESPACE_PATH.fullmatch(path):
            return rules.NAMESPACE.found(
                "request line", received=path, expected="/ns/NAME and an endpoint"
            )
        paths = ", ".join(self._by_path)
        return rules.NOT_FOUND.found("request line", received=path, expected=f"one of {paths}")

    def paths_serving(self, action: str, namespace: str) -> list[str]:
        """Where an action is served, to tell a client that knocked at the wrong door."""
        prefix = f"{_NAMESPACES}{namespace}" if namespace else ""
        return [f"{prefix}{e.path}" for e in self._by_path.values() if action in e.by_action]
