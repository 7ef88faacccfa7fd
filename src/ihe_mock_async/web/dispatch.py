"""Which transaction a message is: wsa:Action first, else the body's root element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ihe_mock_async.elements import local_name, namespace_of, path_of
from ihe_mock_async.findings import Finding
from ihe_mock_async.ihe import Transaction
from ihe_mock_async.soap import SoapMessage, addressing, fault, namespaces
from ihe_mock_async.web import rules
from ihe_mock_async.web.endpoints import Endpoint, Endpoints, Route


def route(message: SoapMessage, endpoint: Endpoint, endpoints: Endpoints, namespace: str) -> Route:
    """The transaction of a message at an endpoint, or raise `SoapFault` (ITI TF-2: V.3.2.2)."""
    action, root = message.addressing.action, str(message.payload.tag)
    if not action:
        return _by_root(message, endpoint)
    transaction = endpoint.by_action.get(action)
    if transaction is None:
        raise _not_served(action, endpoint, endpoints.paths_serving(action, namespace))
    if not _agrees(root, action, transaction):
        raise addressing.action_mismatch(action, message.payload)
    return Route(transaction, action, transaction.handlers[action])


def _by_root(message: SoapMessage, endpoint: Endpoint) -> Route:
    root = message.payload
    implied = endpoint.by_root.get(str(root.tag))
    if implied is None:
        names = sorted(name.rpartition("}")[2] for name in endpoint.by_root)
        raise fault.refusal(
            rules.ROOT.found(
                path_of(root),
                line=root.sourceline,
                received=f"{local_name(root)} of {namespace_of(root) or 'no namespace'}",
                expected=f"{' or '.join(names)}, which the {endpoint.actor.title} takes",
            )
        )
    transaction, action = implied
    return Route(transaction, action, transaction.handlers[action])


def _agrees(root: str, action: str, transaction: Transaction) -> bool:
    """Whether a body root goes with an action; one that no root implies goes with any of them."""
    roots = transaction.roots
    if action in roots.values():
        return roots.get(root) == action
    return root in roots or not roots


def _not_served(action: str, endpoint: Endpoint, elsewhere: Sequence[str]) -> fault.SoapFault:
    if not elsewhere:
        return addressing.action_not_supported(action, sorted(endpoint.by_action))
    found = rules.ELSEWHERE.found(
        "/Envelope/Header/Action", received=action, expected=" or ".join(elsewhere)
    )
    return fault.SoapFault(
        fault.FaultCode.SENDER,
        found.describe(),
        findings=(found,),
        subcodes=((namespaces.WSA, "ActionNotSupported"),),
        problem_action=action,
    )


def findings(
    message: SoapMessage, transaction: Transaction, endpoint: Endpoint, *, mtom: bool
) -> list[Finding]:
    """What WS-Addressing and framing lack for this transaction."""
    found: list[Finding] = []
    missing = addressing.missing_action(message.addressing, required=transaction.needs_addressing)
    if missing is not None:
        # Several transactions may have the same body root, such as ITI-18 and ITI-51.
        root = str(message.payload.tag)
        actions = [a for a, each in endpoint.by_action.items() if _agrees(root, a, each)]
        found.append(replace(missing, expected=" or ".join(actions)))
    if transaction.mtom and not mtom:
        found.append(rules.MTOM_REQUIRED.found("header Content-Type"))
    elif mtom and not transaction.mtom:
        found.append(rules.MTOM_UNEXPECTED.found("header Content-Type"))
    return found
