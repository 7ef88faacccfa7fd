"""What of registry and repository matters to a submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ihe_mock_async.state import Attachment, RegistryObject


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The registered objects and stored documents that a submission names."""

    registered: Mapping[str, RegistryObject]
    """By entryUUID: the objects that the submission names."""
    same_unique_id: Sequence[RegistryObject]
    """Those that have one of its uniqueIds."""
    stored: Mapping[str, Attachment]
    """Documents of the repository by uniqueId."""
