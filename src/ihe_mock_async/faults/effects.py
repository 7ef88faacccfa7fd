"""What a fault does: to the connection, to HTTP, to SOAP, or to the application's answer."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ihe_mock_async.faults.delay import Delay
from ihe_mock_async.faults.kinds import check_exactly_one, given, keys_of
from ihe_mock_async.faults.replacements import (
    Hl7,
    Http,
    Quota,
    Registry,
    RegistryErrorDetail,
    SoapFault,
)
from ihe_mock_async.journal.json_forms import exactly_one
from ihe_mock_async.journal.json_model import JsonModel

__all__ = [
    "KINDS",
    "Commit",
    "ConnectionFault",
    "Corruption",
    "Effect",
    "Hl7",
    "Http",
    "Quota",
    "Registry",
    "RegistryErrorDetail",
    "SoapFault",
]


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
    """The real answer's head and half of its body, then closed; without a body the status line."""
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


# ---------------------------------------------------------------- one effect

KINDS = ("fault", "http", "quota", "soap_fault", "hl7", "registry", "corrupt", "pass_")
"""The fields of `Effect` of which exactly one is given."""


class Effect(JsonModel):
    """What happens to a request: exactly one of the kinds, and a delay if there is one."""

    model_config = ConfigDict(json_schema_extra=exactly_one(*keys_of(KINDS)))

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
