"""xdsb:RetrieveDocumentSetResponse (ITI TF-2: 3.43.4.2.2, 3.43.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from lxml import etree
from lxml.builder import ElementMaker

from ihe_mock_async.elements import parse
from ihe_mock_async.state import Attachment, Documents, ObjectKind, RegistryObject
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds import registry_response as rr
from ihe_mock_async.xds.on_demand.making import DocumentMaker
from ihe_mock_async.xds.registry_response import RegistryError
from ihe_mock_async.xds.retrieve.selection import PromisedDocument, StoredDocument

_XDSB = ElementMaker(namespace=ns.XDSB, nsmap={"xdsb": ns.XDSB, "rs": ns.RS, "xop": ns.XOP})
_XOP = ElementMaker(namespace=ns.XOP, nsmap={"xop": ns.XOP})
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class OutgoingDocument:
    """A document with the content id and the media type with which it is sent."""

    stored: StoredDocument
    content: Attachment


def entries_of(
    found: Iterable[StoredDocument | PromisedDocument], documents: Documents
) -> dict[str, RegistryObject]:
    """The registered document entries by uniqueId, the latest of each; they may be absent."""
    unique_ids = dict.fromkeys(each.request.document_unique_id for each in found)
    objects = documents.by_unique_id(unique_ids)
    return {
        obj.unique_id: obj
        for obj in objects
        if obj.unique_id and obj.kind is ObjectKind.DOCUMENT_ENTRY
    }


def patient_ids(entries: Mapping[str, RegistryObject]) -> tuple[str, ...]:
    """The distinct patients of entries, in CX form."""
    return tuple(dict.fromkeys(e.patient_id for e in entries.values() if e.patient_id))


def complete(
    found: Iterable[StoredDocument | PromisedDocument], maker: DocumentMaker
) -> list[StoredDocument]:
    """The documents when those that are promised have been made."""
    return [_made(each, maker) if isinstance(each, PromisedDocument) else each for each in found]


def _made(promised: PromisedDocument, maker: DocumentMaker) -> StoredDocument:
    document = maker.make(promised.entry)
    return StoredDocument(promised.request, document, new_unique_id=document.content_id)


def outgoing(
    found: Iterable[StoredDocument],
    entries: Mapping[str, RegistryObject],
    new_uuid: Callable[[], str],
) -> list[OutgoingDocument]:
    """The documents as they are sent, each as a part of its own: a part is read once."""
    return [
        OutgoingDocument(
            stored,
            replace(
                stored.content,
                # A uniqueId may have characters that no Content-ID can have.
                content_id=f"{new_uuid()}@ihe-mock-async.localhost",
                media_type=_media_type(stored, entries),
            ),
        )
        for stored in found
    ]


def _media_type(stored: StoredDocument, entries: Mapping[str, RegistryObject]) -> str:
    """The mimeType of the entry; without an entry, what the document came with."""
    if stored.new_unique_id:
        return stored.content.media_type  # that of the entry for which it was made
    entry = entries.get(stored.request.document_unique_id)
    registered = parse(entry.xml).get("mimeType", "").strip() if entry is not None else ""
    return registered or stored.content.media_type or _UNKNOWN_TYPE


def write(
    status: str, errors: Sequence[RegistryError], documents: Iterable[OutgoingDocument]
) -> etree._Element:
    """The response: what is said of all, then each document as an xop:Include."""
    responses = map(_document_response, documents)
    return _XDSB.RetrieveDocumentSetResponse(rr.response(status, errors), *responses)


def _document_response(document: OutgoingDocument) -> etree._Element:
    request, content = document.stored.request, document.content
    home = request.home_community_id
    # The ids are those of the request; HomeCommunityId is there if it was there (3.43.4.2.2).
    return _XDSB.DocumentResponse(
        *([_XDSB.HomeCommunityId(home)] if home else []),
        _XDSB.RepositoryUniqueId(request.repository_unique_id),
        _XDSB.DocumentUniqueId(request.document_unique_id),
        *_new_ids(document.stored),
        _XDSB.mimeType(content.media_type),
        _XDSB.Document(_XOP.Include(href="cid:" + quote(content.content_id, safe="@"))),
    )


def _new_ids(stored: StoredDocument) -> list[etree._Element]:
    """By which a document that was made can be retrieved from now on, unchanged (3.43.4.2.2)."""
    if not stored.new_unique_id:
        return []
    return [
        # It stays where it was made.
        _XDSB.NewRepositoryUniqueId(stored.request.repository_unique_id),
        _XDSB.NewDocumentUniqueId(stored.new_unique_id),
    ]
