"""Which transaction a message is: wsa:Action first, else the body's root element."""

from __future__ import annotations

from ihe_mock_async.findings import Finding
from ihe_mock_async.ihe import Transaction
from ihe_mock_async.soap import addressing, fault
from ihe_mock_async.soap.envelope import SoapMessage
from ihe_mock_async.web import rules
from ihe_mock_async.web.endpoints import Endpoint, Endpoints, Route


def route(message: SoapMessage, endpoint: Endpoint, endpoints: Endpoints) -> Route:
    """The transaction of a message at an endpoint, or raise `SoapFault` (ITI TF-2: V.3.2.2)."""
    action, root = message.addressing.action, str(message.payload.tag)
    if not action:
        return _by_root(root, endpoint)
    transaction = endpoint.by_action.get(action)
    if transaction is None:
        raise _not_served(action, endpoint, endpoints)
    if not _agrees(root, action, transaction):
        raise addressing.action_mismatch(action, root)
    return Route(transaction, action, transaction.handlers[action])


def _by_root(root: str, endpoint: Endpoint) -> Route:
    implied = endpoint.by_root.get(root)
    if implied is None:
        expected = ", ".join(sorted(name.rpartition("}")[2] for name in endpoint.by_root))
        found = rules.ACTION_MISSING.found("/Envelope/Header", received=root, expected=expected)
        raise fault.sender(
            f"The message has no wsa:Action, and its body {root!r} belongs to no transaction of "
            f"the {endpoint.actor.title}; it takes {expected}.",
            found,
        )
    transaction, action = implied
    return Route(transaction, action, transaction.handlers[action])


def _agrees(root: str, action: str, transaction: Transaction) -> bool:
    """Whether a body root goes with an action; an action that no root implies goes with any."""
    implied = transaction.roots.get(root)
    return implied == action or (implied is None and action not in transaction.roots.values())


def _not_served(action: str, endpoint: Endpoint, endpoints: Endpoints) -> fault.SoapFault:
    elsewhere = endpoints.paths_serving(action)
    supported = sorted(endpoint.by_action)
    if elsewhere:
        supported = [f"{action} (at {', '.join(elsewhere)})", *supported]
    return addressing.action_not_supported(action, supported)


def findings(message: SoapMessage, transaction: Transaction, *, mtom: bool) -> list[Finding]:
    """What WS-Addressing and framing lack for this transaction."""
    found: list[Finding] = []
    if not message.addressing.present and not transaction.needs_addressing:
        found.append(rules.ADDRESSING_ABSENT.found("/Envelope/Header"))
    elif not message.addressing.action and transaction.needs_addressing:
        expected = ", ".join(transaction.handlers)
        found.append(rules.ACTION_MISSING.found("/Envelope/Header", expected=expected))
    if transaction.mtom and not mtom:
        found.append(rules.MTOM_REQUIRED.found("header Content-Type"))
    elif mtom and not transaction.mtom:
        found.append(rules.MTOM_UNEXPECTED.found("header Content-Type"))
    return found
