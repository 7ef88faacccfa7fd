"""Identifiers that HL7 V3 and XDS share: OID, UUID, and a patient's id in its domain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# ISO OID as ITI TF-2: Appendix O prints it; ITI TF-3: 4.2.3 limits it to 64 characters.
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CX = re.compile(r"(?P<id>[^^&|~]+)\^\^\^&(?P<oid>[0-9.]+)&ISO")
MAX_OID_LENGTH = 64


def is_oid(text: str) -> bool:
    """Whether the text is an ISO OID of at most 64 characters without leading zeros."""
    return len(text) <= MAX_OID_LENGTH and _matches_oid(text)


@lru_cache(maxsize=1024)  # the domain's few OIDs stand in every message
def _matches_oid(text: str) -> bool:
    return _OID.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """Whether the text is a bare UUID, in either case."""
    return _UUID.fullmatch(text) is not None


def oid_of_uuid(uuid: str) -> str:
    """The OID of a bare UUID, below 2.25 (ITU-T X.667, 7)."""
    return f"2.25.{int(uuid.replace('-', ''), 16)}"


@dataclass(frozen=True, slots=True, order=True)
class PatientIdentifier:
    """A patient's id in the domain of one assigning authority."""

    root: str
    """The assigning authority, an OID."""
    extension: str

    @classmethod
    def from_cx(cls, text: str) -> PatientIdentifier | None:
        """Read `ID^^^&OID&ISO` (ITI TF-3: 4.2.3.1.7, CX), or None when it has another form."""
        match = _CX.fullmatch(text)
        return cls(match["oid"], match["id"]) if match and is_oid(match["oid"]) else None

    @property
    def cx(self) -> str:
        """The XDS form, `ID^^^&OID&ISO`."""
        return f"{self.extension}^^^&{self.root}&ISO"
