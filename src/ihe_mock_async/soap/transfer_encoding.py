"""Content-Transfer-Encoding undone piece by piece (RFC 2045, section 6)."""

from __future__ import annotations

import binascii
from typing import Protocol

_BLANKS = b" \t\r\n"
_QUANTUM = 4
_MAX_QUOTED_LINE = 4096
"""RFC 2045, 6.7, allows 76; some encoders never break lines of up to a few kB."""


class Decoder(Protocol):
    """Octets in, decoded octets out; both raise `ValueError` saying what is wrong."""

    def feed(self, data: bytes) -> bytes:
        """Decode what can be decoded so far."""
        ...

    def close(self) -> bytes:
        """The rest; nothing is fed after it."""
        ...


class Base64Decoder:
    """base64; blanks and line breaks are skipped anywhere."""

    def __init__(self) -> None:
        self._rest = b""
        self._padded = False

    def feed(self, data: bytes) -> bytes:
        """Decode all complete groups of four characters."""
        text = self._rest + data.translate(None, _BLANKS)
        whole = len(text) // _QUANTUM * _QUANTUM
        self._rest = text[whole:]
        if not whole:
            return b""
        if self._padded:
            raise ValueError("base64 goes on after its padding")
        self._padded = text[whole - 1 : whole] == b"="
        return decode_base64(text[:whole])

    def close(self) -> bytes:
        """Nothing; an incomplete group is an error."""
        if self._rest:
            raise ValueError(
                f"base64 ends after {len(self._rest)} of 4 characters; its padding is missing"
            )
        return b""


class QuotedPrintableDecoder:
    """quoted-printable, decoded line by line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Decode all complete lines."""
        text = self._rest + data
        end = text.rfind(b"\n") + 1
        self._rest = text[end:]
        if len(self._rest) > _MAX_QUOTED_LINE:
            raise ValueError(
                f"a quoted-printable line has more than {_MAX_QUOTED_LINE} characters"
            )
        return binascii.a2b_qp(text[:end])

    def close(self) -> bytes:
        """The last line."""
        return binascii.a2b_qp(self._rest)


def decode_base64(text: bytes) -> bytes:
    """Octets of a base64 text without blanks; `ValueError` when it is not exactly that."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from error


def without_blanks(text: str) -> bytes:
    """The text of an XML element without the blanks and line breaks that base64 may have."""
    return text.encode("ascii").translate(None, _BLANKS)


DECODERS: dict[str, type[Base64Decoder | QuotedPrintableDecoder]] = {
    "base64": Base64Decoder,
    "quoted-printable": QuotedPrintableDecoder,
}
IDENTITY = frozenset({"binary", "8bit", "7bit"})
"""Encodings that leave the octets as they are."""
