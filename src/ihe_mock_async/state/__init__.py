"""The state of an affinity domain: patients, metadata objects and documents, and its agreements.

Vocabulary and Protocols only: whoever decides about the state (`hl7v3`, `xds`, `transactions`)
and whoever keeps it (`store`) meet here.
"""

from __future__ import annotations

from typing import Protocol

from ihe_mock_async.state.agreements import PIX_CONSUMER_DEVICE, AffinityDomain, PixConsumer
from ihe_mock_async.state.documents import (
    Attachment,
    AvailabilityStatus,
    Condition,
    Documents,
    ObjectKind,
    ObjectSearch,
    RegistryObject,
)
from ihe_mock_async.state.patients import (
    NO_TRAITS,
    FoundPatient,
    PatientRecord,
    Patients,
    PatientSearch,
    PatientTraits,
    RegisteredPatient,
)
from ihe_mock_async.state.sessions import QuerySession, QuerySessions

__all__ = [
    "NO_TRAITS",
    "PIX_CONSUMER_DEVICE",
    "AffinityDomain",
    "Attachment",
    "AvailabilityStatus",
    "Condition",
    "Documents",
    "FoundPatient",
    "ObjectKind",
    "ObjectSearch",
    "PatientRecord",
    "PatientSearch",
    "PatientTraits",
    "Patients",
    "PixConsumer",
    "QuerySession",
    "QuerySessions",
    "RegisteredPatient",
    "RegistryObject",
    "State",
]


class State(Protocol):
    """What one unit of work sees and changes: one namespace, all or nothing."""

    @property
    def patients(self) -> Patients:
        """The patients of the namespace."""
        ...

    @property
    def documents(self) -> Documents:
        """The documents of the namespace."""
        ...

    @property
    def query_sessions(self) -> QuerySessions:
        """The answers of the namespace that are fetched in parts."""
        ...
