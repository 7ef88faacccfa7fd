"""Ids that are the same in every run: UUIDs and OIDs made of names."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

_ORIGIN = "https://ihe-mock-async.example/seed/"
ROOT = "1.3.6.1.4.1.21367.2017.2.1.9"
"""The uniqueIds of the seed are below this OID."""
SOURCE = "1.3.6.1.4.1.21367.2017.2.2.9"
"""The seed as a Document Source and Patient Identity Source."""
RECEIVER = "1.3.6.1.4.1.21367.2017.2.4.9"
"""The receiving application and facility that its feeds name."""
TIME = "20240105101500"
"""When all of it happened: HL7 TS and DTM."""


def uuid_of(name: str) -> UUID:
    """The UUID of a name."""
    return uuid5(NAMESPACE_URL, f"{_ORIGIN}{name}")


def entry_uuid(name: str) -> str:
    """The entryUUID of a metadata object."""
    return f"urn:uuid:{uuid_of(name)}"


def oid(*arcs: int) -> str:
    """An OID of the seed's own."""
    return ".".join((ROOT, *map(str, arcs)))
