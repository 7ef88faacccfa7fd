"""xop:Include and inline base64 in the elements that hold documents."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ihe_mock_async.elements import parse
from ihe_mock_async.soap import SoapFault, xop

XDSB = "urn:ihe:iti:xds-b:2007"
DOCUMENT = f"{{{XDSB}}}Document"
BINARY = frozenset({DOCUMENT})
INCLUDE = '<i:Include href="{}"/>'


def request(*contents: str) -> etree._Element:
    documents = "".join(f"<Document>{content}</Document>" for content in contents)
    return parse(
        f'<Request xmlns="{XDSB}" xmlns:i="http://www.w3.org/2004/08/xop/include">'
        f"{documents}</Request>".encode()
    )


def fault_of(body: etree._Element, known: list[str]) -> SoapFault:
    with pytest.raises(SoapFault) as caught:
        xop.resolve(body, BINARY, known)
    return caught.value


def test_included_and_inline_documents_are_told_in_order() -> None:
    body = request(INCLUDE.format("cid:1%40x"), " YWJj\n", "")

    found = xop.resolve(body, BINARY, ["1@x"])

    assert [(item.content_id, item.inline) for item in found] == [
        ("1@x", None),
        (None, " YWJj\n"),
        (None, ""),
    ]
    assert [item.element for item in found] == list(body)
    assert xop.includes(body, BINARY) == found


def test_pretty_printing_around_an_include_is_tolerated() -> None:
    found = xop.resolve(request(f"\n  {INCLUDE.format('cid:a')}\n"), BINARY, ["a"])

    assert found[0].content_id == "a"


def test_one_part_may_be_included_twice() -> None:
    body = request(INCLUDE.format("cid:a"), INCLUDE.format("cid:a"))

    assert len(xop.resolve(body, BINARY, ["a"])) == 2


def test_one_fault_names_everything_that_is_wrong() -> None:
    body = request(
        INCLUDE.format("cid:unknown"),
        "text" + INCLUDE.format("cid:a"),
        INCLUDE.format("cid:a") * 2,
        "<i:Include/>",
        INCLUDE.format("http://x"),
        INCLUDE.format("cid:"),
        "<Other/>",
    )
    etree.SubElement(body, xop.INCLUDE, href="cid:a")

    fault = fault_of(body, ["a"])

    assert sorted(found.rule.id for found in fault.findings) == [
        "xop-include-alone",
        "xop-include-alone",
        "xop-include-alone",
        "xop-include-href",
        "xop-include-href",
        "xop-include-href",
        "xop-include-known",
        "xop-include-place",
    ]
    assert all(found.rule.id in fault.reason for found in fault.findings)


@pytest.mark.parametrize("content", [INCLUDE.format("cid:unknown"), "<Other/>"])
def test_a_hostile_number_of_mistakes_is_not_listed_in_full(content: str) -> None:
    assert len(fault_of(request(*[content] * 1000), ["a"]).findings) == 50


def test_an_unknown_cid_is_told_with_those_that_exist() -> None:
    found = fault_of(request(INCLUDE.format("cid:c")), ["a", "b@x"]).findings[0]

    assert found.location == "/Request/Document/Include/@href"
    assert found.received == "cid:c"
    assert found.expected == "one of <a>, <b@x>"


def test_a_message_without_attachments_says_so() -> None:
    found = fault_of(request(INCLUDE.format("cid:c")), []).findings[0]

    assert "this one has none" in found.expected


@pytest.mark.parametrize(
    ("href", "known", "hint"),
    [
        ("cid:&lt;a@x>", "a@x", "without the angle brackets"),
        ("cid:a%2540x", "a@x", "percent-encoded twice"),
        ("cid:a+b", "a b", "write %20"),
        ("cid:a%40x", "a%40x", "the Content-ID header is percent-encoded"),
        ("cid:A@X", "a@x", "upper and lower case differ"),
    ],
)
def test_a_near_miss_is_explained(href: str, known: str, hint: str) -> None:
    assert hint in fault_of(request(INCLUDE.format(href)), [known]).findings[0].expected


def test_an_include_outside_of_a_document_is_refused_by_includes_too() -> None:
    body = parse(
        b'<R><x><Include xmlns="http://www.w3.org/2004/08/xop/include" href="cid:a"/></x></R>'
    )

    with pytest.raises(SoapFault) as caught:
        xop.includes(body, BINARY)

    found = caught.value.findings[0]
    assert found.rule.id == "xop-include-place"
    assert (found.received, found.expected) == ("xop:Include in x", "Document")


def test_an_include_in_a_message_without_documents_is_refused() -> None:
    body = parse(b'<Include xmlns="http://www.w3.org/2004/08/xop/include" href="cid:a"/>')

    with pytest.raises(SoapFault, match="no xop:Include in this message"):
        xop.includes(body, frozenset())


@given(st.binary())
def test_inline_base64_may_have_line_breaks(content: bytes) -> None:
    assert xop.decode_inline(base64.encodebytes(content).decode()) == content


@pytest.mark.parametrize("text", ["YWJ", "YW!j", "YQ==YQ==", "Yä=="])
def test_inline_text_that_is_not_base64_is_a_fault(text: str) -> None:
    with pytest.raises(SoapFault) as caught:
        xop.decode_inline(text)

    assert caught.value.findings[0].rule.id == "xop-base64"


def test_an_envelope_is_split_where_documents_are_included() -> None:
    body = etree.tostring(request(INCLUDE.format("cid:1%40x"), "YWJj", INCLUDE.format("cid:b+c")))

    texts, content_ids = xop.split_at_includes(body, {"1@x", "b+c"})

    assert content_ids == ["1@x", "b+c"]
    whole = texts[0] + b"MQ==" + texts[1] + b"Mg==" + texts[2]
    assert [each.text for each in etree.fromstring(whole).iter(DOCUMENT)] == [
        "MQ==",
        "YWJj",
        "Mg==",
    ]


def test_an_envelope_without_includes_stays_in_one_piece() -> None:
    body = etree.tostring(request('&lt;i:Include href="cid:1"/&gt;'))

    assert xop.split_at_includes(body, {"1"}) == ([body], [])


def test_what_others_include_is_left_alone() -> None:
    body = etree.tostring(request(INCLUDE.format("cid:theirs"), INCLUDE.format("cid:ours")))

    texts, content_ids = xop.split_at_includes(body, {"ours"})

    assert content_ids == ["ours"]
    assert b"cid:theirs" in texts[0]


def test_an_envelope_without_its_end_is_split_too() -> None:
    body = etree.tostring(request(INCLUDE.format("cid:a")))

    texts, content_ids = xop.split_at_includes(body.removesuffix(b"</Request>"), {"a"})

    assert content_ids == ["a"]
    assert texts[0].endswith(b"<Document>")
    assert texts[1] == b"</Document>"
