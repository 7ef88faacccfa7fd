"""A real SOAP client, zeep, against a running server: made of its WSDL, with Python values.

Every action that is served is called with its example, which zeep reads into Python values and
writes again by the schemas of the WSDL.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import requests
import zeep
from lxml import etree
from zeep.transports import Transport
from zeep.wsa import WsAddressingPlugin

from ihe_mock_async import transactions
from ihe_mock_async.client import examples
from ihe_mock_async.client.examples import Example
from ihe_mock_async.client.message import Packing, wrap
from ihe_mock_async.client.ordering import make_values, transaction_of
from ihe_mock_async.client.sending import content_of
from ihe_mock_async.client.values import Document, Values
from ihe_mock_async.ihe import Transaction
from ihe_mock_async.state import AffinityDomain
from ihe_mock_async.web.wsdl import operation_name
from tests.e2e.messages import find
from tests.e2e.mtom_transport import MtomTransport
from tests.server_process import ServerProcess, running

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:zeep"),
]

SERVED = [(t, action) for t in transactions.served() for action in t.handlers]
BY_ACTION = {example.action: example for example in reversed(examples.EXAMPLES)}
"""The usual example of each action."""
HL7 = "{urn:hl7-org:v3}"


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [sys.executable, "-m", "ihe_mock_async", "certs", "--client", "zeep"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    settings = {"client_auth": "required", "client_ca_path": "certs/ca.pem"}
    with running(folder, "--https", settings=settings) as server:
        yield server


@dataclass
class Caller:
    """zeep with the WSDL of a server's endpoints."""

    url: str
    session: requests.Session | None = None
    plugins: tuple[zeep.Plugin, ...] = ()

    def client(self, transaction: Transaction) -> zeep.Client:
        """A client of the transaction's endpoint, in strict mode."""
        made: Callable[..., Transport] = MtomTransport if transaction.mtom else Transport
        transport = made(session=self.session)
        wsdl = f"{self.url}/{transaction.actors[0]}?wsdl"
        return zeep.Client(wsdl, transport=transport, plugins=list(self.plugins))

    def call(self, example: Example, values: Values) -> Any:  # noqa: ANN401 - zeep's
        """Call the operation of an example, and return the answer as zeep has read it."""
        transaction = transaction_of(example.transaction)
        client = self.client(transaction)
        payload = inline_payload(example, transaction, values)
        arguments = client.get_element(payload.tag).parse(payload, client.wsdl.types)
        (name,) = (
            name
            for name in client.service._operations
            if name.endswith(f"_{operation_name(example.action)}")
        )
        return client.service[name](**{key: arguments[key] for key in arguments})

    def call_all(self, example: Example, values: Values) -> Any:  # noqa: ANN401 - zeep's
        """Call what an example builds on, then the example; the last answer."""
        answer = None
        for each in examples.chain(example):
            answer = self.call(each, values)
            assert outcome(answer) in {"CA", "AA", "Success"}, (each, answer)
            if "ITSVersion" in answer:
                (message_id,) = (e for e in answer["_value_1"] if e.tag == f"{HL7}id")
                values.learn("answer.root", message_id.get("root"))
        return answer


def inline_payload(example: Example, transaction: Transaction, values: Values) -> etree._Element:
    """The example's payload; its documents are base64 text, as zeep reads them."""
    message = wrap(
        content_of(example, values),
        transaction,
        Packing(as_mtom=False),
        to="http://localhost/",
        new_uuid=uuid.uuid4,
    )
    (payload,) = find(etree.fromstring(message.body), "/soap:Envelope/soap:Body/*")
    return payload


def outcome(answer: Any) -> str:  # noqa: ANN401 - zeep's
    """Code of the acknowledgement, or the last part of the status."""
    if "ITSVersion" in answer:
        (acknowledgement,) = (e for e in answer["_value_1"] if e.tag == f"{HL7}acknowledgement")
        return str(acknowledgement.find(f"{HL7}typeCode").get("code"))
    response = answer["RegistryResponse"] if "RegistryResponse" in answer else answer  # noqa: SIM401 - a zeep value has no get
    return str(response["status"]).rpartition(":")[2]


@pytest.mark.parametrize(
    ("transaction", "action"), SERVED, ids=[f"{t.number} {action}" for t, action in SERVED]
)
def test_zeep_calls_every_action_as_the_wsdl_says(
    server: ServerProcess, transaction: Transaction, action: str
) -> None:
    example = BY_ACTION[action]
    assert example.transaction == transaction.number

    Caller(f"{server.url}/ns/zeep").call_all(example, make_values(AffinityDomain()))


def test_zeep_gets_documents_back_octet_by_octet(server: ServerProcess) -> None:
    values = make_values(AffinityDomain())
    contents = [os.urandom(300_000), b"--\r\n\x00", b"letter"]
    values = Values(
        values.now,
        values.new_uuid,
        documents=[Document(content, "application/pdf", "Letter") for content in contents],
    )

    answer = Caller(server.url).call_all(BY_ACTION["urn:ihe:iti:2007:RetrieveDocumentSet"], values)

    assert [each["Document"] for each in answer["DocumentResponse"]] == contents
    assert {each["mimeType"] for each in answer["DocumentResponse"]} == {"application/pdf"}


def test_zeep_reads_what_a_query_finds(server: ServerProcess) -> None:
    values = make_values(AffinityDomain(), patient="ZEEP-2^^^&1.3.6.1.4.1.21367.2017.2.5.1&ISO")

    answer = Caller(server.url).call_all(BY_ACTION["urn:ihe:iti:2007:RegistryStoredQuery"], values)

    (found,) = answer["RegistryObjectList"]["_value_1"]
    entry = found["ExtrinsicObject"]
    assert entry["Name"]["LocalizedString"][0]["value"] == "Discharge letter"
    assert [each["value"] for each in entry["ExternalIdentifier"]] == [
        values["patient"],
        values["oid:document"],
    ]


def test_zeep_with_its_plugin_and_the_action_of_the_wsdl_is_told_of_the_second_message_id(
    server: ServerProcess,
) -> None:
    caller = Caller(server.url, plugins=(WsAddressingPlugin(),))  # and zeep adds one of its own

    with pytest.raises(zeep.exceptions.Fault, match="MessageID"):
        caller.call(BY_ACTION["urn:hl7-org:v3:PRPA_IN201301UV02"], make_values(AffinityDomain()))


def test_zeep_works_over_mutual_tls(tls_server: ServerProcess) -> None:
    certs = tls_server.folder / "certs"
    with requests.Session() as session:
        session.trust_env = False  # REQUESTS_CA_BUNDLE would win over verify
        session.verify = str(certs / "ca.pem")
        session.cert = (str(certs / "client-zeep.pem"), str(certs / "client-zeep-key.pem"))
        caller = Caller(tls_server.url, session)

        caller.call_all(
            BY_ACTION["urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"],
            make_values(AffinityDomain()),
        )


def test_without_a_client_certificate_mutual_tls_refuses(tls_server: ServerProcess) -> None:
    trust = ssl.create_default_context(cafile=str(tls_server.folder / "certs" / "ca.pem"))
    with httpx.Client(verify=trust) as client, pytest.raises(httpx.HTTPError):
        client.get(f"{tls_server.url}/health")


def test_tls_1_1_is_refused(tls_server: ServerProcess) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    address = urlsplit(tls_server.url)
    with (
        socket.create_connection((address.hostname, address.port)) as connection,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(connection)
