"""ITI-44 against a running server."""

from __future__ import annotations

import time
import uuid

import httpx
import pytest

from tests.e2e.messages import SOAP_XML, envelope_of, find, pix_add, text_of
from tests.server_process import ServerProcess

pytestmark = pytest.mark.integration

ACK = "//hl7:MCCI_IN000002UV01/hl7:acknowledgement"


def lines_with(server: ServerProcess, text: str) -> list[str]:
    for _ in range(100):
        lines = [line for line in server.log.splitlines() if text in line]
        if lines:
            return lines
        time.sleep(0.02)
    raise AssertionError(f"{text!r} did not reach the log")


def test_a_pix_add_is_accepted(client: httpx.Client) -> None:
    message_id = str(uuid.uuid4())

    reply = client.post(
        "/pix/add", content=pix_add("E2E-1", message_id=message_id), headers=SOAP_XML
    )

    envelope = envelope_of(reply.headers["content-type"], reply.content)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/soap+xml; charset=utf-8"
    assert text_of(envelope, "//wsa:Action") == "urn:hl7-org:v3:MCCI_IN000002UV01"
    assert text_of(envelope, "//wsa:RelatesTo") == f"urn:uuid:{message_id}"
    assert text_of(envelope, f"{ACK}/hl7:typeCode/@code") == "CA"


def test_the_log_has_one_line_per_exchange(client: httpx.Client, server: ServerProcess) -> None:
    client.post("/pix/add", content=pix_add("E2E-LOG"), headers=SOAP_XML)

    lines = lines_with(server, "E2E-LOG^^^")
    assert any("ITI-44" in line and "outcome=served (CA)" in line for line in lines)


def test_all_problems_of_a_message_are_told_at_once(client: httpx.Client) -> None:
    broken = pix_add("E2E-2").replace(b'acceptAckCode code="AL"', b'acceptAckCode code="XX"')
    broken = broken.replace(b' extension="E2E-2"', b"")

    reply = client.post("/pix/add", content=broken, headers=SOAP_XML)

    envelope = envelope_of(reply.headers["content-type"], reply.content)
    details = find(envelope, f"{ACK}/hl7:acknowledgementDetail")
    assert reply.status_code == 200
    assert text_of(envelope, f"{ACK}/hl7:typeCode/@code") == "CE"
    assert len(details) >= 2
    assert "acceptAckCode" in "".join(text_of(detail, "hl7:location") for detail in details)


def test_the_answer_comes_under_each_path_of_the_actor(client: httpx.Client) -> None:
    for path in ("/pix/add", "/pix-manager", "/ns/parallel-1/pix/add", "/document-registry"):
        reply = client.post(path, content=pix_add("E2E-3"), headers=SOAP_XML)

        envelope = envelope_of(reply.headers["content-type"], reply.content)
        assert text_of(envelope, f"{ACK}/hl7:typeCode/@code") == "CA", path


def test_a_message_without_addressing_headers_is_accepted(client: httpx.Client) -> None:
    message = pix_add("E2E-4")
    start, end = message.index(b"<s:Header>"), message.index(b"</s:Header>") + len(b"</s:Header>")

    reply = client.post("/pix/add", content=message[:start] + message[end:], headers=SOAP_XML)

    envelope = envelope_of(reply.headers["content-type"], reply.content)
    assert text_of(envelope, f"{ACK}/hl7:typeCode/@code") == "CA"
    assert not find(envelope, "//wsa:RelatesTo")
