"""Octets as text, XML, JSON and form, whatever they are."""

from __future__ import annotations

import gc
import weakref

import pytest

from ihe_mock_async.journal.content import MAX_OCTETS, Content, UnreadableError


@pytest.mark.parametrize(
    ("octets", "content_type", "text"),
    [
        ("é".encode(), "", "é"),
        ("é".encode(), "text/xml", "é"),
        (b"\xef\xbb\xbfa", "text/xml; charset=utf-8", "a"),
        (b"\xe9", "text/plain; charset=ISO-8859-1", "é"),
        (b"\xe9", 'text/plain; a=b; charset="windows-1252"', "é"),
        ("é".encode("utf-16"), "text/xml", "é"),
        (b"\xe9", "text/plain; charset=utf-8", "\ufffd"),
        ("é".encode(), "text/plain; charset=punycode", "é"),
        ("é".encode(), "text/plain; charset=unicode_escape", "é"),
        ("é".encode(), "text/plain; charset=hex", "é"),
        ("é".encode(), "text/plain; charset=no\0ne", "é"),
        ("é".encode(), "text/plain; charset=", "é"),
    ],
)
def test_octets_are_text(octets: bytes, content_type: str, text: str) -> None:
    assert Content(octets, content_type).text == text


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"{", "no JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        (b"[NaN]", "no JSON: a number or the nesting is beyond bounds"),
        (b"[" * 100_000, "no JSON: a number or the nesting is beyond bounds"),
        (b"9" * 10_000, "no JSON: a number or the nesting is beyond bounds"),
    ],
)
def test_why_octets_are_no_json_is_told(octets: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        _ = Content(octets).json

    assert str(caught.value) == reason


def test_what_is_too_large_is_not_read() -> None:
    content = Content(b"<a/>" + b" " * MAX_OCTETS)

    for kind in ("text", "tree", "json", "form"):
        with pytest.raises(UnreadableError, match="more than 16777216 octets"):
            getattr(content, kind)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "no XML: A message is an XML document; this one is empty"),
        (b"hello", "no XML: Start tag expected, '<' not found"),
        (
            b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
            "no XML: ISO-8859-1, expected UTF-8",
        ),
        (b"<!DOCTYPE a><a/>", "no XML: A SOAP message has no DOCTYPE declaration"),
    ],
)
def test_why_octets_are_no_xml_is_told(octets: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        _ = Content(octets).tree

    assert str(caught.value) == reason


def test_a_body_that_cannot_be_read_is_let_go_of_at_once() -> None:
    content = Content(b"<broken")
    for _ in range(2):
        with pytest.raises(UnreadableError, match="no XML"):
            _ = content.tree
    alive = weakref.ref(content)

    gc.disable()  # an error that is kept would hold it until the garbage collector comes
    try:
        del content

        assert alive() is None
    finally:
        gc.enable()
