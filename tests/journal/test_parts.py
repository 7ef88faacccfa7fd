"""Parts cut out of what was received."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ihe_mock_async.journal.body import BodyNotKeptError, RecordedBody
from ihe_mock_async.journal.entry import Entry
from ihe_mock_async.journal.parts import NoSuchPartError, part
from ihe_mock_async.state import Attachment

NOW = datetime(2024, 1, 5, tzinfo=UTC)
MULTIPART = (
    b'multipart/related; type="application/xop+xml"; boundary=b; start="<root>"; '
    b'start-info="application/soap+xml"'
)
ENVELOPE = b"<Envelope><patient><name>NORA</name></patient></Envelope>"
BINARY = bytes(range(256)) * 8


def mime_part(content_id: str, media_type: str, content: bytes, encoding: str = "binary") -> bytes:
    name = f"Content-ID: <{content_id}>\r\n" if content_id else ""
    head = f"--b\r\n{name}Content-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}"
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"


ROOT = mime_part("root", 'application/xop+xml; type="application/soap+xml"', ENVELOPE)
END = b"--b--\r\n"


def attachment(content_id: str, content: bytes, media_type: str = "text/plain") -> Attachment:
    digest = hashlib.sha256(content).hexdigest()
    return Attachment(content_id, media_type, len(content), "", digest)


def submission(body: bytes, attachments: Sequence[Attachment]) -> Entry:
    return Entry(
        1,
        NOW,
        "/iti41/submit",
        headers=((b"content-type", MULTIPART),),
        request_body=RecordedBody.of(body),
        request_envelope=ENVELOPE,
        attachments=attachments,
    )


def two_documents() -> Entry:
    body = (
        ROOT
        + mime_part("letter", "text/plain", b"Dear colleague")
        + mime_part("image", "image/png", BINARY)
        + END
    )
    documents = (attachment("letter", b"Dear colleague"), attachment("image", BINARY, "image/png"))
    return submission(body, documents)


def test_part_0_is_the_envelope_and_the_others_are_the_attachments() -> None:
    entry = two_documents()

    assert part(entry, 0) == ("application/xop+xml", ENVELOPE)
    assert part(entry, 1) == ("text/plain", b"Dear colleague")
    assert part(entry, 2) == ("image/png", BINARY)


@pytest.mark.parametrize("number", [-1, 3])
def test_a_part_that_is_not_there_is_an_error_that_says_which_are(number: int) -> None:
    with pytest.raises(NoSuchPartError, match="its parts are 0 to 2"):
        part(two_documents(), number)


def test_the_root_may_stand_behind_an_attachment() -> None:
    body = mime_part("letter", "text/plain", b"Dear colleague") + ROOT + END
    entry = submission(body, (attachment("letter", b"Dear colleague"),))

    assert part(entry, 0)[1] == ENVELOPE
    assert part(entry, 1)[1] == b"Dear colleague"


def test_transfer_encodings_are_undone() -> None:
    body = ROOT + mime_part("image", "image/png", base64.encodebytes(BINARY), "base64") + END

    assert part(submission(body, (attachment("image", BINARY),)), 1) == ("image/png", BINARY)


def test_parts_without_content_id_come_last_in_their_order() -> None:
    body = (
        mime_part("", "text/plain", b"first")
        + ROOT
        + mime_part("named", "text/plain", b"named")
        + mime_part("", "text/plain", b"second")
        + END
    )
    parts = (attachment("named", b"named"), attachment("", b"first"), attachment("", b"second"))
    entry = submission(body, parts)

    assert [part(entry, n)[1] for n in (1, 2, 3)] == [b"named", b"first", b"second"]


def test_a_part_is_read_from_the_file_of_a_large_body(tmp_path: Path) -> None:
    entry = two_documents()
    large = BINARY * 2000
    octets = ROOT + mime_part("large", "text/plain", large) + END
    (tmp_path / "x.body").write_bytes(octets)
    entry.attachments = (attachment("large", large),)
    entry.request_body = RecordedBody(b"", tmp_path / "x.body", len(octets), len(octets))

    assert part(entry, 1) == ("text/plain", large)
    (tmp_path / "x.body").unlink()
    with pytest.raises(BodyNotKeptError):
        part(entry, 1)


def test_of_a_body_that_was_cut_the_parts_that_are_whole_can_be_had() -> None:
    entry = two_documents()
    cut = entry.request_body.data[:-1000]
    entry.request_body = RecordedBody(cut, None, len(cut), len(cut) + 1000)

    assert part(entry, 1)[1] == b"Dear colleague"
    with pytest.raises(BodyNotKeptError, match="journal_max_bytes"):
        part(entry, 2)


def test_a_message_without_mime_is_one_part() -> None:
    entry = Entry(1, NOW, "/pix/add", request_body=RecordedBody.of(ENVELOPE))

    assert part(entry, 0) == ("application/octet-stream", ENVELOPE)
    entry.headers = ((b"Content-Type", b"application/soap+xml; charset=utf-8"),)
    assert part(entry, 0) == ("application/soap+xml", ENVELOPE)
    entry.request_body = replace(entry.request_body, size=1000)
    with pytest.raises(BodyNotKeptError):
        part(entry, 0)


@pytest.mark.parametrize("mime", [True, False])
def test_an_inline_document_is_decoded(mime: bool) -> None:
    inline = [base64.b64encode(octets).decode() for octets in (b"other", b"the one")]
    envelope = f"<E><Document>{inline[0]}</Document><Document>{inline[1]}</Document></E>".encode()
    root = mime_part("root", "application/xop+xml", envelope)
    entry = submission(root + END, (attachment("inline-1@here", b"the one"),))
    entry.request_envelope = envelope
    if not mime:
        entry.headers = ((b"content-type", b"application/soap+xml"),)
        entry.request_body = RecordedBody.of(envelope)

    assert part(entry, 1) == ("text/plain", b"the one")


def test_an_attachment_that_is_nowhere_is_an_error() -> None:
    entry = submission(ROOT + END, (attachment("gone", b"x"),))

    with pytest.raises(NoSuchPartError, match="no part 1 that can be read"):
        part(entry, 1)


def test_a_part_without_media_type_is_octets() -> None:
    body = ROOT + b"--b\r\nContent-ID: <letter>\r\n\r\nDear colleague\r\n" + END
    entry = submission(body, (attachment("letter", b"Dear colleague"),))

    assert part(entry, 1) == ("application/octet-stream", b"Dear colleague")


def test_parts_in_front_of_the_place_where_a_message_breaks_can_be_had() -> None:
    image = base64.b64encode(BINARY * 4) + b"!"
    letter = mime_part("letter", "text/plain", b"Dear colleague")
    body = ROOT + letter + mime_part("image", "image/png", image, "base64") + END
    entry = submission(body, (attachment("letter", b"Dear colleague"), attachment("image", image)))

    assert part(entry, 1)[1] == b"Dear colleague"
    with pytest.raises(NoSuchPartError):
        part(entry, 2)


@pytest.mark.parametrize("envelope", [b"no XML", b"<E><Document>no base64</Document></E>"])
def test_an_inline_document_that_cannot_be_read_is_an_error(envelope: bytes) -> None:
    entry = Entry(1, NOW, "/x", request_body=RecordedBody.of(envelope))
    entry.request_envelope, entry.attachments = envelope, (attachment("inline-1@here", b"x"),)

    with pytest.raises(NoSuchPartError):
        part(entry, 1)


def test_with_redact_the_envelope_is_masked_and_documents_are_left_out() -> None:
    entry = two_documents()

    media_type, envelope = part(entry, 0, redact=True)

    assert media_type == "application/xml"
    assert b"NORA" not in envelope
    assert b"<patient>" in envelope
    assert part(entry, 1, redact=True) == ("text/plain", b"(left out by redact)")
