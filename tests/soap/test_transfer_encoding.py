"""Transfer encodings, undone in pieces of any size."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_mock_async.soap.transfer_encoding import Base64Decoder, Decoder, QuotedPrintableDecoder


def decoded(decoder: Decoder, encoded: bytes, step: int) -> bytes:
    pieces = [decoder.feed(encoded[i : i + step]) for i in range(0, len(encoded), step)]
    return b"".join(pieces) + decoder.close()


@given(content=st.binary(), step=st.integers(1, 100))
def test_base64_comes_back(content: bytes, step: int) -> None:
    assert decoded(Base64Decoder(), base64.encodebytes(content), step) == content


@given(content=st.binary(), step=st.integers(1, 100))
def test_quoted_printable_comes_back(content: bytes, step: int) -> None:
    encoded = quopri.encodestring(content, quotetabs=True)

    assert decoded(QuotedPrintableDecoder(), encoded, step) == content


@given(octets=st.binary(max_size=20), step=st.integers(1, 5))
def test_what_is_not_base64_is_a_value_error_however_it_arrives(octets: bytes, step: int) -> None:
    def outcome(size: int) -> bytes | None:
        try:
            return decoded(Base64Decoder(), octets, size)
        except ValueError:
            return None

    assert outcome(step) == outcome(1000)


def test_a_missing_padding_is_named() -> None:
    decoder = Base64Decoder()
    decoder.feed(b"YQ")

    with pytest.raises(ValueError, match="padding"):
        decoder.close()
