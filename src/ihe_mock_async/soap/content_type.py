"""The Content-Type header as clients really write it (RFC 2045, 5.1; ITI TF-2: V.8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus

from ihe_mock_async.findings import Finding
from ihe_mock_async.soap import rules
from ihe_mock_async.soap.fault import refusal

MAX_BOUNDARY_LENGTH = 70
_SHOWN = 300
"""How much of the header is shown, in characters."""
_NAME = r"[^\s\"(),/:;<=>?@\[\\\]{}\x00-\x1f\x7f]+"
_MEDIA_TYPE = re.compile(rf"\s*({_NAME}/{_NAME})\s*(?=;|\Z)")
# Unquoted values are wider than RFC 2045's token: boundaries with : + = / are sent without quotes.
_PARAMETER = re.compile(
    rf";\s*(?:(?P<name>{_NAME})\s*=\s*"
    r"(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<plain>[^;\"\s]+))\s*)?(?=;|\Z)"
)
_ESCAPED = re.compile(r"\\(.)")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type in lower case, and its parameters by lower-case name, unquoted."""

    media_type: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=64)  # a client sends the same header again and again
def parse(header: str) -> ContentType:
    """Read the header, or raise a `SoapFault` that says what is wrong with it.

    A multipart type has a usable `boundary`. HTTP 415 for an empty header, 400 for others.
    """
    if not header.strip():
        raise refusal(
            rules.CONTENT_TYPE.found("Content-Type"), http_status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        )
    media_type = _MEDIA_TYPE.match(header)
    if media_type is None:
        raise refusal(_broken(header, 0))
    content_type = ContentType(media_type[1].lower(), _parameters(header, media_type.end()))
    if content_type.media_type.startswith("multipart/"):
        _check_boundary(content_type.parameters.get("boundary", ""), header)
    return content_type


def _parameters(header: str, position: int) -> dict[str, str]:
    parameters: dict[str, str] = {}
    while position < len(header):
        match = _PARAMETER.match(header, position)
        if match is None:
            raise refusal(_broken(header, position))
        position = match.end()
        if match["name"] is None:  # a semicolon at the end, or two in a row
            continue
        name = match["name"].lower()
        if name in parameters:
            raise refusal(
                rules.CONTENT_TYPE_PARAMETER_ONCE.found(
                    f"Content-Type; {name}", received=header[:_SHOWN]
                )
            )
        quoted = match["quoted"]
        parameters[name] = match["plain"] if quoted is None else _ESCAPED.sub(r"\1", quoted)
    return parameters


def _broken(header: str, position: int) -> Finding:
    return rules.CONTENT_TYPE_SYNTAX.found(
        f"Content-Type, character {position + 1}", received=header[:_SHOWN]
    )


def _check_boundary(boundary: str, header: str) -> None:
    if not boundary:
        raise refusal(rules.BOUNDARY_PRESENT.found("Content-Type", received=header[:_SHOWN]))
    if not _BOUNDARY.fullmatch(boundary):
        length = f"{len(boundary)} characters: {boundary[:_SHOWN]}"
        raise refusal(
            rules.BOUNDARY_SYNTAX.found(
                "Content-Type; boundary",
                received=length if len(boundary) > MAX_BOUNDARY_LENGTH else boundary,
            )
        )
