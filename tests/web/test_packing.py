"""Envelopes and attachments in HTTP responses."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from dataclasses import replace
from email.message import Message
from urllib.parse import unquote

import pytest
from lxml import etree

from ihe_mock_async.ihe import Answer, Outcome
from ihe_mock_async.soap import SoapVersion
from ihe_mock_async.soap.namespaces import XOP
from ihe_mock_async.state import Attachment
from ihe_mock_async.store.memory_content import MemoryContentStore
from ihe_mock_async.web import outgoing, packing
from ihe_mock_async.web.http import Response
from ihe_mock_async.web.outgoing import Outgoing
from ihe_mock_async.web.packing import Framing, pack_answer
from tests.web.test_outgoing import keep

AWKWARD = [
    b"",
    b"\r\n",
    b"\r\n--MIMEBoundary-0\r\nContent-ID: <x@y>\r\n\r\n--MIMEBoundary-0--\r\n",
    bytes(range(256)) * 2,
    b"text without an end of line",
]


def documents(store: MemoryContentStore, *contents: bytes) -> list[Attachment]:
    return [
        replace(keep(store, octets), content_id=f"document-{n}@example.org")
        for n, octets in enumerate(contents, 1)
    ]


def envelope(attachments: Sequence[Attachment]) -> bytes:
    includes = "".join(
        f'<Document><x:Include xmlns:x="{XOP}" href="cid:{each.content_id}"/></Document>'
        for each in attachments
    )
    return f'<?xml version="1.0"?>\n<Body a="&lt;?xop-include?&gt;">ä{includes}</Body>'.encode()


async def pack(
    store: MemoryContentStore, attachments: Sequence[Attachment], framing: Framing
) -> Response:
    answer = Answer("urn:a", b"", Outcome.SERVED, "", attachments=attachments)
    return await pack_answer(envelope(attachments), answer, framing, Outgoing(store))


async def octets_of(response: Response) -> bytes:
    octets = b"".join([chunk async for chunk in response.chunks()])
    assert response.length == len(octets)
    return octets


def parts_of(content_type: str, body: bytes) -> list[tuple[Message, bytes]]:
    """Headers and octets of each part, by the boundary alone."""
    boundary = content_type.partition('boundary="')[2].partition('"')[0].encode()
    _, *parts, end = (b"\r\n" + body).split(b"\r\n--" + boundary)
    assert end == b"--\r\n"
    found = []
    for part in parts:
        head, _, octets = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = Message()
        for line in head.decode("ascii").split("\r\n"):
            name, _, value = line.partition(": ")
            headers[name] = value
        found.append((headers, octets))
    return found


async def test_each_attachment_is_a_part_octet_by_octet() -> None:
    store = MemoryContentStore()
    attachments = documents(store, *AWKWARD)

    response = await pack(store, attachments, Framing(mtom=True))

    root, *parts = parts_of(response.headers["Content-Type"], await octets_of(response))
    assert root[1] == envelope(attachments)
    assert [octets for _, octets in parts] == AWKWARD
    assert [headers["Content-ID"] for headers, _ in parts] == [
        f"<document-{n}@example.org>" for n in range(1, 6)
    ]
    assert {headers["Content-Transfer-Encoding"] for headers, _ in parts} == {"binary"}
    assert {headers["Content-Type"] for headers, _ in parts} == {"text/plain"}
    response.close()


async def test_a_response_can_be_read_again_until_it_is_closed() -> None:
    store = MemoryContentStore()
    response = await pack(store, documents(store, b"a", b"b" * 200_000), Framing(mtom=True))

    assert await octets_of(response) == await octets_of(response)
    response.close()
    response.close()


async def test_small_parts_go_out_together_and_large_ones_in_chunks() -> None:
    store = MemoryContentStore()
    attachments = documents(store, *(bytes([n]) for n in range(200)), os.urandom(2_000_000))

    response = await pack(store, attachments, Framing(mtom=True))

    sizes = [len(chunk) async for chunk in response.chunks()]
    assert len(sizes) < 6
    assert max(sizes) < 2 * outgoing.CHUNK
    response.close()


@pytest.mark.parametrize(
    "framing", [Framing(), Framing(version=SoapVersion.V1_1), Framing(SoapVersion.V1_1, mtom=True)]
)
async def test_without_mtom_documents_are_inline_base64(framing: Framing) -> None:
    store = MemoryContentStore()
    contents = [*AWKWARD, os.urandom(outgoing.CHUNK * 2 + 1)]

    response = await pack(store, documents(store, *contents), framing)

    root = etree.fromstring(await octets_of(response))
    assert response.headers["Content-Type"] == framing.version.content_type
    assert [base64.b64decode(each.text or "") for each in root.iter("Document")] == contents
    assert root.get("a") == "<?xop-include?>"
    assert root.text == "ä"
    response.close()


async def test_the_boundary_depends_on_the_documents_and_on_nothing_else() -> None:
    store = MemoryContentStore()
    (one,), (other,) = documents(store, b"one"), documents(store, b"other")

    responses = [await pack(store, [each], Framing(mtom=True)) for each in (one, one, other)]

    first, second, third = (response.headers["Content-Type"] for response in responses)
    assert first == second != third
    for response in responses:
        response.close()


async def test_a_content_id_that_no_header_can_hold_is_an_error_that_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = MemoryContentStore()
    attachments = [replace(each, content_id="ä") for each in documents(store, b"x" * 100_000)]
    sender = Outgoing(store, max_files=1)
    answer = Answer("urn:a", b"", Outcome.SERVED, "", attachments=attachments)

    for _ in range(2):
        with pytest.raises(ValueError, match="cannot be a Content-ID"):
            await pack_answer(b"<x/>", answer, Framing(mtom=True), sender)


async def test_an_answer_without_attachments_is_a_message_of_one_part() -> None:
    store = MemoryContentStore()

    response = await pack(store, [], Framing(mtom=True))

    assert response.rest is None
    (root,) = parts_of(response.headers["Content-Type"], await octets_of(response))
    assert root[1] == envelope([])
    assert unquote(root[0]["Content-ID"]) == root[0]["Content-ID"]
    response.close()


def test_faults_and_answers_agree_on_what_is_multipart() -> None:
    assert (
        packing.pack(500, b"", "", Framing(mtom=True)).headers["Content-Type"].startswith("multi")
    )
    assert packing.pack(500, b"", "", Framing()).headers["Content-Type"].startswith("application")
