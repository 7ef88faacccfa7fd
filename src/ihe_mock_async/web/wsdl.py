"""`GET <endpoint>?wsdl`: what an endpoint serves, for the toolkits that make clients of a WSDL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from ihe_mock_async import elements
from ihe_mock_async.hl7v3.namespaces import NAMESPACE as HL7V3
from ihe_mock_async.hl7v3.namespaces import clark
from ihe_mock_async.ihe import Actor, Transaction
from ihe_mock_async.soap import wsdl
from ihe_mock_async.xds import namespaces as ns

if TYPE_CHECKING:
    from lxml import etree

    from ihe_mock_async.web.asgi import Scope, Send
    from ihe_mock_async.web.endpoints import Endpoint, Place

_METHODS = frozenset({"GET", "HEAD"})
# What the tools of WCF ask for is a WSDL that has its schemas in it, as ours has.
_QUERIES = frozenset({b"wsdl", b"singlewsdl"})
# A registered name or IPv4 address, or an IPv6 address, and a port (RFC 3986, 3.2.2).
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")

SERVICES: Mapping[Actor, tuple[str, str]] = {
    Actor.PIX_MANAGER: ("PIXManager", "urn:ihe:iti:pixv3:2007"),
    Actor.PATIENT_DEMOGRAPHICS_SUPPLIER: ("PDSupplier", "urn:ihe:iti:pdqv3:2007"),
    Actor.DOCUMENT_REGISTRY: ("DocumentRegistry", "urn:ihe:iti:xds-b:2007"),
    Actor.DOCUMENT_REPOSITORY: ("DocumentRepository", "urn:ihe:iti:xds-b:2007"),
    Actor.RESPONDING_GATEWAY: ("RespondingGateway", "urn:ihe:iti:xds-b:2007"),
}
"""Name of the service and target namespace of each actor (ITI TF-2: Appendix W)."""
_RESPONSES = {
    f"{{{ns.QUERY}}}AdhocQueryRequest": f"{{{ns.QUERY}}}AdhocQueryResponse",
    f"{{{ns.XDSB}}}RetrieveDocumentSetRequest": f"{{{ns.XDSB}}}RetrieveDocumentSetResponse",
}
_REGISTRY_RESPONSE = f"{{{ns.RS}}}RegistryResponse"
# What follows the interaction in an action tells variants of one message apart.
_INTERACTION = re.compile(rf"{HL7V3}:\s*(?P<name>[A-Z]{{4}}_IN[0-9]{{6}}UV[0-9]{{2}})(?P<rest>.*)")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


def is_asked_for(scope: Scope) -> bool:
    """Whether a request wants the WSDL of its path: GET or HEAD, `?wsdl` or `?singleWsdl`."""
    query: bytes = scope.get("query_string", b"")
    first = query.lower().split(b"&")[0].rstrip(b"=")
    return scope["method"] in _METHODS and first in _QUERIES


async def serve(scope: Scope, send: Send, place: Place) -> None:
    """Answer with the endpoint's WSDL; neither counted nor recorded: it is no transaction."""
    body = wsdl.write(describe(place.endpoint, location(scope, place)), schemas())
    headers = [
        (b"content-type", b"text/xml; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    body = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": body, "more_body": False})


def location(scope: Scope, place: Place) -> str:
    """The endpoint's URL as the client knows it: its Host header, when it can be a host."""
    named = next((v for name, v in scope["headers"] if name.lower() == b"host"), b"")
    host = named.decode("latin-1")
    if not _HOST.fullmatch(host):
        address, port = scope.get("server") or ("localhost", None)
        host = f"[{address}]" if ":" in address else address
        host = f"{host}:{port}" if port else host
    namespace = f"/ns/{place.namespace}" if place.namespace else ""
    return f"{scope['scheme']}://{host}{namespace}{place.endpoint.path}"


def describe(endpoint: Endpoint, url: str) -> wsdl.Service:
    """The endpoint in the words of WSDL: one operation for each action."""
    name, namespace = SERVICES[endpoint.actor]
    return wsdl.Service(
        name=name,
        namespace=namespace,
        documentation=f"{endpoint.description} (ihe-mock-async)",
        location=url,
        operations=[
            _operation(transaction, action)
            for transaction in endpoint.transactions
            for action in transaction.handlers
        ],
        requires_addressing=all(t.needs_addressing for t in endpoint.transactions),
    )


def _operation(transaction: Transaction, action: str) -> wsdl.Operation:
    request = request_element(transaction, action)
    response_action = transaction.response_actions[action]
    framing = ", MTOM" if transaction.mtom else ""
    return wsdl.Operation(
        name=operation_name(action),
        documentation=f"{transaction.number} {transaction.name}{framing} ({transaction.section})",
        request=wsdl.Message(action, request),
        response=wsdl.Message(response_action, _response_element(request, response_action)),
    )


def operation_name(action: str) -> str:
    """An NCName that tells an action from all others: the part that varies between them."""
    if interaction := _INTERACTION.fullmatch(action):
        action = interaction["name"] + interaction["rest"]
    else:
        action = action.rpartition(":")[2]
    return _NOT_IN_NAMES.sub("_", action)


def request_element(transaction: Transaction, action: str) -> str:
    """Clark name of the body's root element that goes with an action of the transaction."""
    for root, implied in transaction.roots.items():
        if implied == action:
            return root
    if interaction := _INTERACTION.fullmatch(action):
        return clark(interaction["name"])
    return next(iter(transaction.roots))


def _response_element(request: str, response_action: str) -> str:
    if interaction := _INTERACTION.fullmatch(response_action):
        return clark(interaction["name"])
    return _RESPONSES.get(request, _REGISTRY_RESPONSE)


@cache
def schemas() -> Mapping[str, etree._Element]:
    """The schemas of this package by targetNamespace."""
    folder = resources.files("ihe_mock_async.soap") / "schemas"
    roots = [
        elements.parse(file.read_bytes())
        for file in folder.iterdir()
        if file.name.endswith(".xsd")
    ]
    return {root.get("targetNamespace", ""): root for root in roots}
