"""Association Propagation: new versions take part in what the previous ones take part in.

ITI TF-2: 3.57.4.1.3.3.1.5 and 3.57.4.1.3.3.3.4: each approved relationship and each approved
membership of a folder is made again for the new version; the old ones stay as they are, since
they tell the history. What links an object to the submission set that brought it is not repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ihe_mock_async.elements import parse
from ihe_mock_async.state import Documents, ObjectKind, RegistryObject
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.clerk import Clerk
from ihe_mock_async.xds.metadata import read_association


@dataclass(frozen=True, slots=True)
class Propagation:
    """What follows from new versions."""

    registrations: tuple[RegistryObject, ...]
    folders: tuple[RegistryObject, ...]
    """Registered folders that get a member."""


def propagate(
    renewals: Mapping[str, RegistryObject], registry: Documents, clerk: Clerk
) -> Propagation:
    """Make the associations of the previous versions again.

    `renewals` are the new versions by the entryUUID of the previous one.
    """
    if not renewals:
        return Propagation((), ())
    approved = [
        association
        for association in registry.associations(sources=renewals, targets=renewals)
        if association.status == v.APPROVED
    ]
    folders = _folders(approved, registry)
    made: list[RegistryObject] = []
    for association in approved:
        is_membership = association.association_type == v.HAS_MEMBER
        if not is_membership or association.source in folders:
            copy = _copy(association, renewals, clerk)
            made.append(copy)
            if is_membership:
                made.append(clerk.associate(clerk.submission_set_id, copy.id))
    sources = {association.source for association in made}
    enlarged = [each for each in folders.values() if each.id in sources - renewals.keys()]
    return Propagation(tuple(made), tuple(enlarged))


def _folders(
    associations: Iterable[RegistryObject], registry: Documents
) -> dict[str, RegistryObject]:
    """The approved folders among the sources of HasMember; the others are submission sets."""
    sources = {a.source for a in associations if a.association_type == v.HAS_MEMBER and a.source}
    return {
        identifier: obj
        for identifier, obj in registry.by_id(sources).items()
        if obj.kind is ObjectKind.FOLDER and obj.status == v.APPROVED
    }


def _copy(
    association: RegistryObject, renewals: Mapping[str, RegistryObject], clerk: Clerk
) -> RegistryObject:
    """The association between the new versions of its ends, with ids of its own."""
    element = parse(association.xml)
    for named in (element, *element.iterchildren(ns.CLASSIFICATION)):
        named.attrib.pop("id", None)
    for name, end in (("sourceObject", association.source), ("targetObject", association.target)):
        renewal = renewals.get(end or "")
        element.set(name, renewal.id if renewal is not None else end or "")
    return clerk.association(read_association(element))
