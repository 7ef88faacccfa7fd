"""The documents of a ProvideAndRegisterDocumentSetRequest (ITI TF-2: 3.41.4.1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from lxml import etree

from ihe_mock_async.state import Attachment
from ihe_mock_async.xds import namespaces as ns
from ihe_mock_async.xds.metadata import DocumentEntry, Submission


@dataclass(frozen=True, slots=True)
class ProvidedDocument:
    """One xdsb:Document and the part that it includes."""

    element: etree._Element
    entry_id: str
    """The attribute id: that of the ExtrinsicObject it belongs to."""
    href: str
    """Of xop:Include, or empty."""
    content: Attachment | None
    """None when no such part was received."""


def read_documents(
    payload: etree._Element, attachments: Mapping[str, Attachment]
) -> tuple[ProvidedDocument, ...]:
    """Read all Documents; `attachments` are by percent-decoded content id."""
    return tuple(
        _read_document(element, attachments) for element in payload.iterchildren(ns.DOCUMENT)
    )


def completed(
    submission: Submission,
    documents: Iterable[ProvidedDocument],
    repository_unique_id: str,
) -> Submission:
    """The submission as the repository registers it (ITI TF-2: 3.41.4.1.3).

    hash and size are added where absent, the repositoryUniqueId is always its own.
    """
    contents = {document.entry_id: document.content for document in documents}
    return replace(
        submission,
        document_entries=tuple(
            _complete(entry, contents.get(entry.id), repository_unique_id)
            for entry in submission.document_entries
        ),
    )


def _complete(
    entry: DocumentEntry, content: Attachment | None, repository_unique_id: str
) -> DocumentEntry:
    if content is None:
        return entry
    return replace(
        entry,
        hash=entry.hash or content.sha1,
        size=entry.size or str(content.size),
        repository_unique_id=repository_unique_id,
    )


def _read_document(
    element: etree._Element, attachments: Mapping[str, Attachment]
) -> ProvidedDocument:
    include = element.find(ns.INCLUDE)
    href = include.get("href", "").strip() if include is not None else ""
    # A cid URL is percent-encoded (RFC 2392), and a plus sign in it is a plus sign.
    content_id = unquote(href[len("cid:") :]) if href[:4].lower() == "cid:" else None
    content = attachments.get(content_id) if content_id is not None else None
    return ProvidedDocument(element, element.get("id", "").strip(), href, content)
