"""The app as it is wired: endpoints, namespaces, and answers to whoever took a wrong turn."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from quart import Response

from ihe_mock_async.errors import StoreError
from ihe_mock_async.journal.batch_writer import BatchWriter
from ihe_mock_async.settings import Settings
from ihe_mock_async.web.app import MockServerApp, create_app
from tests.e2e.messages import (
    MTOM,
    SOAP_XML,
    envelope_of,
    find,
    pix_add,
    submission,
    text_of,
)

MakeSettings = Callable[..., Settings]
JSON = {"Content-Type": "application/json"}


async def post(
    app: MockServerApp, path: str, body: bytes, headers: dict[str, str]
) -> tuple[Response, bytes]:
    response = await app.test_client().post(path, data=body, headers=headers)
    return response, await response.get_data(as_text=False)


@asynccontextmanager
async def running(app: MockServerApp) -> AsyncIterator[MockServerApp]:
    async with app.test_app():
        yield app


# ---------------------------------------------------------------- served


async def test_a_patient_is_fed(app: MockServerApp) -> None:
    response, body = await post(app, "/pix/add", pix_add("APP-1"), SOAP_XML)

    assert response.status_code == 200
    assert b'<typeCode code="CA"/>' in body


async def test_a_document_is_provided_and_registered(app: MockServerApp) -> None:
    response, body = await post(app, "/iti41/submit", submission().body, MTOM)

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("multipart/related")
    assert b"ResponseStatusType:Success" in body


async def test_namespaces_know_nothing_of_each_other(settings: MakeSettings) -> None:
    async with running(create_app(settings(unknown_patients="reject"))) as app:
        await post(app, "/ns/a/pix/add", pix_add("NS-1"), SOAP_XML)
        _, known = await post(app, "/ns/a/iti41/submit", submission("NS-1").body, MTOM)
        _, other = await post(app, "/ns/b/iti41/submit", submission("NS-1").body, MTOM)

    assert b"ResponseStatusType:Success" in known
    assert b"XDSUnknownPatientId" in other


async def test_the_app_lists_its_endpoints_for_people(app: MockServerApp) -> None:
    served = "Document Repository: ITI-41, ITI-43, ITI-86"
    assert ("/iti41/submit", served) in app.endpoints


async def test_seed_and_clock_make_answers_reproducible(settings: MakeSettings) -> None:
    message, answers = pix_add("SEED-1"), []
    for _ in range(2):
        made = create_app(settings(), clock=datetime(2024, 1, 5, tzinfo=UTC), seed=42)
        async with running(made) as app:
            answers.append((await post(app, "/pix/add", message, SOAP_XML))[1])

    assert answers[0] == answers[1]
    assert b"20240105" in answers[0]


async def test_an_envelope_above_max_envelope_bytes_is_refused(settings: MakeSettings) -> None:
    async with running(create_app(settings(max_envelope_bytes=1000))) as app:
        response, body = await post(app, "/pix/add", pix_add("BIG-1"), SOAP_XML)

    assert response.status_code == 413
    assert b"at most 1000 octets" in body


async def test_an_exchange_leaves_evidence_in_the_logs_folder(
    settings: MakeSettings, tmp_path: Path
) -> None:
    async with running(create_app(settings())) as app:
        await post(app, "/pix/add", pix_add("EVI-1"), SOAP_XML)
        await post(app, "/iti41/submit", submission().body, MTOM)

    fed = json.loads((tmp_path / "logs" / "pix-add.log").read_text())
    submitted = sorted(p.suffix for p in (tmp_path / "logs" / "iti41-submissions").iterdir())
    assert fed["patientIds"] == ["EVI-1^^^&1.3.6.1.4.1.21367.2017.2.5.1&ISO"]
    assert submitted == [".json", ".xml"]


async def test_redact_masks_the_evidence(settings: MakeSettings, tmp_path: Path) -> None:
    async with running(create_app(settings(redact=True))) as app:
        await post(app, "/iti41/submit", submission("SECRET-1").body, MTOM)

    files = list((tmp_path / "logs" / "iti41-submissions").iterdir())
    assert len(files) == 2
    assert not any(b"SECRET-1" in file.read_bytes() for file in files)


# ---------------------------------------------------------------- wrong turns


async def test_a_message_to_an_unknown_path_is_a_fault_that_names_the_endpoints(
    app: MockServerApp, caplog: pytest.LogCaptureFixture
) -> None:
    response, body = await post(app, "/pix/addd", pix_add("X"), SOAP_XML)

    reason = text_of(envelope_of(response.content_type or "", body), "//soap:Reason/soap:Text")
    assert response.status_code == 404
    assert response.content_type == "application/soap+xml; charset=utf-8"
    assert "/pix/addd" in reason
    assert "/iti41/submit" in reason
    assert "outcome=unmatched (http-not-found) http=404" in caplog.text


async def test_a_fault_of_an_unknown_path_is_in_the_framing_of_the_request(
    app: MockServerApp,
) -> None:
    mtom, _ = await post(app, "/nowhere", submission().body, MTOM)
    old, body = await post(app, "/nowhere", b"<a/>", {"Content-Type": "text/xml"})

    assert mtom.headers["Content-Type"].startswith("multipart/related")
    assert old.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert old.status_code == 404
    assert b"faultstring" in body


async def test_a_bad_name_of_a_namespace_is_explained(app: MockServerApp) -> None:
    response, body = await post(app, "/ns/-a/pix/add", pix_add("X"), SOAP_XML)

    rules = find(envelope_of(response.content_type or "", body), "//error/finding/@rule")
    assert response.status_code == 404
    assert [str(rule) for rule in rules] == ["http-namespace"]


async def test_a_message_to_a_page_for_people_is_a_fault_with_allow(app: MockServerApp) -> None:
    response, body = await post(app, "/health", pix_add("X"), SOAP_XML)

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert b"Fault" in body


async def test_people_get_problem_json(app: MockServerApp) -> None:
    response = await app.test_client().get("/nope")

    problem = json.loads(await response.get_data())
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert (problem["title"], problem["status"]) == ("Not Found", 404)
    assert "GET /nope" in problem["detail"]


async def test_who_posts_json_gets_problem_json(app: MockServerApp) -> None:
    response, body = await post(app, "/nope", b"{}", JSON)

    assert response.content_type == "application/problem+json"
    assert json.loads(body)["status"] == 404


async def test_another_method_on_a_page_is_told_what_is_allowed(app: MockServerApp) -> None:
    response = await app.test_client().delete("/health")

    assert response.status_code == 405
    assert response.content_type == "application/problem+json"
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


async def test_get_of_a_soap_endpoint_is_told_post(app: MockServerApp) -> None:
    response = await app.test_client().get("/pix/add")

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


async def test_a_page_that_fails_tells_nothing_of_the_cause(
    app: MockServerApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("a secret of the server")

    monkeypatch.setattr(app, "log_counters", fail)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    response = await app.test_client().get("/health")

    assert response.status_code == 500
    assert response.content_type == "application/problem+json"
    assert b"secret" not in await response.get_data(as_text=False)
    assert "a secret of the server" in caplog.text


# ---------------------------------------------------------------- wiring


async def test_a_store_that_cannot_be_opened_is_said(
    settings: MakeSettings, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("in the way")

    with pytest.raises(StoreError):
        create_app(settings(database_url=None))


async def test_the_app_closes_its_store_and_its_own_writer(
    settings: MakeSettings, tmp_path: Path
) -> None:
    async with running(create_app(settings())) as app:
        await post(app, "/pix/add", pix_add("X"), SOAP_XML)

    assert (tmp_path / "logs" / "pix-add.log").exists()
    with pytest.raises(StoreError, match="closed"):
        await app.services.store.ready()


async def test_a_writer_of_somebody_else_stays_open(settings: MakeSettings) -> None:
    writer = BatchWriter()

    async with running(create_app(settings(), writer=writer)):
        pass

    assert writer.append(Path("/nonexistent/x"), b"")
    writer.close()
