"""Documents in the body: included, inline, or missing."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest
from lxml import etree

from ihe_mock_async import elements
from ihe_mock_async.findings import Finding
from ihe_mock_async.soap import SoapFault, xop
from ihe_mock_async.store.memory_content import MemoryContentStore
from ihe_mock_async.web import attachments
from ihe_mock_async.web.staging import Staging
from tests.web.fakes import DOCUMENT, FAKE_MTOM, document, include


async def staging_with(parts: Mapping[str, bytes]) -> Staging:
    staging = Staging(MemoryContentStore())
    for content_id, content in parts.items():
        staging.begin()
        await staging.write(content)
        await staging.end(content_id, "text/plain")
    return staging


async def resolve(body: str, **parts: bytes) -> tuple[etree._Element, list[Finding], Staging]:
    payload = elements.parse(body.encode())
    staging = await staging_with(parts)
    return payload, await attachments.resolve(payload, FAKE_MTOM, staging), staging


def href_of(payload: etree._Element) -> str:
    return payload[0][0].get("href", "")


async def test_an_include_of_a_part_is_left_as_it_is() -> None:
    payload, findings, staging = await resolve(include("a"), a=b"Hello")

    assert findings == []
    assert href_of(payload) == "cid:a"
    assert list(staging.attachments) == ["a"]


async def test_a_part_that_nothing_includes_is_reported() -> None:
    _, findings, _ = await resolve(include("a"), a=b"Hello", b=b"World")

    assert [(f.rule.id, f.location) for f in findings] == [("mtom-part-unused", "part <b>")]


async def test_an_inline_document_becomes_an_attachment() -> None:
    text = base64.encodebytes(b"Hello World" * 20).decode()

    payload, findings, staging = await resolve(document(text))

    ((content_id, staged),) = staging.attachments.items()
    assert staged.size == 220
    assert staged.media_type == "application/octet-stream"
    assert href_of(payload) == f"cid:{content_id}"
    assert payload[0].text is None
    assert payload[0][0].tag == xop.INCLUDE
    assert [(f.rule.id, f.location, f.line) for f in findings] == [
        ("mtom-inline-base64", "/Greet/Document", 1)
    ]


async def test_a_large_inline_document_is_whole() -> None:
    text = base64.b64encode(b"x" * 2_500_000).decode()

    _, _, staging = await resolve(document(text))

    assert [a.size for a in staging.all] == [2_500_000]


async def test_inline_documents_and_attachments_may_be_mixed() -> None:
    body = (
        '<Greet xmlns="urn:example"><Document>b25l</Document><Document>dHdv</Document>'
        '<Document><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:a"/>'
        "</Document></Greet>"
    )

    payload, _, staging = await resolve(body, a=b"Hello")

    hrefs = [each[0].get("href", "").removeprefix("cid:") for each in payload.iter(DOCUMENT)]
    assert len(set(hrefs)) == 3
    assert [staging.attachments[href].size for href in hrefs] == [3, 3, 5]


async def test_an_include_of_no_part_is_a_fault() -> None:
    with pytest.raises(SoapFault, match="cid:b") as caught:
        await resolve(include("b"), a=b"Hello")

    assert [f.rule.id for f in caught.value.findings] == ["xop-include-known"]


async def test_every_document_that_is_no_base64_is_named_with_its_place() -> None:
    body = (
        '<Greet xmlns="urn:example">\n<Document>????</Document>\n<Document>b25l</Document>\n'
        "<Document>b25</Document></Greet>"
    )

    with pytest.raises(SoapFault) as caught:
        await resolve(body)

    assert [(f.rule.id, f.location, f.line) for f in caught.value.findings] == [
        ("xop-base64", "/Greet/Document[1]", 2),
        ("xop-base64", "/Greet/Document[3]", 4),
    ]
