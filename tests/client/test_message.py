"""What goes out: envelopes around payloads, MTOM or base64, and files as they are."""

from __future__ import annotations

import base64
import uuid
from pathlib import Path

import pytest
from lxml import etree

from ihe_mock_async.client.message import Content, Message, OutgoingPart, Packing, read_file, wrap
from ihe_mock_async.client.ordering import transaction_of
from ihe_mock_async.errors import SendError
from ihe_mock_async.ihe import Transaction
from tests.e2e.messages import MTOM, NAMESPACES, find, pix_add, submission, text_of

FEED, PROVIDE = transaction_of("ITI-44"), transaction_of("ITI-41")
TO = "https://mock.test/x"
INCLUDE = (
    b'<a xmlns="urn:a" xmlns:xop="http://www.w3.org/2004/08/xop/include">'
    b'<b><xop:Include href="cid:1%2B2@x"/></b></a>'
)
PART = OutgoingPart("1+2@x", "text/plain", b"hello\r\n")


def read(path: Path, transaction: Transaction = FEED, packing: Packing = Packing()) -> Message:  # noqa: B008 - frozen
    return read_file(path, transaction, packing, to=TO, new_uuid=uuid.uuid4)


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "message"
    path.write_bytes(content)
    return path


def test_a_payload_gets_all_the_headers_of_ws_addressing() -> None:
    message = wrap(Content("urn:do", b"<a/>"), FEED, Packing(), to=TO, new_uuid=uuid.uuid4)

    root = etree.fromstring(message.body)
    assert message.content_type == 'application/soap+xml; charset=utf-8; action="urn:do"'
    assert text_of(root, "//wsa:Action") == "urn:do"
    assert text_of(root, "//wsa:To") == TO
    assert text_of(root, "//wsa:MessageID") == message.message_id
    assert text_of(root, "//wsa:ReplyTo/wsa:Address").endswith("/anonymous")
    assert find(root, "//wsa:Action")[0].get(f"{{{NAMESPACES['soap']}}}mustUnderstand") == "1"


def test_an_asynchronous_answer_goes_to_the_given_address() -> None:
    packing = Packing(reply_to="https://me.test/")
    message = wrap(Content("urn:do", b"<a/>"), FEED, packing, to=TO, new_uuid=uuid.uuid4)

    assert text_of(etree.fromstring(message.body), "//wsa:ReplyTo/wsa:Address") == (
        "https://me.test/"
    )


def test_a_transaction_with_mtom_gets_it_with_quoted_parameters() -> None:
    content = Content("urn:do", INCLUDE, [PART])
    message = wrap(content, PROVIDE, Packing(), to=TO, new_uuid=uuid.uuid4)

    assert message.content_type.startswith('multipart/related; type="application/xop+xml"; ')
    assert 'start-info="application/soap+xml"; action="urn:do"' in message.content_type
    assert b"\r\nContent-ID: <1+2@x>\r\n\r\nhello\r\n\r\n--" in message.body


def test_in_simple_soap_documents_are_base64() -> None:
    content = Content("urn:do", INCLUDE, [PART])
    message = wrap(content, PROVIDE, Packing(as_mtom=False), to=TO, new_uuid=uuid.uuid4)

    root = etree.fromstring(message.body)
    assert root.findtext(".//{urn:a}b") == base64.b64encode(b"hello\r\n").decode()


# ---------------------------------------------------------------- files


def test_a_payload_in_a_file_is_wrapped(tmp_path: Path) -> None:
    (payload,) = find(etree.fromstring(pix_add("FILE-1")), "//hl7:PRPA_IN201301UV02")

    message = read(saved(tmp_path, etree.tostring(payload)))

    root = etree.fromstring(message.body)
    assert text_of(root, "//wsa:Action") == "urn:hl7-org:v3:PRPA_IN201301UV02"
    assert find(root, "/soap:Envelope/soap:Body/hl7:PRPA_IN201301UV02")


def test_an_envelope_in_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    envelope = pix_add("FILE-2")

    message = read(saved(tmp_path, envelope))

    assert message.body == envelope
    assert message.content_type == "application/soap+xml; charset=utf-8"
    assert message.headers == {}


def test_an_envelope_of_soap_1_1_keeps_its_version(tmp_path: Path) -> None:
    old = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>'

    message = read(saved(tmp_path, old), PROVIDE)

    assert message == Message("text/xml; charset=utf-8", old, {"SOAPAction": '""'})


def test_an_envelope_is_packed_as_mtom_where_that_is_wanted(tmp_path: Path) -> None:
    envelope = submission().envelope

    packed = read(saved(tmp_path, envelope), PROVIDE)
    plain = read(saved(tmp_path, envelope), PROVIDE, Packing(as_mtom=False))

    assert packed.content_type.startswith("multipart/related")
    assert envelope in packed.body
    assert plain.body == envelope


def test_a_whole_http_request_keeps_its_content_type(tmp_path: Path) -> None:
    body = submission().body
    head = f"POST /old HTTP/1.1\r\nHost: x\r\nContent-Type: {MTOM['Content-Type']}\r\n\r\n"

    message = read(saved(tmp_path, head.encode() + body), PROVIDE)

    assert message == Message(MTOM["Content-Type"], body, {})


def test_a_mime_body_alone_is_sent_with_its_boundary(tmp_path: Path) -> None:
    body = submission().body

    message = read(saved(tmp_path, body), PROVIDE)

    assert message.body == body
    assert 'boundary="MIMEBoundary_tour"' in message.content_type


@pytest.mark.parametrize(
    ("content", "packing", "told"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n<a/>", Packing(), "holds an answer"),
        (b"<a>", Packing(), "not well-formed"),
        (b'<a xmlns="urn:x"/>', Packing(), "is no message of ITI-44, which takes PRPA_IN201301"),
        (pix_add("X"), Packing(reply_to="http://x"), "--reply-to cannot change it"),
        (submission().body, Packing(as_mtom=False), "--mtom or --simple cannot change it"),
    ],
)
def test_a_file_that_cannot_be_sent_is_explained(
    tmp_path: Path, content: bytes, packing: Packing, told: str
) -> None:
    with pytest.raises(SendError, match=told):
        read(saved(tmp_path, content), packing=packing)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SendError, match=r"Cannot read .*nothing: No such file"):
        read(tmp_path / "nothing")
