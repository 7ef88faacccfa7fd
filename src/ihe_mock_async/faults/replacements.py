"""What is answered in the place of the real answer: by HTTP, by SOAP, or by the application.

Their texts are checked, so that what goes out is an HTTP response, a SOAP fault or an answer that
a client can read: RFC 9110; SOAP 1.2 part 1, section 5.4; ITI TF-2: Appendix O; ITI TF-3: 4.2.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from ihe_mock_async.faults import registry_error_codes
from ihe_mock_async.journal.json_model import JsonModel, wrong

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

    @field_validator("body")
    @classmethod
    def _can_be_sent(cls, body: str) -> str:
        try:
            body.encode()
        except UnicodeEncodeError:
            wrong("has half of a character", "text that can be sent as UTF-8")
        return body

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
        pattern=r"^(\{[!-z|~]+\})?[A-Za-z_][A-Za-z0-9._-]*$",
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
        pattern=r"^[!-~]+$",
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

    text_means: ClassVar[str] = "errorCode"

    error_code: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9._:-]*$",
        max_length=200,
        description="Of ITI TF-3: Table 4.2.4.1-2 (see the examples); others are sent, too.",
        examples=list(registry_error_codes.CODES),
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
        description="With PartialSuccess the answer has what the transaction finds, too. The "
        "framework allows it in ITI-18, 38, 39, 43, 51 and 86.",
    )
    errors: Annotated[tuple[RegistryErrorDetail, ...], Field(max_length=1000)] = Field(
        description="The errors, in the order of the answer; one of them is no Warning.",
        json_schema_extra={"minItems": 1},
    )

    @field_validator("errors")
    @classmethod
    def _has_an_error(
        cls, errors: tuple[RegistryErrorDetail, ...]
    ) -> tuple[RegistryErrorDetail, ...]:
        if not errors:
            wrong("is an empty list", "one error at least")
        # ITI TF-3, 4.2.4: neither status goes without an error, nor Success with one.
        if all(error.severity == "Warning" for error in errors):
            wrong("are warnings only", "one at least of severity Error (ITI TF-3: 4.2.4.1)")
        return errors

    @property
    def name(self) -> str:
        """See `Effect.name`."""
        status = () if self.status == "Failure" else (self.status,)
        return " ".join(["registry", *status, *(error.error_code for error in self.errors)])
