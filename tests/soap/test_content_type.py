"""Content-Type headers as toolkits write them, and the faults for broken ones."""

from __future__ import annotations

import pytest

from ihe_mock_async.soap import SoapFault, content_type

WCF = (
    'multipart/related; type="application/xop+xml";start="<http://tempuri.org/0>";'
    'boundary="uuid:898b3ded-c057+id=5";start-info="application/soap+xml"'
)
JAX_WS = (
    'multipart/related;start="<rootpart*a805@example.jaxws.sun.com>";'
    'type="application/xop+xml";boundary="uuid:a805";'
    'start-info="application/soap+xml;action=\\"urn:ihe:iti:2007:RetrieveDocumentSet\\""'
)


def test_a_wcf_header_is_read_whole() -> None:
    read = content_type.parse(WCF)

    assert read.media_type == "multipart/related"
    assert read.parameters == {
        "type": "application/xop+xml",
        "start": "<http://tempuri.org/0>",
        "boundary": "uuid:898b3ded-c057+id=5",
        "start-info": "application/soap+xml",
    }


def test_escaped_quotes_inside_a_quoted_value_are_unescaped() -> None:
    read = content_type.parse(JAX_WS)

    assert read.parameters["start-info"] == (
        'application/soap+xml;action="urn:ihe:iti:2007:RetrieveDocumentSet"'
    )
    assert read.parameters["start"] == "<rootpart*a805@example.jaxws.sun.com>"


@pytest.mark.parametrize(
    "header",
    [
        'Multipart/Related;boundary=_b_;TYPE="application/xop+xml"',
        'multipart/related ; boundary = _b_ ; type = "application/xop+xml" ;',
        "multipart/related; type=application/xop+xml;; boundary=_b_",
        '  multipart/RELATED;Type=application/xop+xml; Boundary="_b_"',
    ],
    ids=["capitals", "blanks", "semicolons", "order"],
)
def test_spelling_does_not_matter(header: str) -> None:
    read = content_type.parse(header)

    assert read.media_type == "multipart/related"
    assert read.parameters == {"boundary": "_b_", "type": "application/xop+xml"}


def test_an_unquoted_boundary_may_hold_colon_plus_and_equals_signs() -> None:
    read = content_type.parse("multipart/related; boundary=uuid:1+id=2;start=a")

    assert read.parameters["boundary"] == "uuid:1+id=2"


def test_a_plain_soap_type_needs_no_parameters() -> None:
    assert content_type.parse("application/soap+xml").parameters == {}


def test_no_header_is_an_unsupported_media_type() -> None:
    with pytest.raises(SoapFault) as caught:
        content_type.parse("  ")

    assert caught.value.http_status == 415
    assert caught.value.findings[0].rule.id == "http-content-type-present"


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ("nonsense", "http-content-type-syntax"),
        ("text/xml; charset", "http-content-type-syntax"),
        ('text/xml; charset="utf-8', "http-content-type-syntax"),
        ('text/xml; charset="utf-8"x', "http-content-type-syntax"),
        ("text/xml, text/xml", "http-content-type-syntax"),
        ("text/xml; charset=utf-8; Charset=ascii", "http-content-type-parameter-once"),
        ("multipart/related", "mime-boundary-present"),
        ('multipart/related; boundary=""', "mime-boundary-present"),
        (f"multipart/related; boundary={'b' * 71}", "mime-boundary-syntax"),
        ('multipart/related; boundary="b*b"', "mime-boundary-syntax"),
        ('multipart/related; boundary="blank-at-end "', "mime-boundary-syntax"),
        ("multipart/related; boundary=bäh", "mime-boundary-syntax"),
    ],
)
def test_a_broken_header_is_a_fault_of_the_sender(header: str, rule: str) -> None:
    with pytest.raises(SoapFault) as caught:
        content_type.parse(header)

    assert caught.value.http_status == 400
    assert [found.rule.id for found in caught.value.findings] == [rule]


def test_the_fault_tells_where_the_header_breaks() -> None:
    with pytest.raises(SoapFault, match="character 9") as caught:
        content_type.parse('text/xml; charset="utf-8')

    assert 'charset="utf-8' in caught.value.reason


def test_a_boundary_of_70_characters_is_allowed() -> None:
    assert (
        len(content_type.parse(f"multipart/a; boundary={'b' * 70}").parameters["boundary"]) == 70
    )
