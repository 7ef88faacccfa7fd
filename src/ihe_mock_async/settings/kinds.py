"""The kinds of values that settings have: each says in words what it allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from ihe_mock_async.findings import Validation
from ihe_mock_async.identifiers import is_oid
from ihe_mock_async.state import PIX_CONSUMER_DEVICE

# The coded attributes of ITI TF-3: 4.2.3.2 (DocumentEntry), 4.2.3.3 (SubmissionSet), 4.2.3.4
# (Folder).
CodedAttribute = Literal[
    "classCode",
    "codeList",
    "confidentialityCode",
    "contentTypeCode",
    "eventCodeList",
    "formatCode",
    "healthcareFacilityTypeCode",
    "practiceSettingCode",
    "typeCode",
]
_URN_OID = "urn:oid:"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a setting may hold, in words: part of every error about it, and of its docs."""

    text: str


def _matching(pattern: str) -> Callable[[str], str]:
    """A check that the whole text has the form of the pattern."""
    expression = re.compile(pattern)

    def check(text: str) -> str:
        if expression.fullmatch(text) is None:
            raise ValueError(text)
        return text

    return check


def _path_text(value: object) -> object:
    """Refuse an empty path: it would silently mean the working directory."""
    if isinstance(value, str) and (not value.strip() or "\0" in value):
        raise ValueError(value)
    return value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _oid(text: str) -> str:
    if not is_oid(text):
        raise ValueError(text)
    return text


def _urn_oid(text: str) -> str:
    if not text.startswith(_URN_OID) or not is_oid(text.removeprefix(_URN_OID)):
        raise ValueError(text)
    return text


def _sqlite_url(url: str | None) -> str | None:
    return url if url is None else _matching(r"sqlite://(/.+)?")(url)


def _integer(least: int) -> object:
    # Strict: without it JSON's `true` is the number 1.
    return Field(strict=True, ge=least)


Flag = Annotated[bool, Field(strict=True), Allowed("true or false")]
Host = Annotated[
    str,
    AfterValidator(_matching(r"[^\s/\[\]]+")),
    Allowed("an IP address or host name without port, like 127.0.0.1 or 0.0.0.0"),
]
Port = Annotated[
    int,
    Field(strict=True, ge=0, le=65535),
    Allowed("a port number from 1 to 65535, or 0 for any free port"),
]
Octets = Annotated[int, _integer(1), Allowed("a number of octets, 1 or more")]
OctetsOrZero = Annotated[int, _integer(0), Allowed("a number of octets, 0 or more")]
Count = Annotated[int, _integer(1), Allowed("a whole number, 1 or more")]
CountOrZero = Annotated[int, _integer(0), Allowed("a whole number, 0 or more")]
Seconds = Annotated[
    float,
    Field(strict=True, gt=0, allow_inf_nan=False),
    Allowed("a number of seconds greater than 0"),
]
SecondsOrZero = Annotated[
    float,
    Field(strict=True, ge=0, allow_inf_nan=False),
    Allowed("a number of seconds, 0 or more"),
]
SomePath = Annotated[Path, BeforeValidator(_path_text), Allowed("the path of a file or directory")]
OptionalPath = Annotated[
    Path | None, BeforeValidator(_path_text), Allowed("the path of a file or directory, or null")
]
EndpointPath = Annotated[
    str,
    AfterValidator(_matching(r"(/[A-Za-z0-9._~-]+)+")),
    Allowed("a URL path that starts with / and does not end with it, like /pix/add"),
]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(_upper),
    Allowed("DEBUG, INFO, WARNING or ERROR"),
]
ClientAuth = Annotated[
    Literal["none", "optional", "required"], Allowed("none, optional or required")
]
ValidationMode = Annotated[Validation, Allowed("enforce, strict or report")]
PdqNoMatch = Annotated[Literal["NF", "OK"], Allowed("NF or OK")]
AckCodes = Annotated[Literal["CA", "AA"], Allowed("CA or AA")]
UnknownPatients = Annotated[Literal["accept", "reject"], Allowed("accept or reject")]
DatabaseUrl = Annotated[
    str | None,
    AfterValidator(_sqlite_url),
    Allowed("sqlite:///PATH, sqlite:// (in memory), or null for a file in data_dir"),
]
Names = Annotated[
    tuple[Annotated[str, AfterValidator(_matching(r"[A-Za-z0-9._-]+"))], ...],
    Allowed('a list of names, like ["ofd"]'),
]
_HostAndPort = Annotated[
    str, AfterValidator(_matching(r"(\[[0-9a-fA-F:.]+\]|[^\s/\[\]:]+):[0-9]{1,5}"))
]
ServiceListeners = Annotated[
    Mapping[str, _HostAndPort | None],
    Allowed(
        'an object of addresses by name of a service, like {"ofd": "127.0.0.1:9100"}; port 0: any '
        "free one"
    ),
]
Oid = Annotated[str, AfterValidator(_oid), Allowed("an OID, like 1.3.6.1.4.1.21367.2017.2.3.49")]
Oids = Annotated[
    tuple[Annotated[str, AfterValidator(_oid)], ...],
    Allowed('a list of OIDs, like ["1.3.6.1.4.1.21367.13.20.1000"]'),
]
_HttpUrl = Annotated[str, AfterValidator(_matching(r"https?://[^\s/?#@]+(/[^\s#]*)?"))]


class PixConsumerSettings(BaseModel):
    """One entry of `pix_consumers`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: _HttpUrl
    domains: Oids = ()
    device_id: Oid = PIX_CONSUMER_DEVICE


PixConsumers = Annotated[
    tuple[PixConsumerSettings, ...],
    Allowed(
        'a list of objects, like [{"url": "http://localhost:9090/pix-consumer", "domains": '
        '["1.3.6.1.4.1.21367.13.20.1000"]}]; domains (empty: all) and device_id, an OID, may be '
        "left out"
    ),
]
UrnOid = Annotated[
    str,
    AfterValidator(_urn_oid),
    Allowed("an OID as a URN, like urn:oid:1.3.6.1.4.1.21367.2017.2.6.2"),
]
Codes = Annotated[
    Mapping[
        CodedAttribute,
        tuple[Annotated[str, AfterValidator(_matching(r"[^^]+\^\^[^^]+"))], ...],
    ],
    Allowed(
        'an object of lists, like {"classCode": ["34133-9^^2.16.840.1.113883.6.1"]}; its keys are '
        + ", ".join(get_args(CodedAttribute))
    ),
]
Secret = Annotated[
    SecretStr | None, Field(min_length=1), Allowed("a text that is not empty, or null")
]
