"""The headers of a MIME part (RFC 2045, section 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ihe_mock_async.soap import rules
from ihe_mock_async.soap.content_type import ContentType
from ihe_mock_async.soap.fault import refusal
from ihe_mock_async.soap.multipart import PartHeaders

_FOLD = re.compile(r"\r?\n[ \t]+")
_LINE_END = re.compile(r"\r?\n")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Part:
    """A MIME part, before its content."""

    headers: Mapping[str, str]
    """By lower-case name, unfolded."""
    content_id: str
    """Without angle brackets; empty when there is none."""
    media_type: ContentType | None
    """None when there is no Content-Type, or none that can be read."""
    transfer_encoding: str
    """Lower case; `binary` when there is none."""
    is_root: bool
    """Whether it holds the SOAP envelope."""


def read_headers(raw: PartHeaders) -> dict[str, str]:
    """The headers by lower-case name; raises `SoapFault` for lines that are none."""
    text = _FOLD.sub(" ", raw.block.decode("utf-8", "replace"))
    headers: dict[str, str] = {}
    for line in _LINE_END.split(text) if text else ():
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if not colon or not _NAME.fullmatch(name) or name in headers:
            raise refusal(rules.PART_HEADERS.found(f"byte {raw.offset}", received=line[:_SHOWN]))
        headers[name] = value.strip()
    return headers


def without_brackets(content_id: str) -> str:
    """`id` for `<id>`, and for `id`, as many clients send it."""
    stripped = content_id.strip()
    return stripped[1:-1] if stripped[:1] == "<" and stripped[-1:] == ">" else stripped
