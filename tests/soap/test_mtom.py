"""MTOM bodies in, events out; and the way back."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ihe_mock_async.soap import ContentType, MtomLimits, MtomParser, MtomWriter, SoapFault
from ihe_mock_async.soap import content_type as content_types
from ihe_mock_async.soap.mtom import Event, PartBegan, cid_of, href_of
from ihe_mock_async.soap.multipart import PartData, PartEnded
from ihe_mock_async.soap.part import Part

ROOT_TYPE = 'Content-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"'
HEADER = (
    'multipart/related; type="application/xop+xml"; boundary="b"; start="<root@x>"; '
    'start-info="application/soap+xml"'
)
ROOT = (ROOT_TYPE, "Content-ID: <root@x>"), b"<Envelope/>"
DOCUMENT = ("Content-Type: application/pdf", "Content-ID: <doc@x>"), b"%PDF\r\n"

Piece = tuple[Sequence[str], bytes]


def body(*parts: Piece, boundary: str = "b", end: bytes = b"\r\n") -> bytes:
    """The octets of a multipart body; each part is its header lines and its content."""
    out = b""
    for headers, content in parts:
        lines = [f"--{boundary}", *headers, ""]
        out += b"".join(line.encode() + end for line in lines) + content + end
    return out + f"--{boundary}--".encode() + end


def parts_of(events: Iterable[Event]) -> list[tuple[Part, bytes]]:
    """Each part with its content; checks that the events come in order."""
    parts: list[tuple[Part, bytes]] = []
    is_open = False
    for event in events:
        assert is_open is not isinstance(event, PartBegan)
        if isinstance(event, PartBegan):
            parts.append((event.part, b""))
        elif isinstance(event, PartData):
            assert event.data
            parts[-1] = parts[-1][0], parts[-1][1] + event.data
        is_open = not isinstance(event, PartEnded)
    assert not is_open
    return parts


def read(octets: bytes, header: str = HEADER, step: int = 1 << 16) -> list[tuple[Part, bytes]]:
    parser = MtomParser(content_types.parse(header))
    events: list[Event] = []
    for start in range(0, len(octets), step):
        events += parser.feed(octets[start : start + step])
    return parts_of(events + parser.close())


def warnings_of(octets: bytes, header: str = HEADER) -> list[str]:
    parser = MtomParser(content_types.parse(header))
    parser.feed(octets)
    parser.close()
    return [found.rule.id for found in parser.findings]


def fault_of(octets: bytes, header: str = HEADER, limits: MtomLimits | None = None) -> SoapFault:
    parser = MtomParser(content_types.parse(header), limits)
    with pytest.raises(SoapFault) as caught:
        parts_of(parser.feed(octets) + parser.close())
    assert caught.value.http_status == 400
    assert all(found.rule.essential for found in caught.value.findings)
    return caught.value


def rule_of(octets: bytes, header: str = HEADER, limits: MtomLimits | None = None) -> str:
    return fault_of(octets, header, limits).findings[0].rule.id


# ---------------------------------------------------------------- what is read


def test_a_message_with_a_document_is_read() -> None:
    (root, envelope), (document, content) = read(body(ROOT, DOCUMENT))

    assert root.is_root
    assert root.content_id == "root@x"
    assert envelope == b"<Envelope/>"
    assert not document.is_root
    assert document.content_id == "doc@x"
    assert document.media_type == ContentType("application/pdf")
    assert document.transfer_encoding == "binary"
    assert document.headers["content-id"] == "<doc@x>"
    assert content == b"%PDF\r\n"
    assert warnings_of(body(ROOT, DOCUMENT)) == []


def test_the_root_may_come_last() -> None:
    (document, _), (root, _) = read(body(DOCUMENT, ROOT))

    assert (document.is_root, root.is_root) == (False, True)


def test_without_start_the_first_part_is_the_root() -> None:
    header = HEADER.replace(' start="<root@x>";', "")

    assert [part.is_root for part, _ in read(body(ROOT, DOCUMENT), header)] == [True, False]
    assert warnings_of(body(ROOT, DOCUMENT), header) == []


def test_start_without_brackets_finds_the_root_with_a_warning() -> None:
    header = HEADER.replace("<root@x>", "root@x")

    assert read(body(ROOT), header)[0][0].is_root
    assert warnings_of(body(ROOT), header) == ["mtom-start-brackets"]


@pytest.mark.parametrize(
    "before", [b"\r\n", b"\n", b"This is MIME.\r\n", b"--bb\r\n--b-\r\nx--b\r\n"]
)
def test_what_stands_before_the_first_part_is_ignored(before: bytes) -> None:
    for step in (1, 7, 1000):
        assert read(before + body(ROOT), step=step)[0][1] == b"<Envelope/>"


def test_what_stands_after_the_last_part_is_ignored() -> None:
    assert len(read(body(ROOT) + b"--b\r\nmore")) == 1


def test_the_line_end_after_the_closing_delimiter_may_be_missing() -> None:
    assert len(read(body(ROOT).rstrip())) == 1


def test_blanks_may_follow_the_boundary() -> None:
    octets = body(ROOT, DOCUMENT).replace(b"--b\r\n", b"--b \t\r\n").replace(b"--b--", b"--b-- ")

    for step in (1, 1000):
        assert [content for _, content in read(octets, step=step)] == [b"<Envelope/>", b"%PDF\r\n"]


def test_header_names_and_folding_vary() -> None:
    headers = (
        "content-type: application/xop+xml;\r\n\ttype=application/soap+xml",
        "CONTENT-Id:<root@x>",
    )

    part, _ = read(body((headers, b"")))[0]

    assert part.headers["content-type"] == "application/xop+xml; type=application/soap+xml"
    assert part.content_id == "root@x"


def test_lookalikes_of_the_delimiter_stay_content() -> None:
    content = (
        b"\r\n--bx\r\n--b-\r\n--b\n\r--b\r\n-\r\n--\r\n--b--x\n--b\r\n" + b"\r\n--b" + b" " * 200
    )

    for step in (1, 2, 3, 1000):
        assert read(body(ROOT, (DOCUMENT[0], content)), step=step)[1][1] == content


def test_a_part_may_be_empty_with_or_without_its_own_line_end() -> None:
    octets = body(ROOT, (DOCUMENT[0], b""))

    for step in (1, 1000):
        assert read(octets, step=step)[1][1] == b""
        assert read(octets.replace(b"\r\n\r\n\r\n--b--", b"\r\n\r\n--b--"), step=step)[1][1] == b""


def test_a_part_without_headers_has_content_only() -> None:
    parts = read(body(ROOT, ((), b"\r\ntext")))

    assert parts[1][0].headers == {}
    assert parts[1][0].media_type is None
    assert parts[1][1] == b"\r\ntext"


def test_line_feeds_alone_are_read_with_a_warning() -> None:
    octets = body(ROOT, (DOCUMENT[0], b"ends with CR\r"), end=b"\n")

    assert [content for _, content in read(octets)] == [b"<Envelope/>", b"ends with CR\r"]
    assert warnings_of(octets) == ["mime-line-ends"]


@pytest.mark.parametrize("encoding", ["binary", "8bit", "7BIT"])
def test_plain_transfer_encodings_leave_the_octets(encoding: str) -> None:
    headers = (*DOCUMENT[0], f"Content-Transfer-Encoding: {encoding}")

    part, content = read(body(ROOT, (headers, bytes(range(256)))))[1]

    assert part.transfer_encoding == encoding.lower()
    assert content == bytes(range(256))


@pytest.mark.parametrize("step", [1, 5, 1000])
def test_base64_is_decoded_as_it_arrives(step: int) -> None:
    headers = (*DOCUMENT[0], "Content-Transfer-Encoding: base64")
    encoded = base64.encodebytes(bytes(range(256)) * 3)

    assert read(body(ROOT, (headers, encoded)), step=step)[1][1] == bytes(range(256)) * 3


@pytest.mark.parametrize("step", [1, 5, 1000])
def test_quoted_printable_is_decoded_as_it_arrives(step: int) -> None:
    headers = (*DOCUMENT[0], "Content-Transfer-Encoding: quoted-printable")

    parts = read(body(ROOT, (headers, b"Gr=C3=BC=C3=9Fe, =\r\nsoft\r\nhard=3D")), step=step)

    assert parts[1][1] == "Grüße, soft\r\nhard=".encode()


# ---------------------------------------------------------------- warnings


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        (HEADER.replace(' type="application/xop+xml";', ""), "mtom-type"),
        (HEADER.replace("application/xop+xml", "text/xml"), "mtom-type"),
        (HEADER.replace("application/soap+xml", "text/xml"), "mtom-start-info"),
        (HEADER.replace('; start-info="application/soap+xml"', ""), "mtom-start-info"),
    ],
)
def test_parameters_that_servers_let_pass_are_warnings(header: str, rule: str) -> None:
    assert warnings_of(body(ROOT), header) == [rule]


def test_start_info_may_carry_the_action() -> None:
    header = HEADER.replace('soap+xml"', 'soap+xml;action=\\"urn:x\\""')

    assert warnings_of(body(ROOT), header) == []


@pytest.mark.parametrize(
    ("headers", "rule"),
    [
        ((ROOT_TYPE, "Content-ID: root@x"), "mtom-content-id"),
        (("Content-Type: application/xop+xml", "Content-ID: <root@x>"), "mtom-root-type"),
        ((ROOT_TYPE.replace("soap+xml", "xml"), "Content-ID: <root@x>"), "mtom-root-type"),
    ],
)
def test_root_headers_that_servers_let_pass_are_warnings(
    headers: Sequence[str], rule: str
) -> None:
    assert warnings_of(body((headers, b""))) == [rule]


def test_an_unreadable_content_type_of_a_document_is_a_warning() -> None:
    octets = body(ROOT, (("Content-Type: pdf", "Content-ID: <d>"), b""))

    assert read(octets)[1][0].media_type is None
    assert warnings_of(octets) == ["mime-part-content-type"]


def test_a_document_without_content_id_is_a_warning() -> None:
    assert warnings_of(body(ROOT, (("Content-Type: text/plain",), b""))) == ["mtom-content-id"]


# ---------------------------------------------------------------- faults


def test_a_simple_soap_message_is_no_mtom_message() -> None:
    with pytest.raises(SoapFault, match="multipart/related") as caught:
        MtomParser(ContentType("application/soap+xml"))

    assert caught.value.http_status == 415


@pytest.mark.parametrize("octets", [body(ROOT)[:-3], body(ROOT)[:70], b"--b\r\n"])
def test_a_body_that_is_cut_off_tells_at_which_byte(octets: bytes) -> None:
    fault = fault_of(octets)

    assert fault.findings[0].rule.id == "mime-body-complete"
    assert fault.findings[0].location == f"byte {len(octets)}"


def test_another_boundary_in_the_body_is_shown() -> None:
    fault = fault_of(body(ROOT, boundary="other"))

    assert fault.findings[0].rule.id == "mime-boundary-found"
    assert fault.findings[0].received == "--other"
    assert fault.findings[0].expected == "--b"


def test_a_body_that_is_not_mime_is_shown() -> None:
    assert fault_of(b"<soap:Envelope/>").findings[0].received == "<soap:Envelope/>"
    assert fault_of(b"").findings[0].received == "an empty body"


def test_a_long_preamble_is_refused_before_the_body_ends() -> None:
    parser = MtomParser(content_types.parse(HEADER), MtomLimits(max_header_bytes=100))

    with pytest.raises(SoapFault, match="mime-boundary-found"):
        parser.feed(b"x" * 101)


def test_start_that_names_no_part_lists_what_there_is() -> None:
    fault = fault_of(body(DOCUMENT, (("Content-Type: a/b",), b"")))

    assert fault.findings[0].rule.id == "mtom-root-present"
    assert fault.findings[0].received == "<root@x>"
    assert fault.findings[0].expected == "one of <doc@x>, none"


def test_a_body_without_parts_has_no_root() -> None:
    assert rule_of(b"--b--") == "mtom-root-present"


@pytest.mark.parametrize(
    ("parts", "rule"),
    [
        ([ROOT, DOCUMENT, DOCUMENT], "mtom-content-id-unique"),
        ([((DOCUMENT[0][0], "Content-ID: <root@x>"), b"")], "mtom-root-media-type"),
        ([(("Content-ID: <root@x>",), b"")], "mtom-root-media-type"),
        ([ROOT, (("Content-Type: Multipart/mixed; boundary=c",), b"")], "mtom-not-nested"),
        ([ROOT, (("no colon",), b"")], "mime-part-headers"),
        ([ROOT, (("a b: c",), b"")], "mime-part-headers"),
        ([ROOT, (("a: b", "A: c"), b"")], "mime-part-headers"),
        ([ROOT, (("Content-Transfer-Encoding: uuencode",), b"")], "mime-transfer-encoding"),
    ],
)
def test_parts_that_cannot_be_used_are_faults(parts: list[Piece], rule: str) -> None:
    assert rule_of(body(*parts)) == rule


def test_the_fault_names_the_roots_media_type() -> None:
    fault = fault_of(body((("Content-Type: text/xml", "Content-ID: <root@x>"), b"")))

    assert fault.findings[0].received == "text/xml"


@pytest.mark.parametrize(
    "encoded", [b"YWJj=", b"YWJ", b"YW==YWJj", b"YWJj*WJj", b"YQ==\r\n" * 2, b"=YWJ"]
)
def test_broken_base64_names_the_part(encoded: bytes) -> None:
    headers = (*DOCUMENT[0], "Content-Transfer-Encoding: base64")
    for step in (1, 1000):
        with pytest.raises(SoapFault) as caught:
            read(body(ROOT, (headers, encoded)), step=step)

        assert caught.value.findings[0].rule.id == "mime-transfer-encoded"
        assert caught.value.findings[0].location.startswith("part <doc@x>")


def test_an_endless_quoted_printable_line_is_a_fault() -> None:
    headers = (*DOCUMENT[0], "Content-Transfer-Encoding: quoted-printable")

    assert rule_of(body(ROOT, (headers, b"x" * 5000))) == "mime-transfer-encoded"


def test_too_many_parts_are_a_fault() -> None:
    assert rule_of(body(ROOT, DOCUMENT), limits=MtomLimits(max_parts=1)) == "mime-part-count"


@pytest.mark.parametrize("tail", [b"", b"\r\n\r\n\r\n--b--"])
def test_headers_without_end_are_a_fault(tail: bytes) -> None:
    octets = b"--b\r\nX-Long: " + b"x" * 20_000 + tail

    assert rule_of(octets) == "mime-part-headers-size"


# ---------------------------------------------------------------- properties

# Few letters, so that delimiters and their lookalikes come up by chance.
tricky = st.lists(
    st.sampled_from(
        [b"\r\n--b", b"\r\n", b"--", b"-", b"b", b"\r", b"\n", b" ", b"x", b"\r\n--bb"]
    )
).map(b"".join)


@given(content=tricky | st.binary(), cuts=st.lists(st.integers(0, 400)))
@example(content=b"\r\n--b", cuts=[])
def test_any_chunking_tells_the_same(content: bytes, cuts: list[int]) -> None:
    # The delimiter on a line of its own is the one thing that content cannot hold.
    octets = body(ROOT, (DOCUMENT[0], content))
    edges = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    chunks = [octets[a:b] for a, b in pairwise(edges)]

    def outcome(pieces: list[bytes]) -> list[tuple[Part, bytes]] | str:
        parser = MtomParser(content_types.parse(HEADER))
        try:
            events = [event for piece in pieces for event in parser.feed(piece)]
            return parts_of(events + parser.close())
        except SoapFault as fault:
            return fault.findings[0].rule.id

    assert (
        outcome(chunks)
        == outcome([octets])
        == outcome([octets[i : i + 1] for i in range(len(octets))])
    )


@given(octets=tricky | st.binary())
@example(octets=b"--b\r\n\r\n\r\n--b--")
def test_any_octets_are_read_or_refused_with_a_fault(octets: bytes) -> None:
    for prefix in (b"", b"--b\r\n", body(ROOT)[:-7]):
        parser = MtomParser(content_types.parse(HEADER))
        try:
            parser.feed(prefix + octets)
            parser.close()
        except SoapFault as fault:
            assert fault.findings  # noqa: PT017 - either outcome is right, a fault must explain


@given(
    contents=st.lists(st.binary() | tricky, max_size=4),
    step=st.integers(1, 300),
)
def test_what_the_writer_writes_the_parser_reads(contents: list[bytes], step: int) -> None:
    writer = MtomWriter("uuid:1+id=2", b"<Envelope/>", action='urn:"x"', root_id="root@x")
    heads = [writer.part_head(f"{n}@x", "application/pdf") for n in range(len(contents))]
    octets = writer.head() + b"".join(map(bytes.__add__, heads, contents)) + writer.tail()

    parts = read(octets, writer.content_type, step)

    assert [content for _, content in parts] == [b"<Envelope/>", *contents]
    assert parts[0][0].is_root


# ---------------------------------------------------------------- writing


def test_the_writers_content_type_is_that_of_the_field() -> None:
    writer = MtomWriter("b", b"<Envelope/>", action='urn:"x"', root_id="root@x")

    assert writer.content_type == (
        'multipart/related; type="application/xop+xml"; boundary="b"; start="<root@x>"; '
        'start-info="application/soap+xml"; action="urn:\\"x\\""'
    )
    assert warnings_of(writer.single(), writer.content_type) == []


def test_a_message_without_documents_is_one_part() -> None:
    writer = MtomWriter("b", b"<Envelope/>", action="", root_id="root@x")

    assert writer.single() == (
        b'--b\r\nContent-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n'
        b"Content-Transfer-Encoding: binary\r\nContent-ID: <root@x>\r\n\r\n"
        b"<Envelope/>\r\n--b--\r\n"
    )
    assert "action" not in writer.content_type


@pytest.mark.parametrize("media_type", ["text/plain\r\nX: y", "text/plän", ""])
def test_a_media_type_that_breaks_the_header_is_replaced(media_type: str) -> None:
    writer = MtomWriter("b", b"", action="", root_id="r")

    assert b"Content-Type: application/octet-stream\r\n" in writer.part_head("d", media_type)


@pytest.mark.parametrize("content_id", ["", "ä@x", "a b", "<a@x>", "a\r\nX: y"])
def test_a_content_id_that_breaks_the_header_is_refused(content_id: str) -> None:
    writer = MtomWriter("b", b"", action="", root_id="r")

    with pytest.raises(ValueError, match="cannot be a Content-ID"):
        writer.part_head(content_id, "text/plain")


# ---------------------------------------------------------------- cid: URLs


@pytest.mark.parametrize(
    ("href", "content_id"),
    [
        ("cid:1.doc@x", "1.doc@x"),
        ("cid:f71%40urn%3Aihe%3Aiti%3Axds-b%3A2007", "f71@urn:ihe:iti:xds-b:2007"),
        ("CID:http://tempuri.org/1/6+id=5", "http://tempuri.org/1/6+id=5"),
        (" cid:a%2540b ", "a%40b"),
    ],
)
def test_a_cid_url_is_decoded_once_and_keeps_its_plus_signs(href: str, content_id: str) -> None:
    assert cid_of(href) == content_id


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z")), min_size=1))
def test_every_content_id_survives_its_url(content_id: str) -> None:
    assert cid_of(href_of(content_id)) == content_id
