"""For each rule of transport, XML, MIME, SOAP and WS-Addressing, a message that breaks it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace

from ihe_mock_async import elements
from ihe_mock_async.ihe import Actor, Transaction
from ihe_mock_async.soap import content_type, mtom
from ihe_mock_async.soap.namespaces import SOAP11, SOAP12
from ihe_mock_async.web.body import BodyLimits
from ihe_mock_async.web.http import ClientGoneError, Request
from tests.web.fakes import (
    ACTION,
    BOUNDARY,
    FAKE,
    FAKE_MTOM,
    GREETING,
    MTOM,
    ROOT_HEAD,
    SOAP_XML,
    attachment,
    document,
    envelope,
    include,
    mime,
    part,
    request,
    root,
)

LIMITS = BodyLimits(2_000_000, 2_000_000)
STRICT_FAKE = replace(FAKE, needs_addressing=True)
ELSEWHERE = replace(
    FAKE,
    number="ITI-98",
    actors=(Actor.DOCUMENT_REGISTRY,),
    handlers={"urn:example:Part": FAKE.handlers[ACTION]},
    roots={"{urn:example}Part": "urn:example:Part"},
)


@dataclass(frozen=True)
class Broken:
    """A request that breaks a rule, and the transaction at its endpoint."""

    request: Callable[[], Request]
    transaction: Transaction = FAKE


def simple(
    body: bytes = b"", content_type: str = SOAP_XML["content-type"], **headers: str
) -> Broken:
    sent = {"content-type": content_type, **{k.replace("_", "-"): v for k, v in headers.items()}}
    return Broken(lambda: request(body or envelope(), sent))


def xml(text: str) -> Broken:
    return simple(text.encode())


def changed(old: str, new: str) -> Broken:
    """The valid message with one change."""
    message = envelope()
    assert old.encode() in message, old
    return simple(message.replace(old.encode(), new.encode()))


def header(block: str) -> Broken:
    """The valid message with one more header."""
    return changed("</s:Header>", f"{block}</s:Header>")


def multipart(*parts: bytes, **parameters: str | None) -> Broken:
    """An MTOM message; a parameter that is None is left out."""
    content_type = MTOM["content-type"]
    for name, value in parameters.items():
        key = name.replace("_", "-")
        found = next(p for p in content_type.split("; ") if p.startswith(f"{key}="))
        content_type = content_type.replace(
            f"; {found}", f'; {key}="{value}"' if value is not None else ""
        )
    body = mime(*(parts or (root(envelope()),)))
    return Broken(lambda: request(body, {"content-type": content_type}), FAKE_MTOM)


def octets(body: bytes) -> Broken:
    """An MTOM body that is not quite MIME."""
    return Broken(lambda: request(body, MTOM), FAKE_MTOM)


def with_document(content: str, *attachments: bytes) -> Broken:
    return multipart(root(envelope(document(content))), *attachments)


def gone() -> Request:
    async def body() -> AsyncIterator[bytes]:
        yield envelope()[:20]
        raise ClientGoneError

    return request(body())


ENVELOPE = mime(root(envelope()))
LETTER = attachment("letter@x", b"Nora")
LETTER_HEAD = b"Content-Type: text/plain\r\nContent-ID: <letter@x>\r\n"
INCLUDE = include("letter@x").split("<ex:Document>")[1].split("</ex:Document>")[0]
WSA_2004 = "http://schemas.xmlsoap.org/ws/2004/08/addressing"

BROKEN: Mapping[str, Broken] = {
    # XML
    "xml-present": xml(" "),
    "xml-tags": xml("<a>" + "<b/>" * 200_000 + "</a>"),
    "xml-depth": xml("<a>" * 300 + "</a>" * 300),
    "xml-encoding": xml('<?xml version="1.0" encoding="ISO-8859-1"?><a/>'),
    "xml-doctype": xml("<!DOCTYPE a><a/>"),
    "xml-entity": changed(GREETING, "&nbsp;"),
    "xml-character": changed(GREETING, "&#1;"),
    "xml-prefix": changed(' xmlns:ex="urn:example"', ""),
    "xml-well-formed": changed("</s:Body>", ""),
    # HTTP
    "http-method": Broken(lambda: request(envelope(), method="PUT")),
    "http-content-type": simple(content_type="application/json"),
    "http-content-type-version": simple(content_type="text/xml"),
    "http-charset": simple(content_type="application/soap+xml; charset=utf-7"),
    "http-content-encoding": simple(content_encoding="gzip"),
    "http-too-large": simple(content_length="4000000"),
    "http-incomplete": Broken(gone),
    "http-content-type-syntax": simple(content_type="application/soap+xml; charset"),
    "http-content-type-parameter-once": simple(content_type="text/xml; charset=a; charset=b"),
    # the choice of the transaction
    "soap-body-root": Broken(lambda: request(envelope("<a/>", action=""))),
    "wsa-action-elsewhere": Broken(lambda: request(envelope(action="urn:example:Part"))),
    "mtom-required": Broken(lambda: request(envelope()), FAKE_MTOM),
    "mtom-unexpected": replace(multipart(), transaction=FAKE),
    # MIME
    "mime-boundary-present": multipart(boundary=None),
    "mime-boundary-syntax": multipart(boundary="x" * 71),
    "mime-boundary-found": multipart(boundary="another"),
    "mime-body-complete": octets(ENVELOPE[:-10]),
    "mime-line-ends": octets(ENVELOPE.replace(b"\r\n", b"\n")),
    "mime-part-headers": octets(ENVELOPE.replace(b"Content-ID:", b"Content-ID ")),
    "mime-part-headers-size": multipart(part(b"X: " + b"x" * 20_000 + b"\r\n", b"")),
    "mime-part-count": multipart(root(envelope()), *[part(b"A: b\r\n", b"")] * 1000),
    "mime-transfer-encoding": multipart(
        part(ROOT_HEAD + b"Content-Transfer-Encoding: x\r\n", b"")
    ),
    "mime-transfer-encoded": multipart(
        root(envelope()), part(LETTER_HEAD + b"Content-Transfer-Encoding: base64\r\n", b"ABC")
    ),
    "mime-part-content-type": with_document(
        include("letter@x"), LETTER.replace(b"text/plain", b"text")
    ),
    # MTOM and XOP
    "mtom-not-nested": multipart(
        root(envelope()), part(b"Content-Type: multipart/mixed; boundary=b\r\n", b"")
    ),
    "mtom-root-present": multipart(start="<another@x>"),
    "mtom-root-media-type": multipart(part(b"Content-ID: <root@x>\r\n", envelope())),
    "mtom-root-type": octets(ENVELOPE.replace(b'type="application/soap', b'type="text')),
    "mtom-content-id-unique": multipart(root(envelope()), LETTER, LETTER),
    "mtom-content-id": octets(ENVELOPE.replace(b"<root@x>", b"root@x")),
    "mtom-type": multipart(type="text/xml"),
    "mtom-start-brackets": multipart(start="root@x"),
    "mtom-start-info": multipart(start_info="text/xml"),
    "mtom-inline-base64": with_document("Tm9yYQ=="),
    "mtom-part-unused": multipart(root(envelope()), LETTER),
    "xop-include-known": with_document(include("brief@x"), LETTER),
    "xop-include-place": multipart(
        root(envelope(include("letter@x").replace("Document>", "Letter>"))), LETTER
    ),
    "xop-include-alone": with_document(INCLUDE + "text", LETTER),
    "xop-include-href": with_document(INCLUDE.replace("cid:", "#"), LETTER),
    "xop-base64": with_document("Nora!"),
    # SOAP
    "soap-envelope": xml(GREETING),
    "soap-version-known": changed(SOAP12, "http://www.w3.org/2001/12/soap-envelope"),
    "soap-version": changed(SOAP12, SOAP11),
    "soap-envelope-order": changed("</s:Body>", "</s:Body><s:Header/>"),
    "soap-body-payload": changed(GREETING, ""),
    "soap-must-understand": header('<x:Trace xmlns:x="urn:x" s:mustUnderstand="1"/>'),
    # WS-Addressing
    "wsa-required": Broken(
        lambda: request(envelope(action="", message_id="", reply_to="")), STRICT_FAKE
    ),
    "wsa-recommended": Broken(lambda: request(envelope(action="", message_id="", reply_to=""))),
    "wsa-action-required": Broken(lambda: request(envelope(action="")), STRICT_FAKE),
    "wsa-action-recommended": Broken(lambda: request(envelope(action=""))),
    "wsa-action-must-understand": Broken(lambda: request(envelope(understand=""))),
    "wsa-action-blanks": Broken(lambda: request(envelope(action=f" {ACTION}\n"))),
    "wsa-action-supported": Broken(lambda: request(envelope(action="urn:example:Hug"))),
    "wsa-action-matches-body": Broken(lambda: request(envelope("<a/>"))),
    "wsa-reply-to": Broken(lambda: request(envelope(reply_to=""))),
    "wsa-reply-address": Broken(lambda: request(envelope(reply_to="mailto:nora@example.org"))),
    "wsa-fault-address": header("<a:FaultTo><a:Address>file:///tmp</a:Address></a:FaultTo>"),
    "wsa-message-id": Broken(lambda: request(envelope(message_id=""))),
    "wsa-header-twice": header(f"<a:Action>{ACTION}</a:Action>"),
    "wsa-header-contradicts": header("<a:Action>urn:example:Hug</a:Action>"),
    "wsa-address-present": header("<a:FaultTo/>"),
    "wsa-reference-parameters": changed(
        "</a:Address>", f"</a:Address><a:ReferenceParameters>{'<x/>' * 21}</a:ReferenceParameters>"
    ),
    "wsa-version": header(f'<o:To xmlns:o="{WSA_2004}">x</o:To>'),
}

# The pipeline looks before these are asked, or has a smaller limit.
LONG_TEXT = b"<a>" + b"x" * 10_000_001 + b"</a>"
REFUSED: Mapping[str, Callable[[], object]] = {
    "xml-size": lambda: elements.parse(envelope(), elements.XmlLimits(max_bytes=10)),
    "xml-text-size": lambda: elements.parse(LONG_TEXT),
    "http-content-type-present": lambda: content_type.parse(" "),
    "mtom-multipart-related": lambda: mtom.MtomParser(
        content_type.parse(f"multipart/mixed; boundary={BOUNDARY}")
    ),
}
NOWHERE: Mapping[str, str] = {
    "http-not-found": "/pix/addd",
    "http-namespace": "/ns/a b/pix/add",
}
"""Paths at which there is no endpoint."""
