"""What a fault does: to the connection, to HTTP, to SOAP, or to the application's answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from ihe_mock_async.faults.delay import Delay
from ihe_mock_async.faults.json_forms import (
    check_exactly_one,
    exactly_one,
    given,
    with_short_forms,
)
from ihe_mock_async.journal.json_model import JsonModel, wrong


class ConnectionFault(StrEnum):
    """What happens to the connection instead of an answer; the first four are WireMock's."""

    EMPTY_RESPONSE = "EMPTY_RESPONSE"
    """Closed without an octet."""
    MALFORMED_RESPONSE_CHUNK = "MALFORMED_RESPONSE_CHUNK"
    """Status 200 and headers of a chunked body, then garbage, then closed."""
    RANDOM_DATA_THEN_CLOSE = "RANDOM_DATA_THEN_CLOSE"
    """Garbage, then closed."""
    CONNECTION_RESET_BY_PEER = "CONNECTION_RESET_BY_PEER"
    """RST instead of an answer."""
    TRUNCATE = "TRUNCATE"
    """The real answer's head and half of its body, then closed."""
    HANG = "HANG"
    """Never answered; it ends when the client hangs up or the server stops."""


class Corruption(StrEnum):
    """How the real answer is damaged."""

    MALFORMED_XML = "malformedXml"
    """The envelope is cut off before its end: no XML parser reads it."""
    WRONG_CONTENT_TYPE = "wrongContentType"
    """text/html, whatever it is."""
    NOT_MTOM = "notMtom"
    """Simple SOAP, although the request was MTOM."""
    DROP_MTOM_PART = "dropMtomPart"
    """The first attachment is missing, its xop:Include is not."""
    WRONG_CONTENT_ID = "wrongContentId"
    """The first attachment has another Content-ID than its xop:Include says."""
    MISSING_START = "missingStart"
    """multipart/related without its start parameter, the root part not the first."""
    WRONG_RELATES_TO = "wrongRelatesTo"
    """wsa:RelatesTo names another message than the request."""
    MISSING_ACTION = "missingAction"
    """No wsa:Action in the envelope, and no action in the Content-Type."""
    WRONG_NAMESPACE = "wrongNamespace"
    """The body's root element is in another namespace."""
    WRONG_HASH = "wrongHash"
    """Documents (ITI-43, ITI-39) or the hash in their metadata (ITI-18, ITI-38, ITI-51) differ."""
    MISSING_HOME = "missingHome"
    """No homeCommunityId where the transaction demands one."""


class Commit(StrEnum):
    """What becomes of the state that the request would change."""

    DELIVERED = "delivered"
    """It changes only if the real answer is sent."""
    BEFORE = "before"
    """It changes, and then the fault happens: stored, but the acknowledgement was lost."""
    NEVER = "never"
    """It does not change, whatever is answered."""


# ---------------------------------------------------------------- HTTP

_NAME_CHARACTERS = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_FIELD_NAME = re.compile(_NAME_CHARACTERS)
# RFC 9110, 5.5: visible characters, with spaces and tabs between them only.
_FIELD_VALUE = re.compile(r"([\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class Http(JsonModel):
    """An HTTP response in the place of the answer."""

    status: Annotated[int, Field(ge=200, le=599)] = Field(description="The status code.")
    headers: Mapping[str, str] = Field(
        default_factory=dict,
        description="Header fields; the length of the body is the server's to say.",
    )
    body: str = Field(
        default="", description="As UTF-8; text/plain unless `headers` have a Content-Type."
    )

    @field_validator("headers")
    @classmethod
    def _are_header_fields(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        seen: set[str] = set()
        for name, value in headers.items():
            _check_header(name, value)
            if name.lower() in seen:
                wrong("is there twice", "each name once, in whatever case", name)
            seen.add(name.lower())
        return headers

    @model_validator(mode="after")
    def _may_have_a_body(self) -> Self:
        if self.body and self.status in _BODILESS:
            wrong("is a text", f"none with status {self.status} (RFC 9110)", "body")
        return self

    @property
    def name(self) -> str:
        """See `Effect.name`."""
        return f"http {self.status}"


def _check_header(name: str, value: str) -> None:
    if not _FIELD_NAME.fullmatch(name):
        wrong("is no name of a header", "letters, digits and !#$%&'*+-.^_`|~ (RFC 9110)", name)
    if name.lower() in _FRAMING:
        wrong("is the server's to set", "other headers; the fault TRUNCATE sends too little", name)
    if not _FIELD_VALUE.fullmatch(value):
        wrong(
            "has a value that no header can have",
            "one line of visible Latin-1 characters, no spaces around it (RFC 9110)",
            name,
        )


class Quota(JsonModel):
    """So many requests in a window of time; those beyond are told when to come again."""

    limit: Annotated[int, Field(ge=0)] = Field(
        description="How many requests are answered in each window; 0: none."
    )
    window_ms: Annotated[int, Field(ge=1, le=86_400_000)] = Field(
        description="Milliseconds; a window begins with the first request after the one before."
    )
    key: str = Field(
        default="namespace",
        pattern=rf"^(namespace|client|transaction|patientId|header:{_NAME_CHARACTERS})$",
        description="Who shares the quota: `namespace`, `client` (its address), `transaction`, "
        "`patientId`, or `header:NAME`.",
    )
    status: Annotated[int, Field(ge=400, le=599)] = Field(
        default=429,
        description="Of the refusal, which has a Retry-After with whole seconds.",
    )

    @property
    def name(self) -> str:
        """See `Effect.name`."""
        return f"quota {self.status}"


# ---------------------------------------------------------------- SOAP and the application


class SoapFault(JsonModel):
    """A SOAP fault in the place of the answer."""

    code: Literal["Sender", "Receiver", "MustUnderstand", "VersionMismatch"] = Field(
        default="Receiver",
        description="As in SOAP 1.2; a request in SOAP 1.1 is answered with the code of that.",
    )
    subcode: str | None = Field(
        default=None,
        pattern=r"^(\{[^{}\s]+\})?[A-Za-z_][A-Za-z0-9._-]*$",
        description="Clark name `{uri}local`, or a name of WS-Addressing such as "
        "`ActionNotSupported`.",
    )
    reason: str = Field(
        default="A fault on demand.", min_length=1, description="Text of the fault's Reason."
    )
    detail: str | None = Field(default=None, description="Text of `Detail/error`.")

    @property
    def name(self) -> str:
        """See `Effect.name`."""
        return " ".join(filter(None, ["soapFault", self.code, self.subcode]))


USUAL_DETAIL_CODE = "INTERR"
"""Internal error (AcknowledgementDetailCode)."""


class Hl7(JsonModel):
    """An HL7 V3 answer that refuses (ITI TF-2: Appendix O)."""

    ack_code: Literal["AE", "AR", "CE", "CR"] = Field(
        default="AE",
        description="In the family that the transaction has: `AE` and `CE` are both understood.",
    )
    detail_code: str = Field(
        default=USUAL_DETAIL_CODE,
        pattern=r"^\S+$",
        max_length=100,
        description="acknowledgementDetail/code, such as `INTERR`, `SYN113` or `204`.",
    )
    text: str = Field(
        default="An error on demand.", description="Text of the acknowledgementDetail."
    )

    @property
    def name(self) -> str:
        """See `Effect.name`."""
        usual = self.detail_code == USUAL_DETAIL_CODE
        return f"hl7 {self.ack_code}" + ("" if usual else f" {self.detail_code}")


class RegistryErrorDetail(JsonModel):
    """One rs:RegistryError (ITI TF-3: 4.2.4.1)."""

    model_config = ConfigDict(
        json_schema_extra=with_short_forms(
            {"type": "string", "minLength": 1, "description": "Short for `errorCode`."}
        )
    )
    text_means: ClassVar[str] = "errorCode"

    error_code: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9._:-]*$",
        max_length=200,
        description="Such as `XDSRegistryBusy` (ITI TF-3: Table 4.2.4.1-2); others are sent, too.",
    )
    code_context: str = Field(
        default="An error on demand.", description="What is wrong, for people."
    )
    severity: Literal["Error", "Warning"] = "Error"
    location: str | None = Field(
        default=None,
        description="Where it is wrong. ITI-38 and ITI-39 have the homeCommunityId of the "
        "responder here, unless another text is given.",
    )


class Registry(JsonModel):
    """An answer of an XDS or XCA transaction that tells errors (ITI TF-3: 4.2.4)."""

    status: Literal["Failure", "PartialSuccess"] = Field(
        default="Failure",
        description="With PartialSuccess, what the transaction finds is in the answer, too.",
    )
    errors: Annotated[tuple[RegistryErrorDetail, ...], Field(min_length=1, max_length=1000)] = (
        Field(description="The errors, in the order of the answer; one of them is no Warning.")
    )

    @field_validator("errors")
    @classmethod
    def _has_an_error(
        cls, errors: tuple[RegistryErrorDetail, ...]
    ) -> tuple[RegistryErrorDetail, ...]:
        # ITI TF-3, 4.2.4: neither status goes without an error, nor Success with one.
        if all(error.severity == "Warning" for error in errors):
            wrong("are warnings only", "one at least of severity Error (ITI TF-3: 4.2.4.1)")
        return errors

    @property
    def name(self) -> str:
        """See `Effect.name`."""
        status = () if self.status == "Failure" else (self.status,)
        return " ".join(["registry", *status, *(error.error_code for error in self.errors)])


# ---------------------------------------------------------------- one effect

KINDS = ("fault", "http", "quota", "soap_fault", "hl7", "registry", "corrupt", "pass_")
"""The fields of `Effect` of which exactly one is given."""


class Effect(JsonModel):
    """What happens to a request: exactly one of the kinds, and a delay if there is one."""

    model_config = ConfigDict(json_schema_extra=exactly_one(KINDS))

    fault: ConnectionFault | None = Field(
        default=None, description="What happens to the connection instead of an answer."
    )
    http: Http | None = None
    quota: Quota | None = None
    soap_fault: SoapFault | None = None
    hl7: Hl7 | None = None
    registry: Registry | None = None
    corrupt: Corruption | None = Field(default=None, description="How the answer is damaged.")
    pass_: Literal[True] | None = Field(
        default=None, alias="pass", description="The real answer, after the delay."
    )
    delay: Delay | None = Field(
        default=None, description="How long the answer, whatever it is, is held back."
    )
    commit: Commit = Field(
        default=Commit.DELIVERED,
        description="Whether the state changes: `delivered`: only if the real answer is sent; "
        "`before`: in any case, before the fault happens; `never`.",
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        check_exactly_one(self, KINDS)
        return self

    @property
    def kind(self) -> str:
        """Which of `KINDS` it is."""
        return given(self, KINDS)[0]

    @property
    def name(self) -> str:
        """For people, for `Entry.fault`, and for `effect_names.by_name`.

        `HANG`, `http 503`, `corrupt wrongHash`, `delay 200`, `pass`.
        """
        if named := self.http or self.quota or self.soap_fault or self.hl7 or self.registry:
            return named.name
        if self.fault is not None:
            return self.fault.value
        if self.corrupt is not None:
            return f"corrupt {self.corrupt.value}"
        return "pass" if self.delay is None else f"delay {self.delay.name}"

    @property
    def needs_real_answer(self) -> bool:
        """Whether the real transaction makes the answer, or what it is made of."""
        partial = self.registry is not None and self.registry.status == "PartialSuccess"
        truncated = self.fault is ConnectionFault.TRUNCATE
        return partial or truncated or self.corrupt is not None or self.pass_ is not None
