"""What a file of `mocks/services` may say: a subset of WireMock's mappings, and a bit more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from ihe_mock_async.journal.json_model import JsonModel, wrong
from ihe_mock_async.journal.matchers import BodyPattern, TextMatcher
from ihe_mock_async.journal.text_matcher import checked_expression

USUAL_PRIORITY = 5
MAX_DELAY_MS = 600_000
_METHOD = r"^[A-Z][A-Z-]{0,29}$"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OWN_HEADERS = frozenset({"connection", "content-length", "transfer-encoding", "date"})
_LISTEN = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s/\[\]:]+):(?P<port>[0-9]{1,5})")
_HIGHEST_PORT = 65535
_BODILESS = frozenset({204, 304})


def _check_regex(text: str) -> str:
    checked_expression(text)
    return text


def _check_listen(text: str) -> str:
    listen_address(text)
    return text


def listen_address(text: str) -> tuple[str, int]:
    """Host and port of `host:port` (IPv6 in brackets), or ValueError saying what it should be."""
    found = _LISTEN.fullmatch(text)
    if found is None or int(found["port"]) > _HIGHEST_PORT:
        raise ValueError("must be host:port like 127.0.0.1:9000; port 0: any free one")
    return found["host"].strip("[]"), int(found["port"])


def _check_header_names(headers: Mapping[str, Any]) -> Mapping[str, Any]:
    first: dict[str, str] = {}
    for name in headers:
        if first.setdefault(name.lower(), name) != name:
            raise ValueError(f"{first[name.lower()]} and {name} are the same header: keep one")
        if _HEADER_NAME.fullmatch(name) is None:
            raise ValueError(f"{name} is not the name of a header")
        if name.lower() in _OWN_HEADERS:
            raise ValueError(f"{name} is the server's business: leave it out")
    return headers


def _check_not_empty(items: tuple[Any, ...]) -> tuple[Any, ...]:
    if not items:
        wrong("is an empty list", "a mapping or more")
    return items


Regex = Annotated[str, AfterValidator(_check_regex)]
HeaderValue = Annotated[str, Field(coerce_numbers_to_str=True)]
ListenAddress = Annotated[str, AfterValidator(_check_listen)]


class RequestPattern(JsonModel):
    """Which requests a mapping answers: those that fulfil all conditions."""

    method: Annotated[str, Field(pattern=_METHOD)] = "ANY"
    """One for GET answers HEAD, too."""
    url_path: Annotated[str, Field(pattern=r"^/")] | None = None
    """The whole path within the service, percent-decoded, without the query."""
    url_path_pattern: Regex | None = None
    """A regular expression that the whole path matches."""
    headers: Mapping[str, TextMatcher] = Field(default_factory=dict)
    query_parameters: Mapping[str, TextMatcher] = Field(default_factory=dict)
    form_parameters: Mapping[str, TextMatcher] = Field(default_factory=dict)
    """Fields of an application/x-www-form-urlencoded body."""
    body_patterns: tuple[BodyPattern, ...] = ()

    @model_validator(mode="after")
    def _one_path(self) -> Self:
        if self.url_path is not None and self.url_path_pattern is not None:
            wrong("has urlPath and urlPathPattern", "one of them")
        return self


class ResponseDefinition(JsonModel):
    """What is answered; of `body`, `jsonBody` and `bodyFile` one at most."""

    status: Annotated[int, Field(ge=200, le=599, strict=True)] = 200
    headers: Annotated[Mapping[str, HeaderValue], AfterValidator(_check_header_names)] = Field(
        default_factory=dict
    )
    body: str | None = None
    json_body: JsonValue = None
    body_file: str | None = None
    """Path within the folder of the declaration; sent octet by octet unless `template` is true."""
    fixed_delay_milliseconds: Annotated[int, Field(ge=0, le=MAX_DELAY_MS, strict=True)] = 0
    template: Annotated[bool, Field(strict=True)] | None = None
    """Whether `{{...}}` is filled in; not given: in everything but a `bodyFile`."""

    @property
    def has_json_body(self) -> bool:
        """Whether there is one; it may be `null`."""
        return "json_body" in self.model_fields_set

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        bodies = self.model_fields_set & {"body", "json_body", "body_file"}
        if len(bodies) > 1:
            wrong(f"has {len(bodies)} bodies", "one of body, jsonBody and bodyFile")
        if bodies and self.status in _BODILESS:
            wrong(f"has a body, and status {self.status}", "no body (RFC 9110)")
        return self


class Idempotency(JsonModel):
    """Requests with a key are carried out once (the Idempotency-Key header field, IETF draft)."""

    header: Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")] = "Idempotency-Key"


class MappingDeclaration(JsonModel):
    """A kind of request, and its answer."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Unique in the service; not given: method and path."""
    priority: Annotated[int, Field(ge=1, strict=True)] = USUAL_PRIORITY
    """The lowest number is asked first; among equals the one that stands first."""
    request: RequestPattern = Field(default_factory=RequestPattern)
    response: ResponseDefinition = Field(default_factory=ResponseDefinition)
    etag: Literal["auto"] | None = None
    """Answers to GET and HEAD get a strong ETag, and If-None-Match is heeded."""
    idempotency: Idempotency | None = None
    record: Annotated[str, Field(pattern=_NAME)] | None = None
    """Requests that are answered are kept under this name."""
    faults: Annotated[bool, Field(strict=True)] = True
    """False: no fault plan strikes these requests, such as those that look after a service."""
    reset: Annotated[bool, Field(strict=True)] = False
    """The service forgets its records, numbers and keys, and fault plans for it are removed.

    No plan strikes it.
    """

    @property
    def meets_fault_plans(self) -> bool:
        """Whether fault plans may strike its requests."""
        return self.faults and not self.reset

    @property
    def title(self) -> str:
        """Its name, or method and path."""
        asked = self.request
        return self.name or f"{asked.method} {asked.url_path or asked.url_path_pattern or '*'}"


class ServiceDeclaration(JsonModel):
    """One companion service."""

    name: Annotated[str, Field(pattern=_NAME)]
    """As the file is named."""
    description: str = ""
    listen: ListenAddress | None = None
    """`host:port` of a listener of its own; not given: at its paths on the server's port."""
    mappings: Annotated[tuple[MappingDeclaration, ...], AfterValidator(_check_not_empty)]
