"""What a fault does: to the connection, to HTTP, to SOAP, or to the application's answer."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from ihe_mock_async.faults.delay import Delay
from ihe_mock_async.journal.json_model import JsonModel


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
    WRONG_CONTENT_TYPE = "wrongContentType"
    NOT_MTOM = "notMtom"
    """Simple SOAP, although the request was MTOM."""
    DROP_MTOM_PART = "dropMtomPart"
    """The first attachment is missing, its xop:Include is not."""
    WRONG_CONTENT_ID = "wrongContentId"
    """The first attachment has another Content-ID than its xop:Include says."""
    MISSING_START = "missingStart"
    """multipart/related without its start parameter, the root part not the first."""
    WRONG_RELATES_TO = "wrongRelatesTo"
    MISSING_ACTION = "missingAction"
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


class Http(JsonModel):
    """An HTTP response in the place of the answer."""

    status: Annotated[int, Field(ge=200, le=599)]
    headers: Mapping[str, str] = Field(default_factory=dict)
    body: str = ""


class Quota(JsonModel):
    """So many requests in a window of time; those beyond are told when to come again."""

    limit: Annotated[int, Field(ge=0)]
    window_ms: Annotated[int, Field(ge=1)]
    key: str = "namespace"
    """Who shares the quota: `namespace`, `client` (address), `transaction`, `patientId`, or
    `header:NAME`."""
    status: Annotated[int, Field(ge=400, le=599)] = 429


class SoapFault(JsonModel):
    """A SOAP fault in the place of the answer."""

    code: Literal["Sender", "Receiver", "MustUnderstand", "VersionMismatch"] = "Receiver"
    subcode: str | None = None
    """Clark name, or a name of WS-Addressing such as `ActionNotSupported`."""
    reason: str = "A fault on demand."
    detail: str | None = None
    """Text of `Detail/error`."""


class Hl7(JsonModel):
    """An HL7 V3 answer that refuses (ITI TF-2: Appendix O)."""

    ack_code: Literal["AE", "AR", "CE", "CR"] = "AE"
    """In the family that the transaction has: `AE` and `CE` are both understood."""
    detail_code: str = "INTERR"
    """acknowledgementDetail/code."""
    text: str = "An error on demand."


class RegistryErrorDetail(JsonModel):
    """One rs:RegistryError. In JSON a bare text is short for its `errorCode`."""

    error_code: str
    code_context: str = "An error on demand."
    severity: Literal["Error", "Warning"] = "Error"
    location: str | None = None


class Registry(JsonModel):
    """An answer of an XDS or XCA transaction that tells errors (ITI TF-3: 4.2.4)."""

    status: Literal["Failure", "PartialSuccess"] = "Failure"
    errors: Annotated[tuple[RegistryErrorDetail, ...], Field(min_length=1)]


class Effect(JsonModel):
    """Exactly one of the kinds, a delay, and what becomes of the state."""

    fault: ConnectionFault | None = None
    http: Http | None = None
    quota: Quota | None = None
    soap_fault: SoapFault | None = None
    hl7: Hl7 | None = None
    registry: Registry | None = None
    corrupt: Corruption | None = None
    pass_: Literal[True] | None = Field(default=None, alias="pass")
    """The real answer, after the delay."""
    delay: Delay | None = None
    commit: Commit = Commit.DELIVERED

    @property
    def name(self) -> str:
        """For people and for `Entry.fault`: `HANG`, `http 503`, `corrupt wrongHash`, `pass`."""
        raise NotImplementedError
