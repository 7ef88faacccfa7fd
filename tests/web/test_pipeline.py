"""Exchanges, from the request to the response, with a transaction of our own."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ihe_mock_async.errors import StoreError
from ihe_mock_async.findings import Rule, Severity, Validation
from ihe_mock_async.identifiers import is_uuid
from ihe_mock_async.ihe import Answer, Exchange, Outcome, WriteNeeded
from ihe_mock_async.soap.namespaces import SOAP11
from ihe_mock_async.web.body import BodyLimits
from ihe_mock_async.web.http import ClientGoneError, Response
from tests.web.fakes import (
    ACTION,
    FAKE,
    FAKE_MTOM,
    GREETING,
    MTOM,
    NAMESPACES,
    NOW,
    RESPONSE_ACTION,
    SOAP_XML,
    answering,
    attachment,
    chunks,
    document,
    entry_of,
    envelope,
    envelope_of,
    greet,
    include,
    make_services,
    mime,
    reason_of,
    recorder_of,
    request,
    root,
    rules_of,
    send,
    store_of,
    text_of,
)

TEXT_XML = {"content-type": "text/xml; charset=utf-8"}


def subcodes_of(response: Response) -> list[str]:
    """The subcodes, outermost first."""
    found = envelope_of(response).iterfind(".//soap:Subcode/soap:Value", NAMESPACES)
    return [str(value.text) for value in found]


# ---------------------------------------------------------------- answers


async def test_a_message_is_answered_by_its_transaction() -> None:
    services = make_services()

    response = await send(services, request(envelope()))

    assert response.status == 200
    assert response.headers == {"Content-Type": "application/soap+xml; charset=utf-8"}
    assert text_of(response, "//wsa:Action") == RESPONSE_ACTION
    assert text_of(response, "//wsa:Action/@soap:mustUnderstand") == "1"
    assert is_uuid(text_of(response, "//soap:Body/ex:Greeting/@id"))
    assert text_of(response, "//wsa:MessageID").startswith("urn:uuid:")


async def test_the_handler_gets_all_that_it_may_know() -> None:
    seen: list[Exchange] = []

    def handler(exchange: Exchange) -> Answer:
        seen.append(exchange)
        return greet(exchange)

    services = make_services(answering(handler))

    await send(services, request(envelope(understand="")))

    (exchange,) = seen
    assert exchange.body.tag == "{urn:example}Greet"
    assert exchange.action == ACTION
    assert exchange.now == NOW
    assert exchange.domain is services.domain
    assert exchange.attachments == {}
    assert [f.rule.id for f in exchange.findings] == ["wsa-action-must-understand"]


@pytest.mark.parametrize("message_id", ["urn:uuid:1", "0A8F-bare", "x y &amp; z"])
async def test_relates_to_is_the_message_id_verbatim(message_id: str) -> None:
    response = await send(make_services(), request(envelope(message_id=f"\n  {message_id}\n")))

    assert text_of(response, "//wsa:RelatesTo") == message_id.replace("&amp;", "&")


async def test_without_a_message_id_there_is_no_relates_to() -> None:
    response = await send(make_services(), request(envelope(message_id="")))

    assert b"RelatesTo" not in response.body


async def test_a_namespace_is_a_state_of_its_own() -> None:
    services = make_services()

    await send(services, request(envelope(), path="/ns/team/pix/add"))
    await send(services, request(envelope()))

    assert store_of(services).namespaces == ["team", ""]
    assert [e.namespace for e in recorder_of(services).entries] == ["team", ""]


async def test_a_transaction_that_only_reads_goes_beside_the_writer() -> None:
    services = make_services(replace(FAKE, writes=False))

    response = await send(services, request(envelope()))

    assert response.status == 200
    assert store_of(services).reads == 1
    assert store_of(services).namespaces == []


async def test_a_transaction_that_has_to_write_after_all_is_run_again_by_the_writer() -> None:
    ids: list[str] = []

    def write_if_allowed(exchange: Exchange) -> Answer:
        ids.append(exchange.new_uuid())
        if not exchange.may_write:
            raise WriteNeeded
        return greet(exchange)

    services = make_services(replace(answering(write_if_allowed), writes=False), seed=7)

    response = await send(services, request(envelope()))

    assert text_of(response, "//wsa:Action") == RESPONSE_ACTION
    assert (store_of(services).reads, store_of(services).namespaces) == (1, [""])
    assert len(ids) == 2
    assert ids[0] == ids[1]


async def test_a_transaction_that_writes_is_not_run_to_read_first() -> None:
    allowed: list[bool] = []

    def note(exchange: Exchange) -> Answer:
        allowed.append(exchange.may_write)
        return greet(exchange)

    services = make_services(answering(note))

    await send(services, request(envelope()))

    assert allowed == [True]
    assert store_of(services).reads == 0


async def test_the_same_request_has_the_same_answer_under_a_seed() -> None:
    answers = [(await send(make_services(seed=7), request(envelope()))).body for _ in range(2)]

    assert answers[0] == answers[1]


async def test_a_unit_of_work_that_was_run_twice_answers_the_same() -> None:
    once, twice = make_services(seed=7), make_services(seed=7)
    store_of(twice).runs = 2

    first = await send(once, request(envelope()))
    second = await send(twice, request(envelope()))

    assert first.body == second.body


async def test_an_application_refusal_is_http_200() -> None:
    def refuse(exchange: Exchange) -> Answer:
        return replace(greet(exchange), outcome=Outcome.REJECTED, summary="CE")

    services = make_services(answering(refuse))

    response = await send(services, request(envelope()))

    assert response.status == 200
    assert entry_of(services).outcome is Outcome.REJECTED


# ---------------------------------------------------------------- MTOM


async def test_mtom_in_is_mtom_out() -> None:
    services = make_services(FAKE_MTOM)
    body = mime(root(envelope(include("a@x"))), attachment("a@x", b"Hello"))

    response = await send(services, request(body, MTOM))

    content_type = response.headers["Content-Type"]
    assert response.status == 200
    assert content_type.startswith('multipart/related; type="application/xop+xml"')
    assert f'action="{RESPONSE_ACTION}"' in content_type
    assert text_of(response, "//soap:Body/ex:Greeting/@id")


async def test_a_boundary_is_in_no_answer_and_the_same_for_the_same() -> None:
    message = mime(root(envelope(include("a@x"))), attachment("a@x", b"Hello"))
    answers = [
        await send(make_services(FAKE_MTOM, seed=7), request(message, MTOM)) for _ in range(2)
    ]

    boundary = answers[0].headers["Content-Type"].partition('boundary="')[2].partition('"')[0]
    assert answers[0] == answers[1]
    assert answers[0].body.count(boundary.encode()) == 2


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(mime(root(envelope()))[:-20], id="cut off"),
        pytest.param(mime(root(b"no xml")), id="no XML"),
        pytest.param(mime(root(envelope(include("b@x")))), id="an attachment is missing"),
        pytest.param(mime(root(envelope(action="urn:x"))), id="another action"),
    ],
)
async def test_a_fault_of_an_mtom_request_is_mtom(body: bytes) -> None:
    response = await send(make_services(FAKE_MTOM), request(body, MTOM))

    assert response.status == 400
    assert response.headers["Content-Type"].startswith("multipart/related")
    assert text_of(response, "//soap:Code/soap:Value") == "soap:Sender"
    assert rules_of(response)


async def test_a_fault_before_the_body_is_in_the_framing_of_the_request_too() -> None:
    headers = {**MTOM, "content-encoding": "gzip"}

    response = await send(make_services(), request(b"", headers))

    assert response.status == 415
    assert response.headers["Content-Type"].startswith("multipart/related")
    assert rules_of(response) == ["http-content-encoding"]


async def test_a_document_that_was_stored_outlives_the_exchange() -> None:
    services = make_services(FAKE_MTOM)
    body = mime(root(envelope(include("a@x"))), attachment("a@x", b"Hello"))

    await send(services, request(body, MTOM))

    (staged,) = entry_of(services).attachments
    assert staged.sha256 in store_of(services).content


async def test_an_inline_document_is_an_attachment_of_the_entry() -> None:
    services = make_services(FAKE_MTOM)

    await send(services, request(mime(root(envelope(document("SGVsbG8=")))), MTOM))

    entry = entry_of(services)
    assert [a.size for a in entry.attachments] == [5]
    assert [f.rule.id for f in entry.findings] == ["mtom-inline-base64"]


# ---------------------------------------------------------------- what is refused


async def test_what_is_no_xml_is_told_the_rule_line_and_fix() -> None:
    services = make_services()

    response = await send(services, request(b"<a>\n<b></a>"))

    assert response.status == 400
    assert rules_of(response) == ["xml-well-formed"]
    assert text_of(response, "//error/finding/@line") == "2"
    assert text_of(response, "//error/finding/fix").startswith("Make the message")
    assert entry_of(services).summary == "xml-well-formed"


async def test_all_problems_are_told_at_once() -> None:
    services = make_services(FAKE_MTOM)
    message = envelope(include("nope"), action="", reply_to="", message_id="\n")

    response = await send(services, request(message))

    assert rules_of(response) == [
        "wsa-reply-to",
        "wsa-message-id",
        "wsa-action-required",
        "mtom-required",
        "xop-include-known",
    ]
    assert "3 problems" in reason_of(response)
    assert subcodes_of(response) == ["wsa:MessageAddressingHeaderRequired"]


async def test_a_fault_tells_the_warnings_that_came_before_it() -> None:
    content_type = MTOM["content-type"].replace("application/soap+xml", "text/xml")
    message = envelope(action="urn:example:Nope", understand="")

    response = await send(
        make_services(FAKE_MTOM), request(mime(root(message)), {"content-type": content_type})
    )

    assert rules_of(response) == [
        "wsa-action-supported",
        "mtom-start-info",
        "wsa-action-must-understand",
    ]


async def test_a_missing_action_names_the_header_that_is_required() -> None:
    xds = replace(FAKE, needs_addressing=True)

    response = await send(make_services(xds), request(envelope(action="")))

    assert subcodes_of(response) == ["wsa:MessageAddressingHeaderRequired"]
    assert text_of(response, "//wsa:ProblemHeaderQName") == "wsa:Action"
    assert text_of(response, "//soap:Header/wsa:Action").endswith("/addressing/fault")


async def test_a_missing_action_of_an_hl7_message_is_a_warning_only() -> None:
    services = make_services()

    response = await send(services, request(envelope(action="")))

    assert response.status == 200
    assert [f.rule.id for f in entry_of(services).findings] == ["wsa-action-recommended"]


async def test_strict_mode_refuses_warnings() -> None:
    services = make_services(validation=Validation.STRICT)

    response = await send(services, request(envelope(understand="")))

    assert response.status == 400
    assert rules_of(response) == ["wsa-action-must-understand"]


async def test_report_mode_takes_simple_soap_for_mtom_and_answers_in_simple_soap() -> None:
    services = make_services(FAKE_MTOM, validation=Validation.REPORT)

    response = await send(services, request(envelope()))

    assert response.status == 200
    assert response.headers["Content-Type"].startswith("application/soap+xml")
    assert [f.rule.id for f in entry_of(services).findings] == ["mtom-required"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods_are_told_post(method: str) -> None:
    response = await send(make_services(), request(method=method, headers={}))

    assert response.status == 405
    assert response.headers["Allow"] == "POST"
    assert rules_of(response) == ["http-method"]


async def test_a_request_above_the_limit_is_413() -> None:
    services = make_services(limits=BodyLimits(1000, 1000))

    announced = await send(services, request(headers={**SOAP_XML, "content-length": "1001"}))
    chunked = await send(services, request([b"x" * 600, b"x" * 600]))

    assert announced.status == chunked.status == 413
    assert rules_of(announced) == rules_of(chunked) == ["http-too-large"]


# ---------------------------------------------------------------- SOAP 1.1


async def test_soap_1_1_is_told_the_right_version_in_its_own() -> None:
    response = await send(make_services(), request(envelope(namespace=SOAP11), TEXT_XML))

    assert response.status == 500
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert text_of(response, "//soap11:Fault/faultcode") == "soap:VersionMismatch"
    assert text_of(response, "//soap11:Header/soap:Upgrade/soap:SupportedEnvelope/@qname")


async def test_soap_1_1_is_served_in_report_mode_in_its_own() -> None:
    services = make_services(validation=Validation.REPORT)

    response = await send(services, request(envelope(namespace=SOAP11), TEXT_XML))

    assert response.status == 200
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert envelope_of(response).tag == f"{{{SOAP11}}}Envelope"
    assert [f.rule.id for f in entry_of(services).findings] == ["soap-version"]


async def test_an_unreadable_text_xml_is_answered_as_soap_1_1() -> None:
    response = await send(make_services(), request(b"no xml", TEXT_XML))

    assert response.status == 500
    assert text_of(response, "//soap11:Fault/faultcode") == "soap:Client"


async def test_soap_1_2_as_text_xml_is_refused_and_taken_in_report_mode() -> None:
    strict, lenient = make_services(), make_services(validation=Validation.REPORT)

    refused = await send(strict, request(envelope(), TEXT_XML))
    taken = await send(lenient, request(envelope(), TEXT_XML))

    assert refused.status == 400
    assert rules_of(refused) == ["http-content-type-version"]
    assert taken.status == 200
    assert taken.headers["Content-Type"].startswith("application/soap+xml")


async def test_soap_1_1_in_mtom_is_answered_simple_as_mtom_is_soap_1_2_here() -> None:
    services = make_services(FAKE_MTOM, validation=Validation.REPORT)

    response = await send(services, request(mime(root(envelope(namespace=SOAP11))), MTOM))

    assert response.status == 200
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"


# ---------------------------------------------------------------- our own failures


@pytest.mark.parametrize(
    "error",
    [StoreError("The database /secret/path.db is full"), OSError(28, "No space", "/secret")],
)
async def test_a_store_that_fails_is_a_receiver_fault_without_its_paths(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    services = make_services(FAKE_MTOM)
    store_of(services).fails = error
    body = mime(root(envelope(include("a@x"))), attachment("a@x", b"Hello"))

    response = await send(services, request(body, MTOM))

    assert response.status == 500
    assert text_of(response, "//soap:Code/soap:Value") == "soap:Receiver"
    assert "nothing was changed" in reason_of(response)
    assert b"secret" not in response.body
    assert "/secret" in caplog.text
    assert entry_of(services).attachments[0].sha256 not in store_of(services).content


async def test_an_unexpected_error_is_a_receiver_fault_and_its_cause_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_: Exchange) -> Answer:
        raise KeyError("a secret of the server")

    services = make_services(answering(broken))

    response = await send(services, request(envelope(message_id="urn:x:1")))

    assert response.status == 500
    assert text_of(response, "//soap:Code/soap:Value") == "soap:Receiver"
    assert text_of(response, "//wsa:RelatesTo") == "urn:x:1"
    for leak in (b"secret", b"KeyError", b"Traceback", b".py"):
        assert leak not in response.body
    assert "a secret of the server" in caplog.text
    assert entry_of(services).transaction == "ITI-99"
    assert entry_of(services).outcome is Outcome.FAULT


async def test_a_journal_that_fails_does_not_spoil_the_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    services = make_services()
    recorder_of(services).fails = RuntimeError("the journal is broken")

    response = await send(services, request(envelope()))

    assert response.status == 200
    assert "the journal is broken" in caplog.text


async def test_a_client_that_goes_away_is_recorded_and_told_to_the_adapter() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"<Envelope"
        raise ClientGoneError

    services = make_services()

    with pytest.raises(ClientGoneError):
        await send(services, request(broken()))

    entry = entry_of(services)
    assert entry.outcome is Outcome.FAULT
    assert entry.summary == "the client went away"
    assert [f.rule.id for f in entry.findings] == ["http-incomplete"]
    assert services.in_flight == 0


# ---------------------------------------------------------------- what is remembered


async def test_an_entry_tells_the_whole_exchange() -> None:
    hint = Rule("x-hint", Severity.HINT, "A hint", "-", "Nothing.").found()

    def handler(exchange: Exchange) -> Answer:
        return replace(
            greet(exchange),
            findings=(*exchange.findings, hint),
            patient_ids=("1^^^&1.2&ISO",),
            message_id="1.2^3",
        )

    services = make_services(answering(handler))
    message = envelope()

    response = await send(services, request(message, client="192.0.2.1:4711"))

    entry = entry_of(services)
    assert (entry.sequence, entry.received, entry.path) == (1, NOW, "/pix-manager")
    assert (entry.transaction, entry.transaction_name) == ("ITI-99", "Greet")
    assert (entry.action, entry.client) == (ACTION, "192.0.2.1:4711")
    assert entry.message_id == "urn:uuid:00000000-0000-4000-8000-000000000001"
    assert entry.application_message_id == "1.2^3"
    assert entry.patient_ids == ("1^^^&1.2&ISO",)
    assert entry.findings == (hint,)
    assert (entry.outcome, entry.summary, entry.status) == (Outcome.SERVED, "OK", 200)
    assert entry.request_envelope == message
    assert entry.response_envelope == response.body
    assert entry.duration_ms > 0


async def test_requests_are_counted_whatever_becomes_of_them() -> None:
    services = make_services()

    await send(services, request(envelope()))
    await send(services, request(b"no xml"))
    await send(services, request(method="GET"))

    assert services.request_count == 3
    assert services.in_flight == 0
    assert [e.sequence for e in recorder_of(services).entries] == [1, 2, 3]


async def test_a_request_is_in_flight_while_it_arrives() -> None:
    services = make_services()
    seen: list[int] = []

    async def watched() -> AsyncIterator[bytes]:
        seen.append(services.in_flight)
        async for piece in chunks(envelope()):
            yield piece

    await send(services, request(watched()))

    assert seen == [1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: envelope(GREETING, action="a\x85b\u2028c"),
        lambda: envelope("<a/>", action=""),
        lambda: b"\xff\xfe",
        lambda: b"<Envelope xmlns='urn:x'/>",
    ],
)
async def test_no_fault_holds_a_repr_or_a_path_of_ours(make: Callable[[], bytes]) -> None:
    response = await send(make_services(), request(make()))

    assert response.status in (400, 500)
    for leak in (str(Path(__file__).parents[2]).encode(), b"<Element", b"object at 0x", b"b'"):
        assert leak not in response.body


async def test_faults_are_warned_about_only_by_the_recorder(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG, "ihe_mock_async"):
        await send(make_services(), request(b"no xml"))

    assert caplog.records == []
