"""A real SOAP client, zeep, against a running server, over HTTP and over HTTPS."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import requests
import zeep
from lxml import etree
from zeep.proxy import ServiceProxy
from zeep.wsa import WsAddressingPlugin

from tests.e2e.messages import find, pix_add, submission
from tests.e2e.mtom_transport import MtomTransport
from tests.server_process import ServerProcess, running

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:zeep"),
]

WSDL = Path(__file__).parents[1] / "fixtures" / "wsdl"
HL7_BINDING = "{urn:hl7-org:v3}PixManagerBinding"
XDS_BINDING = "{urn:ihe:iti:xds-b:2007}DocumentRepositoryBinding"


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


def pix_manager(server: ServerProcess, *plugins: zeep.Plugin) -> ServiceProxy:
    client = zeep.Client(str(WSDL / "pix_manager.wsdl"), plugins=list(plugins))
    service: ServiceProxy = client.create_service(HL7_BINDING, f"{server.url}/pix/add")
    return service


def patient_message() -> dict[str, object]:
    (message,) = find(etree.fromstring(pix_add("ZEEP-1")), "//hl7:PRPA_IN201301UV02")
    return {"_value_1": list(message), "ITSVersion": "XML_1.0"}


def test_zeep_feeds_a_patient(server: ServerProcess) -> None:
    service = pix_manager(server)

    answer = service.PatientRegistryRecordAdded(**patient_message())

    (acknowledgement,) = (e for e in answer["_value_1"] if e.tag.endswith("}acknowledgement"))
    assert acknowledgement.find("{urn:hl7-org:v3}typeCode").get("code") == "CA"


def test_zeep_with_its_plugin_and_an_action_in_the_wsdl_is_told_of_the_second_message_id(
    server: ServerProcess,
) -> None:
    service = pix_manager(server, WsAddressingPlugin())  # and zeep adds one of its own

    with pytest.raises(zeep.exceptions.Fault, match="MessageID"):
        service.PatientRegistryRecordAdded(**patient_message())


def test_zeep_submits_a_document_with_an_mtom_transport(server: ServerProcess) -> None:
    content = os.urandom(300_000)
    client = zeep.Client(
        str(WSDL / "document_repository.wsdl"),
        transport=MtomTransport(),
        plugins=[WsAddressingPlugin()],
    )
    service = client.create_service(XDS_BINDING, f"{server.url}/iti41/submit")

    answer = service.ProvideAndRegisterDocumentSet(_value_1=request_with(content))

    assert answer["status"].endswith(":Success")
    assert list(server.data_dir.rglob(hashlib.sha256(content).hexdigest()))


def request_with(content: bytes) -> list[etree._Element]:
    """SubmitObjectsRequest, and a Document with its content inline: the transport packs it."""
    request = etree.fromstring(submission().envelope)
    (document,) = find(request, "//xdsb:Document")
    document[:] = []
    document.text = base64.b64encode(content).decode()
    return [*find(request, "//lcm:SubmitObjectsRequest"), document]


def test_zeep_works_over_mutual_tls(tls_server: ServerProcess) -> None:
    certs = tls_server.folder / "certs"
    with requests.Session() as session:
        session.trust_env = False  # REQUESTS_CA_BUNDLE would win over verify
        session.verify = str(certs / "ca.pem")
        session.cert = (str(certs / "client-zeep.pem"), str(certs / "client-zeep-key.pem"))
        client = zeep.Client(
            str(WSDL / "document_repository.wsdl"),
            transport=MtomTransport(session=session),
            plugins=[WsAddressingPlugin()],
        )
        service = client.create_service(XDS_BINDING, f"{tls_server.url}/iti41/submit")

        answer = service.ProvideAndRegisterDocumentSet(_value_1=request_with(b"over TLS"))

    assert answer["status"].endswith(":Success")


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
