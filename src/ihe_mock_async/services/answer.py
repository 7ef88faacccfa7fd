"""What a companion service answers, octet by octet."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')
_NOT_MODIFIED_HEADERS = frozenset(
    {"cache-control", "content-location", "date", "etag", "expires", "vary"}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    """Without Content-Length."""
    body: bytes = b""
    not_sent: int = 0
    """Octets of the body that a 304 stands for."""

    @property
    def length(self) -> int:
        """Octets of the body, be it sent or not."""
        return len(self.body) or self.not_sent

    def with_header(self, name: str, value: str) -> Answer:
        """The same with one more header field."""
        return replace(self, headers=(*self.headers, (name, value)))


def with_etag(answer: Answer, if_none_match: Iterable[str]) -> Answer:
    """An answer to GET or HEAD with a strong ETag, or 304 without a body (RFC 9110: 13.1.2).

    Only what is there (2xx) has a tag. One that the declaration gives counts.
    """
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    tag = next((value for name, value in answer.headers if name.lower() == "etag"), "")
    if not tag:
        tag = f'"{hashlib.sha256(answer.body).hexdigest()}"'
        answer = answer.with_header("ETag", tag)
    return _not_modified(answer) if _is_listed(tag, ", ".join(if_none_match)) else answer


def _is_listed(tag: str, listed: str) -> bool:
    """Weak comparison (RFC 9110: 8.8.3.2): whether a tag is weak does not matter."""
    opaque = tag.removeprefix("W/")
    return listed.strip() == "*" or opaque in _ENTITY_TAG.findall(listed)


def _not_modified(answer: Answer) -> Answer:
    kept = [field for field in answer.headers if field[0].lower() in _NOT_MODIFIED_HEADERS]
    return Answer(HTTPStatus.NOT_MODIFIED, kept, not_sent=len(answer.body))
