"""The stored queries that are served, by id (ITI TF-2: 3.18.4.1.2.3.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ihe_mock_async.state import Documents, RegistryObject
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.stored_query import parameters as p
from ihe_mock_async.xds.stored_query.parameters import Arguments, Parameter
from ihe_mock_async.xds.stored_query.selection import (
    EntryFilter,
    ids_of,
    named,
    of_kind,
    sources_of,
    targets_of,
    within,
)

Find = Callable[[Arguments, Documents], Sequence[RegistryObject]]
_MEMBERSHIPS = (v.HAS_MEMBER,)


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """One query: its parameters, and how it finds what they ask for."""

    name: str
    find: Find
    """An object may be found twice."""
    one_of: tuple[Parameter, ...] = ()
    """Exactly one of them is required."""
    required: tuple[Parameter, ...] = ()
    optional: tuple[Parameter, ...] = ()

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """All parameters by name, those that every query takes included."""
        own = (*self.one_of, *self.required, *self.optional)
        return {each.name: each for each in (*own, p.METADATA_LEVEL, p.HOME_COMMUNITY_ID)}


def get_documents(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """Document entries by identifier (3.18.4.1.2.3.7.5)."""
    return named(v.DOCUMENT_ENTRY, arguments, documents)


def get_folders(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """Folders by identifier (3.18.4.1.2.3.7.6)."""
    return named(v.FOLDER, arguments, documents)


def get_associations(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """Associations from and to objects (3.18.4.1.2.3.7.7)."""
    ids = arguments.values(p.UUID.name)
    return documents.associations(sources=ids, targets=ids)


def get_documents_and_associations(
    arguments: Arguments, documents: Documents
) -> Sequence[RegistryObject]:
    """Document entries, and the associations from and to them (3.18.4.1.2.3.7.8)."""
    entries = named(v.DOCUMENT_ENTRY, arguments, documents)
    ids = ids_of(entries)
    return [*entries, *documents.associations(sources=ids, targets=ids)]


def get_submission_sets(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """The submission sets of objects, and the memberships (3.18.4.1.2.3.7.9)."""
    members = arguments.values(p.UUID.name)
    links = documents.associations(targets=members, types=_MEMBERSHIPS)
    sets = of_kind(v.SUBMISSION_SET, sources_of(links, documents))
    ids = set(ids_of(sets))
    return [*sets, *(link for link in links if link.source in ids)]


def get_submission_set_and_contents(
    arguments: Arguments, documents: Documents
) -> Sequence[RegistryObject]:
    """A submission set, and what came with it (3.18.4.1.2.3.7.10)."""
    sets = named(v.SUBMISSION_SET, arguments, documents)
    links = documents.associations(sources=ids_of(sets), types=_MEMBERSHIPS)
    members = targets_of(links, documents)
    entries = EntryFilter.of(arguments).entries(members)
    folders = of_kind(v.FOLDER, members)
    contents = (*sets, *entries, *folders)
    in_folders = documents.associations(sources=ids_of(folders), types=_MEMBERSHIPS)
    every_link = (*links, *of_kind(v.ASSOCIATION, members), *in_folders)
    return [*contents, *within(every_link, contents)]


def get_folder_and_contents(
    arguments: Arguments, documents: Documents
) -> Sequence[RegistryObject]:
    """A folder, its document entries, and their memberships (3.18.4.1.2.3.7.11)."""
    folders = named(v.FOLDER, arguments, documents)
    links = documents.associations(sources=ids_of(folders), types=_MEMBERSHIPS)
    entries = EntryFilter.of(arguments).entries(targets_of(links, documents))
    contents = (*folders, *entries)
    return [*contents, *within(links, contents)]


def get_folders_for_document(
    arguments: Arguments, documents: Documents
) -> Sequence[RegistryObject]:
    """The folders that hold a document entry (3.18.4.1.2.3.7.12)."""
    entries = named(v.DOCUMENT_ENTRY, arguments, documents)
    links = documents.associations(targets=ids_of(entries), types=_MEMBERSHIPS)
    return of_kind(v.FOLDER, sources_of(links, documents))


def get_related_documents(arguments: Arguments, documents: Documents) -> Sequence[RegistryObject]:
    """Document entries that have a relationship with one, and it (3.18.4.1.2.3.7.13).

    Nothing when there is none: the entry that is asked for never comes alone.
    """
    types = arguments.values(p.ASSOCIATION_TYPES.name)
    ids = ids_of(named(v.DOCUMENT_ENTRY, arguments, documents))
    links = documents.associations(sources=ids, targets=ids, types=types)
    ends = {obj.id: obj for obj in (*sources_of(links, documents), *targets_of(links, documents))}
    entries = EntryFilter.of(arguments).entries(ends.values())
    related = within(links, entries)
    linked = {end for link in related for end in (link.source, link.target)}
    return [*(entry for entry in entries if entry.id in linked), *related]


def _identified(model: v.ObjectModel, *, many: bool) -> tuple[Parameter, ...]:
    return (p.entry_uuid(model.kind, many=many), p.unique_id(model.kind, many=many))


_FILTERS = (p.FORMAT_CODE, p.CONFIDENTIALITY_CODE, p.DOCUMENT_ENTRY_TYPE)
_DOCUMENTS = _identified(v.DOCUMENT_ENTRY, many=True)
_DOCUMENT = _identified(v.DOCUMENT_ENTRY, many=False)

STORED_QUERIES: Mapping[str, StoredQuery] = {
    "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4": StoredQuery(
        "GetDocuments",
        get_documents,
        one_of=(*_DOCUMENTS, p.logical_id(v.DOCUMENT_ENTRY.kind)),
    ),
    "urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4": StoredQuery(
        "GetFolders",
        get_folders,
        one_of=(*_identified(v.FOLDER, many=True), p.logical_id(v.FOLDER.kind)),
    ),
    "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155": StoredQuery(
        "GetAssociations", get_associations, required=(p.UUID,)
    ),
    "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a": StoredQuery(
        "GetDocumentsAndAssociations", get_documents_and_associations, one_of=_DOCUMENTS
    ),
    "urn:uuid:51224314-5390-4169-9b91-b1980040715a": StoredQuery(
        "GetSubmissionSets", get_submission_sets, required=(p.UUID,)
    ),
    "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83": StoredQuery(
        "GetSubmissionSetAndContents",
        get_submission_set_and_contents,
        one_of=_identified(v.SUBMISSION_SET, many=False),
        optional=_FILTERS,
    ),
    "urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7": StoredQuery(
        "GetFolderAndContents",
        get_folder_and_contents,
        one_of=_identified(v.FOLDER, many=False),
        optional=_FILTERS,
    ),
    "urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578": StoredQuery(
        "GetFoldersForDocument", get_folders_for_document, one_of=_DOCUMENT
    ),
    "urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6": StoredQuery(
        "GetRelatedDocuments",
        get_related_documents,
        one_of=_DOCUMENT,
        required=(p.ASSOCIATION_TYPES,),
        optional=(p.DOCUMENT_ENTRY_TYPE,),
    ),
}

NOT_SERVED: Mapping[str, str] = {
    "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d": "FindDocuments",
    "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492": "FindDocumentsByReferenceId",
    "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9": "FindSubmissionSets",
    "urn:uuid:958f3006-baad-4929-a4de-ff1114824431": "FindFolders",
    "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3": "GetAll",
    "urn:uuid:3d1bdb10-39a2-11de-89c2-2f44d94eaa9f": "FindDocumentsForMultiplePatients (ITI-51)",
    "urn:uuid:50d3f5ac-39a2-11de-a1ca-b366239e58df": "FindFoldersForMultiplePatients (ITI-51)",
    "urn:uuid:f2072993-9478-41df-a603-8f016706efe8": "Fetch (ITI-63)",
}
"""Queries that exist, named so that the refusal can be understood."""


def distinct(objects: Iterable[RegistryObject]) -> list[RegistryObject]:
    """Each object once, in the order in which it was found first."""
    return list({obj.id: obj for obj in objects}.values())
