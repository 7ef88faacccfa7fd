"""Asynchronous exchange: answers and faults that go elsewhere than back on the connection."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from ihe_mock_async.errors import StoreError
from ihe_mock_async.findings import Validation
from ihe_mock_async.ihe import Answer, Exchange, Notification, Outcome
from ihe_mock_async.soap import SoapVersion
from ihe_mock_async.soap.namespaces import ANONYMOUS, NONE, SOAP11, WSA
from ihe_mock_async.state import Attachment
from ihe_mock_async.store import DeliveryKind, OutgoingMessage
from ihe_mock_async.web.http import Response
from ihe_mock_async.web.pipeline import Services
from tests.web.fakes import (
    FAKE,
    FAKE_MTOM,
    MTOM,
    NAMESPACES,
    RESPONSE_ACTION,
    answering,
    attachment,
    entry_of,
    envelope,
    greet,
    include,
    make_services,
    mime,
    request,
    root,
    rules_of,
    send,
    store_of,
    text_of,
)

REPLY_TO = "http://client.example:8080/answers?id=1"
FAULT_TO = "https://client.example/faults"
MESSAGE_ID = "urn:uuid:00000000-0000-4000-8000-000000000001"


def endpoint(name: str, address: str, parameters: str = "") -> str:
    """An endpoint reference as a header, with reference parameters."""
    if parameters:
        parameters = f"<a:ReferenceParameters>{parameters}</a:ReferenceParameters>"
    return f"<a:{name}><a:Address>{address}</a:Address>{parameters}</a:{name}>"


def posted(services: Services) -> OutgoingMessage:
    """The one message in the outbox."""
    (message,) = store_of(services).outbox
    return message


def value(message: OutgoingMessage, path: str) -> str:
    found = etree.fromstring(message.envelope).xpath(f"string({path})", namespaces=NAMESPACES)
    return str(found)


def accepted(response: Response) -> bool:
    return (response.status, response.body, response.headers) == (202, b"", {})


# ---------------------------------------------------------------- answers


async def test_an_answer_for_elsewhere_is_put_in_the_outbox_and_accepted() -> None:
    services = make_services()

    response = await send(services, request(envelope(reply_to=REPLY_TO)))

    message = posted(services)
    assert accepted(response)
    assert (message.kind, message.transaction) == (DeliveryKind.RESPONSE, "ITI-99")
    assert (message.to, message.action) == (REPLY_TO, RESPONSE_ACTION)
    assert (message.relates_to, message.mtom) == (MESSAGE_ID, False)
    assert value(message, "//wsa:To") == REPLY_TO
    assert value(message, "//wsa:Action") == RESPONSE_ACTION
    assert value(message, "//wsa:RelatesTo") == MESSAGE_ID
    assert value(message, "//wsa:MessageID") == message.message_id
    assert value(message, "//soap:Body/ex:Greeting/@id")


async def test_it_is_stored_in_the_unit_of_work_even_of_a_transaction_that_only_reads() -> None:
    services = make_services(replace(FAKE, writes=False))

    response = await send(services, request(envelope(reply_to=REPLY_TO), path="/ns/a/pix/add"))

    assert accepted(response)
    assert store_of(services).namespaces == ["a"]
    assert store_of(services).reads == 0
    assert posted(services).action == RESPONSE_ACTION


async def test_a_unit_of_work_that_was_run_twice_sends_once_and_the_same() -> None:
    once, twice = make_services(seed=7), make_services(seed=7)
    store_of(twice).runs = 2

    for services in (once, twice):
        await send(services, request(envelope(reply_to=REPLY_TO)))

    assert posted(once) == posted(twice)


async def test_whoever_posts_is_woken() -> None:
    services = make_services()
    woken: list[str] = []
    services.start_deliveries = lambda: woken.append("now")

    await send(services, request(envelope()))
    await send(services, request(envelope(reply_to=REPLY_TO)))

    assert woken == ["now"]


async def test_the_entry_tells_the_answer_although_the_client_got_nothing() -> None:
    services = make_services()

    await send(services, request(envelope(reply_to=REPLY_TO)))

    entry = entry_of(services)
    assert (entry.outcome, entry.summary, entry.status) == (Outcome.SERVED, "OK", 202)
    assert entry.response_envelope == posted(services).envelope


async def test_a_store_that_fails_is_a_fault_on_the_connection() -> None:
    services = make_services()
    store_of(services).fails = StoreError("full")

    response = await send(services, request(envelope(reply_to=REPLY_TO)))

    assert response.status == 500
    assert text_of(response, "//soap:Code/soap:Value") == "soap:Receiver"


async def test_mtom_stays_mtom_and_takes_its_attachments_along() -> None:
    document = Attachment("doc@x", "text/plain", 5, "0" * 40, "1" * 64)

    def handler(exchange: Exchange) -> Answer:
        return replace(greet(exchange), attachments=[document])

    services = make_services(answering(handler, FAKE_MTOM))
    body = mime(root(envelope(include("a@x"), reply_to=REPLY_TO)), attachment("a@x", b"Hello"))

    response = await send(services, request(body, MTOM))

    message = posted(services)
    assert accepted(response)
    assert (message.mtom, message.attachments) == (True, (document,))


async def test_soap_1_1_is_answered_elsewhere_in_soap_1_1() -> None:
    services = make_services(validation=Validation.REPORT)
    body = envelope(namespace=SOAP11, reply_to=REPLY_TO)

    response = await send(services, request(body, {"content-type": "text/xml"}))

    assert accepted(response)
    assert posted(services).version is SoapVersion.V1_1
    assert value(posted(services), "/soap11:Envelope/soap11:Header/wsa:To") == REPLY_TO


async def test_no_answer_is_sent_to_none() -> None:
    services = make_services()

    response = await send(services, request(envelope(reply_to=NONE)))

    assert accepted(response)
    assert store_of(services).outbox == []
    assert entry_of(services).outcome is Outcome.SERVED


async def test_reference_parameters_are_headers_of_the_answer() -> None:
    parameters = (
        '<c:Ticket xmlns:c="urn:client" xmlns:d="urn:kind" kind="d:urgent">4711</c:Ticket>'
        '<Session xmlns="urn:client">&lt;9&gt;</Session>'
    )
    headers = endpoint("ReplyTo", REPLY_TO, parameters)
    services = make_services()

    await send(services, request(envelope(reply_to="", headers=headers)))

    header = etree.fromstring(posted(services).envelope)[0]
    ticket, session = (header.find(f"{{urn:client}}{name}") for name in ("Ticket", "Session"))
    assert ticket is not None
    assert session is not None
    assert (ticket.text, session.text) == ("4711", "<9>")
    assert ticket.nsmap["d"] == "urn:kind"
    assert ticket.get(f"{{{WSA}}}IsReferenceParameter") == "true"
    assert session.get(f"{{{WSA}}}IsReferenceParameter") == "true"


async def test_reference_parameters_are_headers_of_an_answer_on_the_connection_too() -> None:
    headers = endpoint("ReplyTo", ANONYMOUS, '<Ticket xmlns="urn:client">4711</Ticket>')

    response = await send(make_services(), request(envelope(reply_to="", headers=headers)))

    path = "//soap:Header/*[local-name()='Ticket']/@wsa:IsReferenceParameter"
    assert response.status == 200
    assert text_of(response, path) == "true"


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("reply_to", "headers", "expected"),
    [
        pytest.param(REPLY_TO, endpoint("FaultTo", FAULT_TO), FAULT_TO, id="to FaultTo"),
        pytest.param(ANONYMOUS, endpoint("FaultTo", FAULT_TO), FAULT_TO, id="to FaultTo only"),
        pytest.param("", endpoint("FaultTo", FAULT_TO), FAULT_TO, id="without ReplyTo"),
        pytest.param(REPLY_TO, "", REPLY_TO, id="else to ReplyTo"),
    ],
)
async def test_a_fault_is_posted(reply_to: str, headers: str, expected: str) -> None:
    services = make_services(FAKE_MTOM)
    body = envelope(include("nope"), reply_to=reply_to, headers=headers)

    response = await send(services, request(body))

    message = posted(services)
    assert accepted(response)
    assert (message.to, message.relates_to) == (expected, MESSAGE_ID)
    assert message.kind is DeliveryKind.RESPONSE
    assert message.action == f"{WSA}/soap/fault"
    assert value(message, "//wsa:To") == expected
    assert value(message, "//wsa:RelatesTo") == MESSAGE_ID
    assert value(message, "//wsa:MessageID") == message.message_id != ""
    assert value(message, "//error/finding[last()]/@rule") == "xop-include-known"
    assert entry_of(services).outcome is Outcome.FAULT
    assert entry_of(services).response_envelope == message.envelope


async def test_a_message_for_no_transaction_gets_its_fault_posted_too() -> None:
    services = make_services()

    response = await send(services, request(envelope(action="urn:nope", reply_to=REPLY_TO)))

    assert accepted(response)
    assert posted(services).action == f"{WSA}/fault"
    assert posted(services).transaction == ""


async def test_a_failure_of_ours_is_posted_too(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Exchange) -> Answer:
        raise KeyError("a secret of the server")

    services = make_services(answering(broken))

    response = await send(services, request(envelope(reply_to=REPLY_TO)))

    assert accepted(response)
    assert value(posted(services), "//soap:Code/soap:Value") == "soap:Receiver"
    assert "a secret of the server" in caplog.text


async def test_a_fault_has_the_reference_parameters_of_its_own_endpoint() -> None:
    ticket = '<Ticket xmlns="urn:client">{}</Ticket>'.format
    headers = endpoint("ReplyTo", REPLY_TO, ticket("answer"))
    headers += endpoint("FaultTo", FAULT_TO, ticket("fault"))
    services = make_services()

    await send(services, request(envelope(action="urn:nope", reply_to="", headers=headers)))

    tickets = etree.fromstring(posted(services).envelope).findall(".//{urn:client}Ticket")
    assert [each.text for each in tickets] == ["fault"]


@pytest.mark.parametrize(
    ("reply_to", "headers"),
    [(NONE, ""), (REPLY_TO, endpoint("FaultTo", NONE)), (ANONYMOUS, endpoint("FaultTo", NONE))],
)
async def test_no_fault_is_sent_to_none(reply_to: str, headers: str) -> None:
    services = make_services()
    body = envelope(action="urn:nope", reply_to=reply_to, headers=headers)

    response = await send(services, request(body))

    assert accepted(response)
    assert store_of(services).outbox == []
    assert [found.rule.id for found in entry_of(services).findings] == ["wsa-action-supported"]


async def test_a_fault_for_the_connection_comes_on_it_while_answers_go_elsewhere() -> None:
    headers = endpoint("FaultTo", ANONYMOUS)
    services = make_services()

    wrong = envelope(action="urn:nope", reply_to=REPLY_TO, headers=headers)
    refused = await send(services, request(wrong))
    answered = await send(services, request(envelope(reply_to=REPLY_TO, headers=headers)))

    assert refused.status == 400
    assert rules_of(refused) == ["wsa-action-supported"]
    assert accepted(answered)


async def test_what_cannot_be_read_is_told_on_the_connection() -> None:
    response = await send(make_services(), request(envelope(reply_to=REPLY_TO)[:-1]))

    assert response.status == 400
    assert rules_of(response) == ["xml-well-formed"]


async def test_a_fault_that_cannot_be_stored_comes_on_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    services = make_services()
    store_of(services).fails = StoreError("full")

    response = await send(services, request(envelope(action="urn:nope", reply_to=REPLY_TO)))

    assert response.status == 400
    assert rules_of(response) == ["wsa-action-supported"]
    assert "the store refused a fault" in caplog.text


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "address",
    [
        "urn:uuid:00000000-0000-4000-8000-000000000001",
        "/answers",
        "client.example/answers",
        "ftp://client.example/answers",
        "http://",
        "http:///answers",
        "http://client.example:99999/",
        "http://client.example:0/",
        "http://client.example:x/",
        "http://[::1/",
        "http://user:secret@client.example/",
        "http://client.example/a b",
        "http://client.example/\u00e9",
        f"http://client.example/{'x' * 2000}",
        f"{WSA}/Anonymous",
        "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous",
    ],
)
@pytest.mark.parametrize("header", ["ReplyTo", "FaultTo"])
@pytest.mark.parametrize("validation", list(Validation))
async def test_an_address_that_nothing_can_be_posted_to_is_refused_in_every_mode(
    address: str, header: str, validation: Validation
) -> None:
    services = make_services(validation=validation)
    reply_to = "" if header == "ReplyTo" else REPLY_TO
    body = envelope(reply_to=reply_to, headers=endpoint(header, address))

    response = await send(services, request(body))

    rule = {"ReplyTo": "wsa-reply-address", "FaultTo": "wsa-fault-address"}[header]
    assert response.status == 400
    assert rules_of(response) == [rule]
    assert (
        text_of(response, "//soap:Code/soap:Subcode/soap:Value") == "wsa:InvalidAddressingHeader"
    )
    assert text_of(response, "//soap:Subcode/soap:Subcode/soap:Value") == "wsa:InvalidEPR"
    assert text_of(response, "//wsa:ProblemHeaderQName") == f"wsa:{header}"
    assert store_of(services).outbox == []


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost",
        "https://client.example/",
        "http://[::1]:8080/a",
        "HTTP://client.example/",
    ],
)
async def test_an_address_that_can_be_posted_to_is_taken(address: str) -> None:
    services = make_services()

    response = await send(services, request(envelope(reply_to=address)))

    assert accepted(response)
    assert posted(services).to == address


async def test_a_wrong_address_is_told_with_whatever_else_is_wrong() -> None:
    response = await send(make_services(), request(envelope(action="urn:nope", reply_to="here")))

    assert rules_of(response) == ["wsa-action-supported", "wsa-reply-address"]


# ---------------------------------------------------------------- notifications

UPDATE = Notification("http://consumer.example/", "urn:update", b'<Update xmlns="u"/>', "ITI-46")


async def test_what_others_are_told_goes_into_the_same_outbox() -> None:
    def handler(exchange: Exchange) -> Answer:
        return replace(greet(exchange), notifications=[UPDATE, replace(UPDATE, to="http://b/")])

    services = make_services(answering(handler))
    woken: list[str] = []
    services.start_deliveries = lambda: woken.append("now")

    response = await send(services, request(envelope()))

    first, second = store_of(services).outbox
    assert response.status == 200
    assert (first.kind, first.transaction) == (DeliveryKind.NOTIFICATION, "ITI-46")
    assert (first.to, second.to) == ("http://consumer.example/", "http://b/")
    assert (first.action, first.relates_to, first.mtom) == ("urn:update", "", False)
    assert first.message_id != second.message_id
    assert value(first, "//wsa:MessageID") == first.message_id
    assert value(first, "//wsa:ReplyTo/wsa:Address") == ANONYMOUS
    assert value(first, "//wsa:To") == "http://consumer.example/"
    assert value(first, "local-name(//soap:Body/*)") == "Update"
    assert woken == ["now"]


async def test_an_answer_in_a_message_of_its_own_relates_to_the_request() -> None:
    def handler(exchange: Exchange) -> Answer:
        return replace(greet(exchange), notifications=[replace(UPDATE, answers=True)])

    services = make_services(answering(handler))

    await send(services, request(envelope()))

    (later,) = store_of(services).outbox
    assert later.relates_to == value(later, "//wsa:RelatesTo") == MESSAGE_ID
    assert later.message_id != MESSAGE_ID


async def test_notifications_and_an_answer_for_elsewhere_are_sent_together() -> None:
    def handler(exchange: Exchange) -> Answer:
        return replace(greet(exchange), notifications=[UPDATE])

    services = make_services(answering(handler))

    response = await send(services, request(envelope(reply_to=REPLY_TO)))

    assert accepted(response)
    assert [each.kind for each in store_of(services).outbox] == [
        DeliveryKind.RESPONSE,
        DeliveryKind.NOTIFICATION,
    ]
