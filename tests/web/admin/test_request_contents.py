"""`/__admin/requests/{id}/...`: octets of requests, parts and responses, as downloads."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable

import pytest
from werkzeug.datastructures import Headers

from ihe_mock_async.journal.spill import IN_MEMORY
from ihe_mock_async.settings import Settings
from ihe_mock_async.web.app import MockServerApp, create_app
from tests.e2e.messages import SOAP_XML, pix_add
from tests.web.admin.asking import ask

MakeSettings = Callable[..., Settings]
DOCUMENT = b"%PDF-1.4\r\n--not a boundary\r\n\x00\xff"


def mtom(envelope: bytes, document: bytes = DOCUMENT) -> tuple[bytes, dict[str, str]]:
    """A request of two parts; what is in the first does not matter here."""
    body = (
        b"--edge\r\nContent-ID: <root@x>\r\nContent-Type: application/xop+xml; charset=UTF-8; "
        b'type="application/soap+xml"\r\n\r\n' + envelope + b"\r\n"
        b"--edge\r\nContent-ID: <doc@x>\r\nContent-Type: application/pdf\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n" + document + b"\r\n--edge--\r\n"
    )
    content_type = (
        'multipart/related; boundary=edge; type="application/xop+xml"; start="<root@x>"; '
        'start-info="application/soap+xml"'
    )
    return body, {"Content-Type": content_type}


async def post(app: MockServerApp, path: str, body: bytes, headers: dict[str, str]) -> None:
    await app.test_client().post(path, data=body, headers=headers)


def assert_is_harmless(headers: Headers, name: str) -> None:
    """No browser shows or runs what comes with these headers."""
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert headers["Content-Security-Policy"].startswith("sandbox")


async def test_bodies_are_downloaded_as_they_were(app: MockServerApp) -> None:
    message = pix_add("P-1")
    await post(app, "/pix/add", message, SOAP_XML)

    request, sent = await ask(app, "/requests/1/body")
    response, answered = await ask(app, "/requests/1/response")

    assert sent == message
    assert request.content_type == SOAP_XML["Content-Type"]
    assert_is_harmless(request.headers, "request-1")
    assert b"MCCI_IN000002UV01" in answered
    assert response.content_type.startswith("application/soap+xml")
    assert_is_harmless(response.headers, "response-1")


async def test_a_page_that_a_client_sends_is_a_download(app: MockServerApp) -> None:
    await post(app, "/x", b"<script>alert(1)</script>", {"Content-Type": "text/html"})

    response, body = await ask(app, "/requests/1/body")

    assert body == b"<script>alert(1)</script>"
    assert_is_harmless(response.headers, "request-1")


async def test_a_content_type_that_no_header_can_hold_is_left_out(app: MockServerApp) -> None:
    await post(app, "/x", b"x", {"Content-Type": "text/\xe4"})

    response, _ = await ask(app, "/requests/1/body")

    assert response.content_type == "application/octet-stream"


async def test_a_large_body_comes_out_of_its_file(app: MockServerApp) -> None:
    body = bytes(range(256)) * (IN_MEMORY // 256 + 2000)
    await post(app, "/x", body, {"Content-Type": "application/pdf"})
    recorded = app.services.journal.entries("")[0].request_body
    assert recorded.file is not None

    response, found = await ask(app, "/requests/1/body")

    assert found == body
    assert response.content_length == len(body)
    assert response.content_type == "application/pdf"


async def test_of_a_body_beyond_the_bound_the_beginning_is_told_with_its_size(
    settings: MakeSettings,
) -> None:
    app = create_app(settings(journal_max_bytes=100_000))
    async with app.test_app():
        await post(app, "/x", b"a" * 200_000, {"Content-Type": "text/plain"})

        response, body = await ask(app, "/requests/1/body")
        curl, problem = await ask(app, "/requests/1/curl")

    assert body == b"a" * 100_000
    assert response.headers["X-Mock-Body-Size"] == "200000"
    assert curl.status_code == 410
    assert problem["detail"].startswith("Of the 200000 octets of the body the journal keeps ")


async def test_a_file_that_is_gone_is_410(app: MockServerApp) -> None:
    await post(app, "/x", b"a" * (IN_MEMORY + 1), {"Content-Type": "text/plain"})
    file = app.services.journal.entries("")[0].request_body.file
    assert file is not None
    file.unlink()

    response, problem = await ask(app, "/requests/1/body")

    assert response.status_code == 410
    assert str(file) not in problem["detail"]


async def test_parts_are_cut_out(app: MockServerApp) -> None:
    message = pix_add("P-1")
    body, headers = mtom(message)
    await post(app, "/iti41/submit", body, headers)

    envelope, root = await ask(app, "/requests/1/parts/0")
    response, part = await ask(app, "/requests/1/parts/1")
    missing, problem = await ask(app, "/requests/1/parts/2")
    _, told = await ask(app, "/requests/1")

    assert root == message
    assert envelope.status_code == 200
    assert part == DOCUMENT
    assert response.content_type == "application/pdf"
    assert_is_harmless(response.headers, "request-1-part-1")
    assert told["parts"][0]["sha256"] == hashlib.sha256(DOCUMENT).hexdigest()
    assert missing.status_code == 404
    assert problem["detail"] == "The request has no part 2; its parts are 0 to 1."


async def test_a_request_is_told_as_a_curl_command(app: MockServerApp) -> None:
    await post(app, "/x?a=1", b"it's", {"Content-Type": "text/plain"})

    response, command = await ask(app, "/requests/1/curl")

    assert response.content_type == "text/plain; charset=utf-8"
    words = shlex.split(command.decode())
    assert words[0] == "curl"
    assert words[words.index("--data-raw") + 1] == "it's"
    assert any(word.endswith("/x?a=1") for word in words)


async def test_a_body_that_is_no_text_is_piped_from_where_it_is(app: MockServerApp) -> None:
    await post(app, "/ns/team/x", b"\x00\xff", {"Content-Type": "application/pdf"})

    _, command = await ask(app, "/requests/1/curl", namespace="team")

    assert b"http://localhost:8080/ns/team/__admin/requests/1/body" in command
    assert b"Bearer" not in command


# ---------------------------------------------------------------- redact


@pytest.fixture
async def redacted(settings: MakeSettings) -> MockServerApp:
    return create_app(settings(redact=True))


async def test_with_redact_bodies_are_masked_envelopes(redacted: MockServerApp) -> None:
    async with redacted.test_app():
        await post(redacted, "/pix/add", pix_add("SECRET-1"), SOAP_XML)

        _, body = await ask(redacted, "/requests/1/body")
        _, root = await ask(redacted, "/requests/1/parts/0")
        _, answered = await ask(redacted, "/requests/1/response")
        _, command = await ask(redacted, "/requests/1/curl")
        _, told = await ask(redacted, "/requests/1")

    assert b"PRPA_IN201301UV02" in body
    assert b"MCCI_IN000002UV01" in answered
    assert not any(b"SECRET-1" in octets for octets in (body, root, answered, command))
    assert "SECRET-1" not in str(told)


async def test_with_redact_nothing_of_other_bodies_is_shown(redacted: MockServerApp) -> None:
    async with redacted.test_app():
        await post(redacted, "/x", b"name=SECRET", {"Content-Type": "text/plain"})

        response, body = await ask(redacted, "/requests/1/body")

    assert response.status_code == 200
    assert body == b"(left out by redact)"
