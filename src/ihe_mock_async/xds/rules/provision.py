"""Rules on the documents that a submission provides (ITI TF-2: 3.41.4.1.2, 3.41.4.1.3)."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from ihe_mock_async.findings import Rule, Severity
from ihe_mock_async.state import Attachment
from ihe_mock_async.xds import error_codes
from ihe_mock_async.xds import vocabulary as v
from ihe_mock_async.xds.metadata import DocumentEntry, Submission
from ihe_mock_async.xds.provision import ProvidedDocument
from ihe_mock_async.xds.rules.report import Report

DOCUMENT_MISSING = Rule(
    id="xds-document-missing",
    severity=Severity.ERROR,
    text="Each document entry comes with its document",
    section="ITI TF-2: 3.41.4.1.2",
    fix="Add xdsb:Document whose id is that of the ExtrinsicObject.",
    code=error_codes.MISSING_DOCUMENT,
    essential=True,
)
CONTENT_MISSING = Rule(
    id="xds-document-content",
    severity=Severity.ERROR,
    text="A Document holds its content, inline or as an xop:Include of a MIME part",
    section="ITI TF-2: V.8.2",
    fix="Make the href of xop:Include cid: and the Attachment-ID of a part, percent-encoded and "
    "without angle brackets.",
    code=error_codes.MISSING_DOCUMENT,
    essential=True,
)
METADATA_MISSING = Rule(
    id="xds-document-metadata",
    severity=Severity.ERROR,
    text="Each Document has its document entry",
    section="ITI TF-2: 3.41.4.1.2",
    fix="Make the id of Document that of its ExtrinsicObject.",
    code=error_codes.MISSING_DOCUMENT_METADATA,
    essential=True,
)
DOCUMENT_REPEATED = Rule(
    id="xds-document-repeated",
    severity=Severity.ERROR,
    text="A document entry has one Document",
    section="ITI TF-2: 3.41.4.1.2",
    fix="Send one Document per document entry.",
    code=error_codes.REPOSITORY_METADATA_ERROR,
    essential=True,
)
HASH_OF_DOCUMENT = Rule(
    id="xds-document-hash",
    severity=Severity.ERROR,
    text="hash is the SHA-1 of the document that was sent",
    section="ITI TF-2: 3.41.4.1.3",
    fix="Compute it over the octets as they are sent, or leave the Slot to the repository.",
    code=error_codes.REPOSITORY_METADATA_ERROR,
)
SIZE_OF_DOCUMENT = Rule(
    id="xds-document-size",
    severity=Severity.ERROR,
    text="size is the number of octets of the document that was sent",
    section="ITI TF-2: 3.41.4.1.3",
    fix="Count the octets before any base64 coding, or leave the Slot to the repository.",
    code=error_codes.REPOSITORY_METADATA_ERROR,
)
STABLE = Rule(
    id="xds-document-stable",
    severity=Severity.ERROR,
    text="A document that is provided has a stable document entry",
    section="ITI TF-2: 3.41.4.1.2",
    fix=f"Write the objectType {v.STABLE}; on-demand entries, whose documents are made when they "
    "are retrieved, are registered with ITI-61.",
    code=error_codes.REPOSITORY_METADATA_ERROR,
)
RULES = (
    DOCUMENT_MISSING, CONTENT_MISSING, METADATA_MISSING, DOCUMENT_REPEATED, HASH_OF_DOCUMENT,
    SIZE_OF_DOCUMENT, STABLE,
)  # fmt: skip


def check_provision(
    submission: Submission, documents: Iterable[ProvidedDocument], report: Report
) -> None:
    """Check that documents and entries belong together, and say the same about the content."""
    entries = {entry.id: entry for entry in submission.document_entries}
    provided: set[str] = set()
    for document in documents:
        if document.entry_id in provided:
            report.add(DOCUMENT_REPEATED, document.element, received=document.entry_id)
        provided.add(document.entry_id)
        entry = entries.get(document.entry_id)
        if entry is None:
            report.add(METADATA_MISSING, document.element, received=document.entry_id)
        if document.content is None:
            report.add(CONTENT_MISSING, document.element, received=document.href)
        elif entry is not None:
            _check_content(entry, document.content, report)
    for identifier, entry in entries.items():
        _check_entry(entry, report, provided=identifier in provided)


def _check_entry(entry: DocumentEntry, report: Report, *, provided: bool) -> None:
    if not provided:
        report.add(DOCUMENT_MISSING, entry.rim.element, received=entry.id)
    if entry.on_demand:
        report.add(STABLE, entry.rim.element, received=v.ON_DEMAND, expected=v.STABLE)


def _check_content(entry: DocumentEntry, content: Attachment, report: Report) -> None:
    received_hash, received_size = entry.hash, entry.size
    if received_hash and received_hash.lower() != content.sha1:
        element = _slot_element(entry, "hash")
        report.add(HASH_OF_DOCUMENT, element, received=received_hash, expected=content.sha1)
    if received_size and received_size.lstrip("0") != str(content.size).lstrip("0"):
        element = _slot_element(entry, "size")
        report.add(SIZE_OF_DOCUMENT, element, received=received_size, expected=str(content.size))


def _slot_element(entry: DocumentEntry, name: str) -> etree._Element:
    slot = entry.rim.slot(name)
    return slot.element if slot is not None else entry.rim.element
