"""Hostile and broken requests: a clear fault for each, and the next good request is served."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.e2e.messages import BOUNDARY, MTOM, SOAP_XML, envelope_of, pix_add, submission, text_of
from tests.server_process import ServerProcess, running

pytestmark = pytest.mark.integration

XML = b'<?xml version="1.0" encoding="UTF-8"?>'
BOMB = (
    b'<!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8))
    + b"]>"
)
GOOD = pix_add("GOOD-1")
SUBMISSION = submission().body
Case = tuple[str, dict[str, str], bytes, int, str]
CASES: dict[str, Case] = {
    "a DOCTYPE": ("/pix/add", SOAP_XML, b"<!DOCTYPE Envelope>" + GOOD, 400, "DOCTYPE"),
    "an entity bomb": ("/pix/add", SOAP_XML, BOMB + GOOD, 400, "DOCTYPE"),
    "UTF-7": (
        "/pix/add",
        SOAP_XML,
        b'<?xml version="1.0" encoding="UTF-7"?>+ADw-Envelope/+AD4-',
        400,
        "UTF-7",
    ),
    "UTF-7 by header": (
        "/pix/add",
        {"Content-Type": "application/soap+xml; charset=utf-7"},
        GOOD,
        415,
        "utf-7",
    ),
    "millions of elements": (
        "/pix/add",
        SOAP_XML,
        b"<a>" + b"<b/>" * 3_000_000 + b"</a>",
        400,
        "tags",
    ),
    "great depth": ("/pix/add", SOAP_XML, b"<a>" * 5000 + b"</a>" * 5000, 400, "256"),
    "no XML": ("/pix/add", SOAP_XML, b"MSH|^~\\&|A|B", 400, "not well-formed"),
    "an empty body": ("/pix/add", SOAP_XML, b"", 400, "empty"),
    "an undeclared prefix": ("/pix/add", SOAP_XML, b"<s:Envelope/>", 400, "xmlns"),
    "another root": ("/pix/add", SOAP_XML, b"<html/>", 400, "Envelope"),
    "a truncated MIME body": ("/iti41/submit", MTOM, SUBMISSION[:-40], 400, "boundary"),
    "a start that names no part": (
        "/iti41/submit",
        {"Content-Type": MTOM["Content-Type"].replace("root@", "wurzel@")},
        SUBMISSION,
        400,
        "wurzel@example.org",
    ),
    "a cid without a part": (
        "/iti41/submit",
        MTOM,
        SUBMISSION.replace(b"cid:letter", b"cid:brief"),
        400,
        "brief%40example.org",
    ),
    "a Content-ID twice": (
        "/iti41/submit",
        MTOM,
        SUBMISSION.replace(b"<letter@example.org>", b"<root@example.org>"),
        400,
        "Content-ID",
    ),
    "no boundary": (
        "/iti41/submit",
        {"Content-Type": 'multipart/related; type="application/xop+xml"'},
        SUBMISSION,
        400,
        "boundary",
    ),
    "gzip": ("/pix/add", {**SOAP_XML, "Content-Encoding": "gzip"}, GOOD, 415, "Content-Encoding"),
    "JSON": ("/pix/add", {"Content-Type": "application/json"}, b"{}", 415, "application/json"),
    "no Content-Type": ("/pix/add", {}, GOOD, 415, "no Content-Type"),
    "an unknown path": ("/pix/addd", SOAP_XML, GOOD, 404, "/pix/add"),
    "an unknown action": (
        "/pix/add",
        SOAP_XML,
        GOOD.replace(b">urn:hl7-org:v3:PRPA_IN201301UV02<", b">urn:hl7-org:v3:NOPE<"),
        400,
        "NOPE",
    ),
    "an action that contradicts the body": (
        "/pix/add",
        SOAP_XML,
        GOOD.replace(b">urn:hl7-org:v3:PRPA_IN201301UV02<", b">urn:hl7-org:v3:PRPA_IN201302UV02<"),
        400,
        "PRPA_IN201302UV02",
    ),
    "a reply address that nothing can be posted to": (
        "/pix/add",
        SOAP_XML,
        GOOD.replace(
            b"http://www.w3.org/2005/08/addressing/anonymous", b"mailto:replies@example.org"
        ),
        400,
        "mailto:replies@example.org",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_gets_a_clear_fault_and_hurts_nobody(name: str, client: httpx.Client) -> None:
    path, headers, body, status, word = CASES[name]

    reply = client.post(path, content=body, headers=headers)
    next_reply = client.post("/pix/add", content=GOOD, headers=SOAP_XML)

    envelope = envelope_of(reply.headers["content-type"], reply.content)
    reason = text_of(envelope, "//soap:Fault/soap:Reason/soap:Text")
    assert reply.status_code == status, reason
    assert word in reason
    assert "Traceback" not in reply.text
    assert b'code="CA"' in next_reply.content


def test_a_soap_1_1_message_is_told_the_right_version(client: httpx.Client) -> None:
    message = GOOD.replace(
        b"http://www.w3.org/2003/05/soap-envelope", b"http://schemas.xmlsoap.org/soap/envelope/"
    )

    reply = client.post("/pix/add", content=message, headers={"Content-Type": "text/xml"})

    assert reply.status_code == 500
    assert reply.headers["content-type"] == "text/xml; charset=utf-8"
    assert b"VersionMismatch" in reply.content
    assert b"Upgrade" in reply.content


def test_get_is_refused_as_a_fault_that_allows_post(client: httpx.Client) -> None:
    reply = client.get("/pix/add")

    assert reply.status_code == 405
    assert reply.headers["allow"] == "POST"
    assert b"Fault" in reply.content


def test_an_oversized_request_is_refused_before_it_was_sent(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    settings = {"max_request_bytes": 100_000}
    with running(tmp_path_factory.mktemp("small"), settings=settings) as server:
        announced = httpx.post(
            f"{server.url}/iti41/submit", content=b"x" * 5_000_000, headers=MTOM, timeout=30
        )
        chunked = httpx.post(
            f"{server.url}/iti41/submit",
            content=(b"x" * 10_000 for _ in range(100)),
            headers=MTOM,
            timeout=30,
        )
        good = httpx.post(f"{server.url}/pix/add", content=GOOD, headers=SOAP_XML)

    assert announced.status_code == 413
    assert b"100000" in announced.content
    assert chunked.status_code in (400, 413)
    assert b'code="CA"' in good.content


def test_memory_stays_flat_under_hostile_input(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # What the journal may keep is bounded by its setting.
    settings = {"journal_max_bytes": 1024 * 1024}
    with running(tmp_path_factory.mktemp("hostile"), settings=settings) as server:
        process = psutil.Process(server.process.pid)

        def attack() -> None:
            for path, headers, body, _, _ in CASES.values():
                httpx.post(f"{server.url}{path}", content=body, headers=headers, timeout=30)

        attack()
        before = process.memory_info().rss
        for _ in range(5):
            attack()
        growth = process.memory_info().rss - before

    assert growth < 32 * 1024 * 1024


def raw(server: ServerProcess, data: bytes, after: Callable[[socket.socket], None]) -> bytes:
    """Send octets over a socket of our own, and read until the server closes."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(data)
        after(connection)
        answer = bytearray()
        while chunk := connection.recv(65536):
            answer += chunk
    return bytes(answer)


def http(path: str, body: bytes, content_type: str = SOAP_XML["Content-Type"]) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def test_a_half_closed_connection_gets_its_answer(server: ServerProcess) -> None:
    answer = raw(server, http("/pix/add", GOOD), lambda s: s.shutdown(socket.SHUT_WR))

    assert answer.startswith(b"HTTP/1.1 200")
    assert b'code="CA"' in answer


def test_a_client_that_goes_away_leaves_nothing_behind(
    server: ServerProcess, client: httpx.Client
) -> None:
    address = urlsplit(server.url)
    head = (
        f"POST /iti41/submit HTTP/1.1\r\nHost: x\r\nContent-Type: {MTOM['Content-Type']}\r\n"
        f"Content-Length: {len(SUBMISSION) + 10_000_000}\r\n\r\n"
    ).encode()
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head + SUBMISSION[:-30] + b"x" * 3_000_000)

    reply = client.post("/pix/add", content=GOOD, headers=SOAP_XML)
    assert b'code="CA"' in reply.content
    for _ in range(200):
        if not list(server.data_dir.rglob("staging/*")):
            break
        time.sleep(0.02)
    assert not list(server.data_dir.rglob("staging/*"))


def test_expect_100_continue_is_answered(server: ServerProcess) -> None:
    body = GOOD
    head = (
        "POST /pix/add HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()

    def go_on(connection: socket.socket) -> None:
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        connection.sendall(body)

    assert b'code="CA"' in raw(server, head, go_on)


def test_the_boundary_may_look_like_anything_legal(client: httpx.Client) -> None:
    boundary = "uuid:898b3ded-c057+id=5"
    body = SUBMISSION.replace(BOUNDARY.encode(), boundary.encode())
    content_type = (
        f'multipart/related; type="application/xop+xml";start="<root@example.org>";'
        f'boundary="{boundary}";start-info="application/soap+xml"'
    )

    reply = client.post(
        "/ns/boundary/iti41/submit", content=body, headers={"Content-Type": content_type}
    )

    assert b"ResponseStatusType:Success" in reply.content
