"""Queries for what is known by id: Get... (ITI TF-2: 3.18.4.1.2.3.7.5 to 3.18.4.1.2.3.7.13)."""

from __future__ import annotations

from collections.abc import Sequence

from ihe_mock_async.state import Documents, RegistryObject
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.stored_query import parameters as p
from ihe_mock_async.xds.stored_query.parameters import Arguments
from ihe_mock_async.xds.stored_query.selection import (
    EntryFilter,
    ids_of,
    linked,
    named,
    of_kind,
    sources_of,
    targets_of,
    within,
)

_MEMBERSHIPS = (v.HAS_MEMBER,)


def get_documents(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """Document entries by identifier (3.18.4.1.2.3.7.5)."""
    return named(v.DOCUMENT_ENTRY, arguments, documents)


def get_folders(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """Folders by identifier (3.18.4.1.2.3.7.6)."""
    return named(v.FOLDER, arguments, documents)


def get_associations(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """Associations from and to objects (3.18.4.1.2.3.7.7)."""
    ids = arguments.values(p.UUID.name)
    return linked(arguments, documents, sources=ids, targets=ids)


def get_documents_and_associations(
    arguments: Arguments, documents: Documents
) -> Sequence[RegistryObject]:
    """Document entries, and the associations from and to them (3.18.4.1.2.3.7.8)."""
    entries = named(v.DOCUMENT_ENTRY, arguments, documents)
    ids = ids_of(entries)
    return [*entries, *linked(arguments, documents, sources=ids, targets=ids)]


def get_submission_sets(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """The submission sets of objects, and the memberships (3.18.4.1.2.3.7.9)."""
    members = arguments.values(p.UUID.name)
    links = documents.associations(targets=members, types=_MEMBERSHIPS)
    sets = of_kind(v.SUBMISSION_SET, sources_of(links, arguments, documents))
    ids = set(ids_of(sets))
    return [*sets, *(link for link in links if link.source in ids)]


def get_submission_set_and_contents(
    arguments: Arguments, documents: Documents
) -> Sequence[RegistryObject]:
    """A submission set, and what came with it (3.18.4.1.2.3.7.10).

    A membership of one of its folders comes with it only when the set has brought it, too.
    """
    sets = named(v.SUBMISSION_SET, arguments, documents)
    links = documents.associations(sources=ids_of(sets), types=_MEMBERSHIPS)
    members = targets_of(links, arguments, documents)
    entries = EntryFilter.of(arguments).entries(members)
    folders = of_kind(v.FOLDER, members)
    contents = (*sets, *entries, *folders)
    return [*contents, *within([*links, *of_kind(v.ASSOCIATION, members)], contents)]


def get_folder_and_contents(
    arguments: Arguments, documents: Documents
) -> Sequence[RegistryObject]:
    """A folder, its document entries, and their memberships (3.18.4.1.2.3.7.11)."""
    folders = named(v.FOLDER, arguments, documents)
    links = linked(arguments, documents, sources=ids_of(folders), types=_MEMBERSHIPS)
    entries = EntryFilter.of(arguments).entries(targets_of(links, arguments, documents))
    contents = (*folders, *entries)
    return [*contents, *within(links, contents)]


def get_folders_for_document(
    arguments: Arguments, documents: Documents
) -> Sequence[RegistryObject]:
    """The folders that hold a document entry (3.18.4.1.2.3.7.12)."""
    entries = named(v.DOCUMENT_ENTRY, arguments, documents)
    links = linked(arguments, documents, targets=ids_of(entries), types=_MEMBERSHIPS)
    return of_kind(v.FOLDER, sources_of(links, arguments, documents))


def get_related_documents(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """Document entries that have a relationship with one, and it (3.18.4.1.2.3.7.13).

    Nothing when there is none: the entry that is asked for never comes alone.
    """
    types = arguments.values(p.ASSOCIATION_TYPES.name)
    ids = ids_of(named(v.DOCUMENT_ENTRY, arguments, documents))
    links = linked(arguments, documents, sources=ids, targets=ids, types=types)
    ends = [*sources_of(links, arguments, documents), *targets_of(links, arguments, documents)]
    entries = EntryFilter.of(arguments).entries(ends)
    related = within(links, entries)
    joined = {end for link in related for end in (link.source, link.target)}
    return [*(entry for entry in entries if entry.id in joined), *related]
