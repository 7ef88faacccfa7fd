"""The WSDL of an endpoint: whom it names, what it describes, and how it is asked for."""

from __future__ import annotations

import io
from collections.abc import MutableMapping
from typing import Any

import pytest
import zeep
from lxml import etree
from quart import Response

from ihe_mock_async import transactions
from ihe_mock_async.ihe import Actor
from ihe_mock_async.settings import Settings
from ihe_mock_async.soap import wsdl as soap_wsdl
from ihe_mock_async.web import wsdl
from ihe_mock_async.web.app import MockServerApp
from ihe_mock_async.web.endpoints import Endpoint, Endpoints

NAMESPACES = {
    "wsdl": soap_wsdl.WSDL,
    "soap12": soap_wsdl.SOAP12_BINDING,
    "xs": soap_wsdl.XSD,
}
ENDPOINTS = tuple(Endpoints(Settings(), transactions.served()))


async def get(
    app: MockServerApp, path: str, host: str = "mock.test:8080"
) -> tuple[Response, bytes]:
    response = await app.test_client().get(path, headers={"Host": host})
    return response, await response.get_data(as_text=False)


def location_in(document: bytes) -> str:
    return str(etree.fromstring(document).xpath("string(//soap12:address/@location)",
                                                namespaces=NAMESPACES))  # fmt: skip


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "wsdl=", "singleWsdl"])
async def test_an_endpoint_tells_its_wsdl(app: MockServerApp, query: str) -> None:
    response, body = await get(app, f"/pix/add?{query}")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert location_in(body) == "http://mock.test:8080/pix/add"


async def test_head_tells_the_length_only() -> None:
    place = Endpoints(Settings(), transactions.served()).find("/pix/add")
    assert place is not None
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"method": "HEAD", "query_string": b"wsdl", "scheme": "http", "headers": []}
    assert wsdl.is_asked_for(scope)
    await wsdl.serve(scope, send, place)

    start, body = sent
    assert int(dict(start["headers"])[b"content-length"]) > 1000
    assert body == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_in_a_namespace_the_address_is_there(app: MockServerApp) -> None:
    _, body = await get(app, "/ns/test-17/iti41/submit?wsdl")

    assert location_in(body) == "http://mock.test:8080/ns/test-17/iti41/submit"


@pytest.mark.parametrize("host", ["[::1]:9443", "10.0.0.7", "mock-server.ci.example:80"])
async def test_the_host_that_was_asked_is_the_address(app: MockServerApp, host: str) -> None:
    _, body = await get(app, "/pix/add?wsdl", host)

    assert location_in(body) == f"http://{host}/pix/add"


@pytest.mark.parametrize(
    "host", ['evil"/><x', "a b", "user@evil.example", "evil.example/path", ""]
)
def test_a_host_that_is_none_is_not_echoed(host: str) -> None:
    place = Endpoints(Settings(), transactions.served()).find("/pix/add")
    assert place is not None
    scope = {
        "scheme": "https",
        "headers": [(b"host", host.encode())],
        "server": ("127.0.0.1", 8443),
    }

    assert wsdl.location(scope, place) == "https://127.0.0.1:8443/pix/add"
    assert wsdl.location({**scope, "server": ("::1", 8443)}, place) == "https://[::1]:8443/pix/add"
    assert wsdl.location({**scope, "server": None}, place) == "https://localhost/pix/add"


async def test_get_without_the_query_says_that_there_is_a_wsdl(app: MockServerApp) -> None:
    response, body = await get(app, "/pix/add")

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert b"?wsdl" in body


async def test_posting_with_the_query_is_a_message_as_ever(app: MockServerApp) -> None:
    response = await app.test_client().post("/pix/add?wsdl", data=b"")

    assert response.status_code == 415


async def test_a_wsdl_is_neither_counted_nor_recorded(
    app: MockServerApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[object] = []
    monkeypatch.setattr(app.services.recorder, "record", recorded.append)

    await get(app, "/pix/add?wsdl")

    assert app.services.request_count == 0
    assert recorded == []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_every_action_is_an_operation_with_the_right_messages(endpoint: Endpoint) -> None:
    service = wsdl.describe(endpoint, "http://localhost/x")

    assert {o.request.action: o.response.action for o in service.operations} == {
        action: transaction.response_actions[action]
        for transaction in endpoint.transactions
        for action in transaction.handlers
    }
    for operation in service.operations:
        transaction = endpoint.by_action[operation.request.action]
        implied = transaction.roots.get(operation.request.element, operation.request.action)
        assert implied == operation.request.action or (
            operation.request.action not in transaction.roots.values()
        )


@pytest.mark.filterwarnings("ignore::DeprecationWarning:zeep")
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_zeep_finds_every_message_in_the_schemas(endpoint: Endpoint) -> None:
    service = wsdl.describe(endpoint, "http://localhost/x")
    document = soap_wsdl.write(service, wsdl.schemas())

    client = zeep.Client(io.BytesIO(document))

    for operation in service.operations:
        assert client.get_element(operation.request.element)
        assert client.get_element(operation.response.element)
    assert len(client.service._operations) == len(service.operations)


def test_every_actor_has_a_service_name() -> None:
    assert set(wsdl.SERVICES) == set(Actor)


def test_variants_of_one_message_are_told_apart_by_the_names_of_their_operations() -> None:
    assert wsdl.operation_name("urn:ihe:iti:2007:RegisterDocumentSet-b") == "RegisterDocumentSet-b"
    assert (
        wsdl.operation_name("urn:hl7-org:v3:PRPA_IN201305UV02:CrossGatewayPatientDiscovery")
        == "PRPA_IN201305UV02_CrossGatewayPatientDiscovery"
    )
    assert (
        wsdl.operation_name("urn:hl7-org:v3:QUQI_IN000003UV01_Cancel")
        == "QUQI_IN000003UV01_Cancel"
    )
