"""The parser's gates, and elements that can be named."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from ihe_mock_async import elements
from ihe_mock_async.elements import MalformedXmlError, XmlLimits
from ihe_mock_async.errors import MalformedMessageError

MEGABYTE = 1_000_000
HUGE = XmlLimits(huge_text=True)
BOMB = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]>'


def refusal(document: bytes, limits: XmlLimits = elements.DEFAULT_LIMITS) -> MalformedXmlError:
    with pytest.raises(MalformedXmlError) as caught:
        elements.parse(document, limits)
    return caught.value


def rule_of(document: bytes, limits: XmlLimits = elements.DEFAULT_LIMITS) -> str:
    return refusal(document, limits).finding.rule.id


# ---------------------------------------------------------------- what is read


def test_a_document_becomes_its_root_element() -> None:
    root = elements.parse(b'<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns="urn:x"><b>1</b></a>')

    assert root.tag == "{urn:x}a"
    assert root[0].text == "1"


def test_comments_and_processing_instructions_are_left_out() -> None:
    root = elements.parse(b"<!-- x --><?x y?><a><!-- x --><b/><?x y?></a><!-- x -->")

    assert [child.tag for child in root] == ["b"]


@pytest.mark.parametrize(
    "document",
    [
        "<a>ü</a>".encode(),
        "\ufeff<a>ü</a>".encode(),
        '<?xml version="1.0" encoding="utf-8"?><a>ü</a>'.encode(),
        "<?xml version='1.0' encoding='UTF8'?><a>ü</a>".encode(),
        '<?xml version="1.0" encoding="us-ascii"?><a>&#252;</a>'.encode("ascii"),
        "<a>ü</a>".encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-16"?><a>ü</a>'.encode("utf-16"),
        '\ufeff<?xml version="1.0" encoding="UTF-16"?><a>ü</a>'.encode("utf-16-be"),
        '<?xml version="1.0" encoding="UTF-16LE"?><a>ü</a>'.encode("utf-16-le"),
    ],
)
def test_utf_8_utf_16_and_ascii_are_read(document: bytes) -> None:
    assert elements.parse(document).text == "ü"


def test_a_doctype_in_a_cdata_section_or_comment_is_only_text() -> None:
    document = b"<!-- <!DOCTYPE x> --><a><![CDATA[<!DOCTYPE html>]]></a>"

    assert elements.parse(document).text == "<!DOCTYPE html>"


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("document", [b"", b"  \r\n\t"])
def test_nothing_is_no_document(document: bytes) -> None:
    assert rule_of(document) == "xml-present"


def test_a_document_has_a_limit_of_octets() -> None:
    limits = XmlLimits(max_bytes=20)

    error = refusal(b"<a>" + b"x" * 14 + b"</a>", limits)

    assert elements.parse(b"<a>" + b"x" * 13 + b"</a>", limits).text == "x" * 13
    assert error.finding.rule is elements.XML_SIZE
    assert "21 octets" in str(error)
    assert "max_envelope_bytes" in str(error)


def test_a_document_has_a_limit_of_tags() -> None:
    limits = XmlLimits(max_tags=4)

    assert len(elements.parse(b"<a><b/><b/></a>", limits)) == 2
    assert rule_of(b"<a><b/><b/><b/></a>", limits) == "xml-tags"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a/+AD4-', id="UTF-7"),
        pytest.param(
            b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-7"?><a/>', id="behind a mark"
        ),
        pytest.param(
            b'<?xml version="1.0"' + b" " * 5000 + b'encoding="UTF-7"?><a/>', id="behind blanks"
        ),
        pytest.param(
            '<?xml version="1.0" encoding="ISO-8859-1"?><a>ü</a>'.encode("latin-1"), id="Latin-1"
        ),
        pytest.param(b'<?xml version="1.0" encoding="klingon"?><a/>', id="unknown"),
        pytest.param(
            '<?xml version="1.0" encoding="ebcdic-cp-us"?><a/>'.encode("cp037"), id="EBCDIC"
        ),
        pytest.param("<a/>".encode("utf-32"), id="UTF-32"),
        pytest.param("<a/>".encode("utf-32-be"), id="UTF-32 without mark"),
        pytest.param(b"<a>\xfc</a>", id="Latin-1 that says nothing"),
    ],
)
def test_other_encodings_are_refused(document: bytes) -> None:
    assert rule_of(document) == "xml-encoding"
    assert rule_of(document, HUGE) == "xml-encoding"


@pytest.mark.parametrize(
    "prolog", ["", "\n ", "<!-- x -->", "<?x y?>", '<?xml version="1.0"?>\n<!-- > -->', "\ufeff"]
)
@pytest.mark.parametrize("doctype", ["<!DOCTYPE a>", '<!DOCTYPE a SYSTEM "x.dtd">', BOMB])
def test_a_doctype_is_refused_wherever_it_may_stand(prolog: str, doctype: str) -> None:
    assert rule_of(f"{prolog}{doctype}<a/>".encode()) == "xml-doctype"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_doctype_does_not_hide_in_utf_16(encoding: str) -> None:
    document = ("\ufeff" * (encoding != "utf-16") + BOMB + '<a b="&c;">&c;</a>').encode(encoding)

    assert rule_of(document, HUGE) == "xml-doctype"


def test_entities_are_refused() -> None:
    error = refusal(b"<a>&nbsp;</a>")

    assert error.finding.rule is elements.XML_ENTITY
    assert "&#160;" in str(error)


def test_a_bomb_of_entities_is_refused_before_it_is_read() -> None:
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(12))
    document = f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]><a b="&l12;">&l12;</a>'

    assert rule_of(document.encode()) == "xml-doctype"
    assert rule_of(document.encode(), HUGE) == "xml-doctype"


def test_elements_may_be_nested_256_deep() -> None:
    elements.parse(b"<a>" * 256 + b"</a>" * 256)

    assert rule_of(b"<a>" * 257 + b"</a>" * 257) == "xml-depth"


def test_with_huge_text_elements_may_be_nested_deeper_but_not_without_end() -> None:
    elements.parse(b"<a>" * 2000 + b"</a>" * 2000, HUGE)

    assert rule_of(b"<a>" * 50_000 + b"</a>" * 50_000, HUGE) == "xml-depth"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"<a>" + b"x" * 11 * MEGABYTE + b"</a>", id="text"),
        pytest.param(b"<a><![CDATA[" + b"x" * 11 * MEGABYTE + b"]]></a>", id="CDATA"),
        pytest.param(b'<a b="' + b"x" * 11 * MEGABYTE + b'"/>', id="attribute"),
        pytest.param(b"<a><!--" + b"x" * 11 * MEGABYTE + b"--></a>", id="comment"),
    ],
)
def test_a_text_has_a_limit_of_10_mb_without_huge_text(document: bytes) -> None:
    error = refusal(document)

    assert error.finding.rule is elements.XML_TEXT_SIZE
    assert "set huge_text to true" in str(error)
    assert "XML_PARSE_HUGE" not in str(error)
    assert elements.parse(document, HUGE).tag == "a"


@pytest.mark.parametrize(
    "document", [b"<a>\x01</a>", b"<a>&#1;</a>", b"<a>\0</a>", b'<a b="\x0b"/>', b"<a>&#0;</a>"]
)
def test_control_characters_are_refused(document: bytes) -> None:
    assert rule_of(document) == "xml-character"


@pytest.mark.parametrize("document", [b"<s:a/>", b"<a s:b='1'/>", b"<a><s:b/></a>"])
def test_an_undeclared_prefix_is_told_its_declaration(document: bytes) -> None:
    error = refusal(document)

    assert error.finding.rule is elements.XML_PREFIX
    assert "Namespace prefix s" in str(error)
    assert "xmlns:PREFIX" in str(error)


@pytest.mark.parametrize(
    "document",
    [
        b"MSH|^~\\&|A|B",
        b"{}",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a b='1' b='2'/>",
        b"<a><!-- x",
        b"<a><?x ",
        b"\n<?xml version='1.0'?><a/>",
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
    ],
)
def test_what_is_not_well_formed_is_refused(document: bytes) -> None:
    assert rule_of(document) == "xml-well-formed"


def test_an_error_tells_its_line_and_column_once() -> None:
    error = refusal(b"<a>\n <b></a>")

    assert error.finding.line == 2
    assert error.finding.location == "column 9"
    assert error.finding.received == "Opening and ending tag mismatch: b line 2 and a"
    assert str(error) == error.finding.describe()
    assert isinstance(error, MalformedMessageError)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=100).map(lambda text: f"<a>{text}</a>".encode("utf-8", "replace")),
        st.text("<>/!?ab:='\"&;-[]DOCTYPE xml\n", max_size=60).map(str.encode),
        st.text(max_size=60).map(lambda text: f"<a>{text}</a>".encode("utf-16", "replace")),
        st.binary(max_size=60).map(
            lambda octets: b'<?xml version="1.0" encoding="' + octets + b'"?><a/>'
        ),
    )
)
@example(b"<?xml>")
@example(b"\xff\xfe")
@example(b"<?xml version='1.0' encoding=''?><a/>")
def test_whatever_comes_is_read_or_refused_with_a_rule(document: bytes) -> None:
    refused: MalformedXmlError | None = None
    try:
        assert isinstance(elements.parse(document).tag, str)
    except MalformedXmlError as error:
        refused = error

    assert refused is None or refused.finding.rule in elements.RULES
    assert len(str(refused).splitlines()) == 1


def test_a_doctype_that_slips_through_the_gate_is_refused_after_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(elements, "_has_doctype", lambda _: False)

    assert rule_of(b"<!DOCTYPE a><a/>") == "xml-doctype"


def test_every_refusal_is_essential_for_nothing_can_be_read() -> None:
    assert len(elements.RULES) == 11
    assert all(rule.essential for rule in elements.RULES)


@pytest.mark.parametrize("name", ["utf-8", "UTF-8", "utf8", "UTF-16", "utf-16LE", "US-ASCII"])
def test_encodings_that_are_read_are_known_by_name(name: str) -> None:
    assert elements.is_readable_encoding(name)


@pytest.mark.parametrize("name", ["", "utf-7", "latin1", "utf-8-sig", "utf 8", "a\0b", "ü"])
def test_other_encodings_are_not(name: str) -> None:
    assert not elements.is_readable_encoding(name)


# ---------------------------------------------------------------- writing


@given(st.text())
@example("\0\x1f\ud800\ufffe\uffff\x85\r\n")
def test_sanitised_text_can_always_be_written_and_read_again(text: str) -> None:
    element = etree.Element("a", b=elements.sanitise(text))
    element.text = elements.sanitise(text)

    read = elements.parse(etree.tostring(element))

    assert (read.text or "") == read.get("b") == elements.sanitise(text)


def test_only_what_xml_cannot_hold_is_replaced() -> None:
    assert elements.sanitise("a\tb\nc\rd ü 𝄞") == "a\tb\nc\rd ü 𝄞"
    assert elements.sanitise("a\0b\x1bc\ufffe\ud800") == "a\ufffdb\ufffdc\ufffd\ufffd"


# ---------------------------------------------------------------- elements


def test_a_name_and_its_namespace_are_told_apart() -> None:
    with_namespace, without = etree.Element("{urn:x}a"), etree.Element("a")

    assert (elements.local_name(with_namespace), elements.namespace_of(with_namespace)) == (
        "a",
        "urn:x",
    )
    assert (elements.local_name(without), elements.namespace_of(without)) == ("a", "")


def test_a_comment_has_no_name() -> None:
    comment = etree.Comment("x")

    assert (elements.local_name(comment), elements.namespace_of(comment)) == ("", "")


def test_a_path_names_elements_and_gives_positions_where_they_are_needed() -> None:
    root = elements.parse(b'<a xmlns="urn:x"><b/><c><b/></c><b><d/><d xmlns="urn:y"/></b></a>')

    assert elements.path_of(root) == "/a"
    assert elements.path_of(root[0]) == "/a/b[1]"
    assert elements.path_of(root[1][0]) == "/a/c/b"
    assert elements.path_of(root[2][0]) == "/a/b[2]/d"
    assert elements.path_of(root[2][1]) == "/a/b[2]/d"


def test_a_path_may_start_below_the_root() -> None:
    root = elements.parse(b"<a><b/><b><c/></b></a>")

    assert elements.path_of(root[1][0], below=root[1]) == "/b[2]/c"
    assert elements.path_of(root[1], below=root[1]) == "/b[2]"
