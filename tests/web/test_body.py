"""Bodies: what their headers promise, and what arrives."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ihe_mock_async.soap import ContentType, SoapFault
from ihe_mock_async.store.memory_content import MemoryContentStore
from ihe_mock_async.web import body
from ihe_mock_async.web.body import BodyLimits, ReceivedBody
from ihe_mock_async.web.http import ClientGoneError
from ihe_mock_async.web.staging import Staging
from tests.web.fakes import (
    BOUNDARY,
    MTOM,
    ROOT_HEAD,
    attachment,
    envelope,
    mime,
    part,
    request,
    root,
)

LIMITS = BodyLimits(max_request_bytes=10_000, max_envelope_bytes=2_000)
SIMPLE = ContentType("application/soap+xml")


def checked(content_type: str, **headers: str) -> ContentType:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return body.check_headers(request(headers={"content-type": content_type, **names}), LIMITS)


def refusal(content_type: str, **headers: str) -> tuple[int, str]:
    with pytest.raises(SoapFault) as caught:
        checked(content_type, **headers)
    return caught.value.http_status, caught.value.findings[0].rule.id


async def received(
    *pieces: bytes, content_type: str = "", limits: BodyLimits = LIMITS, staging: Staging
) -> ReceivedBody:
    kind = checked(content_type) if content_type else SIMPLE
    return await body.receive(request(pieces), kind, limits, staging)


@pytest.fixture
def staging() -> Staging:
    return Staging(MemoryContentStore())


# ---------------------------------------------------------------- headers


@pytest.mark.parametrize(
    ("content_type", "media_type"),
    [
        ("application/soap+xml", "application/soap+xml"),
        ("application/soap+xml; charset=UTF-8", "application/soap+xml"),
        ('Application/SOAP+XML;charset="utf-8";action="urn:x"', "application/soap+xml"),
        ("application/soap+xml; charset=utf-16", "application/soap+xml"),
        ("text/xml; charset=us-ascii", "text/xml"),
        (MTOM["content-type"], "multipart/related"),
    ],
)
def test_the_media_types_of_soap_are_read(content_type: str, media_type: str) -> None:
    assert checked(content_type).media_type == media_type


@pytest.mark.parametrize(
    ("content_type", "status", "rule"),
    [
        ("", 415, "http-content-type"),
        ("  ", 415, "http-content-type"),
        ("application/json", 415, "http-content-type"),
        ("application/xml", 415, "http-content-type"),
        ('multipart/form-data; boundary="b"', 415, "http-content-type"),
        ("application/soap+xml; charset=utf-7", 415, "http-charset"),
        ("application/soap+xml; charset=ISO-8859-1", 415, "http-charset"),
        ('application/soap+xml; charset="a\0b"', 415, "http-charset"),
        ("soap", 400, "http-content-type-syntax"),
        ("application/soap+xml; charset", 400, "http-content-type-syntax"),
    ],
)
def test_other_content_types_are_refused(content_type: str, status: int, rule: str) -> None:
    assert refusal(content_type) == (status, rule)


def test_a_missing_content_type_is_called_missing() -> None:
    with pytest.raises(SoapFault, match="no Content-Type"):
        body.check_headers(request(headers={}), LIMITS)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "BR", "gzip, identity"])
def test_a_compressed_body_is_refused(encoding: str) -> None:
    refused = refusal("application/soap+xml", content_encoding=encoding)

    assert refused == (415, "http-content-encoding")


@pytest.mark.parametrize("encoding", ["identity", "Identity ", ""])
def test_identity_is_no_compression(encoding: str) -> None:
    assert checked("application/soap+xml", content_encoding=encoding) == SIMPLE


def test_an_announced_request_above_the_limit_is_refused_unread() -> None:
    mtom = MTOM["content-type"]

    assert refusal(mtom, content_length="10001") == (413, "http-too-large")
    assert refusal(mtom, content_length="9" * 5000) == (413, "http-too-large")
    assert checked(mtom, content_length="10000").media_type == "multipart/related"


def test_an_announced_envelope_above_its_limit_is_refused_unread() -> None:
    assert refusal("application/soap+xml", content_length="2001") == (413, "http-too-large")
    assert checked("application/soap+xml", content_length="2000") == SIMPLE


@pytest.mark.parametrize("length", ["", "many", "-1", "5, 5", "²"])
def test_a_content_length_that_is_no_number_is_the_servers_business(length: str) -> None:
    assert checked("application/soap+xml", content_length=length) == SIMPLE


# ---------------------------------------------------------------- simple SOAP


async def test_a_simple_message_is_read_whole(staging: Staging) -> None:
    result = await received(b"<Enve", b"", b"lope/>", staging=staging)

    assert result == ReceivedBody(b"<Envelope/>", "application/soap+xml", mtom=False)
    assert staging.all == ()


async def test_a_chunked_envelope_above_the_limit_is_refused_when_it_gets_there(
    staging: Staging,
) -> None:
    seen = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal seen
        while True:
            seen += 500
            yield b"x" * 500

    with pytest.raises(SoapFault, match="at most 2000 octets") as caught:
        await body.receive(request(endless()), SIMPLE, LIMITS, staging)

    assert caught.value.http_status == 413
    assert seen == 2500


async def test_an_envelope_of_just_the_limit_is_read(staging: Staging) -> None:
    result = await received(b"x" * 2000, staging=staging)

    assert len(result.envelope) == 2000


# ---------------------------------------------------------------- MTOM


async def test_an_mtom_body_is_parted_as_it_arrives(staging: Staging) -> None:
    whole = mime(root(b"<Envelope/>"), attachment("a@x", b"one"), attachment("b@x", b"two"))
    octets = [whole[i : i + 1] for i in range(len(whole))]

    result = await received(*octets, content_type=MTOM["content-type"], staging=staging)

    assert result == ReceivedBody(b"<Envelope/>", "application/xop+xml", mtom=True)
    assert [(a.content_id, a.media_type, a.size) for a in staging.all] == [
        ("a@x", "text/plain", 3),
        ("b@x", "text/plain", 3),
    ]


async def test_parts_may_stand_before_the_root(staging: Staging) -> None:
    whole = mime(attachment("a@x", b"one"), root(b"<Envelope/>"))

    result = await received(whole, content_type=MTOM["content-type"], staging=staging)

    assert result.envelope == b"<Envelope/>"
    assert list(staging.attachments) == ["a@x"]


async def test_a_part_without_content_type_is_octets(staging: Staging) -> None:
    whole = mime(root(b"<Envelope/>"), part(b"Content-ID: <a@x>\r\n", b"one"))

    await received(whole, content_type=MTOM["content-type"], staging=staging)

    assert staging.attachments["a@x"].media_type == "application/octet-stream"


async def test_parts_without_content_id_do_not_displace_each_other(staging: Staging) -> None:
    nameless = b"Content-Type: text/plain\r\n"
    whole = mime(root(b"<Envelope/>"), part(nameless, b"one"), part(nameless, b"three"))

    result = await received(whole, content_type=MTOM["content-type"], staging=staging)

    assert staging.attachments == {}
    assert [a.size for a in staging.all] == [3, 5]
    assert [f.rule.id for f in result.findings] == ["mtom-content-id"] * 2


async def test_mtom_warnings_are_findings(staging: Staging) -> None:
    content_type = MTOM["content-type"].replace("application/soap+xml", "text/xml")

    result = await received(mime(root(b"<Envelope/>")), content_type=content_type, staging=staging)

    assert [f.rule.id for f in result.findings] == ["mtom-start-info"]


async def test_a_fault_of_the_packaging_tells_the_warnings_too(staging: Staging) -> None:
    content_type = MTOM["content-type"].replace("application/soap+xml", "text/xml")

    with pytest.raises(SoapFault) as caught:
        await received(
            mime(root(b"<Envelope/>"))[:-10], content_type=content_type, staging=staging
        )

    rules = [f.rule.id for f in caught.value.findings]
    assert rules == ["mime-body-complete", "mtom-start-info"]


async def test_a_root_part_above_the_envelope_limit_is_refused(staging: Staging) -> None:
    whole = mime(root(b"x" * 2001))

    with pytest.raises(SoapFault, match="an XML part of 2001 octets or more") as caught:
        await received(whole, content_type=MTOM["content-type"], staging=staging)

    assert caught.value.http_status == 413


async def test_attachments_may_be_larger_than_an_envelope_but_not_than_a_request(
    staging: Staging,
) -> None:
    small = mime(root(b"<Envelope/>"), attachment("a@x", b"x" * 5000))
    large = mime(root(b"<Envelope/>"), attachment("a@x", b"x" * 20_000))
    mtom = MTOM["content-type"]

    await received(small, content_type=mtom, staging=staging)
    with pytest.raises(SoapFault, match="at most 10000 octets") as caught:
        await received(large[:9000], large[9000:], content_type=mtom, staging=staging)

    assert staging.attachments["a@x"].size == 5000
    assert caught.value.http_status == 413


async def test_a_client_that_leaves_in_the_middle_leaves_nothing(staging: Staging) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield mime(root(b"<Envelope/>"), attachment("a@x", b"one"))[:-30]
        raise ClientGoneError

    kind = checked(MTOM["content-type"])
    with pytest.raises(ClientGoneError):
        await body.receive(request(broken()), kind, LIMITS, staging)

    assert staging.all == ()


async def test_content_ids_in_any_case_of_header_are_read(staging: Staging) -> None:
    head = ROOT_HEAD.replace(b"Content-ID", b"content-id")

    result = await received(
        mime(part(head, b"<Envelope/>")), content_type=MTOM["content-type"], staging=staging
    )

    assert result.envelope == b"<Envelope/>"


async def test_a_message_that_is_only_its_root_is_mtom(staging: Staging) -> None:
    content_type = f'multipart/related; type="application/xop+xml"; boundary={BOUNDARY}'

    result = await received(mime(root(envelope())), content_type=content_type, staging=staging)

    assert result.mtom
    assert [f.rule.id for f in result.findings] == ["mtom-start-info"]


async def test_octets_before_the_first_part_are_no_part(staging: Staging) -> None:
    whole = b"This is a message in MIME format.\r\n" + mime(root(b"<Envelope/>"))

    result = await received(whole, content_type=MTOM["content-type"], staging=staging)

    assert result.envelope == b"<Envelope/>"
    assert staging.all == ()


async def test_a_body_of_exactly_the_limit_is_read_and_one_octet_more_is_not(
    staging: Staging,
) -> None:
    whole = mime(root(b"<Envelope/>"))
    mtom = MTOM["content-type"]

    fits = await received(
        whole, content_type=mtom, limits=BodyLimits(len(whole), 2000), staging=staging
    )
    with pytest.raises(SoapFault, match=f"at most {len(whole) - 1} octets"):
        await received(
            whole, content_type=mtom, limits=BodyLimits(len(whole) - 1, 2000), staging=staging
        )

    assert fits.envelope == b"<Envelope/>"


async def test_the_last_line_needs_no_line_end(staging: Staging) -> None:
    whole = mime(root(b"<Envelope/>"), attachment("a@x", b"one")).removesuffix(b"\r\n")

    result = await received(whole, content_type=MTOM["content-type"], staging=staging)

    assert result.envelope == b"<Envelope/>"
    assert [a.size for a in staging.all] == [3]
