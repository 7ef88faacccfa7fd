"""What the journal keeps of every request to a mocked endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from ihe_mock_async.ihe import Outcome
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.settings import Settings
from ihe_mock_async.web.app import MockServerApp, create_app
from tests.e2e.messages import MTOM, SOAP_XML, pix_add, submission
from tests.web.fakes import envelope, make_services, request, send, text_of


def entries(app: MockServerApp, namespace: str = "") -> list[Entry]:
    return list(app.services.journal.entries(namespace))


async def test_an_exchange_is_remembered_as_it_was(app: MockServerApp) -> None:
    message = pix_add("JOURNAL-1")
    headers = {**SOAP_XML, "X-Test": "one"}
    response = await app.test_client().post("/ns/a/pix/add?x=%20", data=message, headers=headers)
    answer = await response.get_data(as_text=False)

    (entry,) = entries(app, "a")
    assert (entry.method, entry.scheme, entry.path) == ("POST", "http", "/ns/a/pix/add")
    assert entry.target.endswith("?x=%20")
    assert (b"x-test", b"one") in [(name.lower(), value) for name, value in entry.headers]
    assert entry.request_body.read() == message
    assert entry.request_body.data is entry.request_envelope
    assert (entry.soap_version, entry.transaction, entry.actor) == ("1.2", "ITI-44", "pix-manager")
    assert entry.action == "urn:hl7-org:v3:PRPA_IN201301UV02"
    assert entry.body_name == "{urn:hl7-org:v3}PRPA_IN201301UV02"
    assert entry.outcome is Outcome.SERVED
    assert entry.status == 200
    assert dict(entry.response_headers)[b"content-length"] == b"%d" % len(answer)
    assert entry.response_body.read() == answer
    assert entry.completed


async def test_attachments_are_in_the_body_as_it_came(app: MockServerApp) -> None:
    message = submission(document=b"x" * 200_000).body
    await app.test_client().post("/iti41/submit", data=message, headers=MTOM)

    (entry,) = entries(app)
    assert entry.request_body.size == len(message)
    assert await asyncio.to_thread(entry.request_body.read) == message


async def test_a_body_that_is_refused_unread_is_kept_all_the_same(app: MockServerApp) -> None:
    headers = {"Content-Type": "text/plain"}
    response = await app.test_client().post("/pix/add", data=b"hello", headers=headers)

    assert response.status_code == 415
    assert entries(app)[0].request_body.read() == b"hello"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
async def test_another_method_is_remembered(app: MockServerApp, method: str) -> None:
    response = await getattr(app.test_client(), method.lower())("/pix/add")

    (entry,) = entries(app)
    assert (response.status_code, entry.status) == (405, 405)
    assert (entry.method, entry.outcome) == (method, Outcome.FAULT)


async def test_who_asks_for_the_wsdl_or_the_health_is_not_remembered(app: MockServerApp) -> None:
    for path in ("/pix/add?wsdl", "/health", "/health/live", "/__admin/deliveries"):
        await app.test_client().get(path)
    await app.test_client().post("/health", data=b"x")

    assert entries(app) == []


@pytest.mark.parametrize(("method", "body"), [("POST", b"<a/>"), ("GET", b""), ("PUT", b"{}")])
async def test_who_finds_nothing_is_unmatched(
    app: MockServerApp, method: str, body: bytes
) -> None:
    response = await getattr(app.test_client(), method.lower())("/nowhere", data=body)

    (entry,) = entries(app)
    assert (response.status_code, entry.status) == (404, 404)
    assert entry.outcome is Outcome.UNMATCHED
    assert entry.request_body.read() == body
    assert app.services.request_count == 0


@pytest.fixture
async def forgetful(settings: Callable[..., Settings]) -> AsyncIterator[MockServerApp]:
    """An app whose journal is off."""
    made = create_app(settings(journal_max_entries=0))
    async with made.test_app():
        yield made


async def test_without_a_journal_requests_are_served(forgetful: MockServerApp) -> None:
    message = pix_add("OFF-1")
    response = await forgetful.test_client().post("/pix/add", data=message, headers=SOAP_XML)

    assert response.status_code == 200


@pytest.mark.parametrize("step", ["begin", "understood", "complete"])
async def test_a_journal_that_fails_breaks_no_answer(
    step: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    services = make_services()

    def fail(entry: Entry) -> None:
        raise RuntimeError("the journal is broken")

    monkeypatch.setattr(services.journal, step, fail)

    response = await send(services, request(envelope()))

    assert response.status == 200
    assert text_of(response, "//ex:Greeting/@id")
    assert "the journal is broken" in caplog.text
