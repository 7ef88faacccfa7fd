"""What the members of an affinity domain have agreed on, and how strict its server is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ihe_mock_async.findings import Validation
from ihe_mock_async.identifiers import PatientIdentifier

PIX_CONSUMER_DEVICE = "1.3.6.1.4.1.21367.2017.2.7.110"
"""An example OID for the system of a PIX Consumer that has not told its own."""


@dataclass(frozen=True, slots=True)
class PixConsumer:
    """A Patient Identifier Cross-reference Consumer that is told of changes (ITI TF-2: 3.46)."""

    url: str
    """The endpoint that takes PRPA_IN201302UV02."""
    domains: Collection[str] = ()
    """OIDs of the assigning authorities whose ids it is told; empty: all."""
    device_id: str = PIX_CONSUMER_DEVICE
    """OID of the receiving device."""

    def wants(self, identifier: PatientIdentifier) -> bool:
        """Whether it is told of the identifier."""
        return not self.domains or identifier.root in self.domains


@dataclass(frozen=True, slots=True)
class AffinityDomain:
    """What the members of the domain have agreed on, and how strict its server is."""

    assigning_authorities: Collection[str] = ()
    """OIDs whose patient ids are registered; empty: every authority."""
    home_community_id: str = "urn:oid:1.3.6.1.4.1.21367.2017.2.6.2"
    repository_unique_id: str = "1.3.6.1.4.1.21367.2017.2.3.49"
    codes: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Attribute name (`classCode`) to the allowed `code^^scheme`; an absent name: any code."""
    reject_unknown_patients: bool = False
    validation: Validation = Validation.ENFORCE
    ack_codes: str = "CA"
    """`CA`, or `AA` for clients that expect AA/AE/AR in the ITI-44 acknowledgement."""
    pix_consumers: tuple[PixConsumer, ...] = ()
    """Who is notified when cross-references change (ITI-46)."""
    pdq_no_match: str = "NF"
    """queryResponseCode when nobody matches an ITI-47 query: `NF` or `OK`."""
    pdq_session_seconds: float = 300
    """How long after its latest part an ITI-47 answer may be continued."""

    def registers(self, identifier: PatientIdentifier) -> bool:
        """Whether identifiers of its assigning authority are registered."""
        return not self.assigning_authorities or identifier.root in self.assigning_authorities
